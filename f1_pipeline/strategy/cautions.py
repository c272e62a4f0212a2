"""The track's state during a race: when it was neutralised, on which laps, and under which stops.

Here belongs the reading of track states against the laps' clock. Not here: what a stop cost
(tables.timing), what is counted of cautions (figures).
"""

import pandas as pd

# What stands for a state that neutralises the race. A virtual safety car lasts until its end is
# announced (7); the 10 to 15 s from there to the clear signal are driven at racing speed.
_NEUTRALISED = {"4": "safety_car", "5": "red", "6": "virtual_safety_car"}
# Of several states within a lap the worst is meant, and it stands first.
_STATES = {
    "5": "red",
    "4": "safety_car",
    "6": "virtual_safety_car",
    "7": "virtual_safety_car",
    "2": "yellow",
    "1": "green",
}


def cautions(laps: pd.DataFrame, track_status: pd.DataFrame) -> pd.DataFrame:
    """event_id, caution, first_lap and last_lap (the leader's), in the order in which they came.

    What came before the start or after the leader's finish is none of the race. A safety car that
    is called again before the leader has ended the lap on which it came in is the same one.
    """
    leader = _leader(laps)
    found = _periods(track_status)
    found["first_lap"] = _lap_at(found["at"], found["event_id"], leader, ends_with_it=False)
    last = leader.groupby("event_id")["lap"].max()
    found["last_lap"] = _lap_at(found["until"], found["event_id"], leader, ends_with_it=True)
    found["last_lap"] = found["last_lap"].fillna(found["event_id"].map(last))
    found = found[found["first_lap"].notna() & _after_the_start(found, laps)]
    return _joined(found)


def began_under(stints: pd.DataFrame, tables: dict[str, pd.DataFrame]) -> "pd.Series[str]":
    """The track's state when each stint (sorted by event, driver and stint) began, by its row.

    That is the state at the pit entry before it. A car that stood in the pit lane when the race was
    stopped changed its tyres for nothing, whatever it was when it came in: red.
    """
    driver = [stints["event_id"], stints["driver_id"]]
    key = stints[["event_id", "driver_id"]].assign(
        lap=stints["last_lap"].groupby(driver).shift().astype("Float64"),
        out_lap=stints["first_lap"].astype("Float64"),
    )
    stops = key[key["lap"].notna() & stints["first_lap"].gt(1)]
    under = _at_the_stop(stops, tables).reindex(stints.index)
    return under.where(under.notna(), "start").astype(object)


def _at_the_stop(stops: pd.DataFrame, tables: dict[str, pd.DataFrame]) -> "pd.Series[str]":
    laps = tables["laps"].assign(lap=tables["laps"]["lap"].astype("Float64"))
    mine = ["event_id", "driver_id", "lap"]
    entered = laps[[*mine, "pit_in_ms", "track_status"]]
    left = laps[[*mine, "pit_out_ms", "track_status"]].rename(
        columns={"lap": "out_lap", "track_status": "status_after"}
    )
    losses = tables["pit_lane_losses"][[*mine, "caution"]]
    losses = losses.assign(lap=losses["lap"].astype("Float64"))
    rows = (
        stops.merge(entered, on=mine, how="left")
        .merge(left, on=["event_id", "driver_id", "out_lap"], how="left")
        .merge(losses, on=mine, how="left")
        .set_axis(stops.index)
    )
    codes = rows["track_status"].fillna("").astype(str)
    around = codes + rows["status_after"].fillna("").astype(str)
    came_in = rows["pit_in_ms"].astype("float64")
    # The exit is closed while the race is stopped: who is known to have left before was not caught.
    came_out = rows["pit_out_ms"].astype("float64").fillna(came_in)
    stopped = _red_between(rows["event_id"], came_in, came_out, tables["track_status"])
    stopped |= came_in.isna() & around.str.contains("5", regex=False)
    said = rows["caution"].astype(object)
    at_entry = _state_at(rows["event_id"], came_in, tables["track_status"])
    under = said.where(said.notna(), at_entry)
    return under.where(under.notna(), _worst(codes)).mask(stopped, "red")


def _periods(track_status: pd.DataFrame) -> pd.DataFrame:
    """From the first word of a state to the next other one; a state that is said twice is one."""
    changes = _by_clock(track_status)
    changes["caution"] = changes["status"].map(_NEUTRALISED).fillna("none")
    event = changes["event_id"]
    changes = changes[changes["caution"].ne(changes["caution"].groupby(event).shift())]
    changes["until"] = changes["at"].groupby(changes["event_id"]).shift(-1)
    neutralised = changes["caution"].ne("none")
    return changes.loc[neutralised, ["event_id", "caution", "at", "until"]].reset_index(drop=True)


