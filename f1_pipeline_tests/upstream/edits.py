"""What a test changes after the fact: a result of a race or a sprint, an entry of the calendar.

Changes are checked when they are made (`check_*`, which raise `ValueError`) and applied whenever
a season is put together anew. Both name a race by its season and its round in the archive.
"""

import re
from dataclasses import replace
from datetime import date

from f1_pipeline_tests.upstream.facts import Facts, Finish, Slot, Weekend
from f1_pipeline_tests.upstream.names import Json

_LETTERS = {
    "D": "Disqualified",
    "E": "Excluded",
    "F": "Did not qualify",
    "N": "Not classified",
    "R": "Retired",
    "W": "Withdrew",
}
_CHANGES = {"position", "points", "positionText", "status"}
_EDITS = {"cancel", "date", "time", "new_round", "drop_times"}
_KINDS = {"race": "results", "sprint": "sprint"}
_SCALE = (25, 18, 15, 12, 10, 8, 6, 4, 2, 1)
_TIME = re.compile(r"(\d\d:\d\d)(:\d\d)?Z?")


def check_amendment(facts: Facts, change: Json) -> Json:
    """The change with its driver's id and its session, ready for `amended`."""
    change = _known(change, {"driver", "session", *_CHANGES}, "amend")
    if not _CHANGES & change.keys():
        raise ValueError("amend: nothing to change")
    kind = _KINDS.get(change.setdefault("session", "race"))
    if kind is None:
        raise ValueError(f"amend: no session {change['session']!r}, only race and sprint")
    finishes = _weekend(facts, change).finishes[kind]
    change["driver"] = _driver(finishes, str(change.get("driver", "")))
    if "position" in change and not 1 <= int(change["position"]) <= len(finishes):
        raise ValueError(f"amend: no position {change['position']} among {len(finishes)}")
    text = str(change.get("positionText", "R"))
    if not (text in _LETTERS or text.isdigit()):
        raise ValueError(f"amend: no positionText {text!r}")
    if "points" in change:
        change["points"] = float(change["points"])
    return change


def check_edit(facts: Facts, edit: Json) -> Json:
    """The edit of the calendar, ready for `edited`."""
    edit = _known(edit, _EDITS, "edit_calendar")
    _weekend(facts, edit)
    if "date" in edit:
        date.fromisoformat(str(edit["date"]))
    if "time" in edit and not _TIME.fullmatch(str(edit["time"])):
        raise ValueError(f"edit_calendar: no time {edit['time']!r}")
    if "new_round" in edit:
        edit["new_round"] = int(edit["new_round"])
    return edit


def edited(weekend: Weekend, edits: list[Json]) -> Weekend | None:
    """The weekend after all edits of it; None when it is cancelled.

    A new date moves all sessions. `drop_times` takes the times out of the calendar only: the
    sessions are over when they were before. No other round gets another number.
    """
    wanted: Json = {}
    for edit in edits:
        if (edit["season"], edit["round"]) == (weekend.season, weekend.round):
            wanted |= edit
    if wanted.get("cancel"):
        return None
    day = date.fromisoformat(str(wanted["date"])) if "date" in wanted else weekend.race.day
    moved = day - weekend.race.day
    time = str(wanted["time"])[:5] if "time" in wanted else weekend.race.time
    return replace(
        weekend,
        shown_round=wanted.get("new_round", weekend.round),
        race=Slot(day, time),
        sessions={name: Slot(s.day + moved, s.time) for name, s in weekend.sessions.items()},
        timed=not wanted.get("drop_times"),
    )


def amended(weekend: Weekend, changes: list[Json]) -> Weekend:
    """The weekend after all changes of its results."""
    mine = [c for c in changes if (c["season"], c["round"]) == (weekend.season, weekend.round)]
    finishes = dict(weekend.finishes)
    for session, kind in _KINDS.items():
        of_session = [change for change in mine if change["session"] == session]
        if of_session:
            finishes[kind] = _amended(finishes[kind], of_session)
    return replace(weekend, finishes=finishes)


