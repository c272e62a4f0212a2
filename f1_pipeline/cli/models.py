"""Commands on the registry: which models there are, put one in force, go back."""

import getpass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from f1_pipeline import clock
from f1_pipeline.cli.opening import open_runs
from f1_pipeline.settings import load_settings

if TYPE_CHECKING:
    import pandas as pd

    from f1_pipeline.storage.model_store import ModelStore

app = typer.Typer(
    no_args_is_help=True, help="The registry: what is in force and why, and how to change that."
)
Reason = Annotated[str, typer.Option(help="Why, for the history.")]


@app.command("list")
def list_models(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Every fit with its stage, its window, who put it in force and why; the newest first."""
    from f1_pipeline.cli import registry_report, report
    from f1_pipeline.storage.model_store import ModelStore
    from f1_pipeline.storage.warehouse import Warehouse

    settings = load_settings()
    warehouse = Warehouse(settings.database_url)
    store = ModelStore(settings.model_storage, warehouse)
    known = warehouse.read_many(["models", "recipes", "promotions", "gate_decisions"])
    fits = _fits(store, known["models"], known["promotions"])
    if as_json:
        print(report.records(fits))
        return
    strays = sorted(set(store.folders()) - set(known["models"]["model_version"]))
    registry_report.registry(fits, known["recipes"], known["gate_decisions"], strays)


def _fits(
    store: "ModelStore", models: "pd.DataFrame", promotions: "pd.DataFrame"
) -> "pd.DataFrame":
    """The fits with the state of their artifact and their last promotion, the newest first."""
    last = promotions.drop_duplicates("model_version", keep="last")
    last = last[["model_version", "parent", "action", "promoted_by", "reason", "decision"]]
    fits = models.merge(last, on="model_version", how="left")
    there = set(store.folders())
    fits["artifact"] = [
        "intact" if store.has(version) else "changed" if version in there else "missing"
        for version in fits["model_version"]
    ]
    order = ["created_at", "model_version"]
    return fits.sort_values(order, ascending=False, ignore_index=True)


@app.command()
def promote(
    model: Annotated[str, typer.Argument(help="A fit or a recipe of `models list`.")],
    reason: Reason = "asked for by hand",
) -> None:
    """Ask the gate for a model's place; refused, it changes nothing and says by how much."""
    _execute("promote_model", "promote", {"model": model, "by": _who(), "reason": reason})


@app.command()
def rollback(
    to: Annotated[
        str, typer.Option(help="A fit that was in force; the one before the present one.")
    ] = "",
    reason: Reason = "asked for by hand",
) -> None:
    """Put the model before this one back in force. The next forecast is made with it."""
    _execute("roll_back_model", "rollback", {"to": to, "by": _who(), "reason": reason})


def _execute(job: str, op: str, config: dict[str, Any]) -> None:
    """Run the job, and print what is in force after it."""
    from f1_pipeline.cli import report
    from f1_pipeline.storage.model_store import ModelStore

    clock.now()  # a wrong F1_NOW is told before any work is done
    runs, warehouse = open_runs()
    runs.execute(job, ops={op: config})
    champion = ModelStore(load_settings().model_storage, warehouse).champion()
    assert champion is not None
    report.OUT.print(
        f"In force: {champion['model_version']} (recipe {champion['recipe']}, "
        f"{champion['races']} races to {champion['last_event']})."
    )


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "someone"  # a container's user may have no name
