"""Stints on slicks in dry races, their compounds as the weekend's SOFT, MEDIUM and HARD."""

import pandas as pd

from f1_pipeline.contracts.timing import DRY
from f1_pipeline.strategy.fits.rows import dated

COMPOUNDS = ("SOFT", "MEDIUM", "HARD")
# With fewer, one lap of traffic turns the slope (as in `race_pace`).
_CLEAN_LAPS = 5


def dry_stints(figures: pd.DataFrame, races: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """The stints of dry races that show a pace, with what is needed of their race.

    Adds circuit_id, year, laps and lap_ms of the race, `compound` as one of the weekend's three
    and `age`, the mean age of the set in laps over the stint's laps (a set of unknown age counts
    as new). Left out: stints of fewer than five clean laps, wet and unknown compounds.
    """
    dry = races[races["dry"].astype("boolean").fillna(False).astype(bool)]
    dry = dry[dry["lap_ms"].notna()]
    rows = dated(figures, events).merge(dry[["event_id", "laps", "lap_ms"]], on="event_id")
    rows["compound"] = relative(rows)
    shown = rows["clean_laps"].ge(_CLEAN_LAPS) & rows["pace_ms"].notna() & rows["mean_lap"].notna()
    rows = rows[shown & rows["compound"].isin(COMPOUNDS)].reset_index(drop=True)
    before = rows["tyre_age"].astype("float64").fillna(0.0)
    return rows.assign(age=before + rows["mean_lap"] - rows["first_lap"].astype("float64") + 1)


def relative(rows: pd.DataFrame) -> "pd.Series[str]":
    """The compound of each row as the weekend's SOFT, MEDIUM or HARD; null if it is no slick.

    Since 2019 that is its name. In 2018 seven slicks had names of their own: where a race used
    another name than the three, its compounds are named from the softest on; of more than three
    (none so far) all beyond the second are the hard one, and one alone is the medium.
    """
    slicks = rows["compound"].where(rows["compound"].isin(DRY))
    names = {
        event: _names(sorted(set(of.dropna()), key=DRY.index))
        for event, of in slicks.groupby(rows["event_id"])
    }
    found = [names[event].get(c) for event, c in zip(rows["event_id"], slicks, strict=True)]
    return pd.Series(found, index=rows.index, dtype=object)


def _names(used: list[str]) -> dict[str, str]:
    if set(used) <= set(COMPOUNDS):
        return {name: name for name in used}
    if len(used) == 1:
        return {used[0]: "MEDIUM"}
    return {name: COMPOUNDS[min(i, 2)] for i, name in enumerate(used)}