def _amended(before: tuple[Finish, ...], changes: list[Json]) -> tuple[Finish, ...]:
    bonus = next((f.driver["driverId"] for i, f in enumerate(before) if _has_bonus(f, i)), None)
    scale = [f.points - _has_bonus(f, i) for i, f in enumerate(before)]
    after = list(before)
    for change in changes:
        after = _moved(after, change)
    points = {c["driver"]: c["points"] for c in changes if "points" in c}
    made = []
    for place, (finish, worth) in enumerate(zip(after, scale, strict=True), start=1):
        driver = finish.driver["driverId"]
        if finish.placed:
            finish = replace(finish, text=str(place))
            worth += driver == bonus and place <= len(_SCALE)
        else:
            worth = 0.0
        made.append(replace(finish, points=points.get(driver, worth)))
    return tuple(made)


def _moved(finishes: list[Finish], change: Json) -> list[Finish]:
    """The finishes with the driver in his new place; numbers and points are not yet right."""
    at = next(i for i, f in enumerate(finishes) if f.driver["driverId"] == change["driver"])
    finish, rest = finishes[at], [*finishes[:at], *finishes[at + 1 :]]
    text = str(change.get("positionText", finish.text))
    place = int(change.get("position", at + 1))
    if "positionText" in change and "position" not in change:
        place = int(text) if text.isdigit() else len(finishes)
    if not text.isdigit():
        status = finish.status if text == finish.text else _LETTERS[text]
        finish = replace(finish, text=text, status=status, time_ms=None)
    elif place != at + 1 or not finish.placed:
        finish = _fitted(replace(finish, text=text), rest[: place - 1], rest[place - 1 :])
    finish = replace(finish, status=change.get("status", finish.status))
    return [*rest[: place - 1], finish, *rest[place - 1 :]]


def _fitted(finish: Finish, ahead: list[Finish], behind: list[Finish]) -> Finish:
    """The finish with laps and a time between those of its new neighbours."""
    first, then = (ahead[-1] if ahead else None), (behind[0] if behind else None)
    like = first or then
    if like is None or not like.placed:
        return finish
    time = like.time_ms
    if time is not None:
        time += 1000 if first else -1000
        if first and then and first.time_ms is not None and then.time_ms is not None:
            time = (first.time_ms + then.time_ms) // 2
    return replace(finish, laps=like.laps, status=like.status, time_ms=time)


def _has_bonus(finish: Finish, index: int) -> bool:
    """Whether the fastest lap's point is in these points: 2019 to 2024, for the first ten."""
    return finish.fastest and index < len(_SCALE) and finish.points == _SCALE[index] + 1


def _known(given: Json, keys: set[str], setting: str) -> Json:
    if not isinstance(given, dict):
        raise ValueError(f"{setting}: {given!r} is no object")
    unknown = given.keys() - keys - {"season", "round"}
    if unknown:
        raise ValueError(f"{setting}: no key {', '.join(sorted(unknown))}")
    return {**given, "season": int(given.get("season", 0)), "round": int(given.get("round", 0))}


def _weekend(facts: Facts, change: Json) -> Weekend:
    season, number = change["season"], change["round"]
    for weekend in facts.season(season):
        if weekend.round == number:
            return weekend
    raise ValueError(f"there is no round {number} of {season}")


def _driver(finishes: tuple[Finish, ...], wanted: str) -> str:
    """The id of the driver that is named by id, code, car number, or a part of his id."""
    drivers = {f.driver["driverId"]: (f.driver.get("code"), f.number) for f in finishes}
    exact = [i for i, names in drivers.items() if wanted == i or wanted in names]
    found = exact or [i for i in drivers if wanted and wanted.lower() in i]
    if len(found) != 1:
        raise ValueError(f"amend: {wanted!r} is {len(found) or 'no'} driver of these results")
    return found[0]
