"""Memory of earlier races: decayed means and shrunken rates as they stood before each row.

Every function takes rows in the order of time and answers with the state before each row: the
row's own value never enters. That is the whole guard against looking ahead, so features carry
state from race to race only through here.
"""

import pandas as pd

RECENT = 4.0  # half-lives in races: what is current,
LONG = 16.0  # and what is characteristic
PRIOR_RACES = 10.0  # a newcomer's retirement rate is everyone's until some ten races


def before(values: pd.Series, group: pd.Series) -> pd.Series:
    """The value of the group's previous row."""
    return values.groupby(group).shift(1)


def count_before(values: pd.Series, group: pd.Series) -> pd.Series:
    """How many earlier rows of the group hold a value; 0 at the first."""
    counts = values.notna().astype("int64").groupby(group).cumsum()
    return before(counts, group).fillna(0).astype("int64")


def decayed_mean(values: pd.Series, group: pd.Series, half_life: float) -> pd.Series:
    """Mean of the group's earlier values, each weighing half of one `half_life` values later.

    Nulls are passed over: they neither count nor age the others.
    """
    means = values.groupby(group).ewm(halflife=half_life, ignore_na=True).mean()
    return before(means.droplevel(0).reindex(values.index), group)


def shrunk_rate(
    values: pd.Series, group: pd.Series, half_life: float, prior: pd.Series, strength: float
) -> pd.Series:
    """Decayed mean drawn to `prior` as if by `strength` more values that equal it.

    Without earlier values it is the prior; null only where the prior is null too.
    """
    mean = decayed_mean(values, group, half_life)
    count = count_before(values, group)
    decay = 0.5 ** (1 / half_life)
    weight = (1 - decay**count) / (1 - decay)
    drawn = (mean.fillna(0) * weight + prior * strength) / (weight + strength)
    return drawn.where(prior.notna(), mean)


def rate_before(values: pd.Series, sequence: pd.Series, half_life: float) -> pd.Series:
    """Decayed mean over all earlier events of the events' mean: the prior for a shrunken rate.

    Rows of one event (one `sequence`) share the answer and none of it is their own.
    """
    means = values.groupby(sequence).mean()
    decayed = means.ewm(halflife=half_life, ignore_na=True).mean().shift(1)
    return sequence.map(decayed).astype("float64")
