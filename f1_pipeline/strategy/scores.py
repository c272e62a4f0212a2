"""Published plans beside what was done: dry races with figures, classified drivers.

Here belongs the comparison of single plans. Whether plans beat constants is asked of the backtest.
"""

from collections.abc import Mapping

import pandas as pd

from f1_pipeline.contracts import CONTRACTS
from f1_pipeline.strategy.chosen import made
from f1_pipeline.strategy.constants import sequences
from f1_pipeline.strategy.plans import parse

_NAMES = [column.name for column in CONTRACTS["scored_recommendations"].columns]


def scored(recommendations: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Rows of `scored_recommendations`: the plan ranked first of every publication.

    `tables`: stint_figures, race_figures, race_results. Wet races and drivers who were not
    classified have no rows: no plan for a dry race was carried out there.
    """
    first = recommendations[recommendations["rank"].eq(1)]
    held = {name: rows[rows["event_id"].isin(first["event_id"])] for name, rows in tables.items()}
    done = made(held["stint_figures"], held["race_figures"], held["race_results"])
    rows = first.merge(
        done.assign(actual_sequence=sequences(done))[
            ["event_id", "driver_id", "stops", "first_stop", "actual_sequence"]
        ],
        on=["event_id", "driver_id"],
        suffixes=("", "_made"),
    )
    if rows.empty:
        return pd.DataFrame(columns=_NAMES)
    planned = [parse(plan) for plan in rows["plan"]]
    same = rows["stops"].eq(rows["stops_made"])
    error = pd.Series([plan.stops[0] for plan in planned], index=rows.index) - rows["first_stop"]
    late = rows["generated_at"].ge(rows["event_starts_at"])
    right = pd.Series(["-".join(plan.compounds) for plan in planned], index=rows.index).eq(
        rows["actual_sequence"]
    )
    return rows.assign(
        actual_stops=rows["stops_made"],
        actual_first_stop=rows["first_stop"],
        stops_right=same,
        first_stop_error=error.where(same),
        sequence_right=right.astype("boolean").where(rows["actual_sequence"].notna()),
        status=late.map({True: "retrospective", False: "locked"}),
    )[_NAMES].reset_index(drop=True)
