"""What is known of a driver's race, and of a race: one row each, in the facts that are searched.

Here belongs the joining of results, grids and figures. How facts are told is in `documents`.
"""

import numpy as np
import pandas as pd

PODIUM = 3
# The tables that facts are read from.
TABLES = (
    "events",
    "circuits",
    "drivers",
    "race_results",
    "starting_grids",
    "stint_figures",
    "race_figures",
    "caution_figures",
)
CAUTIONS = {
    "red_flags": "red",
    "safety_cars": "safety_car",
    "virtual_safety_cars": "virtual_safety_car",
}
NUMBERS: tuple[str, ...] = (
    "season",
    "round",
    "grid",
    "finish",
    "gained",
    "points",
    "stops",
    "first_stop",
)
NUMBERS += tuple(CAUTIONS)
# Yes, no or not known: 1, 0 or null.
FLAGS: tuple[str, ...] = (
    "pit_lane",
    "retired",
    "wet",
    "won",
    "podium",
    "scored",
    "pole",
    "front_row",
)
FLAGS += ("last_on_grid", "last_at_finish", "home")
TEXTS: tuple[str, ...] = (
    "event_id",
    "driver_id",
    "constructor_id",
    "circuit_id",
    "grand_prix_id",
    "nationality",
)
TEXTS += ("country", "circuit_type", "outcome", "reason", "start", "end", "compounds")
COLUMNS = ("document_id", *TEXTS, *NUMBERS, *FLAGS)
# What did not take part in the start is no race of a driver, and is not searched.
_ABSENT = ("did_not_qualify", "did_not_prequalify")
_FREE = ("start", "red")  # a set put on under these was no stop


