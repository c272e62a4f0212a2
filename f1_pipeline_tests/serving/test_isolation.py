"""Reads go on, and stay correct, whatever happens beside them: real servers, a real pipeline."""

import threading

import pytest
from sqlalchemy import make_url

from f1_pipeline.storage.warehouse import Warehouse
from f1_pipeline_tests.cli.conftest import Home
from f1_pipeline_tests.mirror import serving as upstream
from f1_pipeline_tests.release import make_release
from f1_pipeline_tests.serving.conftest import HELD
from f1_pipeline_tests.serving.process import served
from f1_pipeline_tests.tooling.embedded_postgres import NoServerError, restartable_server
from f1_pipeline_tests.tooling.redis_server import redis_server

pytestmark = pytest.mark.journey
READS = (
    *("/predict/next", f"/predict/race/{HELD}", f"/predictions/{HELD}/history", "/models"),
    *(f"/api/data/race/{HELD}/features", "/data/test", f"/race/{HELD}", "/season/2025"),
)


@pytest.fixture
def redis():
    try:
        with redis_server() as server:
            yield server
    except NoServerError as error:
        pytest.skip(f"no Redis server: {error}")


@pytest.fixture
def postgres():
    try:
        with restartable_server() as server:
            yield server
    except NoServerError as error:
        pytest.skip(f"no PostgreSQL server: {error}")


def is_whole(prediction):
    """A forecast is never seen in part: all its drivers, one distribution."""
    drivers = prediction["drivers"]
    return (
        len(drivers) == 12
        and abs(sum(d["p_win"] for d in drivers) - 1) < 1e-6
        and abs(sum(d["p_podium"] for d in drivers) - 3) < 1e-6
    )


class Reader(threading.Thread):
    """Asks again and again, as clients do, and keeps what was wrong."""

    def __init__(self, server):
        super().__init__()
        self.server = server
        self.ended = threading.Event()
        self.asked = 0
        self.wrong = []

    def run(self):
        while not self.ended.is_set():
            for path in READS:
                answer = self.server.get(path)
                self.asked += 1
                if answer.status_code != 200:
                    self.wrong.append((path, answer.status_code, answer.text))
                elif path.startswith("/predict/") and not is_whole(answer.json()):
                    self.wrong.append((path, "in part", answer.text))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_error):
        self.ended.set()
        self.join()


def test_a_backfill_a_retraining_and_a_publication_hold_nobody_up(home, tmp_path):
    seasons = tuple(range(2016, 2026))
    facts = make_release(tmp_path / "facts.zip", seasons, races=6, cars=12)
    archive = tmp_path / "ten-seasons"
    assert home.call("archive", "build", "--from", str(facts), "--out", str(archive)).code == 0
    with (
        upstream(archive) as there,
        served(home.variables, tmp_path) as server,
        Reader(server) as reader,
    ):
        known = {"F1_UPSTREAM_URL": there.url, "F1_REQUEST_LIMITS": "none"}
        work = [
            home.start("backfill", "2016-2025", "--again", **known),
            home.start("run", "--offline", "--quick"),
            home.start("predict", "--event", "2025-bahrain"),
        ]
        for process in work:
            out, err = process.communicate(timeout=300)
            assert process.returncode == 0, err or out
        # What was published is seen, and is what the tables hold.
        told = server.until(lambda: _forecast(server, "2025-bahrain"), 2)
        rows = Warehouse(f"sqlite:///{home.folder}/warehouse.db").read_where(
            "race_predictions", event_id="2025-bahrain", run_id=told["run_id"]
        )
        rows = rows[rows["horizon"].eq(told["horizon"])].set_index("driver_id")["p_win"]
        assert {d["driver_id"]: d["p_win"] for d in told["drivers"]} == rows.to_dict()
    assert reader.wrong == []
    assert reader.asked > 100


def _forecast(server, event_id):
    told = server.get(f"/predict/race/{event_id}").json()
    return told if told["source"] == "published" else None


def test_a_publication_is_seen_within_two_seconds(home, tmp_path):
    with served(home.variables, tmp_path) as server:
        assert not _forecast(server, "2025-china")
        assert home.call("predict", "--event", "2025-china").code == 0
        server.until(lambda: _forecast(server, "2025-china"), 2)


def test_redis_comes_and_goes(published, redis, tmp_path):
    variables = published.variables | {"REDIS_URL": redis.url}
    with served(variables, tmp_path) as server, Reader(server) as reader:
        first = server.get("/predict/next")
        redis.stop()
        assert server.get("/predict/next").content == first.content
        # Not yet in the cache: read from the tables, without Redis.
        assert server.get(f"/api/data/race/{HELD}/features").status_code == 200
        redis.start()
        assert server.get("/predict/next").content == first.content
    assert reader.wrong == []


def test_workers_share_what_one_of_them_read(published, redis, tmp_path):
    variables = published.variables | {"REDIS_URL": redis.url}
    with served(variables, tmp_path) as server:
        first = server.get("/predict/next").content
    with served(variables, tmp_path) as other:
        assert other.get("/predict/next").content == first
        assert 'f1_cache_lookups_total{found="shared"} 1.0' in other.get("/metrics").text


def test_the_database_may_restart(published, postgres, tmp_path):
    url = make_url(postgres.url).render_as_string(hide_password=False)
    copy = Home(tmp_path / "home", **published.variables | {"F1_DATA_DIR": str(tmp_path / "home")})
    backup = tmp_path / "backup"
    assert published.call("backup", "--out", str(backup)).code == 0
    restored = copy.call("restore", "--from", str(backup), DATABASE_URL=url)
    assert restored.code == 0, restored.err
    with served(copy.variables | {"DATABASE_URL": url}, tmp_path) as server:
        before = {path: server.get(path) for path in READS}
        assert {answer.status_code for answer in before.values()} == {200}
        postgres.stop()
        stale = server.until(lambda: _stale(server), 10)
        assert stale.json() == before["/predict/next"].json() | {"stale": stale.headers["x-stale"]}
        assert "110" in stale.headers["warning"]
        for path in READS:
            assert server.get(path).status_code == 200, path
        missed = server.get("/predict/race/2025-china")
        assert (missed.status_code, missed.json()["code"]) == (503, "unavailable")
        assert server.get("/health").status_code == 503
        assert server.get("/health/live").status_code == 200
        assert str(make_url(url).query["host"]) not in missed.text + server.get("/health").text
        postgres.start()
        server.until(lambda: not _stale(server), 30)
        for path, answer in before.items():
            assert server.get(path).content == answer.content, path
        assert server.get("/predict/race/2025-china").status_code == 200
        assert server.get("/health").status_code == 200


def _stale(server):
    answer = server.get("/predict/next")
    return answer if "x-stale" in answer.headers else None
