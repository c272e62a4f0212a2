"""Every address, asked as a client asks it: the answers are the rows that were published."""

import pandas as pd
import pytest

from f1_pipeline.storage.warehouse import Warehouse
from f1_pipeline_tests.serving.conftest import HELD, NEXT

DRIVER = "driver-1"


@pytest.fixture
def warehouse(server):
    return Warehouse(server.app.state.settings.database_url)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("race", [HELD, "2025-3"])
def test_a_race_is_answered_as_it_was_published(server, warehouse, method, race):
    answer = server.request(method, f"/predict/race/{race}")
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["event"]["event_id"] == HELD
    rows = warehouse.read_where("race_predictions", event_id=HELD, horizon=told["horizon"])
    rows = rows[rows["run_id"].eq(told["run_id"])].set_index("driver_id")
    assert len(told["drivers"]) == len(rows)
    for driver in told["drivers"]:
        row = rows.loc[driver["driver_id"]]
        for name in ("p_win", "p_podium", "p_points", "p_dnf", "expected_position"):
            assert driver[name] == row[name]
        assert driver["position_probabilities"] == list(row["position_probabilities"])
    wins = [driver["p_win"] for driver in told["drivers"]]
    assert wins == sorted(wins, reverse=True)
    assert sum(wins) == pytest.approx(1)
    assert told["status"] == "retrospective"
    assert (told["horizon"], told["stale"]) == ("post_qualifying", None)


def test_the_next_race_is_the_one_after_the_newest_result(server):
    told = server.get("/predict/next").json()
    assert told["event"]["event_id"] == server.get("/data/test").json()["next_event"]["event_id"]
    # Its start has passed long ago: the data is stale, and it is said.
    assert told["stale"] == "the start of this race has passed, and the data ends before it"


def test_a_round_alone_is_of_the_next_races_season(server):
    assert server.get("/predict/race/1").json() == server.get("/predict/next").json()
    assert server.get("/predict/next").json()["event"]["event_id"] == NEXT


def test_a_horizon_can_be_named(server):
    told = server.get(f"/predict/race/{HELD}", params={"horizon": "pre_weekend"}).json()
    assert told["horizon"] == "pre_weekend"
    assert {driver["grid_position"] for driver in told["drivers"]} == {None}


def test_an_answer_says_what_such_forecasts_were_worth(server, warehouse):
    told = server.get(f"/predict/race/{HELD}").json()
    record = warehouse.read_where("track_record", against="baseline", period="reported")
    mine = record[
        record["horizon"].eq(told["horizon"]) & record["grid_source"].eq(told["grid_source"])
    ]
    if mine.empty:
        assert told["expected_accuracy"] is None
        return
    metrics = told["expected_accuracy"]["metrics"]
    for row in mine.to_dict("records"):
        assert metrics[row["metric"]]["value"] == (None if pd.isna(row["value"]) else row["value"])


def test_a_race_that_nothing_was_published_for_is_the_backtests(server, warehouse):
    told = server.get("/predict/race/2025-china").json()
    assert (told["source"], told["status"], told["generated_at"]) == (
        "backtest",
        "retrospective",
        None,
    )
    assert "nothing was published" in told["degraded_reason"]
    rows = warehouse.read_where(
        "backtest_predictions", event_id="2025-china", model="catboost", grid_source="official"
    ).set_index("driver_id")
    assert told["grid_source"] == "official"
    assert {d["driver_id"]: d["p_win"] for d in told["drivers"]} == rows["p_win"].to_dict()
    whole = server.post("/api/data/ml-prediction-data", json={"event_id": "2025-china"}).json()
    forecasts = {d["forecast"]["driver_id"]: d["forecast"] for d in whole["drivers"]}
    assert forecasts == {driver["driver_id"]: driver for driver in told["drivers"]}