def driver_facts(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """`COLUMNS`, a row per driver and race that has a result, in the order of races.

    `compounds`: all sets in order, joined by spaces. Null is what is not known; figures are known
    of some seasons only.
    """
    results = tables["race_results"]
    results = results[~results["outcome"].isin(_ABSENT)]
    rows = pd.DataFrame(
        {
            "event_id": results["event_id"],
            "driver_id": results["driver_id"],
            "constructor_id": results["constructor_id"],
            "outcome": results["outcome"],
            "reason": results["reason_retired"].astype("object").str.lower(),
            "finish": _number(results["position"]).where(_yes(results["classified"])),
            "points": _number(results["points"]),
            "retired": _yes(results["retired"]).astype(float),
        }
    ).drop_duplicates(["event_id", "driver_id"])
    rows = rows.merge(_grid(tables["starting_grids"]), how="left", on=["event_id", "driver_id"])
    rows = rows.merge(_stints(tables["stint_figures"]), how="left", on=["event_id", "driver_id"])
    rows = rows.merge(_events(tables), on="event_id")
    people = tables["drivers"].set_index("driver_id")["nationality"]
    rows["nationality"] = rows["driver_id"].map(people)
    rows["pit_lane"] = rows["pit_lane"].fillna(0.0)
    rows["gained"] = rows["grid"] - rows["finish"]
    rows["won"] = rows["finish"].eq(1).astype(float)
    rows["podium"] = rows["finish"].le(PODIUM).astype(float)
    rows["scored"] = rows["points"].gt(0).astype(float)
    rows["pole"] = rows["grid"].eq(1).astype(float)
    rows["front_row"] = rows["grid"].le(2).astype(float)
    for flag, place in (("last_on_grid", "grid"), ("last_at_finish", "finish")):
        rows[flag] = rows[place].eq(rows.groupby("event_id")[place].transform("max")).astype(float)
    rows["home"] = rows["nationality"].eq(rows["country"]).astype(float)
    rows["document_id"] = rows["event_id"] + "/" + rows["driver_id"]
    order = rows["finish"].fillna(99.0)
    rows = rows.assign(order=order).sort_values(["season", "round", "order", "driver_id"])
    return rows[list(COLUMNS)].reset_index(drop=True)


def race_facts(facts: pd.DataFrame) -> pd.DataFrame:
    """A row per race: its winner, podium, weather, cautions, retirements and typical stops."""
    same = ["season", "round", "circuit_id", "grand_prix_id", "country", "circuit_type", "wet"]
    by_race = facts.groupby("event_id", sort=False)
    races = by_race[[*same, *CAUTIONS]].first()
    races["retirements"] = by_race["retired"].sum()
    placed = facts[facts["finish"].notna()]
    races["typical_stops"] = placed.groupby("event_id")["stops"].median()
    races["drivers"] = by_race["driver_id"].size()
    for name, chosen in (
        ("winner", facts["won"].eq(1)),
        ("podium", facts["podium"].eq(1)),
        ("pole", facts["pole"].eq(1)),
    ):
        # finish orders the rows within a race already
        races[name] = facts[chosen].groupby("event_id")["driver_id"].agg(" ".join)
    winners = facts[facts["won"].eq(1)].drop_duplicates("event_id").set_index("event_id")
    races["winner_constructor"] = winners["constructor_id"]
    races["winner_grid"] = winners["grid"]
    return races.reset_index().assign(document_id=lambda rows: rows["event_id"])


def _events(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    events = tables["events"]
    circuits = tables["circuits"].set_index("circuit_id")
    rows = events[["event_id", "circuit_id", "grand_prix_id"]].copy()
    rows["season"] = _number(events["season"])
    rows["round"] = _number(events["round"])
    rows["country"] = rows["circuit_id"].map(circuits["country"])
    rows["circuit_type"] = rows["circuit_id"].map(circuits["circuit_type"].str.lower())
    races = tables["race_figures"].set_index("event_id")
    wet = 1.0 - _number(races["dry"])
    rows["wet"] = rows["event_id"].map(wet)
    cautions = tables["caution_figures"]
    known = rows["event_id"].isin(races.index)
    for fact, kind in CAUTIONS.items():
        seen = cautions[cautions["caution"].eq(kind)].groupby("event_id").size()
        rows[fact] = rows["event_id"].map(seen).astype(float).fillna(0.0).where(known)
    # A race's own count of stops by red flags is the one that is checked.
    rows["red_flags"] = rows["event_id"].map(_number(races["red_flags"]))
    return rows


def _grid(grids: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "event_id": grids["event_id"],
            "driver_id": grids["driver_id"],
            "grid": _number(grids["grid_position"]),
            "pit_lane": _yes(grids["pit_lane"]).astype(float),
        }
    ).drop_duplicates(["event_id", "driver_id"])


def _stints(stints: pd.DataFrame) -> pd.DataFrame:
    """Stops, the first of them, and the compounds; of a set not known, its place stays open."""
    rows = stints.sort_values(["event_id", "driver_id", "stint"], ignore_index=True)
    rows["stopped"] = ~rows["began_under"].isin(_FREE)
    rows["lap"] = (_number(rows["first_lap"]) - 1).clip(lower=1).where(rows["stopped"])
    rows["set"] = rows["compound"].fillna("UNKNOWN").astype(str)
    by_car = rows.groupby(["event_id", "driver_id"])
    found = by_car.agg(
        stops=("stopped", "sum"),
        first_stop=("lap", "min"),
        start=("set", "first"),
        end=("set", "last"),
        compounds=("set", " ".join),
    ).reset_index()
    found["stops"] = found["stops"].astype(float)
    for column in ("start", "end"):
        found[column] = found[column].where(found[column].ne("UNKNOWN"))
    return found


def _number(values: "pd.Series[float]") -> "pd.Series[float]":
    return values.astype("Float64").astype(object).where(values.notna(), np.nan).astype(float)


def _yes(values: "pd.Series[bool]") -> "pd.Series[bool]":
    return values.astype("boolean").fillna(False).astype(bool)
