"""Two rows for each table, whatever columns it has: by name of table and column, then by type.

They hold what contracts ask of a value since the first revision; a column that is not named here
takes its type's value, or none in the second row.
"""

import json
from typing import Any

from f1_pipeline_tests.storage.upgrades.dumps import Dump, Table

Pair = tuple[Any, Any]
_AT: Pair = ("2024-06-01T12:30:15.123456+00:00", "2024-06-02T12:30:15.123456+00:00")
_RACE: Pair = ("2024-05-26T13:00:00+00:00", "2024-06-23T13:00:00+00:00")
_STORY = "Ada starts first and is taken to win more often than not: nobody was as fast on Saturday."
_BY_TYPE: dict[str, Pair] = {
    "bigint": (1, 2),
    "double": (0.25, 0.75),
    "boolean": (True, False),
    "timestamptz": _AT,
    "json": ([0.75, 0.25], [0.25, 0.75]),
}
_BY_COLUMN: dict[str, Pair] = {
    "event_id": ("2024-monaco", "2024-spain"),
    "like_event_id": ("2023-monaco", "2023-spain"),
    "first_event": ("2018-australia", "2018-australia"),
    "last_event": ("2024-monaco", "2024-spain"),
    "grand_prix_id": ("monaco", "spain"),
    "circuit_id": ("monaco", "catalunya"),
    "season": (2024, 2024),
    "round": (8, 10),
    "driver_id": ("ada", "bea"),
    "constructor_id": ("red", "blue"),
    "competitor_id": ("ada", "blue"),
    "lineage_id": ("red", "blue"),
    "code": ("ADA", "BEA"),
    "date_of_birth": ("1998-12-10", "2001-02-03"),
    "source": ("archive", "jolpica"),
    "tier": ("results", "results"),
    "session": ("FP1", "FP2"),
    "horizon": ("post_qualifying", "pre_weekend"),
    "grid_source": ("official", "qualifying"),
    "model": ("catboost", "baseline"),
    "recipe": ("a1b2c3", "a1b2c3"),
    "circuit_type": ("STREET", "RACE"),
    "format": ("conventional", "sprint"),
    "role": ("race", "practice"),
    "outcome": ("finished", "retired"),
    "championship": ("drivers", "constructors"),
    "compound": ("SOFT", "HARD"),
    "caution": ("safety_car", "virtual_safety_car"),
    "began_under": ("start", "green"),
    "advice": ("stop", "stay"),
    "plan": ("M-18-H", "S-20-M"),
    "season_from": (2005, 2006),
    "season_to": (2026, 2026),
    "expected_position": (1.5, 2.5),
    "position_probabilities": ([0.75, 0.25], [0.25, 0.75]),
    "text": (_STORY, _STORY.replace("Ada", "Bea")),
    "race_starts_at": _RACE,
    "event_starts_at": _RACE,
    "generated_at": ("2024-05-25T16:00:00+00:00", "2024-06-20T16:00:00+00:00"),
    "stage": ("champion", "challenger"),
    "pressure": (1010.5, 990.0),
    "draws": (2000, 2000),
    "dry_races": (12, 12),
    "artifact_sha256": ("0123456789abcdef" * 4, "fedcba9876543210" * 4),
    **dict.fromkeys(("sequence", "actual_sequence"), ("M-H", "S-M-H")),
    **dict.fromkeys(("edition_sequence", "constant_sequence"), ("M-H", "M-H")),
}
_OF_TABLE: dict[tuple[str, str], Pair] = {
    ("qualifying_results", "session"): ("Q", "SQ"),
    ("pit_lane_losses", "caution"): ("green", "red"),
    ("pit_loss", "caution"): ("green", "safety_car"),
    ("pit_loss_figures", "caution"): ("green", "safety_car"),
    ("recommendations", "grid_source"): ("official", "forecast"),
    ("scored_predictions", "status"): ("locked", "retrospective"),
    ("scored_recommendations", "status"): ("locked", "retrospective"),
    ("model_health", "status"): ("good", "poor"),
    ("track_status", "status"): ("1", "4"),
    ("track_status", "sequence"): (1, 2),
    ("timing_sessions", "outcome"): ("complete", "partial"),
    ("gate_decisions", "kind"): ("gate", "refit"),
    ("gate_decisions", "against"): ("champion", "baseline"),
    ("incidents", "kind"): ("staleness", "drift"),
    ("removals", "kind"): ("artifact", "log"),
    ("stories", "kind"): ("prediction", "recommendation"),
    ("stories", "wording"): ("template", "language model"),
    ("promotions", "action"): ("gate", "rollback"),
    ("recipes", "origin"): ("code", "tuning"),
    ("recipes", "recipe"): ("a1b2c3", "d4e5f6"),
    ("models", "recipe"): ("a1b2c3", "d4e5f6"),
    ("drift_report", "subject"): ("feature", "target"),
    ("study_scores", "study"): ("recipe", "ablation"),
    ("track_record", "period"): ("reported", "before"),
    ("track_record", "against"): ("baseline", "standings"),
    ("search_index", "version"): ("0123456789abcdef", "fedcba9876543210"),
    ("tuning_trials", "season"): (2017, 2018),
    ("source_answers", "content"): ('{"rows": []}', '{"rows": [1]}'),
    ("run_requests", "arguments"): ("{}", "{}"),
    ("quarantine", "row_json"): ("{}", "{}"),
}
# Published as a whole: one version of all rows.
_WHOLE = ("circuits", "constructor_lineage", "constructors", "drivers")
# Whose first row was corrected once.
_CORRECTED = ("driver_form", "laps", "race_results")
LEDGER = "table_versions"


