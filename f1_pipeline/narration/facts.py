"""The facts of a story: what may be told of a forecast or a plan, rounded as it may be told.

Here belongs the reading of published rows. A key says what its number is of (`_percent`, `_lap`,
`_places`), which the checks go by; what is not known has no key. Not here: wording.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from f1_pipeline.errors import ContractError
from f1_pipeline.narration.english import CERTAINTY, tidy

# Of the keys and what they mean. Another one makes every kept text another story's.
FORMAT = "1"
SIMILAR = 3  # past races that are told
REASONS = 3  # reasons for a place, and as many against it
_LIKELY, _INTERVAL = 90, 80  # percent: 5 to 95 % of the position, 10 to 90 % of a plan's difference
_WIDE_PLACES, _WIDE_DIFFERENCE = 9, 2.0
_LEAST_CONTRIBUTION = 0.05  # log-odds; what is less says nothing of a driver
# The most words of each: a paragraph has room for them.
_NAME_WORDS, _REASON_WORDS, _TITLE_WORDS, _TEXT_WORDS = 6, 16, 10, 90
_MADE = {
    "pre_weekend": "before the weekend",
    "post_practice": "after practice",
    "post_qualifying": "after qualifying",
}
_TYRES = {"S": "soft", "M": "medium", "H": "hard"}
_NOTHING = ("none", "nan", "nat", "na", "null")  # what is missing, made a string on the way
_ADVICE = {"stay": "stay out", "too few": "too few simulated races to tell"}
_PLAN = re.compile(r"[SMH](?:-\d{1,3}-[SMH])*")

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Facts:
    """`values`: ready for JSON. The same facts have the same `key`."""

    kind: Literal["prediction", "recommendation"]
    values: Mapping[str, Any]

    @property
    def key(self) -> str:
        content = {"format": FORMAT, "kind": self.kind, "values": self.values}
        text = json.dumps(content, sort_keys=True, ensure_ascii=False, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def prediction_facts(
    row: Row, names: Row, reasons: Sequence[Row] = (), similar: Sequence[Row] = ()
) -> Facts:
    """Of a row of `race_predictions`.

    `names`: driver, team, event, season, circuit; `reasons`: the driver's rows of `explanations`;
    `similar`: past races as document_id, title and text, the most alike first. Raises
    `ContractError` where the row has no number that its contract asks for.
    """
    low, high = _whole(row, "position_p05"), _whole(row, "position_p95")
    shares = {name: _share(row, f"p_{name}") for name in ("win", "podium", "points", "dnf")}
    values = _about(row, names) | {
        "made": _MADE.get(str(row.get("horizon")), ""),
        "standing": _standing(row),
        "win_percent": shares["win"],
        "podium_percent": shares["podium"],
        "points_percent": shares["points"],
        "retirement_percent": shares["dnf"],
        "expected_place": _decimal(row, "expected_position"),
        "likely_from_place": low,
        "likely_to_place": high,
        "likely_percent": _LIKELY,
        "likely_range_is_wide": high - low >= _WIDE_PLACES,
        **_grid(row),
        "rests_on_less_as": _reason(row.get("degraded_reason")),
        "reasons": _reasons(reasons),
        "similar": _similar(similar),
    }
    return Facts("prediction", _known(values))


def recommendation_facts(
    plans: Sequence[Row], advice: Sequence[Row], names: Row, similar: Sequence[Row] = ()
) -> Facts:
    """Of a driver's rows of `recommendations` and of `caution_advice`; otherwise as above."""
    if not plans:
        raise ContractError("a recommendation without plans cannot be told")
    ranked = sorted(plans, key=lambda row: _whole(row, "rank"))
    first, second = ranked[0], (ranked[1] if len(ranked) > 1 else None)
    low, high = _decimal(first, "difference_low"), _decimal(first, "difference_high")
    values = _about(first, names) | {
        "plan": _plan(first),
        "start_tyre": _TYRES[_plan(first)[0]],
        "stops": _whole(first, "stops"),
        "stop_list": _stops(first),
        "teams_stop_so_often_percent": _share(first, "chosen_share"),
        "expected_place": _decimal(first, "expected_position"),
        "expected_points": _decimal(first, "expected_points"),
        "gain_percent": _share(first, "p_gain"),
        "lose_percent": _share(first, "p_lose"),
        "behind_best_places": _decimal(first, "difference"),
        "behind_best_low_places": low,
        "behind_best_high_places": high,
        "behind_best_percent": _INTERVAL,
        "behind_best_range_is_wide": high - low >= _WIDE_DIFFERENCE,
        "clearly_behind_best": bool(first["clear"]),
        **_grid(first),
        "starts_from_pit_lane": _true(first.get("pit_lane")),
        "dry_races": _whole(first, "dry_races"),
        "circuit_dry_races": _whole(first, "circuit_races"),
        "experimental": _true(first.get("experimental")),
        "plans_compared": len(ranked),
        "safety_car": [_phase(row) for row in sorted(advice, key=lambda r: _whole(r, "phase"))],
        "similar": _similar(similar),
    }
    if second is not None:
        values |= {
            "next_plan": _plan(second),
            "next_plan_rank": 2,
            "next_plan_stops": _whole(second, "stops"),
            "next_plan_expected_place": _decimal(second, "expected_position"),
            "against_next_plan": _verdict(bool(first["clear"]), bool(second["clear"])),
        }
    return Facts("recommendation", _known(values))


