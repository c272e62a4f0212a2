"""Since when a fact holds: the end of the session that it comes from.

A source that delivers late says so itself; the archive does not, so its rows count from the end of
their session. Lengths are the longest that the rules allow.
"""

from datetime import datetime, timedelta

import pandas as pd

RACE = timedelta(hours=3)
SESSION = timedelta(hours=1)
DAY = timedelta(days=1)


def valid_from(events: pd.DataFrame) -> dict[str, dict[str, datetime]]:
    """By table and event: since when the archive's rows hold. `events`: the validated table."""
    race_end = (events["race_starts_at"] + RACE).mask(
        ~events["race_time_known"], events["race_starts_at"] + DAY
    )
    # Where only the race's date is known, the other sessions ended before that day at the latest.
    qualifying_end = (events["qualifying_starts_at"] + SESSION).fillna(events["race_starts_at"])
    sprint_end = (events["sprint_starts_at"] + SESSION).fillna(events["race_starts_at"])
    season_start = pd.to_datetime(events["season"].astype(str) + "-01-01", utc=True)
    by_table = {
        "events": season_start,
        "entries": qualifying_end - 2 * DAY,
        "starting_grids": events["race_starts_at"],
        "race_results": race_end,
        "pit_stops": race_end,
        "standings": race_end,
        "sprint_results": sprint_end,
        "qualifying_results": qualifying_end,
        "practice_results": qualifying_end,
    }
    return {
        table: {e: t.to_pydatetime() for e, t in zip(events["event_id"], instants, strict=True)}
        for table, instants in by_table.items()
    }
