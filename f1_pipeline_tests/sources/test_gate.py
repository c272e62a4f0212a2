"""Between FastF1 and the network: what each fault becomes, what is counted, what is kept."""

import fastf1.req
import pytest

from f1_pipeline.errors import StorageError
from f1_pipeline.settings import ROOT
from f1_pipeline.sources import results
from f1_pipeline.sources.upstream import (
    BrokenError,
    Connection,
    GoneError,
    NotYetError,
    Outcome,
    OverBudgetError,
    RefusedError,
    connect,
    limits,
)
from f1_pipeline.sources.upstream.connection import HTTP_CACHE
from f1_pipeline.sources.upstream.gate import Gate
from f1_pipeline.storage.budget import Limit, RequestBudget
from f1_pipeline_tests.mirror import Mirror, serving

NO_LIMIT: dict[str, Limit] = {}


@pytest.fixture(scope="module")
def served():
    with serving(ROOT / "data" / "archive", timeout_s=0.2) as mirror:
        yield mirror


@pytest.fixture
def mirror(served):
    served.change(fail=0.0, fail_next=0, max_age=600, amend=None, until=None, reset_counts=True)
    return served


def connected(
    mirror: Mirror, folder, granted=NO_LIMIT, tries=1, deadline=None
) -> results.ResultsClient:
    budget = RequestBudget(f"sqlite:///{folder / 'warehouse.db'}", granted)
    said: list[str] = []
    connect(Connection(folder / "cache", mirror.url, False, budget), said.append)
    assert said == []
    return results.ResultsClient(tries=tries, deadline=deadline, sleep=lambda seconds: None)


@pytest.mark.parametrize(
    ("fault", "error", "can_help"),
    [
        ("500", BrokenError, True),
        ("503", BrokenError, True),
        ("429", OverBudgetError, True),
        ("401", RefusedError, False),
        ("403", RefusedError, False),
        ("404", GoneError, False),
        ("truncate", BrokenError, True),
        ("garbage", BrokenError, True),
        ("reset", BrokenError, True),
        ("timeout", BrokenError, True),
    ],
)
def test_each_fault_has_its_kind_and_knows_whether_a_retry_can_help(
    mirror, tmp_path, fault, error, can_help
):
    client = connected(mirror, tmp_path)
    mirror.change(fail_next=1, fail_kinds=[fault])

    with pytest.raises(error) as raised:
        client.schedule(2024)

    assert len(str(raised.value).splitlines()) == 1
    assert "api.jolpi.ca" in str(raised.value)
    assert (raised.value.retry_after is not None) == can_help
    assert mirror.report()["faults"] == {fault: 1}


@pytest.mark.parametrize("fault", ["garbage", "truncate"])
def test_a_broken_answer_is_not_kept_in_fastf1s_cache(mirror, tmp_path, fault):
    client = connected(mirror, tmp_path)
    mirror.change(fail_next=1, fail_kinds=[fault])
    with pytest.raises(BrokenError):
        client.schedule(2024)

    assert len(client.schedule(2024)) == 24
    assert len(fastf1.req.Cache._requests_session_cached.cache.responses) == 1


def test_a_transient_fault_is_tried_again_and_a_lasting_one_is_not(mirror, tmp_path):
    client = connected(mirror, tmp_path, tries=5)
    mirror.change(fail_next=3, fail_kinds=["500", "reset", "garbage"])
    assert len(client.schedule(2024)) == 24
    assert mirror.report()["requests"] == 4

    mirror.change(fail_next=5, fail_kinds=["403"], reset_counts=True)
    with pytest.raises(RefusedError):
        client.schedule(2023)
    assert mirror.report()["requests"] == 1


def test_without_any_answer_it_is_given_up_at_the_deadline(mirror, tmp_path):
    client = connected(mirror, tmp_path, tries=50, deadline=0.0)
    mirror.change(fail=1.0, fail_kinds=["500"])

    with pytest.raises(BrokenError):
        client.schedule(2024)

    assert mirror.report()["requests"] == 1


def test_an_outage_is_not_answered_from_the_cache(mirror, tmp_path):
    client = connected(mirror, tmp_path)
    client.schedule(2024)
    mirror.change(fail=1.0, fail_kinds=["500"])

    with pytest.raises(BrokenError):
        client.schedule(2024)


