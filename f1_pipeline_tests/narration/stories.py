"""Rows as they are published, to be changed by tests, and strategies for all that they may hold."""

from typing import Any

from hypothesis import strategies as st

from f1_pipeline.narration import Facts, prediction_facts, recommendation_facts

NAMES = {
    "driver": "Charles Leclerc",
    "team": "Ferrari",
    "event": "Italian Grand Prix",
    "season": 2025,
    "circuit": "Monza",
}
FORECAST: dict[str, Any] = {
    "event_id": "2025-italy",
    "season": 2025,
    "round": 16,
    "driver_id": "charles-leclerc",
    "constructor_id": "ferrari",
    "horizon": "post_qualifying",
    "p_win": 0.139,
    "p_podium": 0.442,
    "p_points": 0.863,
    "p_dnf": 0.092,
    "expected_position": 5.74,
    "position_p05": 1,
    "position_p95": 19,
    "grid_position": 4,
    "grid_source": "official",
    "degraded_reason": None,
}
REASONS = [
    {"factor": "grid", "contribution": 1.2, "words": "starts 4th"},
    {"factor": "race pace", "contribution": 0.8, "words": "has raced -0.21 % off the field's pace"},
    {
        "factor": "team",
        "contribution": -0.3,
        "words": "the team's cars have finished about 8th of late",
    },
]
SIMILAR = [
    {
        "document_id": "2019-italy/charles-leclerc",
        "title": "Charles Leclerc, Italian Grand Prix 2019",
        "text": "Charles Leclerc (Monegasque), Ferrari. Started from pole position. Charles "
        "Leclerc won the race, 25 points. One stop, changed on lap 20. Lewis Hamilton was third.",
    }
]
PLAN: dict[str, Any] = {
    "event_id": "2025-italy",
    "season": 2025,
    "driver_id": "charles-leclerc",
    "constructor_id": "ferrari",
    "rank": 1,
    "plan": "M-21-H",
    "stops": 1,
    "chosen_share": 0.55,
    "expected_position": 5.74,
    "expected_points": 12.2,
    "p_gain": 0.46,
    "p_lose": 0.4,
    "difference": 0.31,
    "difference_low": -0.9,
    "difference_high": 1.5,
    "clear": False,
    "window_first": [18.0],
    "window_last": [30.0],
    "grid_position": 4,
    "grid_source": "official",
    "pit_lane": False,
    "dry_races": 120,
    "circuit_races": 6,
    "experimental": True,
}
SECOND = PLAN | {
    "rank": 2,
    "plan": "H-31-S",
    "expected_position": 5.43,
    "difference": 0.0,
    "difference_low": 0.0,
    "difference_high": 0.0,
    "window_first": [],
    "window_last": [],
}
ADVICE = [
    {"phase": 1, "first_lap": 1, "last_lap": 17, "advice": "too few", "difference": None},
    {"phase": 2, "first_lap": 18, "last_lap": 35, "advice": "stop", "difference": 3.44},
    {"phase": 3, "first_lap": 36, "last_lap": 53, "advice": "stay", "difference": -1.2},
]

# Of a forecast: a text of a language model that holds, and one that does not.
GOOD = (
    "Charles Leclerc starts 4th for Ferrari at Monza and has 44 % for the podium, if only 14 % for "
    "victory. The mean place of the simulated races is 5.7, and much may come otherwise: the range "
    "from 1 to 19 is wide, so much is open."
)
WRONG = GOOD.replace("44 %", "45 %")
KNOWN = ("Charles Leclerc", "Max Verstappen", "Ferrari", "Monza")


def forecast(**changed: Any) -> Facts:
    return prediction_facts(FORECAST | changed, NAMES, REASONS, SIMILAR)


def plan(**changed: Any) -> Facts:
    return recommendation_facts([PLAN | changed, SECOND], ADVICE, NAMES, SIMILAR)


