"""Documents: facts with a text written from them, one of a driver's race and one of a race.

Here belongs how facts are told, in the words of the field. What is not known is not mentioned.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from f1_pipeline.search.facts import FLAGS, NUMBERS, driver_facts, race_facts
from f1_pipeline.search.names import names_of
from f1_pipeline.search.vocabulary import phrases, vocabulary

_PEOPLE = {row["country"]: phrases(row["people"])[0].title() for row in vocabulary()["countries"]}
# Counts of a race beside those of `facts`, among which points need not be whole.
_COUNTS = ("retirements", "drivers", "winner_grid")
_HALVES = {"points"}
_STOPS = {
    0: "no pit stop",
    1: "one pit stop",
    2: "two pit stops",
    3: "three pit stops",
}


def documents(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The tables `driver_documents` and `race_documents`, of `facts.TABLES` and `constructors`."""
    drivers = driver_facts(tables)
    races = race_facts(drivers)
    called = names_of(tables, drivers).all()
    return {
        "driver_documents": _typed(drivers.assign(text=texts(drivers, called))),
        "race_documents": _typed(races.assign(text=texts(races, called))),
    }


def driver_text(row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """A driver's race. `row`: of `facts.driver_facts`; `names`: by id, of people, teams, places."""
    driver, team = names.get(row["driver_id"], ""), names.get(row["constructor_id"], "")
    people = f" ({name})" if (name := _PEOPLE.get(row["nationality"])) else ""
    parts = [
        f"{driver}{people}, {team}, {_where(row, names)}.",
        _grid(row),
        _result(row),
        _change(row),
        _tyres(row),
        _race(row),
        "At his home race." if row["home"] == 1 else "",
    ]
    return " ".join(part for part in parts if part)


def race_text(row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """A race. `row`: of `facts.race_facts`."""
    parts = [f"{_where(row, names)}."]
    if isinstance(row["winner"], str):
        team = names.get(row["winner_constructor"], "")
        start = f" from {_order(row['winner_grid'])} on the grid" if row["winner_grid"] > 0 else ""
        winner = " ".join(names.get(name, name) for name in row["winner"].split())
        parts.append(f"Won by {winner} for {team}{start}.")
    if isinstance(row["podium"], str):
        three = ", ".join(names.get(name, name) for name in row["podium"].split())
        parts.append(f"Podium: {three.rstrip('.')}.")
    if isinstance(row["pole"], str):
        pole = ", ".join(names.get(name, name) for name in row["pole"].split())
        parts.append(f"Pole position: {pole.rstrip('.')}.")
    parts.append(_race(row))
    parts.append(f"{row['retirements']:g} of {row['drivers']:g} retired.")
    if row["typical_stops"] >= 0:
        parts.append(f"Typically {_STOPS.get(round(row['typical_stops']), 'many stops')}.")
    return " ".join(part for part in parts if part)


def texts(rows: pd.DataFrame, names: Mapping[str, str]) -> list[str]:
    """A text per row, of races where rows have a winner and of drivers otherwise."""
    write = race_text if "winner" in rows else driver_text
    return [write(row, names) for row in rows.to_dict("records")]


def _where(row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    prize = str(row["grand_prix_id"]).replace("-", " ").title()
    country = ""
    if isinstance(row["country"], str):
        by_id = row["country"].replace("-", " ").title()
        country = f", {names.get('country/' + row['country'], by_id)}"
    street = ", a street circuit" if row["circuit_type"] == "street" else ""
    circuit = names.get(row["circuit_id"], row["circuit_id"])
    return (
        f"{row['season']:g} {prize} Grand Prix, round {row['round']:g}, at {circuit}"
        f"{country}{street}"
    )


def _grid(row: Mapping[str, Any]) -> str:
    if row["pit_lane"] == 1:
        return "Started from the pit lane."
    if row["pole"] == 1:
        return "Started from pole position."
    if row["front_row"] == 1:
        return "Started 2nd on the grid, from the front row."
    if not row["grid"] > 0:
        return ""
    last = ", last, from the back row" if row["last_on_grid"] == 1 else ""
    low = ", from outside the top ten" if row["grid"] > 10 else ""
    return f"Started {_order(row['grid'])} on the grid{last}{low}."


def _result(row: Mapping[str, Any]) -> str:
    points = f"scored {_many(row['points'], 'point')}" if row["points"] > 0 else "no points"
    if row["outcome"] == "disqualified":
        return f"Disqualified{_why(row)}, {points}."
    if row["outcome"] == "did_not_start":
        return f"Did not start{_why(row)}."
    if row["retired"] == 1:
        return f"Retired{_why(row)}, {points}."
    if row["won"] == 1:
        return f"Won the race, {points}."
    if not row["finish"] > 0:
        return f"Not classified, {points}."
    place = f"Finished {_order(row['finish'])}"
    if row["podium"] == 1:
        return f"{place}, on the podium, {points}."
    last = ", last of all" if row["last_at_finish"] == 1 else ""
    return f"{place}{last}, {points}."


def _why(row: Mapping[str, Any]) -> str:
    return f" ({row['reason']})" if isinstance(row["reason"], str) else ""


def _change(row: Mapping[str, Any]) -> str:
    gained = row["gained"]
    if gained > 0:
        return f"Gained {_many(gained, 'place')}."
    if gained < 0:
        return f"Lost {_many(-gained, 'place')}."
    return "Finished where he started." if gained == 0 else ""


def _tyres(row: Mapping[str, Any]) -> str:
    if not row["stops"] >= 0:
        return ""
    made = _STOPS.get(int(row["stops"]), f"{row['stops']:g} pit stops")
    sets = str(row["compounds"]).lower().replace("unknown", "unknown set").split()
    told = " to ".join(dict.fromkeys(sets))
    start = f", started on the {row['start'].lower()}" if isinstance(row["start"], str) else ""
    end = f", finished on the {row['end'].lower()}" if isinstance(row["end"], str) else ""
    return f"{made[0].upper()}{made[1:]}; tyres {told}{start}{end}."


def _race(row: Mapping[str, Any]) -> str:
    parts = []
    if row["wet"] == 1:
        parts.append("A wet race in the rain.")
    elif row["wet"] == 0:
        parts.append("A dry race.")
    for fact, one in (
        ("red_flags", "red flag"),
        ("safety_cars", "safety car"),
        ("virtual_safety_cars", "virtual safety car"),
    ):
        number = row[fact]
        if number > 0:
            parts.append(f"{_many(number, one)}.")
    return " ".join(parts)


def _many(number: float, one: str) -> str:
    return f"{number:g} {one}{'' if number == 1 else 's'}"


def _order(number: float) -> str:
    whole = int(number)
    ending = "th" if 10 <= whole % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(whole % 10, "th")
    return f"{whole}{ending}"


def _typed(rows: pd.DataFrame) -> pd.DataFrame:
    """Counts as integers and flags as booleans, which know what is not known."""
    whole = [n for n in (*NUMBERS, *_COUNTS) if n in rows and n not in _HALVES]
    flags = [name for name in FLAGS if name in rows and rows[name].dtype == float]
    kinds = dict.fromkeys(whole, "Int64") | dict.fromkeys(flags, "boolean")
    return rows.astype(kinds).sort_values("document_id", ignore_index=True)