def test_a_changed_answer_is_seen_at_once_and_the_same_one_is_a_304(mirror, tmp_path):
    client = connected(mirror, tmp_path)
    before = client.race("results", 2024, 5)
    assert client.race("results", 2024, 5) == before
    assert mirror.report()["by_status"] == {"200": 1, "304": 1}

    mirror.change(amend={"season": 2024, "round": 5, "driver": "norris", "position": 5})

    assert client.race("results", 2024, 5) != before


def test_every_request_takes_its_place_in_the_budget(mirror, tmp_path):
    client = connected(mirror, tmp_path, {"jolpica": Limit(3, 0.0)})
    for season in (2022, 2023, 2024):
        client.schedule(season)

    with pytest.raises(OverBudgetError, match=r"the next may go out in \d+ s") as raised:
        client.schedule(2025)

    assert 3500 < (raised.value.retry_after or 0) <= 3600
    assert mirror.report()["requests"] == 3


def test_what_a_service_asks_for_is_honoured_by_all(mirror, tmp_path):
    client = connected(mirror, tmp_path)
    mirror.change(fail_next=1, fail_kinds=["429"])
    with pytest.raises(OverBudgetError) as raised:
        client.schedule(2024)

    assert raised.value.retry_after == 1.0
    other = RequestBudget(f"sqlite:///{tmp_path / 'warehouse.db'}", NO_LIMIT)
    assert 0 < other.wait("jolpica") <= 1.0


def test_fastf1s_own_limits_stay_in_force_unless_they_are_lifted(mirror, tmp_path):
    """The names of FastF1's that the connection rests on are private: this notices a change."""
    limiting = fastf1.req._SessionWithRateLimiting
    connected(mirror, tmp_path)
    assert limiting._RATE_LIMITS == {}

    budget = RequestBudget(f"sqlite:///{tmp_path / 'warehouse.db'}", limits("200,500"))
    connect(Connection(tmp_path / "cache", mirror.url, True, budget), print)

    assert len(limiting._RATE_LIMITS) == 2
    for session in (fastf1.req.Cache._requests_session_cached, fastf1.req.Cache._requests_session):
        for url in ("https://api.jolpi.ca/x", "https://livetiming.formula1.com/x", "http://x/"):
            gate = session.get_adapter(url)
            assert isinstance(gate, Gate)
            assert not isinstance(gate.inner, Gate)


def test_published_limits_are_fastf1s(mirror, tmp_path):
    granted = limits("200,500")
    assert (granted["jolpica"].per_hour, granted[""].per_hour) == (199, 499)
    assert granted["jolpica"].interval == 0.25
    assert limits("none") == {}


def test_a_damaged_cache_is_begun_anew_with_one_line(mirror, tmp_path):
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / HTTP_CACHE).write_bytes(b"this is no database" * 1000)
    said: list[str] = []
    budget = RequestBudget(f"sqlite:///{tmp_path / 'warehouse.db'}", NO_LIMIT)

    connect(Connection(cache, mirror.url, False, budget), said.append)

    assert len(said) == 1
    assert "begun anew" in said[0]
    assert len(results.ResultsClient(tries=1).schedule(2024)) == 24


def test_a_cache_folder_that_cannot_be_made_is_one_line(mirror, tmp_path):
    (tmp_path / "file").touch()
    budget = RequestBudget(f"sqlite:///{tmp_path / 'warehouse.db'}", NO_LIMIT)

    with pytest.raises(StorageError, match="FASTF1_CACHE_DIR") as raised:
        connect(Connection(tmp_path / "file" / "cache", mirror.url, False, budget), print)

    assert len(str(raised.value).splitlines()) == 1


def test_the_library_giving_up_is_an_error_like_others(mirror, tmp_path, monkeypatch):
    client = connected(mirror, tmp_path)

    def give_up(*_, **__):
        raise SystemExit

    monkeypatch.setattr("fastf1.ergast.Ergast.get_race_schedule", give_up)

    with pytest.raises(BrokenError, match="gave up"):
        client.schedule(2024)


def test_an_empty_calendar_is_not_there_yet(mirror, tmp_path):
    client = connected(mirror, tmp_path)

    with pytest.raises(NotYetError) as raised:
        client.schedule(2031)

    assert raised.value.outcome is Outcome.NOT_YET
