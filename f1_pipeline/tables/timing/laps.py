"""FastF1's laps to the table `laps`: milliseconds, whole numbers, compounds by their names.

What a rule can put right for certain is put right, and named in `repaired`; all else stays as it
came, for the contract to find.
"""

import pandas as pd

_MILLISECONDS = {
    "lap_ms": "LapTime",
    "sector1_ms": "Sector1Time",
    "sector2_ms": "Sector2Time",
    "sector3_ms": "Sector3Time",
    "starts_at_ms": "LapStartTime",
    "ends_at_ms": "Time",
    "pit_in_ms": "PitInTime",
    "pit_out_ms": "PitOutTime",
}
_AS_THEY_ARE = {
    "event_id": "event_id",
    "session": "session",
    "source": "source",
    "driver_id": "driver_id",
    "car_number": "DriverNumber",
    "lap": "LapNumber",
    "stint": "Stint",
    "position": "Position",
    "speed_i1": "SpeedI1",
    "speed_i2": "SpeedI2",
    "speed_fl": "SpeedFL",
    "speed_st": "SpeedST",
    "personal_best": "IsPersonalBest",
    "deleted": "Deleted",
    "generated": "FastF1Generated",
    "accurate": "IsAccurate",
}
# FastF1's words for a set of tyres that it does not know; TEST is Pirelli's of a practice.
_NOT_KNOWN = {"", "nan", "None", "UNKNOWN", "TEST", "TEST_UNKNOWN"}
_SESSION = ["event_id", "session"]
_STINT = [*_SESSION, "driver_id", "stint"]


def laps(raw: pd.DataFrame) -> pd.DataFrame:
    """The contract's columns; `repaired` says which of them a rule has put right."""
    rows = pd.DataFrame({name: raw[column] for name, column in _AS_THEY_ARE.items()})
    for name, column in _MILLISECONDS.items():
        rows[name] = milliseconds(raw[column])
    rows["compound"] = _words(raw["Compound"]).mask(lambda words: words.isin(_NOT_KNOWN))
    # No tyre data: FastF1 then counts the laps of a stint from nothing.
    rows["tyre_age"] = pd.to_numeric(raw["TyreLife"], errors="coerce")
    rows["fresh_tyre"] = raw["FreshTyre"].where(rows["tyre_age"].notna())
    rows["track_status"] = _words(raw["TrackStatus"]).mask(lambda words: words.eq(""))
    rows["deleted_reason"] = _words(raw["DeletedReason"]).mask(lambda words: words.eq(""))
    rows["generated"] = rows["generated"].eq(True)
    return repaired(_without_doubles(rows).assign(tier="timing"))


def milliseconds(durations: pd.Series) -> pd.Series:
    """Timedeltas as whole milliseconds."""
    return (pd.to_timedelta(durations) / pd.Timedelta(milliseconds=1)).round().astype("Int64")


def repaired(rows: pd.DataFrame) -> pd.DataFrame:
    """Put right what is certain: a compound, a tyre's age, a place; name what was changed."""
    changes = {
        "compound": _one_compound(rows),
        "tyre_age": _counted_age(rows),
        "position": _place_by_clock(rows),
    }
    marks = pd.Series("", index=rows.index)
    for column, wanted in changes.items():
        differs = wanted.notna() & ~(rows[column].eq(wanted).fillna(False).astype(bool))
        rows[column] = rows[column].where(~differs, wanted)
        marks = marks.where(~differs, marks + "," + column)
    return rows.assign(repaired=marks.str.lstrip(",").mask(lambda m: m.eq("")).astype(object))


def _without_doubles(rows: pd.DataFrame) -> pd.DataFrame:
    """A lap that is there twice, word for word, once."""
    return rows[~rows.duplicated()].reset_index(drop=True)


def _one_compound(rows: pd.DataFrame) -> pd.Series:
    """The compound of a lap without one, where all others of its stint agree."""
    known = rows.groupby(_STINT)["compound"]
    return known.transform("first").where(known.transform("nunique").eq(1))


def _counted_age(rows: pd.DataFrame) -> pd.Series:
    """The age by counting from the stint's other laps, where more than half of them agree.

    Not where they cannot be right: a count that begins again within a stint makes its first laps
    younger than new. Nor where a lap is not held: FastF1 goes on as if it had not been driven.
    """
    lap = pd.to_numeric(rows["lap"], errors="coerce").astype("float64")
    keyed = rows[_STINT].assign(lap=lap, start=rows["tyre_age"].astype("float64") - lap)
    counts = keyed.groupby([*_STINT, "start"]).size().rename("count").reset_index()
    best = counts.sort_values("count").drop_duplicates(_STINT, keep="last")
    found = keyed[_STINT].merge(best, on=_STINT, how="left").set_axis(rows.index)
    stint = keyed.groupby(_STINT)
    first, held = stint["lap"].transform("min"), stint["lap"].transform("nunique")
    certain = found["count"] * 2 > stint["start"].transform("count")
    certain &= (found["start"] + first).ge(1)
    certain &= (stint["lap"].transform("max") - first + 1).eq(held)
    return (found["start"] + lap).where(certain)


def _place_by_clock(rows: pd.DataFrame) -> pd.Series:
    """The place by the instants at which the cars ended the lap, where all of them are known."""
    placed = rows[rows["position"].notna() & rows["session"].isin(["R", "S"])]
    lap = [placed[name] for name in (*_SESSION, "lap")]
    ends = placed["ends_at_ms"].astype("float64")
    whole = ends.notna().groupby(lap).transform("all")
    # Two cars at one instant: their order is the source's.
    unique = ~placed.assign(ends=ends).duplicated([*_SESSION, "lap", "ends"], keep=False)
    place = ends.groupby(lap).rank(method="first")
    return place.where(whole & unique).reindex(rows.index)


def _words(texts: pd.Series) -> pd.Series:
    return texts.astype(object).where(texts.notna(), None)
