"""Who is entered for an event: those who took part where it was held, else those expected.

The entry list is public before a weekend. For an event that is still to come it is the list of the
season's newest event held, or before the first one the season's entrants.
"""

import pandas as pd

from f1_pipeline.tables.sessions import tiers

_COLUMNS = ["event_id", "driver_id", "constructor_id", "engine_id", "car_number", "source"]
_RACE = ("race_results", "starting_grids", "qualifying_results", "sprint_results")


def took_part(raw: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """One row per event and driver, role `race` before role `practice`."""
    frames = [raw[name][_COLUMNS].assign(role="race") for name in _RACE]
    frames.append(raw["practice_results"][_COLUMNS].assign(role="practice"))
    rows = pd.concat(frames, ignore_index=True).drop_duplicates(["event_id", "driver_id"])
    return rows.assign(tier=tiers(rows["source"]))


def expected(to_come: pd.DataFrame, entrants: pd.DataFrame, past: pd.DataFrame) -> pd.DataFrame:
    """Rows for the events to come. `past`: the valid rows of events held, with season and round."""
    racing = past[past["role"].eq("race")].sort_values("round", kind="stable")
    newest = racing.groupby("season")["event_id"].last()
    frames = []
    for event in to_come.itertuples():
        if event.season in newest.index:
            known = racing[racing["event_id"].eq(newest[event.season])]
        else:
            known = _entrants_of(entrants, event.season, event.round)
        frames.append(known.assign(event_id=event.event_id, role="race", tier="results"))
    if not frames:
        return past.iloc[:0]
    return pd.concat(frames, ignore_index=True).drop_duplicates(["event_id", "driver_id"])


def _entrants_of(entrants: pd.DataFrame, season: int, round_number: int) -> pd.DataFrame:
    """Race drivers of a season; rounds are filled in afterwards, so empty means all of them."""
    rounds = entrants["rounds"].map(
        lambda text: str(text).split(";") if pd.notna(text) and str(text) else None
    )
    enters = rounds.map(lambda listed: listed is None or str(round_number) in listed)
    # One bad value makes a raw column text: the others still count.
    seasons = pd.to_numeric(entrants["season"], errors="coerce")
    tests = entrants["test_driver"].isin([True, "true"])
    known = entrants[seasons.eq(season) & ~tests & enters]
    columns = [name for name in _COLUMNS if name not in ("event_id", "car_number")]
    return known[columns].assign(car_number=pd.Series(pd.NA, known.index, dtype="Int64"))
