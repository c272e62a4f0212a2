"""A fit as a run of MLflow, and its way there: in a process of its own, for some seconds at most.

MLflow keeps its address, its log, its threads and its telemetry for the whole process, and may wait
minutes for a server. In a process of its own it does so without the run that fitted.
"""

import json
import math
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the process that knows MLflow imports this package and needs no pandas
    import pandas as pd

# Loading MLflow takes two seconds, on a busy machine ten; sending a fit takes less than one.
_LIMIT_S = 30.0
ENVIRONMENT = {
    # It sends usage data home otherwise.
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    # Its own default is two minutes, eight times over. What is lost is sent the next time.
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
}
_TAGS = ("model_version", "recipe", "data_version", "first_event", "last_event", "races", "stage")


def log_fit(
    uri: str,
    experiment: str,
    fit: Mapping[str, Any],
    parameters: Mapping[str, Any],
    decision: "pd.DataFrame",
    artifact: Path,
    warn: Callable[[str], object],
    *,
    limit: float = _LIMIT_S,
) -> str | None:
    """Log a fit to the MLflow server at `uri`; returns the id of its run there.

    `fit`: its row of table models; `parameters`: those of its recipe; `decision`: its rows of table
    gate_decisions, if any; `artifact`: the folder of its files. A fit that is there already is no
    second run: its tags and metrics are brought up to date. Without `uri` nothing is done.

    Never raises and never takes longer than `limit` seconds: a fit that does not get there is one
    line to `warn` and None.
    """
    if not uri:
        return None
    job = {"uri": uri, "experiment": experiment, "artifact": str(artifact.resolve())}
    answer = _in_a_process(job | describe(fit, parameters, decision), limit)
    if "run_id" in answer:
        return answer["run_id"]
    # A name and password in the address are nobody's business.
    why = shorten(re.sub(r"//[^/@\s]+@", "//", answer["error"]), 300, placeholder=" …")
    advice = "check MLFLOW_TRACKING_URI, and its server"
    if answer.get("kind") == "ImportError":
        advice = "pip install 'f1-pipeline[mlflow]', or unset MLFLOW_TRACKING_URI"
    warn(f"fit {fit['model_version']} was not logged to MLflow ({why}): {advice}.")
    return None


def describe(
    fit: Mapping[str, Any], parameters: Mapping[str, Any], decision: "pd.DataFrame"
) -> dict[str, Any]:
    """What is logged of a fit: `name`, `params`, `metrics`, `tags`, and `at`, ms since 1970.

    Metrics are the decision's values (`post_qualifying/rps`) and the differences to what they were
    set against (`post_qualifying/rps_less_champion`).
    """
    metrics: dict[str, float] = {}
    tags = {f"f1.{name}": str(fit[name]) for name in _TAGS}
    for row in decision.to_dict("records"):
        name = f"{row['horizon']}/{row['metric']}"
        metrics[name] = row["value"]
        metrics[f"{name}_less_{row['against']}"] = row["difference"]
        tags |= {"f1.decision": str(row["decision"]), "f1.accepted": str(bool(row["accepted"]))}
    return {
        "name": str(fit["model_version"]),
        "params": dict(_flat(parameters)),
        "metrics": {n: float(v) for n, v in metrics.items() if v is not None and math.isfinite(v)},
        "tags": tags,
        "at": int(fit["created_at"].timestamp() * 1000),
    }


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """`{"tree": {"depth": 4}}` as `tree.depth`; lists and numbers as JSON."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value if isinstance(value, str) else json.dumps(value)


def _in_a_process(job: dict[str, Any], limit: float) -> dict[str, str]:
    """What `tracking.client` answers: a `run_id`, or an `error` and its `kind`."""
    package = Path(__file__).parents[2]
    path = os.pathsep.join(filter(None, [str(package), os.environ.get("PYTHONPATH")]))
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "f1_pipeline.tracking.client"],
            input=json.dumps(job),
            env=os.environ | ENVIRONMENT | {"PYTHONPATH": path},
            capture_output=True,
            text=True,
            timeout=limit,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"error": f"no end after {limit:g} s"}
    except OSError as error:
        return {"error": f"no process for it ({error.strerror})"}
    try:
        answer: dict[str, str] = json.loads(ended.stdout)
    except ValueError:
        last = ended.stderr.strip().rpartition("\n")[2]
        return {"error": f"its client ended with {ended.returncode}: {last}"}
    return answer