def _by_clock(track_status: pd.DataFrame) -> pd.DataFrame:
    rows = track_status[["event_id", "sequence", "status"]].assign(
        at=track_status["at_ms"].astype("float64")
    )
    return rows.sort_values(["event_id", "at", "sequence"], ignore_index=True)


def _leader(laps: pd.DataFrame) -> pd.DataFrame:
    """When the leader ended each lap: who is in first place, else whoever ended it first."""
    rows = laps[["event_id"]].assign(
        lap=laps["lap"].astype("float64"),
        ends=laps["ends_at_ms"].astype("float64"),
        leads=laps["position"].eq(1).fillna(False),
    )
    rows = rows[rows["ends"].notna()].sort_values(["leads", "ends"], ascending=[False, True])
    rows = rows.drop_duplicates(["event_id", "lap"]).sort_values(["event_id", "lap"])
    return rows.assign(ends=rows.groupby("event_id")["ends"].cummax())[["event_id", "lap", "ends"]]


def _lap_at(
    at: "pd.Series[float]", event: "pd.Series[str]", leader: pd.DataFrame, *, ends_with_it: bool
) -> "pd.Series[float]":
    """The lap that the leader was on; an instant at which one ends belongs to it or to the next."""
    asked = pd.DataFrame({"event_id": event, "at": at}).dropna().sort_values("at")
    ends = leader.sort_values("ends")
    found = pd.merge_asof(
        asked,
        ends,
        left_on="at",
        right_on="ends",
        by="event_id",
        direction="forward",
        allow_exact_matches=ends_with_it,
    )
    return found["lap"].set_axis(asked.index).reindex(at.index)


def _after_the_start(found: pd.DataFrame, laps: pd.DataFrame) -> "pd.Series[bool]":
    """Whether a caution of the first lap was seen by a car on it.

    The clock alone does not tell: the start of the first lap is often not known, and of the starts
    that rain put off (Belgium 2021 and 2025, Monaco 2022) a red flag comes before it.
    """
    first = laps[laps["lap"].eq(1).fillna(False)]
    codes = first["track_status"].fillna("").astype(str)
    seen = {
        caution: set(first.loc[codes.str.contains(code, regex=False), "event_id"])
        for code, caution in _NEUTRALISED.items()
    }
    told = set(first.loc[codes.ne(""), "event_id"])
    pairs = zip(found["event_id"], found["caution"], strict=True)
    on_first = pd.Series(
        [event in seen[caution] or event not in told for event, caution in pairs],
        index=found.index,
    )
    return found["first_lap"].gt(1) | on_first.astype(bool)


def _joined(found: pd.DataFrame) -> pd.DataFrame:
    """One row for what is one caution; a race that is stopped again is stopped twice."""
    kind = [found["event_id"], found["caution"]]
    again = found["first_lap"].le(found["last_lap"].groupby(kind).shift())
    number = (~again | found["caution"].eq("red")).groupby(kind).cumsum()
    rows = found.assign(number=number).groupby(["event_id", "caution", "number"], as_index=False)
    joined = rows.agg(
        at=("at", "min"), first_lap=("first_lap", "min"), last_lap=("last_lap", "max")
    )
    joined = joined.sort_values(["event_id", "at"], ignore_index=True)
    return joined[["event_id", "caution", "first_lap", "last_lap"]]


def _state_at(
    event: "pd.Series[str]", at: "pd.Series[float]", track_status: pd.DataFrame
) -> "pd.Series[str]":
    asked = pd.DataFrame({"event_id": event, "at": at}).dropna().sort_values("at")
    changes = _by_clock(track_status).sort_values(["at", "sequence"])
    found = pd.merge_asof(asked, changes, on="at", by="event_id")["status"].map(_STATES)
    return found.astype(object).set_axis(asked.index).reindex(at.index)


def _red_between(
    event: "pd.Series[str]",
    since: "pd.Series[float]",
    until: "pd.Series[float]",
    track_status: pd.DataFrame,
) -> "pd.Series[bool]":
    """Whether the race was stopped, or stood, within the span."""
    changes = _by_clock(track_status)
    flags = changes.loc[changes["status"].eq("5"), ["event_id", "at"]].rename(columns={"at": "red"})
    asked = pd.DataFrame({"event_id": event, "at": since}).dropna().sort_values("at")
    came = pd.merge_asof(
        asked,
        flags.sort_values("red"),
        left_on="at",
        right_on="red",
        by="event_id",
        direction="forward",
    )
    came_in_time = came["red"].set_axis(asked.index).reindex(since.index).le(until)
    return came_in_time | _state_at(event, since, track_status).eq("red")


def _worst(codes: "pd.Series[str]") -> "pd.Series[str]":
    worst = pd.Series("green", index=codes.index, dtype=object)
    for code in reversed(_STATES):
        worst = worst.mask(codes.str.contains(code, regex=False), _STATES[code])
    return worst
