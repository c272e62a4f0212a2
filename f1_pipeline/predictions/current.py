"""Which of the published predictions counts now, and what it is worth: its status."""

from datetime import datetime

import pandas as pd

from f1_pipeline.contracts.predictions import HORIZONS


def status(generated_at: datetime, event_starts_at: datetime, now: datetime) -> str:
    """`retrospective` (made after the start: no forecast), else `open` until it, then `locked`."""
    if generated_at >= event_starts_at:
        return "retrospective"
    return "open" if now < event_starts_at else "locked"


def current(predictions: pd.DataFrame, now: datetime) -> pd.DataFrame:
    """Per event the rows that count, with `status`, most probable winner first.

    The latest horizon; in it those made in time before retrospective ones; then the newest. The
    view current_predictions chooses the same rows.
    """
    if predictions.empty:
        return predictions.assign(status=pd.Series(dtype=object))
    runs = predictions.drop_duplicates(["event_id", "horizon", "run_id"])
    runs = runs.assign(
        place=runs["horizon"].map(HORIZONS.index),
        in_time=runs["generated_at"] < runs["event_starts_at"],
    ).sort_values(["place", "in_time", "generated_at", "run_id"])
    chosen = runs.drop_duplicates("event_id", keep="last")[["event_id", "horizon", "run_id"]]
    rows = predictions.merge(chosen, on=["event_id", "horizon", "run_id"])
    rows["status"] = [
        status(generated_at, starts_at, now)
        for generated_at, starts_at in zip(
            rows["generated_at"], rows["event_starts_at"], strict=True
        )
    ]
    return rows.sort_values(
        ["event_starts_at", "p_win", "driver_id"], ascending=[True, False, True], ignore_index=True
    )