def test_many_races_at_once_with_what_is_missing(server):
    answer = server.post("/predict/batch", json={"events": [HELD, "2025-nowhere", HELD, "2022-1"]})
    told = answer.json()
    assert [p["event"]["event_id"] for p in told["predictions"]] == [HELD]
    assert [(e["event"], e["code"]) for e in told["errors"]] == [
        ("2025-nowhere", "unknown_event"),
        ("2022-1", "no_prediction"),
    ]
    alone = server.get(f"/predict/race/{HELD}").json()
    assert told["predictions"][0] == alone


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"events": []},
        {"events": [HELD] * 101},
        {"events": ["../etc"]},
        {"events": [1]},
        {"events": [HELD], "more": 1},
        [HELD],
    ],
    ids=str,
)
def test_a_batch_that_breaks_the_schema_is_refused(server, body):
    answer = server.post("/predict/batch", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_the_history_has_every_forecast_with_its_scores(server, warehouse):
    told = server.get(f"/predictions/{HELD}/history").json()
    rows = warehouse.read_where("race_predictions", event_id=HELD)
    assert told["total"] == len(rows.drop_duplicates(["horizon", "run_id"]))
    horizons = [forecast["horizon"] for forecast in told["forecasts"]]
    assert horizons[0] == "post_qualifying"
    page = server.get(f"/predictions/{HELD}/history", params={"limit": 1, "offset": 1}).json()
    assert page["forecasts"] == told["forecasts"][1:2]


def test_models_and_the_one_in_force(server, warehouse):
    told = server.get("/models").json()
    known = warehouse.read("models").set_index("model_version")
    assert {model["model_version"] for model in told["models"]} == set(known.index)
    in_force = known.index[known["stage"].eq("champion")]
    assert told["in_force"] == (in_force[0] if len(in_force) else None)
    one = server.get(f"/models/{known.index[0]}").json()
    assert one["recipe"] == known["recipe"].iloc[0]
    assert one["decisions"]
    assert server.get("/models/none").status_code == 404


@pytest.mark.parametrize(
    ("path", "key", "of"),
    [
        ("/api/data/driver/{}", "driver_id", "drivers"),
        ("/api/data/team/{}", "constructor_id", "constructors"),
        ("/api/data/circuit/{}/patterns", "circuit_id", "circuits"),
    ],
)
def test_facts_by_id(server, warehouse, path, key, of):
    known = warehouse.read(of)[key].iloc[0]
    told = server.get(path.format(known)).json()
    assert told[key.removesuffix("_id")][key] == known
    assert told.get("form") or told.get("patterns")
    missing = server.get(path.format("nobody"))
    assert (missing.status_code, missing.json()["code"][:8]) == (404, "unknown_")


def test_the_features_are_those_that_the_forecast_saw(server, warehouse):
    told = server.get(f"/api/data/race/{HELD}/features").json()
    rows = warehouse.read_where(
        "race_features", event_id=HELD, horizon=told["horizon"], grid_source=told["grid_source"]
    )
    assert (told["horizon"], told["grid_source"]) == ("post_qualifying", "official")
    mine = {row["driver_id"]: row for row in told["features"]}
    for row in rows.to_dict("records"):
        told_form = mine[row["driver_id"]]["finish_form"]
        assert told_form == (None if pd.isna(row["finish_form"]) else row["finish_form"])


def test_a_whole_race_in_one_answer(server):
    told = server.post("/api/data/ml-prediction-data", json={"event_id": HELD}).json()
    forecast = server.get(f"/predict/race/{HELD}").json()
    assert told["horizon"] == forecast["horizon"]
    assert told["patterns"]["event_id"] == HELD
    by_driver = {d["driver"]["driver_id"]: d for d in told["drivers"]}
    for driver in forecast["drivers"]:
        mine = by_driver[driver["driver_id"]]
        assert mine["forecast"] == driver
        assert mine["features"]["horizon"] == forecast["horizon"]
        assert mine["entry"]["constructor_id"] == driver["constructor_id"]


def test_what_can_be_read_is_counted(server, warehouse):
    told = server.get("/data/test").json()
    for name in ("events", "race_results", "race_predictions"):
        assert told["tables"][name] == len(warehouse.read(name))


def test_monitoring_and_drift_are_the_newest_race_s(server, warehouse):
    health = warehouse.read("model_health")
    told = server.get("/api/v1/monitoring/metrics").json()
    assert len(told["windows"]) == (health["event_id"].eq(health["event_id"].max()).sum())
    assert server.get("/api/v1/monitoring/drift").json()["watched"] >= 0


def test_health_says_what_is_stale_and_is_no_error(server):
    answer = server.get("/health")
    told = answer.json()
    assert (answer.status_code, told["status"]) == (200, "degraded")
    assert told["components"]["database"]["status"] == "healthy"
    assert "missing" in told["components"]["data"]["message"]
    assert server.get("/health/live").status_code == 200
    assert server.get("/health/ready").status_code == 200


def test_prometheus_counts_by_route(server):
    server.get(f"/predict/race/{HELD}")
    server.get(f"/predict/race/{HELD}")
    text = server.get("/metrics").text
    assert 'route="/predict/race/{race}"' in text
    assert HELD not in text
    assert 'f1_cache_lookups_total{found="yes"}' in text
    assert 'f1_age_seconds{of="data"}' in text
    assert "f1_database_up 1.0" in text


def test_what_a_client_has_is_not_sent_again(server):
    first = server.get(f"/predict/race/{HELD}")
    again = server.get(f"/predict/race/{HELD}", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    other = server.get(f"/predict/race/{HELD}", headers={"If-None-Match": '"other"'})
    assert other.status_code == 200


def test_the_root_is_for_programs_and_for_people(server):
    told = server.get("/").json()
    assert told["service"] == "f1_pipeline"
    page = server.get("/", headers={"Accept": "text/html,*/*"})
    assert page.headers["content-type"].startswith("text/html")
    assert "Accept" in page.headers["vary"]


@pytest.mark.parametrize(
    "path",
    [
        "/predict/race/2025-japan' OR '1'='1",
        "/predict/race/2025-japan;DROP TABLE events",
        "/predict/race/..%2F..%2Fetc%2Fpasswd",
        "/predict/race/2025-%0A%00",
        "/predict/race/" + "x" * 10_000,
        "/api/data/driver/'; SELECT pg_sleep(10); --",
        "/api/data/team/<script>",
        "/api/data/circuit/%F0%9F%8F%81/patterns",
        "/models/..%2f..%2fsecret",
        "/models/%27%20OR%201=1",
        "/api/sync/runs/' OR 1=1",
        "/season/99999",
        "/season/x",
        "/race/<script>alert(1)</script>",
        "/predictions/2025-japan/history?limit=1000000",
        "/predictions/2025-japan/history?offset=-1",
        "/predict/next?horizon='; DROP TABLE race_predictions; --",
        "/api/data/race/2025-japan/features?grid_source=' OR 1=1",
        "/nothing/at/all",
    ],
)
def test_what_makes_no_sense_is_refused_in_one_shape(server, path):
    answer = server.get(path)
    assert answer.status_code in (404, 422)
    assert set(answer.json()) == {"code", "message", "hint"}
    assert "Traceback" not in answer.text
    assert "SELECT" not in answer.json()["hint"]


def test_a_wrong_method_says_which_is_right(server):
    answer = server.delete(f"/predict/race/{HELD}")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")
    assert answer.json()["code"] == "method"


def test_ten_megabytes_are_refused(server):
    answer = server.post("/predict/batch", content=b'{"events": ["' + b"x" * 10_000_000 + b'"]}')
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_what_is_no_json_is_refused(server):
    answer = server.post(
        "/predict/batch", content=b"{", headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_an_empty_place_says_what_to_run(empty_home, serve):
    server = serve(empty_home)
    answer = server.get("/predict/next")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert "f1-pipeline run" in answer.json()["hint"]
    assert server.get("/health").status_code == 503


def test_a_database_without_tables_is_healthy_enough_and_says_what_to_run(empty_home, serve):
    empty_home.folder.mkdir()
    (empty_home.folder / "warehouse.db").touch()
    server = serve(empty_home)
    answer = server.get("/predict/next")
    assert (answer.status_code, answer.json()["code"]) == (503, "empty")
    health = server.get("/health")
    assert (health.status_code, health.json()["status"]) == (200, "degraded")
    assert "f1-pipeline run" in health.json()["components"]["data"]["message"]


def test_a_new_forecast_is_seen_at_the_next_look(home, serve):
    server = serve(home)
    assert server.get("/predict/race/2025-china").json()["source"] == "backtest"
    before = server.get("/predict/next")
    assert home.call("predict", "--event", "2025-china").code == 0
    server.look()
    assert server.get("/predict/race/2025-china").json()["source"] == "published"
    assert server.get("/predict/next").headers["etag"] == before.headers["etag"]


def test_an_answer_does_not_mix_two_states_of_the_tables(home, serve):
    server = serve(home)
    assert server.get("/predict/next").status_code == 200  # the calendar is cached
    warehouse = Warehouse(server.app.state.settings.database_url)
    last = server.app.state.service.cache._kept["calendar"].value.newest["event_id"]
    results = warehouse.read_where("race_results", event_id=last)
    warehouse.replace_where("race_results", results.iloc[:0], event_id=last)
    told = server.get("/data/test").json()  # read before the watch has looked again
    assert told["tables"]["race_results"] == len(warehouse.read("race_results"))
    assert told["next_event"]["event_id"] == last
    server.look()
    assert server.get("/predict/next").json()["event"]["event_id"] == last