def _about(row: Row, names: Row) -> dict[str, Any]:
    """Names, and what stands for them in the row where one is not given."""
    driver = _name(names.get("driver")) or _spoken(row.get("driver_id"))
    if not driver:
        raise ContractError("a story cannot be told: its driver has no name")
    event = _name(names.get("event")) or f"{_spoken(row.get('event_id'))} race".strip()
    season = row.get("season") if _missing(names.get("season")) else names.get("season")
    return {
        "driver": driver,
        "team": _name(names.get("team")) or _spoken(row.get("constructor_id")),
        "event": re.sub(r"\s*\b(?:19|20)\d\d\b\s*", " ", event).strip() or event,
        "season": None if _missing(season) else int(float(str(season))),
        "circuit": _name(names.get("circuit")),
    }


def _standing(row: Row) -> str:
    """More than half of the wins makes the favourite; less leaves room for another one."""
    win, podium, points = (_number(row, name) for name in ("p_win", "p_podium", "p_points"))
    if win > 0.5:
        return "the favourite"
    if win >= 0.2:
        return "among the favourites"
    if win >= 0.05 or podium >= 0.3:
        return "contender"
    return "midfield" if points >= 0.35 else "outsider"


def _grid(row: Row) -> dict[str, Any]:
    place, source = row.get("grid_position"), row.get("grid_source")
    if _missing(place) or _missing(source):
        return {"grid_is": "not known"}
    kinds = {"official": "official", "qualifying": "the order of qualifying"}
    return {"grid_place": int(float(str(place))), "grid_is": kinds.get(str(source), "forecast")}


