"""The command that looks for a better recipe. What it finds is the gate's to put in force."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from f1_pipeline import clock
from f1_pipeline.cli.opening import open_runs

if TYPE_CHECKING:
    from f1_pipeline.cli.runs import Runs


def tune(
    trials: Annotated[
        int | None,
        typer.Option(
            min=1, max=10_000, help="Trials in all; MAX_TRIALS, or 100, or 10 of --quick."
        ),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Ten trials of few iterations.")] = False,
) -> None:
    """Look for a better recipe on the seasons that recipes are chosen on. Goes on if stopped."""
    from f1_pipeline.cli import report
    from f1_pipeline.modelling import tuning

    clock.now()  # a wrong F1_NOW is told before any work is done
    runs, warehouse = open_runs()
    runs.execute(
        "tune",
        training={"quick": quick},
        ops={"model__tuning": {"enabled": True, "trials": trials}},
    )
    told = _told(runs)
    found = tuning.outcome(
        warehouse.read_where("tuning_trials", study=told["study"]), told["trials"]
    )
    report.OUT.print(f"{told['trials']} trials; the best on all seasons is number {found.best}.")
    for name, value in found.values[found.best].items():
        was = found.values[0][name]
        report.OUT.print(
            f"  {name:24}{value:>8.4g}" + (f"  (was {was:.4g})" if value != was else "")
        )
    report.OUT.print(f"What tuning is worth: {told['nested']}.")
    if told["proposed"]:
        report.OUT.print(f"Propose it with: f1-pipeline models promote {told['proposed']}")
    else:
        report.OUT.print(f"Nothing is proposed: {told['reason']}.")


def _told(runs: "Runs") -> dict[str, Any]:
    """What the run that has just ended says of itself."""
    import dagster as dg

    event = runs.instance.get_latest_materialization_event(dg.AssetKey(["model", "tuning"]))
    assert event is not None
    assert event.asset_materialization is not None
    return {name: value.value for name, value in event.asset_materialization.metadata.items()}
