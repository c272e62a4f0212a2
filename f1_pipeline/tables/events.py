"""The calendar: one row per Grand Prix, with its format and session starts in UTC."""

import pandas as pd

SESSIONS = ("fp1", "fp2", "fp3", "qualifying", "sprint_qualifying", "sprint")


def events(raw: pd.DataFrame) -> pd.DataFrame:
    """The contract's columns from the raw calendar (dates and times in UTC, as text)."""
    starts = {
        f"{session}_starts_at": _instants(raw[f"{session}_date"], raw[f"{session}_time"])
        for session in SESSIONS
    }
    timed = _instants(raw["race_date"], raw["race_time"])
    # A race with no known time counts from midnight: nothing made on its day is then in time.
    dated = pd.to_datetime(raw["race_date"], utc=True, errors="coerce", format="%Y-%m-%d")
    return raw.assign(
        planned_laps=raw["scheduled_laps"].where(raw["scheduled_laps"].notna(), raw["laps"]),
        format=_formats(raw),
        **starts,
        race_starts_at=timed.fillna(dated),
        race_time_known=timed.notna(),
        tier="results",
    )


def _instants(dates: "pd.Series[str]", times: "pd.Series[str]") -> "pd.Series[pd.Timestamp]":
    text = dates.astype("string") + "T" + times.astype("string")
    instants = pd.to_datetime(text, utc=True, errors="coerce", format="%Y-%m-%dT%H:%M")
    unread = text.notna() & instants.isna()
    # What is no instant goes on as it is, for the contract to name.
    return instants.astype(object).mask(unread, text) if unread.any() else instants


def _formats(raw: pd.DataFrame) -> "pd.Series[str]":
    """FastF1's names: sprint (2021-22), sprint_shootout (2023), sprint_qualifying (since 2024)."""
    formats = pd.Series("conventional", index=raw.index)
    formats[raw["qualifying_format"].eq("SPRINT_RACE")] = "sprint"
    has_shootout = raw["sprint_qualifying_format"].notna()
    formats[has_shootout] = "sprint_qualifying"
    seasons = pd.to_numeric(raw["season"], errors="coerce")
    formats[has_shootout & seasons.eq(2023)] = "sprint_shootout"
    return formats
