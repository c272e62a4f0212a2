"""From rows of features to matrices: what each part of the model reads, with the gaps filled.

What is not known of one car of a field (a rookie's form, a new team's pace, a lap that was not
set) stands at the field's worse fifth; what is known of no car stays null.
"""

import numpy as np
import pandas as pd

from f1_pipeline.modelling.arrays import FloatArray
from f1_pipeline.modelling.ordering import starting_rank

_WORSE_SHARE = 0.8
_MORE_IS_BETTER = frozenset(
    {
        "grid_gain",
        "win_rate",
        "podium_rate",
        "points_rate",
        "championship_share",
        "team_points_share",
    }
)
_LOG = "log_"
_RANKS = ("rank", "rank_share")


def matrix(rows: pd.DataFrame, features: tuple[str, ...]) -> FloatArray:
    """Rows by features. `log_x` is ln x (ln(1 + x) of `starts`); NaN where a field knows nothing.

    `rank` is `starting_rank`, `rank_share` that over the field's size. Raises `KeyError` for a
    feature that neither the rows nor this module know.
    """
    sources = [name.removeprefix(_LOG) for name in features]
    stated = sorted(set(sources) - set(_RANKS))
    values = _filled(rows[stated].astype("float64"), rows["event_id"])
    if set(sources) & set(_RANKS):
        rank = starting_rank(rows)
        values |= {"rank": rank, "rank_share": rank / rows["field_size"].to_numpy(np.float64)}
    return np.column_stack(
        [_scaled(name, values[source]) for name, source in zip(features, sources, strict=True)]
    )


def centred(rows: pd.DataFrame, features: tuple[str, ...]) -> FloatArray:
    """`matrix` less the mean of each race's field: a strength only counts against the others.

    0 where the field knows nothing.
    """
    values = pd.DataFrame(matrix(rows, features), index=rows.index)
    return np.nan_to_num(
        (values - values.groupby(rows["event_id"]).transform("mean")).to_numpy(dtype=np.float64)
    )


def _filled(values: pd.DataFrame, event: pd.Series) -> dict[str, FloatArray]:
    """Columns by name; what is missing of a car is its field's worse fifth."""
    gaps = values.columns[values.isna().any()]
    upward = pd.Series({name: -1.0 if name in _MORE_IS_BETTER else 1.0 for name in gaps})
    worse = (values[gaps] * upward).groupby(event).quantile(_WORSE_SHARE) * upward
    known = values[gaps].where(values[gaps].notna(), worse.reindex(event).set_axis(values.index))
    return {
        name: (known if name in gaps else values)[name].to_numpy(dtype=np.float64)
        for name in values.columns
    }


def _scaled(name: str, values: FloatArray) -> FloatArray:
    if not name.startswith(_LOG):
        return values
    return np.log1p(values) if name == "log_starts" else np.log(values)
