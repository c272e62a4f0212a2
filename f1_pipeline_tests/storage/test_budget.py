"""One request budget for all who share an address: no hour holds more than was granted."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from threading import Barrier, Thread

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from f1_pipeline import clock
from f1_pipeline.storage import database
from f1_pipeline.storage.budget import KEPT, WINDOW, Limit, RequestBudget
from f1_pipeline.storage.schema import PAUSES, REQUESTS

START = datetime(2024, 5, 26, 14, tzinfo=UTC)
HOUR = 3600.0


class Time:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    stopped = Time()
    monkeypatch.setattr(clock, "wall", stopped)
    return stopped


def sent(url: str) -> list[datetime]:
    with database.reading(url) as connection:
        statement = sa.select(REQUESTS.c.sent_at).order_by(REQUESTS.c.sent_at)
        return list(connection.execute(statement).scalars())


def test_so_many_requests_an_hour_and_no_more(url, time):
    budget = RequestBudget(url, {"a": Limit(3, 0.0)})

    assert [budget.take("a", 0.0) for _ in range(3)] == [0.0] * 3
    assert budget.take("a", 0.0) == HOUR
    assert budget.wait("a") == HOUR
    time.pass_(HOUR - 1)
    assert budget.take("a", 0.0) == 1.0
    assert len(sent(url)) == 3
    # The window passes, and it is one of the last hour, not of the clock's.
    time.pass_(1)
    assert budget.take("a", 0.0) == 0.0
    assert budget.wait("a") == 0.0
    time.pass_(1)
    assert [budget.take("a", 0.0) for _ in range(3)] == [0.0, 0.0, HOUR - 1]


def test_there_is_a_limit_for_all_services_together(url, time):
    budget = RequestBudget(url, {"": Limit(3, 0.0), "a": Limit(2, 0.0)})

    assert [budget.take("a", 0.0) for _ in range(3)] == [0.0, 0.0, HOUR]
    time.pass_(60)
    assert budget.take("b", 0.0) == 0.0
    assert budget.wait("b") == budget.wait("c") == HOUR - 60
    time.pass_(HOUR - 60)
    assert budget.wait("a") == budget.wait("b") == 0.0


def test_a_limit_that_was_lowered_counts_what_was_sent_before(url, time):
    for _ in range(4):
        assert RequestBudget(url, {"a": Limit(4, 0.0)}).take("a", 0.0) == 0.0
        time.pass_(10)
    assert RequestBudget(url, {"a": Limit(2, 0.0)}).wait("a") == HOUR - 20
    assert RequestBudget(url, {"a": Limit(5, 0.0)}).wait("a") == 0.0


def test_a_service_without_a_limit_is_not_held_up(url, time):
    budget = RequestBudget(url, {"a": Limit(1, 1.0)})
    assert [budget.take("b", 0.0) for _ in range(5)] == [0.0] * 5
    # Nor do its requests count for another.
    assert budget.take("a", 0.0) == 0.0


def test_requests_keep_their_distance(url, time):
    budget = RequestBudget(url, {"a": Limit(100, 0.25)})

    assert [budget.take("a", 5.0) for _ in range(4)] == [0.0, 0.25, 0.5, 0.75]

    assert sent(url) == [START + timedelta(seconds=n / 4) for n in range(4)]
    time.pass_(0.8)
    assert budget.take("a", 5.0) == pytest.approx(0.2)
    time.pass_(10)
    assert budget.take("a", 0.0) == 0.0


def test_a_wait_over_the_patience_enters_nothing(url, time):
    budget = RequestBudget(url, {"a": Limit(100, 2.0)})
    budget.take("a", 0.0)

    for _ in range(3):
        assert budget.take("a", 1.9) == 2.0
    assert sent(url) == [START]
    assert budget.take("a", 2.0) == 2.0
    assert sent(url) == [START, START + timedelta(seconds=2)]


def test_asking_for_the_wait_enters_nothing(url, time):
    budget = RequestBudget(url, {"a": Limit(1, 0.0)})
    assert [budget.wait("a") for _ in range(3)] == [0.0] * 3
    assert sent(url) == []
    assert budget.take("a", 0.0) == 0.0


def test_a_pause_is_honoured_and_only_lengthened(url, time):
    budget = RequestBudget(url, {"a": Limit(100, 0.0)})

    budget.pause("a", 30.0)
    assert budget.wait("a") == 30.0
    assert budget.take("a", 29.0) == 30.0
    assert sent(url) == []
    budget.pause("a", 5.0)
    assert budget.wait("a") == 30.0
    budget.pause("a", 60.0)
    assert budget.wait("a") == 60.0
    # It is the service's alone, and it ends.
    assert budget.wait("b") == 0.0
    time.pass_(59)
    assert budget.take("a", 0.0) == 1.0
    time.pass_(1)
    assert budget.take("a", 0.0) == 0.0
    budget.pause("a", 5.0)
    assert budget.wait("a") == 5.0
    with database.reading(url) as connection:
        assert len(connection.execute(sa.select(PAUSES)).all()) == 1


def test_a_pause_and_a_spent_hour_both_count(url, time):
    budget = RequestBudget(url, {"a": Limit(1, 0.0)})
    budget.take("a", 0.0)
    budget.pause("a", 10.0)
    assert budget.wait("a") == HOUR
    budget.pause("a", HOUR + 10)
    assert budget.wait("a") == HOUR + 10


def test_a_request_after_a_pause_counts_from_when_it_goes_out(url, time):
    budget = RequestBudget(url, {"a": Limit(2, 1.0)})
    budget.pause("a", 30.0)
    assert [budget.take("a", 60.0) for _ in range(2)] == [30.0, 31.0]
    assert budget.wait("a") == HOUR + 30


def test_two_budgets_at_one_address_share_it(url, time):
    limits = {"a": Limit(3, 0.0)}
    one, other = RequestBudget(url, limits), RequestBudget(url, limits)

    assert [b.take("a", 0.0) for b in (one, other, one, other)] == [0.0, 0.0, 0.0, HOUR]
    assert one.wait("a") == other.wait("a") == HOUR
    other.pause("a", HOUR + 1)
    assert one.wait("a") == HOUR + 1


def takes_at_once(url: str, limit: Limit, patience: float) -> list[float]:
    """What eight threads are told that ask for a request at the same time."""
    barrier, waits = Barrier(8), []

    def take() -> None:
        budget = RequestBudget(url, {"a": limit})
        barrier.wait(30)
        waits.append(budget.take("a", patience))

    threads = [Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return sorted(waits)


def test_who_asks_at_once_gets_no_more_than_one_after_the_other(url, time):
    assert takes_at_once(url, Limit(5, 0.0), 0.0) == [0.0] * 5 + [HOUR] * 3
    assert len(sent(url)) == 5


def test_who_asks_at_once_is_sent_one_after_the_other(url, time):
    assert takes_at_once(url, Limit(100, 1.0), 60.0) == [float(n) for n in range(8)]
    assert sent(url) == [START + timedelta(seconds=n) for n in range(8)]


def test_the_played_time_has_no_influence(url, monkeypatch):
    """A season that is played forward gains no requests, and loses none."""
    budget = RequestBudget(url, {"a": Limit(1, 0.0)})
    monkeypatch.setenv("F1_NOW", "2019-01-01T00:00:00Z")
    before = datetime.now(UTC)

    assert budget.take("a", 0.0) == 0.0

    (at,) = sent(url)
    assert before <= at <= datetime.now(UTC)
    for played in ("2019-01-01T02:00:00Z", "2001-01-01T00:00:00Z", "2090-01-01T00:00:00Z"):
        monkeypatch.setenv("F1_NOW", played)
        assert HOUR - 600 < budget.wait("a") <= HOUR
        assert HOUR - 600 < budget.take("a", 0.0) <= HOUR
    budget.pause("b", 100.0)
    monkeypatch.setenv("F1_NOW", "2019-01-02T00:00:00Z")
    assert 0 < budget.wait("b") <= 100.0


def test_old_requests_are_forgotten(url, time):
    budget = RequestBudget(url, {"a": Limit(1, 0.0)})
    budget.take("a", 0.0)
    time.pass_(KEPT.total_seconds())
    budget.take("a", 0.0)
    assert len(sent(url)) == 2
    time.pass_(HOUR)
    budget.take("a", 0.0)
    assert sent(url) == [START + KEPT, START + KEPT + WINDOW]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b"]),
        st.sampled_from([0.0, 3.0, 900.0, 4000.0]),
        st.sampled_from([0.0, 1.0, 30.0, 5000.0]),
        st.booleans(),
    ),
    min_size=1,
    max_size=15,
)


# Every example begins with empty tables.
@settings(
    deadline=None,
    max_examples=12,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(STEPS)
def test_no_hour_ever_holds_more_than_was_granted(url, time, steps):
    limits = {"a": Limit(3, 2.0), "": Limit(4, 0.0)}
    budget = RequestBudget(url, limits)
    with database.writing(url) as connection:
        connection.execute(sa.delete(REQUESTS))
        connection.execute(sa.delete(PAUSES))

    for service, seconds, patience, paused in steps:
        time.pass_(seconds)
        if paused:
            budget.pause(service, patience / 2)
        before = len(sent(url))
        wait = budget.take(service, patience)
        assert wait >= 0
        assert len(sent(url)) - before == (wait <= patience)

    with database.reading(url) as connection:
        rows = connection.execute(sa.select(REQUESTS.c.service, REQUESTS.c.sent_at)).all()
    mine = sorted(at for service, at in rows if service == "a")
    assert all(later - earlier >= timedelta(seconds=2) for earlier, later in pairwise(mine))
    for times, most in ((mine, 3), (sorted(at for _, at in rows), 4)):
        for last in times:
            assert sum(last - WINDOW < at <= last for at in times) <= most
