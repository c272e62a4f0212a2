"""A recording is kept part by part and opened as it was; its classification follows its laps."""

import json
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from f1_pipeline.errors import StorageError
from f1_pipeline.sources.timing.recording import Recording, classification, kept, opened
from f1_pipeline.storage.raw_store import RawStore

Lap = tuple[str, int | None] | tuple[str, int | None, bool | None]
TIMES = st.none() | st.integers(60_000, 60_020)


def laps(*driven: Lap, generated: tuple[str, ...] = ()) -> pd.DataFrame:
    """Laps as (number, milliseconds, whether deleted); one more by FastF1 for those `generated`."""
    rows = [(*lap, False)[:3] for lap in driven]
    made = [False] * len(rows) + [True] * len(generated)
    rows += [(number, None, False) for number in generated]
    return pd.DataFrame(
        {
            "DriverNumber": [row[0] for row in rows],
            "LapTime": pd.to_timedelta([row[1] for row in rows], unit="ms"),
            "Deleted": pd.Series([row[2] for row in rows], dtype=object),
            "FastF1Generated": made,
        }
    )


def people(*numbers: str, **columns: Any) -> pd.DataFrame:
    named = {
        "FirstName": "Jane",
        "LastName": [f"Doe-{number}" for number in numbers],
        "Abbreviation": "DOE",
        "TeamName": "Aurora",
    }
    return pd.DataFrame({"DriverNumber": list(numbers)} | named | columns)


def recording(session: str = "FP1", **frames: pd.DataFrame) -> Recording:
    return Recording("2025-china", 2025, session, "livetiming", frames, {"weather": "404"})


def found(given: Recording) -> list[tuple[str, int | None, int]]:
    return [(row["number"], row["best_ms"], row["laps"]) for row in classification(given)]


@pytest.fixture
def store(tmp_path):
    return RawStore(str(tmp_path / "raw"))


def test_what_is_kept_is_opened_as_it_was(store):
    flags = pd.DataFrame({"Time": pd.to_timedelta([0, 90.5], unit="s"), "Status": ["1", "4"]})
    said = pd.DataFrame({"Time": pd.to_datetime(["2025-03-21T03:30"]), "Lap": [None]})
    given = recording(
        laps=laps(("1", 60_000), ("1", None, None)),
        results=people("1"),
        weather=flags.iloc[:0],
        track_status=flags,
        race_control=said.astype({"Time": "datetime64[ns]"}),
    )

    answer = kept(given, store.write)

    assert (answer.kind, answer.key, answer.season, answer.rows) == ("FP1", "2025-china", 2025, 2)
    assert json.loads(json.dumps(answer.content)) == answer.content
    assert {part: file["rows"] for part, file in answer.content["files"].items()} == {
        "laps": 2,
        "results": 1,
        "track_status": 2,
        "race_control": 1,
    }
    again = opened(answer, store.read)
    assert (again.event_id, again.season, again.session) == ("2025-china", 2025, "FP1")
    assert (again.source, again.missing, again.place) == (given.source, given.missing, given.place)
    assert given.place == "timing/2025/2025-china/FP1"
    assert list(again.frames) == list(answer.content["files"])
    for part, frame in again.frames.items():
        pd.testing.assert_frame_equal(frame, given.frames[part], obj=part)
    assert set(opened(answer, store.read, ("laps", "weather")).frames) == {"laps"}


def test_the_same_session_again_is_the_same_answer(store, tmp_path):
    given = recording(laps=laps(("1", 60_000)), results=people("1"))
    first = kept(given, store.write)
    changed = recording(laps=laps(("1", 60_001)), results=people("1"))

    assert kept(given, store.write).revision == first.revision
    assert kept(changed, store.write).revision != first.revision
    # The old laps are still there, and the drivers were written once.
    assert len(list(tmp_path.rglob("*.parquet"))) == 3
    old = opened(first, store.read).frames["laps"]
    assert list(old["LapTime"]) == list(given.frames["laps"]["LapTime"])


