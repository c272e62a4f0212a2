"""What goes to the webhook, what its answers mean, and that its address stays a secret."""

import logging
import socket
import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest

from f1_pipeline import __version__
from f1_pipeline.alerts import RefusedError, UnreachableError, message, send
from f1_pipeline_tests.alerts.hook import PATH, Hook, listening

OPENED = datetime(2024, 5, 26, 16, 0, 0, 123456, tzinfo=UTC)
CLOSED = OPENED + timedelta(minutes=90)
FACTS = {"incident": "run_failure:refresh", "kind": "run_failure", "message": "refresh failed"}
SECRETS = ("secret", "T000", "services", "hidden-user", "hidden-password")


@pytest.fixture
def hook():
    with listening() as hook:
        yield hook


def body(**given):
    return message(**FACTS | {"opened_at": OPENED, "closed_at": None} | given)


def assert_kept_secret(text: str, hook: Hook) -> None:
    assert not [secret for secret in SECRETS if secret in text]
    assert hook.address not in text


def test_a_beginning_and_an_end_have_the_same_fields():
    assert body() == {
        "service": "f1_pipeline",
        "version": __version__,
        "state": "open",
        "kind": "run_failure",
        "incident": "run_failure:refresh",
        "message": "refresh failed",
        "opened_at": "2024-05-26T16:00:00Z",
        "closed_at": None,
        "text": "f1_pipeline, run failure: refresh failed",
    }
    assert body(closed_at=CLOSED) == body() | {
        "state": "over",
        "closed_at": "2024-05-26T17:30:00Z",
        "text": "f1_pipeline, run failure: over since 17:30 UTC: refresh failed",
    }


def test_instants_are_told_in_utc_and_text_in_one_line():
    east = timezone(timedelta(hours=5, minutes=45))
    told = body(opened_at=OPENED.astimezone(east), message="two\nlines  of it")

    assert told["opened_at"] == "2024-05-26T16:00:00Z"
    assert told["message"] == "two lines of it"
    assert "\n" not in told["text"]


@pytest.mark.parametrize("status", [200, 201, 204])
def test_what_is_taken_arrived_as_json_at_the_address(hook, status):
    hook.status = status

    send(hook.address, body())

    assert hook.got == [body()]
    assert hook.paths == [PATH]
    assert hook.headers[0]["Content-Type"] == "application/json"
    assert hook.headers[0]["User-Agent"] == f"f1_pipeline/{__version__}"


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_a_fault_that_may_pass_is_told_from_a_refusal(hook, status):
    hook.status = status

    with pytest.raises(UnreachableError, match=f"127.0.0.1:.* answered {status}") as error:
        send(hook.address, body())

    assert_kept_secret(str(error.value), hook)
    assert len(hook.paths) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_refusal_says_what_to_correct(hook, status):
    hook.status = status

    with pytest.raises(RefusedError, match=f"answered {status}.*ALERT_WEBHOOK_URL") as error:
        send(hook.address, body())

    assert_kept_secret(str(error.value), hook)
    assert len(hook.paths) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(hook, status):
    hook.status = status

    with pytest.raises(RefusedError, match=f"answered {status}"):
        send(hook.address, body())

    assert hook.paths == [PATH]


def test_a_webhook_that_does_not_answer_is_not_waited_for(hook):
    hook.slow = 0.2

    with pytest.raises(UnreachableError, match="no answer in time") as error:
        send(hook.address, body(), timeout=(1.0, 0.05))

    assert_kept_secret(str(error.value), hook)


def test_a_webhook_that_is_not_there_is_told_by_its_host_alone(hook):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        port = taken.getsockname()[1]
        address = f"http://hidden-user:hidden-password@127.0.0.1:{port}{PATH}"

        with pytest.raises(UnreachableError, match=rf"127\.0\.0\.1:{port} was not") as error:
            send(address, body())

    assert "no connection" in str(error.value)
    assert_kept_secret(str(error.value), hook)
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__


def test_nonsense_in_place_of_an_answer_is_a_fault_that_may_pass():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def hang_up() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"what?\r\n\r\n")

        thread = threading.Thread(target=hang_up)
        thread.start()
        with pytest.raises(UnreachableError, match=f"127.0.0.1:{port}"):
            send(f"http://127.0.0.1:{port}{PATH}", body())
        thread.join()


def test_no_log_of_any_level_holds_the_address(hook, caplog):
    caplog.set_level(logging.DEBUG)

    send(hook.address, body())

    assert caplog.records  # urllib3 does log, where it connects to
    assert_kept_secret(caplog.text, hook)
    logging.getLogger("urllib3.connectionpool").debug("about services")
    assert "about services" in caplog.text  # of others nothing is held back
