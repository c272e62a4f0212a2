"""The process that knows MLflow: a run's description comes in, its id or what went wrong goes out.

Both are JSON. All else that MLflow says goes to standard error. Only here is MLflow imported.
"""

import json
import sys
from contextlib import redirect_stdout
from typing import Any

_BY = "f1.model_version"  # the tag that a fit is found by


def log(job: dict[str, Any]) -> str:
    """Log what `tracking.fits` describes; returns the id of the run. Raises what MLflow does."""
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param, RunTag

    # The address is the client's own: MLflow's global one stays unset.
    client = MlflowClient(tracking_uri=job["uri"])
    known = client.get_experiment_by_name(job["experiment"])
    experiment = known.experiment_id if known else client.create_experiment(job["experiment"])
    mine = f"tags.`{_BY}` = '{job['name']}'"
    found = client.search_runs([experiment], filter_string=mine, max_results=1)
    run = (
        found[0]
        if found
        else client.create_run(experiment, run_name=job["name"], tags={_BY: job["name"]})
    )
    run_id: str = run.info.run_id
    client.log_batch(
        run_id,
        # At one instant and step, so that the same again is no second point.
        metrics=[Metric(name, value, job["at"], 0) for name, value in job["metrics"].items()],
        params=[Param(name, value) for name, value in job["params"].items()],
        tags=[RunTag(name, value) for name, value in job["tags"].items()],
    )
    # One that was cut short lacks its files, or some.
    if run.info.status != "FINISHED":
        client.log_artifacts(run_id, job["artifact"], artifact_path="model")
        client.set_terminated(run_id)
    return run_id


def main() -> None:
    """Read a job from standard input, answer on standard output."""
    job = json.load(sys.stdin)
    try:
        with redirect_stdout(sys.stderr):
            answer = {"run_id": log(job)}
    except Exception as error:  # whatever a client, a server or a network may raise
        kind = "ImportError" if isinstance(error, ImportError) else type(error).__name__
        answer = {"error": str(error), "kind": kind}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
