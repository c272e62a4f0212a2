"""What the upstreams answered: a version for each content, none of them ever changed or lost."""

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
import sqlalchemy as sa

from f1_pipeline.errors import StorageError
from f1_pipeline.storage import database
from f1_pipeline.storage.answers import Answer, AnswerStore
from f1_pipeline.storage.schema import ANSWERS
from f1_pipeline_tests.storage.rows import AT, LATER

KEY = ("results", "2024-monaco")


def answer(content: Any = 1, kind: str = "results", key: str = "2024-monaco") -> Answer:
    return Answer(kind, key, int(key[:4]), {"rows": [content]}, 1)


ONE, TWO = answer(1), answer(2)


@pytest.fixture
def store(url: str) -> AnswerStore:
    return AnswerStore(url)


def rows(store: AnswerStore) -> list[Any]:
    statement = sa.select(ANSWERS).order_by(ANSWERS.c.kind, ANSWERS.c.key, ANSWERS.c.version)
    with database.reading(store.url) as connection:
        return list(connection.execute(statement))


def record(store: AnswerStore, *answers: Answer, at: Any = AT, run: str = "run-1") -> list[Answer]:
    return store.record(list(answers), run_id=run, at=at)


def test_a_new_answer_is_kept_as_it_came(store):
    content = {"b": [1, 2.5, None, True], "a": {"name": "São Paulo"}}
    given = Answer("results", "2024-monaco", 2024, content, 20)

    assert record(store, given) == [given]

    assert store.current() == [given]
    assert store.revisions() == {KEY: given.revision}
    (row,) = rows(store)
    assert (row.version, row.season, row.row_count, row.run_id) == (1, 2024, 20, "run-1")
    assert (row.first_seen_at, row.superseded_at, row.published_at) == (AT, None, None)


def test_the_same_content_is_no_new_version(store):
    record(store, answer({"a": 1, "b": 2}))
    # The order of its names says nothing.
    assert record(store, answer({"b": 2, "a": 1}), at=LATER, run="run-2") == []

    (row,) = rows(store)
    assert (row.version, row.run_id, row.first_seen_at) == (1, "run-1", AT)
    assert row.last_seen_at == LATER


def test_another_content_is_a_new_version_and_the_old_one_is_kept(store):
    record(store, ONE)
    before = rows(store)[0]

    assert record(store, TWO, at=LATER, run="run-2") == [TWO]

    old, new = rows(store)
    assert (old.version, new.version) == (1, 2)
    assert (old.superseded_at, new.superseded_at) == (LATER, None)
    changed = {"superseded_at": LATER}
    assert old._asdict() == before._asdict() | changed
    assert (new.first_seen_at, new.run_id) == (LATER, "run-2")
    assert store.current() == [TWO]
    assert store.revisions() == {KEY: TWO.revision}


def test_back_to_the_old_content_is_a_third_version(store):
    for number, given in enumerate((ONE, TWO, ONE)):
        assert record(store, given, at=AT + timedelta(days=number)) == [given]

    found = rows(store)
    assert [row.version for row in found] == [1, 2, 3]
    assert found[0].revision == found[2].revision != found[1].revision
    assert [row.superseded_at is None for row in found] == [False, False, True]
    assert store.current() == [ONE]
    # What was published of the first version says nothing of the third.
    assert store.unpublished() == {KEY: ONE.revision}


def test_only_what_differs_is_given_back(store):
    spain = answer(1, key="2024-spain")
    record(store, ONE, spain)
    assert record(store, TWO, spain, answer(1, kind="sprint")) == [TWO, answer(1, kind="sprint")]
    assert record(store) == []
    assert len(rows(store)) == 4


def test_what_is_current_can_be_read_by_kind(store):
    given = [
        answer(1, kind="sprint"),
        answer(1, key="2024-spain"),
        answer(1, key="2023-spain"),
        answer(1, kind="schedule", key="2024"),
    ]
    record(store, *given)

    assert [(a.kind, a.key) for a in store.current()] == [
        ("results", "2023-spain"),
        ("results", "2024-spain"),
        ("schedule", "2024"),
        ("sprint", "2024-monaco"),
    ]
    assert {a.kind for a in store.current(("sprint", "schedule"))} == {"sprint", "schedule"}
    assert store.current(("pit_stops",)) == []


def test_what_the_tables_hold_is_marked_and_nothing_else(store):
    spain = answer(1, key="2024-spain")
    record(store, ONE, spain)
    assert store.unpublished() == {KEY: ONE.revision, ("results", "2024-spain"): spain.revision}

    store.mark_published([], LATER)
    assert len(store.unpublished()) == 2
    store.mark_published([ONE], LATER)

    assert store.unpublished() == {("results", "2024-spain"): spain.revision}
    assert [row.published_at for row in rows(store)] == [LATER, None]
    # The first time stands.
    store.mark_published([ONE, spain], LATER + timedelta(days=1))
    assert [row.published_at for row in rows(store)] == [LATER, LATER + timedelta(days=1)]


def test_only_the_revision_that_was_meant_is_marked(store):
    """The tables were built of the first version; the second came before they were published."""
    record(store, ONE)
    record(store, TWO, at=LATER)

    store.mark_published([ONE], LATER)

    assert store.unpublished() == {KEY: TWO.revision}
    assert [row.published_at for row in rows(store)] == [None, None]
    store.mark_published([TWO], LATER)
    assert store.unpublished() == {}
    # A new version after that has to be taken in again.
    record(store, ONE, at=LATER)
    assert store.unpublished() == {KEY: ONE.revision}


def test_a_transaction_that_breaks_off_leaves_nothing(store):
    record(store, ONE)
    before = rows(store)

    for bad in (answer(object()), Answer(None, "2024-spain", 2024, 1, 1)):  # type: ignore[arg-type]
        with pytest.raises((TypeError, StorageError)):
            record(store, TWO, answer(1, key="2024-imola"), bad, at=LATER)
        assert rows(store) == before

    # The lock is free.
    assert record(store, TWO, at=LATER) == [TWO]


def together(*steps: Callable[[], object]) -> list[Exception]:
    """Run the steps at once, each in its thread; what they raised."""
    barrier, errors = Barrier(len(steps)), []

    def run(step: Callable[[], object]) -> None:
        barrier.wait(30)
        try:
            step()
        except Exception as error:
            errors.append(error)

    threads = [Thread(target=run, args=(step,)) for step in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return errors


def test_what_several_record_at_once_is_kept_once(store):
    new: list[Answer] = []

    def same() -> None:
        new.extend(record(AnswerStore(store.url), ONE, answer(1, key="2024-spain")))

    assert together(*[same] * 4) == []

    assert sorted(a.key for a in new) == ["2024-monaco", "2024-spain"]
    assert [row.version for row in rows(store)] == [1, 1]


def test_different_answers_at_once_become_versions_one_after_the_other(store):
    def one_of(number: int) -> Callable[[], object]:
        return lambda: record(AnswerStore(store.url), answer(number))

    assert together(*[one_of(number) for number in range(4)]) == []

    found = rows(store)
    assert [row.version for row in found] == [1, 2, 3, 4]
    assert [row.superseded_at is None for row in found] == [False, False, False, True]
    assert len({row.revision for row in found}) == 4


def test_the_revision_follows_the_content_alone():
    assert ONE.revision == Answer("sprint", "2020-spain", 2020, {"rows": [1]}, 5).revision
    assert len({ONE.revision, TWO.revision, answer("1").revision, answer(None).revision}) == 4
