"""What is versioned by session: each for itself, told apart by name, read back by name."""

from datetime import timedelta

import pandas as pd
import pytest

from f1_pipeline.contracts import CONTRACTS, WHOLE, content_hashes, units
from f1_pipeline.errors import StorageError
from f1_pipeline_tests.storage.rows import AT, LATER, drivers, faults, state, stops
from f1_pipeline_tests.tables.timing.made_laps import none, track_status, weather

NAME = "track_status"
FP1, RACE, SPAIN = "2024-monaco/FP1", "2024-monaco/R", "2024-spain/R"


def flags(**sessions: str) -> pd.DataFrame:
    """Of each session one change of the track's state, to this code."""
    named = {"fp1": FP1, "race": RACE, "spain": SPAIN}
    made = [
        track_status({0: code}, session=(named[name].split("/")[0], named[name].split("/")[1]))
        for name, code in sessions.items()
    ]
    return pd.concat(made, ignore_index=True) if made else none(NAME)


def publish(warehouse, frame, of=None, at=AT, **more):
    of = of if of is None else {NAME: of}
    return warehouse.publish({NAME: frame}, run_id="run", at=at, of=of, **more)


def codes(warehouse) -> dict[str, str]:
    """By session the code that is current."""
    held = warehouse.read(NAME)
    return dict(zip(units(held, CONTRACTS[NAME]), held["status"], strict=True))


def current_versions(warehouse) -> dict[str, int]:
    ledger = warehouse.versions(NAME)
    current = ledger[ledger["superseded_at"].isna()]
    return dict(zip(current["event_id"], current["version"], strict=True))


def test_a_contract_says_what_its_rows_are_versioned_with():
    assert list(units(flags(fp1="1", race="4"), CONTRACTS[NAME])) == [FP1, RACE]
    by_event = stops(("2024-monaco", "ada", 22_000), ("2024-spain", "ada", 22_000))
    assert list(units(by_event, CONTRACTS["pit_stops"])) == ["2024-monaco", "2024-spain"]
    assert list(units(drivers("ada", "bob"), CONTRACTS["drivers"])) == [WHOLE, WHOLE]
    assert units(none(NAME), CONTRACTS[NAME]).empty
    for contract in CONTRACTS.values():
        expected = ("event_id", "session") if contract.by_session else ("event_id",)
        assert contract.unit == (expected if contract.by_event else ())
        assert contract.by_event or not contract.by_session
        assert set(contract.unit) <= set(contract.key)


def test_the_content_of_a_session_has_a_hash_of_its_own():
    before = content_hashes(flags(fp1="1", race="4"), CONTRACTS[NAME])
    after = content_hashes(flags(race="5", fp1="1"), CONTRACTS[NAME])

    assert set(before) == {FP1, RACE}
    assert before[FP1] == after[FP1]
    assert before[RACE] != after[RACE]


def test_a_session_that_changes_leaves_the_others_of_its_event_alone(warehouse):
    publish(warehouse, flags(fp1="1", race="1", spain="1"))

    published = publish(warehouse, flags(fp1="1", race="4", spain="1"), at=LATER)

    assert (published.changed, published.withdrawn) == ({NAME: [RACE]}, {NAME: []})
    assert current_versions(warehouse) == {FP1: 1, RACE: 2, SPAIN: 1}
    assert codes(warehouse) == {FP1: "1", RACE: "4", SPAIN: "1"}
    for version, code in ((1, "1"), (2, "4")):
        frame = warehouse.read_version(NAME, RACE, version)
        pd.testing.assert_frame_equal(frame, flags(race=code))
    (old,) = warehouse.superseded([NAME])
    assert (old.event_id, old.version) == (RACE, 1)
    assert (old.valid_from, old.superseded_at) == (AT, LATER)
    pd.testing.assert_frame_equal(old.frame, flags(race="1"))


def test_a_publication_about_some_sessions_says_nothing_of_the_others(warehouse):
    publish(warehouse, flags(fp1="1", spain="1"))

    published = publish(warehouse, flags(fp1="2", race="4"), of={FP1, RACE}, at=LATER)

    assert (published.changed, published.withdrawn) == ({NAME: [FP1, RACE]}, {NAME: []})
    assert codes(warehouse) == {FP1: "2", RACE: "4", SPAIN: "1"}
    assert current_versions(warehouse) == {FP1: 2, RACE: 1, SPAIN: 1}


def test_what_a_publication_is_about_and_does_not_hold_is_withdrawn(warehouse):
    publish(warehouse, flags(fp1="1", race="1", spain="1"))

    published = publish(warehouse, flags(), of={RACE}, at=LATER)
    assert (published.changed, published.withdrawn) == ({NAME: []}, {NAME: [RACE]})
    assert codes(warehouse) == {FP1: "1", SPAIN: "1"}

    # About all of them, when it does not say.
    assert publish(warehouse, flags(fp1="1"), at=LATER).withdrawn == {NAME: [SPAIN]}
    assert codes(warehouse) == {FP1: "1"}
    # And about none, it does nothing.
    before = state(warehouse.url)
    publish(warehouse, flags(), of=set(), at=LATER)
    assert state(warehouse.url) == before


