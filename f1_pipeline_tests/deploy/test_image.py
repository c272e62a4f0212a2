"""A deployment, played on this machine: database, roles, preparing, and all processes with workers,
each by the very command and health check of the files, as somebody who is not root."""

import os
import signal
from collections.abc import Iterator

import httpx2
import pytest

from f1_pipeline_tests.deploy import tree
from f1_pipeline_tests.deploy.image import NOBODY, Image, image
from f1_pipeline_tests.tooling.embedded_postgres import NoServerError
from f1_pipeline_tests.tooling.services import services

pytestmark = [pytest.mark.journey, pytest.mark.server]
ANSWERS = {
    "POSTGRES_PASSWORD": "a0",
    "F1_OWNER_PASSWORD": "b1",
    "F1_WRITER_PASSWORD": "c2",
    "F1_READER_PASSWORD": "d3",
    "DAGSTER_PASSWORD": "e4",
    "F1_API_NAME": "api.example.com",
}
# The daemon last: it soon asks for the first refresh, which takes a core.
SERVERS = ("code", "web", "worker", "api", "daemon")


@pytest.fixture(params=["workers"])
def laid_out(request) -> Iterator[Image]:
    answers = ANSWERS | {"F1_INSTANCE": request.param}
    try:
        with services() as running, image(running, answers) as made:
            yield made
    except NoServerError as error:
        pytest.skip(f"no server: {error}")


def test_all_processes_of_a_deployment(laid_out):
    check_who_runs(laid_out)
    # Where a step fails, Compose and Kubernetes start nothing that rests on it.
    too_early = laid_out.run("prepare")
    assert too_early.returncode != 0
    assert 'role "f1_owner" does not exist' in too_early.stderr
    for service in ("roles", "prepare", "rights", "prepare"):
        done = laid_out.run(service)
        assert done.returncode == 0, f"{service}: {done.stdout}{done.stderr}"
    # Each check says no while its process is not there: one that always says yes would be none.
    assert [name for name in SERVERS if laid_out.healthy(name)] == []
    for service in SERVERS:
        laid_out.start(service)
    for service in SERVERS:
        laid_out.until(service, lambda name=service: laid_out.healthy(name), 90)
    check_what_is_answered(laid_out)
    check_probes(laid_out)
    # A worker that has a run by now goes on with it, until stop_grace_period is over.
    codes = laid_out.stop("daemon", "web", "api", "code")
    assert {name: code for name, code in codes.items() if code not in (0, -signal.SIGTERM)} == {}


def check_who_runs(laid_out: Image) -> None:
    """The package is the wheel's, the account is not root, and it writes only where it should."""
    code = (
        "import os, f1_pipeline; print(f1_pipeline.__file__, os.geteuid(), "
        "os.access('.', os.W_OK), os.access(os.environ['HOME'], os.W_OK), "
        "os.access(os.environ['DAGSTER_HOME'], os.W_OK), "
        "os.access(os.environ['F1_DATA_DIR'], os.W_OK))"
    )
    done = laid_out.run("code", ["python", "-c", code])
    file, account, *writes = done.stdout.split()
    assert file == str(laid_out.root / "site" / "f1_pipeline" / "__init__.py"), done.stderr
    assert int(account) == (os.geteuid() or NOBODY)
    assert writes == ["False", "False", "False", "True"]


def check_what_is_answered(laid_out: Image) -> None:
    """The API reads with its own role; the UI has loaded the definitions from the code server."""
    ports = laid_out.ports
    api, web = f"http://127.0.0.1:{ports[8000]}", f"http://127.0.0.1:{ports[3000]}"
    health = httpx2.get(f"{api}/health", timeout=30).json()
    assert health["components"]["database"]["status"] == "healthy"
    assert httpx2.get(f"{api}/health", headers={"Host": "elsewhere"}).status_code == 400
    assert httpx2.get(f"{api}/metrics", headers={"Host": "api"}, timeout=30).status_code == 200
    query = (
        "{locationStatusesOrError{... on WorkspaceLocationStatusEntries{entries{name loadStatus}}}}"
    )
    answer = httpx2.post(f"{web}/graphql", json={"query": query}, timeout=30).json()
    assert answer["data"]["locationStatusesOrError"]["entries"] == [
        {"name": "f1_pipeline", "loadStatus": "LOADED"}
    ]


def check_probes(laid_out: Image) -> None:
    """What Kubernetes asks by HTTP, with the very headers."""
    asked = 0
    for name, template in tree.pods():
        [container] = template["spec"]["containers"]
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            if get := container.get(probe, {}).get("httpGet"):
                port = laid_out.ports[{"web": 3000, "api": 8000}[name]]
                headers = {one["name"]: one["value"] for one in get.get("httpHeaders", [])}
                url = f"http://127.0.0.1:{port}{get['path']}"
                assert httpx2.get(url, headers=headers, timeout=30).status_code == 200, url
                asked += 1
    assert asked == 6


@pytest.mark.parametrize("laid_out", ["server"], indirect=True)
def test_on_one_server_a_run_is_a_process_of_the_code_server(laid_out):
    """The first refresh, which the daemon asks for by itself: tables by the writer's role, and what
    the run printed where the web server reads it."""
    for service in ("roles", "prepare", "rights"):
        assert laid_out.run(service).returncode == 0
    laid_out.start("code")
    laid_out.until("code", lambda: laid_out.healthy("code"))
    laid_out.start("daemon")
    done = 'Finished execution of step "tables"'
    laid_out.until("code", lambda: laid_out.says("code", done), 120)
    logs = laid_out.root / "app/instance/server/storage"
    assert list(logs.glob("*/compute_logs/*.err"))
