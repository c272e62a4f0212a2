"""A fit gets to MLflow once, by its real client, and is none the worse for an MLflow that fails."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from f1_pipeline.modelling.recipe import STANDARD
from f1_pipeline.tracking import fits, log_fit
from f1_pipeline.tracking.fits import describe
from f1_pipeline_tests.tracking.mlflow_server import Server, serving

FIT = {
    "model_version": "0123456789ab",
    "recipe": "fedcba9876543210",
    "data_version": "d1",
    "first_event": "2014-australia",
    "last_event": "2025-abu-dhabi",
    "races": 251,
    "stage": "challenger",
    "created_at": pd.Timestamp("2026-01-05T06:00:00", tz="UTC"),
}
PARAMETERS = {"seed": 2014, "tree": {"depth": 4, "features": ["grid_place", "starts"]}}
NO_DECISION = pd.DataFrame(columns=["decision", "horizon", "metric", "against", "value"])
FLAT = {"seed": "2014", "tree.depth": "4", "tree.features": '["grid_place", "starts"]'}
TAGS = {
    "f1.model_version": "0123456789ab",
    "f1.recipe": "fedcba9876543210",
    "f1.data_version": "d1",
    "f1.first_event": "2014-australia",
    "f1.last_event": "2025-abu-dhabi",
    "f1.races": "251",
}


def decision(*, accepted: bool = True) -> pd.DataFrame:
    rows = [
        ("post_qualifying", "rps", "champion", 0.121, -0.001),
        ("post_qualifying", "rps", "baseline", 0.121, -0.004),
        ("all", "races", "limit", 24.0, float("nan")),
    ]
    columns = ["horizon", "metric", "against", "value", "difference"]
    return pd.DataFrame(rows, columns=columns).assign(decision="d-1", accepted=accepted)


METRICS = {
    "post_qualifying/rps": 0.121,
    "post_qualifying/rps_less_champion": -0.001,
    "post_qualifying/rps_less_baseline": -0.004,
    "all/races": 24.0,
}


@pytest.fixture
def artifact(tmp_path: Path) -> Path:
    folder = tmp_path / "a model"
    (folder / "parts").mkdir(parents=True)
    (folder / "model.json").write_text('{"a": 1}')
    (folder / "parts" / "tree.cbm").write_bytes(b"\0tree")
    return folder


class Asked:
    """A fit to log, and what was warned of."""

    def __init__(self, artifact: Path) -> None:
        self.artifact = artifact
        self.warned: list[str] = []

    def log(self, uri: str, rows: pd.DataFrame = NO_DECISION, **given: Any) -> str | None:
        limit = {"limit": given.pop("limit")} if "limit" in given else {}
        return log_fit(
            uri, "f1", FIT | given, PARAMETERS, rows, self.artifact, self.warned.append, **limit
        )


@pytest.fixture
def asked(artifact: Path) -> Asked:
    return Asked(artifact)


def shown(server: Server) -> dict[str, Any]:
    """The one run of a server, its lists as dictionaries."""
    (run,) = server.runs
    return {"info": run["info"]} | {
        part: {one["key"]: one["value"] for one in run["data"][part]}
        for part in ("params", "metrics", "tags")
    }


# --- what is logged


def test_what_is_logged_of_a_fit_is_its_recipe_its_decision_and_where_it_stands():
    logged = describe(FIT, PARAMETERS, decision(accepted=False))

    assert logged["name"] == "0123456789ab"
    assert logged["params"] == FLAT
    assert logged["metrics"] == METRICS
    more = {"f1.stage": "challenger", "f1.decision": "d-1", "f1.accepted": "False"}
    assert logged["tags"] == TAGS | more
    assert logged["at"] == 1767592800000


def test_a_fit_that_nobody_judged_has_no_metrics():
    logged = describe(FIT, PARAMETERS, NO_DECISION)
    assert logged["metrics"] == {}
    assert "f1.accepted" not in logged["tags"]


def test_every_parameter_of_the_shipped_recipe_is_within_what_mlflow_takes():
    params = describe(FIT, json.loads(STANDARD.parameters), NO_DECISION)["params"]
    assert params["draws"] == str(STANDARD.draws)
    assert json.loads(params["tree.features"]) == list(STANDARD.tree.features)
    assert len(params) <= 100  # of one batch
    assert max(map(len, params.values())) <= 6000


# --- that it gets there


def test_a_fit_is_one_run_on_a_server_however_often_it_is_logged(asked):
    with serving() as server:
        first = asked.log(server.url, decision())

        run = shown(server)
        assert first == run["info"]["run_id"]
        assert run["info"]["run_name"] == "0123456789ab"
        assert run["info"]["status"] == "FINISHED"
        assert (run["params"], run["metrics"]) == (FLAT, METRICS)
        assert TAGS.items() <= run["tags"].items()
        folder = f"0/{first}/artifacts/model"
        files = {f"{folder}/model.json": b'{"a": 1}', f"{folder}/parts/tree.cbm": b"\0tree"}
        assert server.files == files

        server.files.clear()
        server.runs[0]["info"]["status"] = "RUNNING"  # it was cut short
        assert asked.log(server.url, decision(), stage="champion") == first
        again = shown(server)
        assert (again["tags"]["f1.stage"], again["info"]["status"]) == ("champion", "FINISHED")
        assert (again["params"], again["metrics"]) == (FLAT, METRICS)
        assert (server.experiments, server.files) == (["f1"], files)
    assert asked.warned == []


def test_a_fit_gets_into_a_real_store(asked, tmp_path, monkeypatch):
    """MLflow's file store: of its stores the one that is made in no time, if it is asked for."""
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    store = tmp_path / "store"

    first = asked.log(store.as_uri(), decision())

    assert asked.warned == []
    (run,) = (tag.parent.parent for tag in store.glob("*/*/tags/f1.model_version"))
    assert run.name == first
    assert (run / "params" / "tree.depth").read_text() == "4"
    assert (run / "metrics" / "post_qualifying" / "rps").read_text().split()[1] == "0.121"
    tree = run / "artifacts" / "model" / "parts" / "tree.cbm"
    assert tree.read_bytes() == b"\0tree"

    tree.unlink()
    assert asked.log(store.as_uri(), decision(), stage="champion") == first
    assert (run / "tags" / "f1.stage").read_text() == "champion"
    assert not tree.exists()  # what is whole is not sent again


