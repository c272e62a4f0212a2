"""The grid that a recommendation starts from: the best that is known of it, and which rung that is.

official (the published grid, penalties in), qualifying (places as the forecast knew them), forecast
(expected finish, before qualifying). Here belongs the choice; who starts from the pit lane is last.
"""

from collections.abc import Callable

import pandas as pd

from f1_pipeline.errors import PipelineError

COLUMNS = ["driver_id", "constructor_id", "pit_lane"]


def grid_of(
    event_id: str, starting_grids: pd.DataFrame, forecast: Callable[[], pd.DataFrame]
) -> tuple[pd.DataFrame, str]:
    """`COLUMNS` in starting order, and the rung.

    `starting_grids`: rows of that table; `forecast`: asked where these have none, the prediction of
    the event that is in force. Raises PipelineError where neither tells an order.
    """
    rows = starting_grids[starting_grids["event_id"].eq(event_id)]
    if len(rows):
        lane = rows["pit_lane"].astype("boolean").fillna(False).astype(bool)
        ordered = rows.assign(pit_lane=lane).sort_values(["pit_lane", "grid_order"], kind="stable")
        return ordered[COLUMNS].reset_index(drop=True), "official"
    rows = forecast().assign(pit_lane=False)
    if rows.empty:
        raise PipelineError(
            f"no grid of {event_id} is known, nor is it forecast: "
            f"`f1-pipeline predict --event {event_id}` makes the forecast."
        )
    known = bool(rows["grid_position"].notna().any())
    order = ["grid_position", "expected_position"] if known else ["expected_position"]
    ordered = rows.sort_values([*order, "driver_id"], na_position="last")
    return ordered[COLUMNS].reset_index(drop=True), "qualifying" if known else "forecast"