_shares = st.floats(0, 1) | st.sampled_from([0.0, 0.005, 0.01, 0.0149, 0.5, 0.99, 0.995, 1.0])
_missing = st.sampled_from([None, float("nan")])
_words = st.sampled_from([*(one["words"] for one in REASONS[1:]), "is 22nd in the championship"])
_names = st.fixed_dictionaries(
    {},
    optional={
        "driver": st.sampled_from(["Ryō Hirakawa", "Carlos Sainz Jr.", "Nyck de Vries"])
        | st.text(max_size=60)
        | _missing,
        "team": st.sampled_from(["Red Bull", "Haas F1 Team", "Williams Grand Prix Engineering"])
        | st.text(max_size=60)
        | _missing,
        "event": st.sampled_from(["70th Anniversary Grand Prix", "Monaco Grand Prix", "2025 GP"])
        | _missing,
        "season": st.integers(1950, 2099) | _missing,
        "circuit": st.sampled_from(["Monaco", "Autodromo Internazionale Enzo e Dino Ferrari"])
        | st.text(max_size=90)
        | _missing,
    },
)
_similar = st.lists(
    st.fixed_dictionaries(
        {
            "document_id": st.just("2019-italy/x"),
            "title": st.sampled_from(
                [
                    "Charles Leclerc, Italian Grand Prix 2019",
                    "Carlos Sainz Jr., Italian Grand Prix 2022 at Autodromo Nazionale Monza there",
                ]
            )
            | st.text(max_size=80),
            "text": st.text(max_size=200),
        }
    ),
    max_size=4,
)
_reasons = st.lists(
    st.fixed_dictionaries(
        {
            "factor": st.sampled_from(
                ["grid", "qualifying", "practice", "race pace", "standing", "team", "weather"]
            ),
            "contribution": st.floats(-4, 4) | _missing,
            "words": _words | _missing,
        }
    ),
    max_size=8,
)
_degraded = st.sampled_from(
    [
        "no official grid is published: the order of qualifying stands in",
        (
            "no model in force: 12 races are too few; no laps and no practice: F1's live timing "
            "refuses to answer (403): set F1_USERNAME and F1_PASSWORD, and sign in with "
            "`f1-pipeline timing sign-in`"
        ),
        "word " * 40,
    ]
)
_grids = st.one_of(
    st.fixed_dictionaries(
        {
            "grid_position": st.integers(1, 24) | st.floats(1, 24).map(round).map(float),
            "grid_source": st.sampled_from(["official", "qualifying", "forecast"]),
        }
    ),
    st.fixed_dictionaries({"grid_position": _missing, "grid_source": _missing}),
)


@st.composite
def forecasts(draw: st.DrawFn) -> Facts:
    """Of any row that keeps to its contract, with any names, reasons and past races."""
    low, high = sorted(draw(st.tuples(st.integers(1, 24), st.integers(1, 24))))
    row = FORECAST | {
        "horizon": draw(st.sampled_from(["pre_weekend", "post_practice", "post_qualifying"])),
        "p_win": draw(_shares),
        "p_podium": draw(_shares),
        "p_points": draw(_shares),
        "p_dnf": draw(_shares),
        "expected_position": draw(st.floats(1, 24)),
        "position_p05": low,
        "position_p95": high,
        "degraded_reason": draw(_degraded | _missing),
        **draw(_grids),
    }
    return prediction_facts(row, draw(_names), draw(_reasons), draw(_similar))


@st.composite
def plans(draw: st.DrawFn) -> Facts:
    """The same of recommendations."""
    ranked = [_plan(draw, rank) for rank in range(1, draw(st.integers(1, 6)) + 1)]
    laps = draw(st.lists(st.integers(1, 78), max_size=4, unique=True).map(sorted))
    advice = [
        {
            "phase": phase,
            "first_lap": lap,
            "last_lap": lap + 10,
            "advice": draw(st.sampled_from(["stop", "stay", "no clear difference", "too few"])),
            "difference": draw(st.floats(-12, 12) | _missing),
        }
        for phase, lap in enumerate(laps, start=1)
    ]
    return recommendation_facts(ranked, advice, draw(_names), draw(_similar))


def _plan(draw: st.DrawFn, rank: int) -> dict[str, Any]:
    laps = draw(st.lists(st.integers(1, 78), min_size=1, max_size=3, unique=True).map(sorted))
    tyres = draw(st.lists(st.sampled_from("SMH"), min_size=4, max_size=4))
    pairs = zip(laps, tyres[1:], strict=False)
    behind = draw(st.floats(-3, 9) | st.just(0.0))
    windows = draw(st.booleans())
    return PLAN | {
        "rank": rank,
        "plan": "-".join([tyres[0], *(f"{lap}-{tyre}" for lap, tyre in pairs)]),
        "stops": len(laps),
        "chosen_share": draw(_shares),
        "expected_position": draw(st.floats(1, 24)),
        "p_gain": draw(_shares),
        "p_lose": draw(_shares),
        "difference": behind,
        "difference_low": behind - draw(st.floats(0, 4) | st.just(0.0)),
        "difference_high": behind + draw(st.floats(0, 4) | st.just(0.0)),
        "clear": draw(st.booleans()),
        "window_first": [float(lap - draw(st.integers(0, 9))) for lap in laps] if windows else [],
        "window_last": [float(lap + draw(st.integers(0, 9))) for lap in laps] if windows else [],
        "grid_position": draw(st.integers(1, 24)),
        "grid_source": draw(st.sampled_from(["official", "qualifying", "forecast"])),
        "pit_lane": draw(st.booleans()),
        "dry_races": draw(st.integers(10, 300)),
        "circuit_races": draw(st.integers(0, 12)),
        "experimental": draw(st.booleans()),
    }
