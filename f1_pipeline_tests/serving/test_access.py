"""Who may do what, and how often."""

import pytest

from f1_pipeline.storage.run_requests import RunRequests

KEY = "a-key-of-the-tests"
RETRAIN = "/api/v1/models/retrain"
SYNC = "/api/sync/drivers"
NO_WAIT = {"INFERENCE_TIMEOUT_SECONDS": "1", "F1_SERVE_TAKES_RUNS": "false"}


def test_without_a_key_retraining_is_refused_and_synchronising_is_open(home, serve):
    server = serve(home, **NO_WAIT)
    refused = server.post(RETRAIN)
    assert (refused.status_code, refused.json()["code"]) == (403, "no_key")
    assert server.post(SYNC, json={"seasons": [2024]}).status_code == 202


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"X-API-Key": "wrong"}, 401),
        ({"X-API-Key": KEY + "x"}, 401),
        ({"Authorization": f"Basic {KEY}"}, 401),
        ({"Authorization": "Bearer"}, 401),
        ({"X-API-Key": KEY}, 202),
        ({"Authorization": f"Bearer {KEY}"}, 202),
        ({"authorization": f"bearer {KEY}"}, 202),
    ],
    ids=str,
)
def test_with_a_key_both_need_it(home, serve, headers, status):
    server = serve(home, PREDICTIONS_API_KEY=KEY, **NO_WAIT)
    for path, body in ((RETRAIN, None), (SYNC, {"seasons": [2024]})):
        answer = server.post(path, json=body, headers=headers)
        assert answer.status_code == status, path
        assert KEY not in answer.text
    waiting = RunRequests(str(server.app.state.settings.database_url)).waiting()
    assert len(waiting) == (2 if status == 202 else 0)


def test_reading_needs_no_key(published, serve):
    server = serve(published, PREDICTIONS_API_KEY=KEY)
    assert server.get("/predict/next").status_code == 200


def test_a_thousand_requests_of_one_client_are_ten_a_minute(home, serve):
    server = serve(home, PREDICTIONS_API_KEY=KEY, **NO_WAIT)
    headers = {"X-API-Key": KEY}
    answers = [server.post(RETRAIN, headers=headers) for _ in range(1000)]
    codes = [answer.status_code for answer in answers]
    assert codes.count(202) == 10
    assert codes.count(429) == 990
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
    assert answers[-1].json()["code"] == "too_many"
    assert server.get("/predict/next").status_code == 200  # what is not limited goes on


def test_a_wrong_key_uses_up_nobodys_turn(home, serve):
    server = serve(home, PREDICTIONS_API_KEY=KEY, **NO_WAIT)
    for _ in range(20):
        server.post(RETRAIN, headers={"X-API-Key": "guess"})
    assert server.post(RETRAIN, headers={"X-API-Key": KEY}).status_code == 202


def test_a_redis_that_is_gone_limits_all_the_same(home, serve):
    server = serve(home, REDIS_URL="redis://127.0.0.1:1", PREDICTIONS_API_KEY=KEY, **NO_WAIT)
    headers = {"X-API-Key": KEY}
    codes = [server.post(RETRAIN, headers=headers).status_code for _ in range(12)]
    assert codes == [202] * 10 + [429] * 2
    assert server.get("/predict/next").status_code == 200


@pytest.mark.parametrize(
    ("origin", "allowed"), [("https://race.example", True), ("https://evil.example", False)]
)
def test_pages_elsewhere_may_read_if_they_are_named(published, serve, origin, allowed):
    server = serve(published, ALLOWED_ORIGINS="https://race.example/, https://other.example")
    answer = server.get("/predict/next", headers={"Origin": origin})
    assert (answer.headers.get("access-control-allow-origin") == origin) is allowed
