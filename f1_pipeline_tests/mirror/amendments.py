"""A result that is changed after the fact: one driver's place, points, text; the others move."""

from typing import Any

from f1_pipeline_tests.mirror.answers import Facts

Row = dict[str, Any]


def amend(facts: Facts, changes: list[Row]) -> None:
    """Make these changes the ones in force; an empty list undoes all."""
    facts.amended = {}
    for change in changes:
        kind = "sprint" if change.get("session") == "sprint" else "results"
        season, number = int(change["season"]), int(change["round"])
        rows = [dict(row) for row in facts.rows(kind, season, number)]
        facts.amended[season, number, kind] = _changed(rows, change)


def _changed(rows: list[Row], change: Row) -> list[Row]:
    wanted = str(change["driver"]).lower()
    driver = next(row for row in rows if wanted in row["Driver"]["driverId"].lower())
    texts = {row["position"]: row["positionText"] for row in rows}
    points = {row["position"]: row["points"] for row in rows}
    text, place = change.get("positionText"), change.get("position")
    if text is not None or place is not None:
        others = [row for row in rows if row is not driver]
        at = len(others) if place is None else int(place) - 1
        others.insert(at, driver)
        rows = others
        for order, row in enumerate(rows, start=1):
            row["position"] = str(order)
            row["points"] = points[str(order)]
            if texts[str(order)].isdigit() and row["positionText"].isdigit():
                row["positionText"] = str(order)
    if text is not None:
        driver["positionText"] = text
        driver["points"] = "0"
    driver |= {key: str(change[key]) for key in ("points", "status") if key in change}
    return rows
