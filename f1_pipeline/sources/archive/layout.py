"""The archive's tables: their columns, and the columns of an f1db release they come from.

This is what the writer and the reader agree on, and nothing else. Values are the source's own;
what they mean is decided in `tables`, so that a bad row is quarantined there, not lost here.
"""

from dataclasses import dataclass

RESULT = {"driver_id": "driverId", "constructor_id": "constructorId"}
CAR = RESULT | {"engine_id": "engineManufacturerId", "car_number": "driverNumber"}
FINISH = {
    "display_order": "positionDisplayOrder",
    "position": "positionNumber",
    "position_text": "positionText",
    "laps": "laps",
    "time_ms": "timeMillis",
    "reason_retired": "reasonRetired",
    "points": "points",
    "grid_position": "gridPositionNumber",
    "grid_text": "gridPositionText",
}
PLACE = {
    "display_order": "positionDisplayOrder",
    "position": "positionNumber",
    "position_text": "positionText",
}
QUALIFYING = (
    CAR
    | PLACE
    | {
        "time_ms": "timeMillis",
        "q1_ms": "q1Millis",
        "q2_ms": "q2Millis",
        "q3_ms": "q3Millis",
    }
)
TEXTS = ("position_text", "grid_text")
PRACTICE = CAR | PLACE | {"best_ms": "timeMillis", "laps": "laps"}
SESSION_PREFIXES = {
    "fp1": "freePractice1",
    "fp2": "freePractice2",
    "fp3": "freePractice3",
    "qualifying": "qualifying",
    "sprint_qualifying": "sprintQualifying",
    "sprint": "sprintRace",
}
SESSION_TIMES = {
    f"{ours}_{part}": f"{theirs}{part.capitalize()}"
    for ours, theirs in SESSION_PREFIXES.items()
    for part in ("date", "time")
}


@dataclass(frozen=True)
class Part:
    """One file of a release that feeds an archive table.

    `link`: how its rows find their season: "race" (by raceId), "season" (by year) or None (whole).
    `constants`: columns that the file's name implies.
    `texts`: columns that stay text even where a release holds nothing but numbers in them.
    """

    file: str
    columns: dict[str, str]
    link: str | None
    constants: tuple[tuple[str, str], ...] = ()
    texts: tuple[str, ...] = ()


def _session(file: str, session: str, columns: dict[str, str], texts: tuple[str, ...] = ()) -> Part:
    return Part(f"races-{file}-results", columns, "race", (("session", session),), texts)


TABLES: dict[str, tuple[Part, ...]] = {
    "events": (
        Part(
            "races",
            {
                "round": "round",
                "grand_prix_id": "grandPrixId",
                "official_name": "officialName",
                "circuit_id": "circuitId",
                "layout_id": "circuitLayoutId",
                "course_length_km": "courseLength",
                "turns": "turns",
                "laps": "laps",
                "scheduled_laps": "scheduledLaps",
                "qualifying_format": "qualifyingFormat",
                "sprint_qualifying_format": "sprintQualifyingFormat",
                "race_date": "date",
                "race_time": "time",
            }
            | SESSION_TIMES,
            "race",
        ),
    ),
    "entrants": (
        Part(
            "seasons-entrants-drivers",
            {
                "driver_id": "driverId",
                "constructor_id": "constructorId",
                "engine_id": "engineManufacturerId",
                "rounds": "rounds",
                "test_driver": "testDriver",
            },
            "season",
        ),
    ),
    "starting_grids": (Part("races-starting-grid-positions", CAR | PLACE, "race"),),
    "race_results": (
        Part(
            "races-race-results",
            CAR | FINISH | {"fastest_lap": "fastestLap"},
            "race",
            texts=TEXTS,
        ),
    ),
    "sprint_results": (Part("races-sprint-race-results", CAR | FINISH, "race", texts=TEXTS),),
    "qualifying_results": (
        _session("qualifying", "Q", QUALIFYING, TEXTS),
        _session("sprint-qualifying", "SQ", QUALIFYING, TEXTS),
    ),
    "practice_results": (
        _session("free-practice-1", "FP1", PRACTICE),
        _session("free-practice-2", "FP2", PRACTICE),
        _session("free-practice-3", "FP3", PRACTICE),
    ),
    "pit_stops": (
        Part(
            "races-pit-stops",
            RESULT | {"stop": "stop", "lap": "lap", "pit_lane_ms": "timeMillis"},
            "race",
        ),
    ),
    "published_standings": (
        Part(
            "races-driver-standings",
            {"competitor_id": "driverId", "position": "positionNumber", "points": "points"},
            "race",
            (("championship", "drivers"),),
        ),
        Part(
            "races-constructor-standings",
            {"competitor_id": "constructorId", "position": "positionNumber", "points": "points"},
            "race",
            (("championship", "constructors"),),
        ),
    ),
    "drivers": (
        Part(
            "drivers",
            {
                "driver_id": "id",
                "name": "name",
                "code": "abbreviation",
                "date_of_birth": "dateOfBirth",
                "nationality": "nationalityCountryId",
            },
            None,
        ),
    ),
    "constructors": (
        Part(
            "constructors",
            {
                "constructor_id": "id",
                "name": "name",
                "full_name": "fullName",
                "country": "countryId",
            },
            None,
        ),
    ),
    "constructor_lineage": (
        Part(
            "constructors-chronology",
            {
                "chain_id": "parentConstructorId",
                "display_order": "positionDisplayOrder",
                "constructor_id": "constructorId",
                "season_from": "yearFrom",
                "season_to": "yearTo",
            },
            None,
        ),
    ),
    "circuits": (
        Part(
            "circuits",
            {
                "circuit_id": "id",
                "name": "name",
                "full_name": "fullName",
                "circuit_type": "type",
                "place": "placeName",
                "country": "countryId",
                "latitude": "latitude",
                "longitude": "longitude",
            },
            None,
        ),
    ),
}

GRANDS_PRIX = Part("grands-prix", {"grand_prix_id": "id", "name": "fullName"}, None)


def archive_columns(table: str) -> list[str]:
    """The columns of an archive table, in the order in which they are written."""
    part = TABLES[table][0]
    link = {"race": ["event_id", "season"], "season": ["season"], None: []}[part.link]
    extra = ["name"] if table == "events" else []
    return [*link, *(name for name, _ in part.constants), *extra, *part.columns]