def test_tables_are_published_each_about_its_own_sessions_and_all_or_none(warehouse):
    dry, wet = (weather({0: rain}, session=("2024-monaco", "R")) for rain in (False, True))
    of = {NAME: {RACE}, "weather": {RACE}}
    warehouse.publish({NAME: flags(race="1"), "weather": dry}, run_id="one", at=AT, of=of)

    # What is withheld of one table keeps its last good version, and the other goes on.
    of = {NAME: set(), "weather": {RACE}}
    warehouse.publish({NAME: flags(), "weather": wet}, run_id="two", at=LATER, of=of)
    assert codes(warehouse) == {RACE: "1"}
    pd.testing.assert_frame_equal(warehouse.read("weather"), wet)

    before = state(warehouse.url)
    twice = {NAME: flags(race="4"), "weather": pd.concat([dry, dry])}
    with pytest.raises(StorageError):
        warehouse.publish(twice, run_id="three", at=LATER)
    assert state(warehouse.url) == before


def test_since_when_a_session_holds_is_said_session_by_session(warehouse):
    since = {NAME: {RACE: AT - timedelta(days=9)}}

    publish(warehouse, flags(fp1="1", race="1"), valid_from=since)

    ledger = warehouse.versions(NAME).set_index("event_id")["valid_from"]
    assert dict(ledger) == {FP1: AT, RACE: AT - timedelta(days=9)}


def test_sessions_and_events_are_read_by_name(warehouse):
    publish(warehouse, flags(fp1="1", race="4", spain="5"))
    pit = stops(("2024-monaco", "ada", 22_000), ("2024-spain", "ada", 23_000))
    warehouse.publish({"pit_stops": pit}, run_id="run", at=AT)

    read = warehouse.read_units(NAME, [SPAIN, FP1])
    pd.testing.assert_frame_equal(read, flags(fp1="1", spain="5"))
    read = warehouse.read_units("pit_stops", ["2024-spain"])
    pd.testing.assert_frame_equal(read, pit.iloc[1:].reset_index(drop=True))
    for nothing in ([], ["2024-monaco/FP2"], ["2024-monaco"], ["2031-monaco/R"]):
        empty = warehouse.read_units(NAME, nothing)
        assert empty.empty
        assert (empty.dtypes == flags(fp1="1").dtypes).all()
    with pytest.raises(KeyError, match="has no version 7"):
        warehouse.read_version(NAME, RACE, 7)


def test_what_a_table_holds_now_is_told_without_its_history(warehouse):
    empty = warehouse.current(NAME)
    assert empty.rows == 0
    publish(warehouse, flags(fp1="1", race="1"))
    both = warehouse.current(NAME)
    assert both.rows == 2

    publish(warehouse, flags(fp1="1"), at=LATER)
    one = warehouse.current(NAME)
    publish(warehouse, flags(fp1="1", race="4"), at=LATER)
    other = warehouse.current(NAME)
    assert (one.rows, other.rows) == (1, 2)
    assert len({held.fingerprint for held in (empty, both, one, other)}) == 4

    publish(warehouse, flags(fp1="1", race="1"), at=LATER)
    assert warehouse.current(NAME) == both
    publish(warehouse, flags(fp1="1"), at=LATER)
    assert warehouse.current(NAME) == one
    publish(warehouse, flags(), at=LATER)
    assert warehouse.current(NAME) == empty


def found(*ids: str, table: str = NAME, unit: str = RACE) -> pd.DataFrame:
    return faults(*ids).assign(table_name=table, event_id=unit)


def standing(warehouse) -> set[str]:
    held = warehouse.read("quarantine")
    return set(held.loc[held["resolved_at"].isna(), "quarantine_id"])


def test_faults_are_those_of_the_sessions_that_were_taken_in(warehouse):
    first = pd.concat([found("a"), found("b", unit=FP1), found("c", unit=SPAIN)])
    publish(warehouse, flags(), of=set(), faults=first, faults_of={FP1, RACE, SPAIN})
    assert standing(warehouse) == {"a", "b", "c"}

    # The race is taken in again: its fault is gone, another one is there, the others stand.
    publish(warehouse, flags(race="1"), of={RACE}, at=LATER, faults=found("d"), faults_of={RACE})
    assert standing(warehouse) == {"b", "c", "d"}

    publish(warehouse, flags(), of=set(), at=LATER, faults=found(), faults_of=set())
    assert standing(warehouse) == {"b", "c", "d"}
    # About all of them, when it does not say.
    publish(warehouse, flags(), of=set(), at=LATER, faults=found())
    assert standing(warehouse) == set()


def test_faults_of_other_tables_are_not_touched(warehouse):
    publish(warehouse, flags(), faults=found("mine"))
    warehouse.publish(
        {"pit_stops": stops()}, run_id="two", at=AT, faults=found("theirs", table="pit_stops")
    )
    assert standing(warehouse) == {"mine", "theirs"}

    publish(warehouse, flags(), at=LATER, faults=found())
    assert standing(warehouse) == {"theirs"}
    # The same fault again is the same row, open again.
    publish(warehouse, flags(), at=LATER, faults=found("mine"))
    assert standing(warehouse) == {"mine", "theirs"}
    assert len(warehouse.read("quarantine")) == 2