def _reasons(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The strongest first. Log-odds are no number for a fan, so their size is not told."""
    sized = [row for row in rows if not _missing(row.get("contribution"))]
    sized.sort(key=lambda row: (-abs(float(row["contribution"])), str(row["factor"])))
    told: dict[str, list[dict[str, Any]]] = {"for": [], "against": []}
    for row in sized:
        side = told["for" if float(row["contribution"]) > 0 else "against"]
        if abs(float(row["contribution"])) >= _LEAST_CONTRIBUTION and len(side) < REASONS:
            words = tidy(row.get("words"), _REASON_WORDS)
            side.append(_known({"factor": tidy(str(row["factor"]), 3), "words": words}))
    return [{"speaks": side, **one} for side, ones in told.items() for one in ones]


def _stops(row: Row) -> list[dict[str, Any]]:
    """Each stop of a plan, with the laps between which it costs the same where they are known."""
    parts = _plan(row).split("-")
    pairs = list(zip(parts[1::2], parts[2::2], strict=True))
    first, last = (_laps(row.get(name)) for name in ("window_first", "window_last"))
    told: list[dict[str, Any]] = []
    for number, (lap, tyre) in enumerate(pairs, start=1):
        stop: dict[str, Any] = {"number": number, "at_lap": int(lap), "to_tyre": _TYRES[tyre]}
        if len(first) == len(last) == len(pairs):
            stop |= {"window_from_lap": first[number - 1], "window_to_lap": last[number - 1]}
        told.append(stop)
    return told


def _plan(row: Row) -> str:
    plan = str(row.get("plan"))
    if not _PLAN.fullmatch(plan):
        raise ContractError(f"{tidy(plan, 3)!r} is no plan: one reads M-18-H")
    return plan


def _verdict(first_is_behind: bool, second_is_behind: bool) -> str:
    """Of two plans, by whether each is clearly behind the plan of the best expectation."""
    if first_is_behind and not second_is_behind:
        return "behind in the simulation alone"
    if second_is_behind and not first_is_behind:
        return "clearly ahead"
    if first_is_behind:
        return "both clearly behind the best"
    return "no clear difference"


def _phase(row: Row) -> dict[str, Any]:
    advice = str(row["advice"])
    told = {
        "from_lap": _whole(row, "first_lap"),
        "to_lap": _whole(row, "last_lap"),
        "advice": _ADVICE.get(advice, advice),
    }
    if advice in ("stop", "stay") and not _missing(row.get("difference")):
        told["stopping_gains_places"] = _decimal(row, "difference")
    return told


def _similar(races: Sequence[Row]) -> list[dict[str, str]]:
    """At most three, each with a title that is fit to be told."""
    told = []
    for race in races:
        title = _name(race.get("title"), _TITLE_WORDS)
        if title and not CERTAINTY.search(title):
            text = tidy(race.get("text"), _TEXT_WORDS)
            told.append({"document_id": str(race["document_id"]), "title": title, "text": text})
    return told[:SIMILAR]


def _reason(value: object) -> str:
    """Of several clauses those that there is room for; of one that is too long its beginning."""
    clauses = [tidy(part, 1000) for part in str("" if _missing(value) else value).split(";")]
    kept: list[str] = []
    for clause in filter(None, (clause.strip(" .,:") for clause in clauses)):
        short = clause if len(clause.split()) <= _REASON_WORDS else clause.split(":")[0]
        short = tidy(short, _REASON_WORDS).rstrip(" .,:")
        if short and sum(len(one.split()) for one in [*kept, short]) <= _REASON_WORDS:
            kept.append(short)
    return "; ".join(kept)


def _name(value: object, most: int = _NAME_WORDS) -> str:
    """A name has two letters at least; a single mark, or a number, would stand for others too."""
    name = tidy(value, most).strip(" ,;:-–%+/")
    is_one = len(re.findall(r"[^\W\d_]", name)) > 1 and name.casefold() not in _NOTHING
    return name if is_one else ""


def _spoken(identifier: object) -> str:
    """Charles Leclerc of charles-leclerc."""
    return _name(str(identifier).replace("-", " ").title()) if isinstance(identifier, str) else ""


def _share(row: Row, name: str) -> int | str:
    """Whole percent, but never none and never all."""
    share = _number(row, name)
    if share < 0.01:
        return "under 1"
    return "over 99" if share > 0.99 else round(100 * share)


def _decimal(row: Row, name: str) -> float:
    return round(_number(row, name), 1) + 0.0  # no -0.0


def _whole(row: Row, name: str) -> int:
    return round(_number(row, name))


def _number(row: Row, name: str) -> float:
    value = row.get(name)
    if _missing(value):
        raise ContractError(f"a story cannot be told: a row has no {name}")
    return float(value)  # type: ignore[arg-type]


def _laps(value: object) -> list[int]:
    """Of a list or an array; none of what is neither, and none where one is missing."""
    laps = value.tolist() if hasattr(value, "tolist") else value
    if not isinstance(laps, list | tuple) or any(_missing(lap) for lap in laps):
        return []
    return [round(float(lap)) for lap in laps]


def _true(value: object) -> bool:
    return not _missing(value) and bool(value)


def _known(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value not in (None, "", [])}


def _missing(value: object) -> bool:
    """None, NaN, NaT and NA: what is not itself."""
    try:
        return value is None or bool(value != value)
    except (TypeError, ValueError):
        # NA answers neither way; an array answers for each of its parts, so it is there.
        return not hasattr(value, "__len__")