# --- that nothing is the worse for it


def test_without_an_address_nothing_is_done(asked, monkeypatch):
    monkeypatch.setattr(subprocess, "run", None)
    assert asked.log("") is None
    assert asked.warned == []


def assert_one_line(asked: Asked, *words: str) -> None:
    (line,) = asked.warned
    assert "\n" not in line
    assert "0123456789ab" in line
    assert not [word for word in words if word not in line], line


def test_a_server_with_a_fault_is_one_line(asked):
    with serving(status=500) as server:
        assert asked.log(server.url) is None
        assert len(server.asked) == 1
    assert_one_line(asked, "500", "check MLFLOW_TRACKING_URI")


def test_a_server_that_is_not_there_is_one_line_without_the_password(asked):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        assert asked.log(f"http://somebody:hidden@127.0.0.1:{taken.getsockname()[1]}") is None
    assert_one_line(asked, "127.0.0.1", "check MLFLOW_TRACKING_URI")
    assert "hidden" not in asked.warned[0]
    assert "somebody" not in asked.warned[0]


def test_what_does_not_end_is_ended(asked):
    with serving(slow=0.1) as server:
        assert asked.log(server.url, limit=0.05) is None
    assert_one_line(asked, "no end after 0.05 s", "check MLFLOW_TRACKING_URI")


def test_where_mlflow_is_not_installed_it_says_what_to_install(asked, tmp_path, monkeypatch):
    (tmp_path / "mlflow.py").write_text("raise ModuleNotFoundError(\"No module named 'mlflow'\")")
    before = os.environ["PYTHONPATH"]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), before]))

    assert asked.log("http://127.0.0.1:9") is None

    assert_one_line(asked, "No module named 'mlflow'", "pip install 'f1-pipeline[mlflow]'")


@pytest.mark.parametrize(
    ("code", "said"), [("import os; os._exit(7)", "ended with 7"), ("print('hm')", "ended with 0")]
)
def test_a_client_that_dies_is_one_line(asked, tmp_path, monkeypatch, code, said):
    (tmp_path / "mlflow.py").write_text(f"import sys\nsys.stdout = sys.__stdout__\n{code}")
    before = os.environ["PYTHONPATH"]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), before]))

    assert asked.log("http://127.0.0.1:9") is None

    assert_one_line(asked, said)


def test_nothing_of_mlflow_is_in_this_process_or_in_its_environment(asked):
    before = dict(os.environ)
    asked.log("http://127.0.0.1:9", limit=0.05)
    assert dict(os.environ) == before
    loaded = "import sys, f1_pipeline.tracking.client as c; print('mlflow' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", loaded], capture_output=True, check=True, text=True)
    assert out.stdout == "False\n"


def test_mlflow_sends_no_usage_data_home(asked):
    """In a test or a CI run it would not anyway: those two signs are left out here."""
    says = "import mlflow.telemetry as t; print(t.get_telemetry_client())"
    plain = {n: v for n, v in os.environ.items() if n not in ("PYTEST_CURRENT_TEST", "CI")}
    out = subprocess.run(
        [sys.executable, "-c", says],
        env=plain | fits.ENVIRONMENT,
        capture_output=True,
        check=True,
        text=True,
    )
    assert out.stdout == "None\n"
