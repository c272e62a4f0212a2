"""Two races made up in a few lines: a dry one in Monaco, a wet one at Spa, and an old one."""

import pandas as pd

from f1_pipeline.search.documents import documents
from f1_pipeline.search.index import Index, build
from f1_pipeline.search.names import names_of

DRIVERS = [
    ("lewis-hamilton", "Lewis Hamilton", "HAM", "united-kingdom", "mercedes"),
    ("max-verstappen", "Max Verstappen", "VER", "netherlands", "red-bull"),
    ("charles-leclerc", "Charles Leclerc", "LEC", "monaco", "ferrari"),
    ("lando-norris", "Lando Norris", "NOR", "united-kingdom", "mclaren"),
]
# Event, driver, place (None: not classified), grid (None: pit lane), points, reason.
RESULTS: list[tuple[str, int, int | None, int | None, float, str | None]] = [
    ("2021-monaco", 2, 1, 1, 25.0, None),
    ("2021-monaco", 1, 2, 2, 18.0, None),
    ("2021-monaco", 0, 3, 4, 15.0, None),
    ("2021-monaco", 3, None, 3, 0.0, "Gearbox"),
    ("2021-belgium", 0, 1, None, 25.0, None),
    ("2021-belgium", 1, 2, 1, 18.0, None),
    ("2021-belgium", 3, 3, 3, 15.0, None),
    ("2021-belgium", 2, None, 2, 0.0, "Collision"),
    ("2015-monaco", 1, 1, 3, 25.0, None),
    ("2015-monaco", 0, 2, 1, 18.0, None),
]
# Event, driver, compounds and what each set was put on under.
STINTS: list[tuple[str, int, list[tuple[str | None, str]]]] = [
    ("2021-monaco", 2, [("SOFT", "start"), ("HARD", "green")]),
    ("2021-monaco", 1, [("MEDIUM", "start"), ("HARD", "green"), ("SOFT", "safety_car")]),
    ("2021-monaco", 0, [("HARD", "start")]),
    ("2021-belgium", 0, [("WET", "start"), (None, "red"), ("INTERMEDIATE", "green")]),
]


def tables() -> dict[str, pd.DataFrame]:
    """The tables that facts are read from."""
    events = [("2015-monaco", 2015, 1), ("2021-monaco", 2021, 1), ("2021-belgium", 2021, 2)]
    places = {"monaco": "monaco", "belgium": "spa-francorchamps"}
    results = [
        {
            "event_id": event,
            "driver_id": DRIVERS[number][0],
            "constructor_id": DRIVERS[number][4],
            "position": place,
            "classified": place is not None,
            "outcome": "finished" if place else "retired",
            "retired": place is None,
            "reason_retired": reason,
            "grid_position": grid,
            "points": points,
        }
        for event, number, place, grid, points, reason in RESULTS
    ]
    stints = [
        {
            "event_id": event,
            "driver_id": DRIVERS[number][0],
            "stint": order + 1,
            "compound": compound,
            "first_lap": 1 + 10 * order,
            "began_under": under,
        }
        for event, number, sets in STINTS
        for order, (compound, under) in enumerate(sets)
    ]
    rows = pd.DataFrame(results).astype({"position": "Int64", "grid_position": "Int64"})
    grids = rows[["event_id", "driver_id", "grid_position"]]
    return {
        "events": pd.DataFrame(
            {
                "event_id": [event for event, _, _ in events],
                "season": [season for _, season, _ in events],
                "round": [number for _, _, number in events],
                "grand_prix_id": [event[5:] for event, _, _ in events],
                "circuit_id": [places[event[5:]] for event, _, _ in events],
            }
        ),
        "circuits": pd.DataFrame(
            {
                "circuit_id": ["monaco", "spa-francorchamps"],
                "full_name": ["Circuit de Monaco", "Circuit de Spa-Francorchamps"],
                "place": ["Monte Carlo", "Spa"],
                "country": ["monaco", "belgium"],
                "circuit_type": ["STREET", "RACE"],
            }
        ),
        "drivers": pd.DataFrame(
            [one[:4] for one in DRIVERS], columns=["driver_id", "name", "code", "nationality"]
        ),
        "race_results": rows,
        "starting_grids": grids.assign(pit_lane=grids["grid_position"].isna()),
        "stint_figures": pd.DataFrame(stints),
        "race_figures": pd.DataFrame(
            {
                "event_id": ["2021-monaco", "2021-belgium"],
                "dry": pd.array([True, False], dtype="boolean"),
                "red_flags": [0, 1],
            }
        ),
        "caution_figures": pd.DataFrame(
            {
                "event_id": ["2021-belgium"] * 3,
                "caution": ["safety_car", "safety_car", "red"],
            }
        ),
    }


def index_of(tables: dict[str, pd.DataFrame]) -> Index:
    """The index of all that tables tell."""
    made = documents(tables)
    return build(made, names_of(tables, made["driver_documents"]))