def test_a_part_that_is_gone_is_one_line(store, tmp_path):
    answer = kept(recording(laps=laps(("1", 60_000)), results=people("1")), store.write)
    next(tmp_path.rglob("laps-*.parquet")).unlink()

    with pytest.raises(StorageError, match="backfill that session again") as raised:
        opened(answer, store.read)

    assert len(str(raised.value).splitlines()) == 1
    assert set(opened(answer, store.read, ["results"]).frames) == {"results"}


def test_the_best_lap_that_stands_decides():
    driven = laps(("1", 61_000), ("1", 59_000, True), ("4", 60_500), ("4", 60_100, None))

    given = recording(laps=driven, results=people("1", "4"))

    # A lap of which nobody says whether it was deleted counts; a deleted one was driven.
    assert found(given) == [("4", 60_100, 2), ("1", 61_000, 2)]


def test_who_has_no_time_comes_last_and_who_drove_nothing_is_not_classified():
    driven = laps(("9", None), ("10", 60_000, True), ("1", 61_000), generated=("1", "7"))

    given = recording(laps=driven, results=people("10", "9", "7", "5", "1"))

    assert found(given) == [("1", 61_000, 1), ("10", None, 1), ("9", None, 1)]


def test_equal_times_come_in_the_order_of_the_numbers():
    driven = laps(("4", 60_000), ("16", 60_000), ("1", 60_000))

    for order in (("1", "16", "4"), ("4", "1", "16")):
        given = recording(laps=driven, results=people(*order))
        assert [number for number, _, _ in found(given)] == ["1", "16", "4"]


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.sampled_from(["1", "4", "44"]), TIMES, st.booleans()), min_size=1))
def test_the_classification_is_that_of_the_laps_whatever_they_are(driven):
    numbers = {number for number, _, _ in driven}
    valid = [(number, ms) for number, ms, gone in driven if ms is not None and not gone]

    rows = found(recording(laps=laps(*driven), results=people("44", "4", "1")))

    assert {number for number, _, _ in rows} == numbers
    for number, best, count in rows:
        assert best == min((ms for n, ms in valid if n == number), default=None)
        assert count == sum(n == number for n, _, _ in driven)
    keys = [(best is None, best or 0, number) for number, best, _ in rows]
    assert keys == sorted(keys)


def test_a_driver_is_named_as_the_source_names_him():
    given = recording(
        laps=laps(("1", 60_000), ("4", 60_001)),
        results=people("1", "4", Abbreviation=["DOE", None], TeamName=["Aurora", float("nan")]),
    )

    about = {"first_name": "Jane", "last_name": "Doe-1", "code": "DOE", "team": "Aurora"}
    first, second = classification(given)
    assert first == {"number": "1", "best_ms": 60_000, "laps": 1} | about
    assert (second["code"], second["team"]) == (None, None)


def test_qualifying_has_the_times_of_its_parts():
    times = {f"Q{n}": pd.to_timedelta([60_000 - n, None], unit="ms") for n in (1, 2, 3)}
    driven, drivers = laps(("1", 59_997), ("4", None)), people("1", "4", **times)

    first, second = classification(recording("SQ", laps=driven, results=drivers))
    assert [first[f"q{n}_ms"] for n in (1, 2, 3)] == [59_999, 59_998, 59_997]
    assert [second[f"q{n}_ms"] for n in (1, 2, 3)] == [None, None, None]
    # The main one's are the results tier's: live timing alone says the laps.
    (plain, _) = classification(recording("Q", laps=driven, results=people("1", "4")))
    assert (plain["q1_ms"], plain["best_ms"]) == (None, 59_997)
    assert "q1_ms" not in classification(recording("FP1", laps=driven, results=drivers))[0]


def test_without_laps_or_drivers_nobody_is_classified():
    driven, drivers = laps(("1", 60_000)), people("1")

    assert classification(recording(laps=driven)) == []
    assert classification(recording(results=drivers)) == []
    assert classification(recording(laps=driven.iloc[:0], results=drivers)) == []
    assert classification(recording(laps=driven, results=drivers.iloc[:0])) == []
