"""`circuit_patterns`: what earlier races told of each event's circuit."""

import pandas as pd

from f1_pipeline.features.decay import count_before, rate_before, shrunk_rate
from f1_pipeline.features.history import driver_history
from f1_pipeline.features.timeline import Tables, ordered_events

_HALF_LIFE = 8.0  # races at that circuit: years
_RECENT = 20.0  # races anywhere: about a season
_PRIOR_RACES = 4.0  # what is particular to a circuit shows after some four races
_SHRUNK = (
    ("retirement_rate", "retired"),
    ("grid_decides", "grid_decides"),
    ("pole_win_rate", "pole_won"),
    ("places_moved", "moved"),
)


def circuit_patterns(tables: Tables) -> pd.DataFrame:
    """Patterns of the circuit as known before the event: contract `circuit_patterns`.

    One row per event of the calendar, in order of time. A circuit without earlier races shows the
    rates of all circuits.
    """
    rows = ordered_events(tables).merge(_races(driver_history(tables)), on="event_id", how="left")
    circuit, time = rows["circuit_id"], rows["sequence"]
    patterns = rows[["event_id", "season", "round", "circuit_id"]].copy()
    patterns["races_held"] = count_before(rows["retired"], circuit)
    patterns["recent_retirement_rate"] = rate_before(rows["retired"], time, _RECENT)
    for name, values in _SHRUNK:
        everywhere = rate_before(rows[values], time, 2 * _RECENT)
        patterns[name] = shrunk_rate(rows[values], circuit, _HALF_LIFE, everywhere, _PRIOR_RACES)
    return patterns


def _races(history: pd.DataFrame) -> pd.DataFrame:
    """One row per race held: the share retired, and grid against finish of classified cars."""
    held = history[history["held"].notna()]
    placed = held[held["gain"].notna()]
    event = placed["event_id"]
    grid = _less_mean(placed["grid_order"].groupby(event).rank(), event)
    finish = _less_mean(placed["finish"].groupby(event).rank(), event)
    scale = ((grid**2).groupby(event).sum() * (finish**2).groupby(event).sum()) ** 0.5
    races = {
        "retired": held.groupby("event_id")["retired"].mean(),
        "grid_decides": (grid * finish).groupby(event).sum() / scale.where(scale > 0),
        "pole_won": held[held["grid_order"].eq(1)].groupby("event_id")["win"].max(),
        "moved": placed["gain"].abs().groupby(event).mean(),
    }
    return pd.DataFrame(races).rename_axis("event_id").reset_index()


def _less_mean(values: pd.Series, group: pd.Series) -> pd.Series:
    return values - values.groupby(group).transform("mean")
