"""When to look, what to ask a run for, what to check again: pure decisions, no Dagster, no storage.

`sessions` says what a calendar leads one to expect, `looks` when to look for it, `wanted` which
runs follow from what is there and what is missing, `seasons` which seasons are checked or filled
again, `incidents` what somebody is told of. A decision reads the state of things, not the history
of what was asked before: whatever was lost on the way (a failed run, a killed process) is still
missing, so it is asked for again.
"""

from f1_pipeline.automation.looks import Cursor, calendars_due, delay, name_of, sessions_due
from f1_pipeline.automation.recordings import (
    PROBE,
    fulfilled,
    recordings_due,
    recordings_wanted,
    to_compare,
)
from f1_pipeline.automation.seasons import missing, older, recent
from f1_pipeline.automation.sessions import (
    ORDER,
    PRACTICES,
    RECORDED,
    RESULTS_COME_FROM,
    Session,
    expected,
    recorded,
)
from f1_pipeline.automation.wanted import Attempts, State, Wanted, unfinished, wanted

__all__ = [
    "ORDER",
    "PRACTICES",
    "PROBE",
    "RECORDED",
    "RESULTS_COME_FROM",
    "Attempts",
    "Cursor",
    "Session",
    "State",
    "Wanted",
    "calendars_due",
    "delay",
    "expected",
    "fulfilled",
    "missing",
    "name_of",
    "older",
    "recent",
    "recorded",
    "recordings_due",
    "recordings_wanted",
    "sessions_due",
    "to_compare",
    "unfinished",
    "wanted",
]
