"""Do the newest races differ from those before them, since when, and by how much beyond chance?

Each thing that is watched is split into its newest races and those before them, at every race of
the window; the split that stands out most counts. The score of a split is its PSI less what as many
races differ by themselves, `usual * (1/m + 1/n)`; the drift score is the greatest of all. Here
belongs the comparison; the window's length and the threshold are given.
"""

from dataclasses import dataclass

import pandas as pd

from f1_pipeline.modelling.recipe import Recipe
from f1_pipeline.monitoring import distances
from f1_pipeline.monitoring.causes import STARTS_BRING, cause
from f1_pipeline.monitoring.quantities import Quantity, held, watched

SPAN = 3  # windows that are read: the newest, and twice as many races before it
SURE = 0.01  # how rare a distance must be among the races in any order


@dataclass(frozen=True)
class Change:
    """The split of a quantity that stands out most within the window.

    `newest` races from number `first` on differ from `older` ones before them by `psi` (for errors
    of a team the squared shift, which is the same for normal distributions), `by_chance` by
    themselves. Not `is_newest` where a split before the window stands out more: that change was
    noticed then.
    """

    first: int
    newest: int
    older: int
    psi: float
    by_chance: float
    is_newest: bool

    @property
    def score(self) -> float:
        return self.psi - self.by_chance


def newest_change(quantity: Quantity, window: int) -> Change | None:
    """The change that the newest races of a quantity show; None with too few races to tell.

    The window is counted in the quantity's own races.
    """
    races = len(quantity.races)
    newest = distances.splits(races)
    if not len(newest):
        return None
    distance = distances.shift if quantity.by_mean else distances.psi
    found = distance(quantity.values, newest)
    by_chance = quantity.usual * (1 / newest + 1 / (races - newest))
    best = int((found - by_chance)[newest <= window].argmax())
    return Change(
        first=int(quantity.races[races - newest[best]]),
        newest=int(newest[best]),
        older=int(races - newest[best]),
        psi=float(found[best]),
        by_chance=float(by_chance[best]),
        is_newest=best == int((found - by_chance).argmax()),
    )


def drift(
    training_set: pd.DataFrame,
    forecasts: pd.DataFrame,
    recipe: Recipe,
    window: int,
    threshold: float,
) -> pd.DataFrame:
    """Contract `drift_report` of the newest race held; no rows with too few races.

    Two columns more: `by_chance`, the PSI of as many races by themselves, and `score`, what is left
    of the PSI (0 where races in any order show as much, or an older split more). Reads the newest
    three windows of races. `forecasts` as `forecasts.counted` gives them.
    """
    rows = held(training_set)
    rows = rows[rows["race"] > rows["race"].max() - SPAN * window]
    races = rows.drop_duplicates("race").set_index("race")
    lines = []
    for quantity in watched(rows, forecasts, recipe):
        change = newest_change(quantity, window)
        if change is not None:
            began = races.loc[change.first]
            lines.append(_line(quantity, change, threshold, int(began["season"]), began["round"]))
    report = pd.DataFrame(lines, columns=_COLUMNS)
    return report.assign(event_id=races["event_id"].iloc[-1] if len(races) else None)


_COLUMNS = [
    *("subject", "name", "psi", "ks", "p_value", "races", "reference_races"),
    *("drifted", "cause", "by_chance", "score"),
]


def _line(
    quantity: Quantity, change: Change, threshold: float, season: int, round_number: int
) -> dict[str, object]:
    p_of = distances.p_of_shift if quantity.by_mean else distances.p_of_ks
    p_value = p_of(quantity.values, change.newest)
    score = change.score if change.is_newest and p_value <= SURE else 0.0
    drifted = score >= threshold
    of_winter = quantity.by_mean or change.psi - STARTS_BRING * change.by_chance < threshold
    return {
        "subject": quantity.subject,
        "name": quantity.name,
        "psi": change.psi,
        "ks": distances.ks(quantity.values, change.newest),
        "p_value": p_value,
        "races": change.newest,
        "reference_races": change.older,
        "drifted": drifted,
        "cause": cause(season, round_number, of_winter) if drifted else None,
        "by_chance": change.by_chance,
        "score": score,
    }


def drift_score(report: pd.DataFrame) -> float | None:
    """The greatest score of a report, at least 0; None for an empty one: too few races."""
    if report.empty:
        return None
    return max(0.0, float(report["score"].max()))


def news(report: pd.DataFrame, before: pd.DataFrame) -> list[str]:
    """What has drifted without a calendar effect and had not at the race before, by name.

    `before` is the report of that race, empty where there is none. A change stays in sight for a
    window of races, and a fit has been made since it was noticed: it is news once.
    """
    known = before.loc[before["drifted"].astype(bool), ["subject", "name"]]
    found = report[report["drifted"].astype(bool) & report["cause"].isna()]
    keys = pd.MultiIndex.from_frame(found[["subject", "name"]])
    return found.loc[~keys.isin(pd.MultiIndex.from_frame(known)), "name"].tolist()