def rows_of(dump: Dump) -> dict[str, list[dict[str, Any]]]:
    """Rows for all tables of a dump, and a ledger that agrees with them."""
    rows = {
        name: [_row(table, number) for number in (0, 1)]
        for name, table in dump.tables.items()
        if name != LEDGER
    }
    ledger = [
        version
        for name, table in dump.tables.items()
        for version in _versions(table, rows.get(name, []))
    ]
    return rows | {LEDGER: ledger}


def _row(table: Table, number: int) -> dict[str, Any]:
    row = {name: _value(table, name, number) for name in table.columns}
    if {"version", "valid_from"} <= table.columns.keys():
        row["version"] = 2 if _is_corrected(table) and number == 0 else 1
    return row


def _is_corrected(table: Table) -> bool:
    """Columns that 0006 added stand elsewhere in the contract, and so in the ledger."""
    return table.name in _CORRECTED and "practice_form" not in table.columns


def _value(table: Table, column: str, number: int) -> Any:
    kind, *optional = table.columns[column].split()
    for known, key in ((_OF_TABLE, (table.name, column)), (_BY_COLUMN, column)):
        if key in known:
            return known[key][number]  # type: ignore[index]
    if optional and number:
        return None
    return f"{column} {number + 1}" if kind == "text" else _BY_TYPE[kind][number]


def _versions(table: Table, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the ledger says of a table: the version of before of the row that was corrected, too."""
    if table.name in _WHOLE:
        return [_version(table.name, "", 1, len(rows), None)]
    if not {"version", "valid_from"} <= table.columns.keys():
        return []
    found = []
    for row in rows:
        unit = row["event_id"] + (f"/{row['session']}" if _by_session(table) else "")
        for version in range(1, row["version"] + 1):
            old = [v for name, v in row.items() if name not in ("version", "valid_from")]
            is_current = version == row["version"]
            found.append(_version(table.name, unit, version, 1, None if is_current else [old]))
    return found


def _by_session(table: Table) -> bool:
    """Results of practice and qualifying have sessions too, and are versioned by event."""
    return "session" in table.key and not table.name.endswith("_results")


def _version(
    table: str, unit: str, version: int, count: int, old: list[list[Any]] | None
) -> dict[str, Any]:
    return {
        "table_name": table,
        "event_id": unit,
        "version": version,
        "content_hash": f"{version:016x}",
        "valid_from": _AT[0],
        "published_at": _AT[0],
        "superseded_at": None if old is None else _AT[1],
        "run_id": "run 1",
        "row_count": count,
        "rows": None if old is None else json.dumps(old),
    }
