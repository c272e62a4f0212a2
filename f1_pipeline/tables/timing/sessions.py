"""The other tables of a recorded session: stints, weather, track status, and what is held of it."""

import pandas as pd

from f1_pipeline.tables.timing.laps import milliseconds

_SESSION = ["event_id", "session"]
_STINT = [*_SESSION, "driver_id", "stint"]
_WEATHER = {
    "air_temperature": "AirTemp",
    "track_temperature": "TrackTemp",
    "humidity": "Humidity",
    "pressure": "Pressure",
    "rainfall": "Rainfall",
    "wind_direction": "WindDirection",
    "wind_speed": "WindSpeed",
}


def stints(laps: pd.DataFrame) -> pd.DataFrame:
    """One row for each driver and set of tyres, from valid laps."""
    known = laps[laps["stint"].notna()].sort_values([*_SESSION, "driver_id", "lap"])
    since = known["lap"] - known.groupby(_STINT)["lap"].transform("min")
    # A lap counts itself. Of some stints the age is known from a later lap on only.
    before = known["tyre_age"] - 1 - since
    known = known.assign(in_pit=known["pit_in_ms"].notna(), before=before)
    rows = known.groupby(_STINT, as_index=False).agg(
        compound=("compound", "first"),
        first_lap=("lap", "min"),
        last_lap=("lap", "max"),
        laps=("lap", "size"),
        before=("before", "first"),
        fresh_tyre=("fresh_tyre", "first"),
        ended_in_pit=("in_pit", "last"),
        source=("source", "first"),
    )
    return rows.assign(tyre_age_at_start=rows["before"].clip(lower=0), tier="timing")


def weather(raw: pd.DataFrame) -> pd.DataFrame:
    """A reading that came twice at one instant counts once, the later."""
    rows = raw[[*_SESSION, "source"]].assign(
        at_ms=milliseconds(raw["Time"]),
        tier="timing",
        **{name: raw[column] for name, column in _WEATHER.items()},
    )
    return rows.drop_duplicates([*_SESSION, "at_ms"], keep="last", ignore_index=True)


def track_status(raw: pd.DataFrame) -> pd.DataFrame:
    """The changes in the order in which they came."""
    rows = raw[[*_SESSION, "source"]].assign(
        at_ms=milliseconds(raw["Time"]),
        status=raw["Status"].astype(str),
        message=raw["Message"],
        tier="timing",
    )
    return rows.assign(sequence=rows.groupby(_SESSION).cumcount() + 1)
