"""The commands. An error is one line that says what to do; exit code 2: bad use, 1: failure."""

import json
import os
import sys
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from f1_pipeline import __version__, clock
from f1_pipeline.cli import (
    archive,
    laps,
    models,
    recovery,
    requests,
    schema,
    search,
    serve,
    strategy,
    tuning,
    worker,
)
from f1_pipeline.cli import seasons as season_commands
from f1_pipeline.cli.opening import open_runs, parse_seasons
from f1_pipeline.cli.seasons import Tier
from f1_pipeline.errors import PipelineError, UsageError
from f1_pipeline.settings import ROOT, load_settings

if TYPE_CHECKING:
    import pandas as pd

    from f1_pipeline.storage.warehouse import Warehouse

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Formula 1: validated tables, features and honest predictions, on Dagster.",
)
app.add_typer(archive.app, name="archive")
app.add_typer(laps.app, name="laps")
app.add_typer(models.app, name="models")
app.add_typer(schema.app, name="database")


class Horizon(StrEnum):
    """What is known when a forecast is made."""

    pre_weekend = "pre_weekend"
    post_practice = "post_practice"
    post_qualifying = "post_qualifying"


class Grid(StrEnum):
    """The grid's rung."""

    official = "official"
    qualifying = "qualifying"


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def main() -> None:
    """The console script: run a command, and turn the project's errors into one line."""
    try:
        app()
    except PipelineError as error:
        print(f"f1-pipeline: {error}", file=sys.stderr)
        sys.exit(2 if isinstance(error, UsageError) else 1)


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        print(__version__)
        raise typer.Exit


@app.command()
def run(
    seasons: Annotated[
        str | None, typer.Option(help="Seasons to train on, such as 2014-2025.")
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Use the archive alone, ask no upstream.")
    ] = False,
    quick: Annotated[bool, typer.Option("--quick", help="Three seasons, few iterations.")] = False,
) -> None:
    """The main job: archive, tables, features, model, backtest, the next race's forecast, plans."""
    from f1_pipeline import tables
    from f1_pipeline.cli import report
    from f1_pipeline.defs.recommendations import are_wanted
    from f1_pipeline.defs.resources import Training
    from f1_pipeline.modelling import NotEnoughRacesError

    first, last = parse_seasons(seasons) if seasons else (None, None)
    training = {"first_season": first, "last_season": last, "quick": quick}
    clock.now()  # a wrong F1_NOW is told before any work is done
    runs, warehouse = open_runs()
    if not offline:
        season_commands.top_up(runs)
    runs.execute("refresh", training=training)
    known = warehouse.read_many(["events", "race_results", "quarantine"])
    report.withheld(known["quarantine"])
    known_seasons = sorted(int(key) for key in runs.instance.get_dynamic_partitions("seasons"))
    recent = [s for s in known_seasons if (first or s) <= s <= (last or s)][-1 if quick else -2 :]
    try:
        for season in recent:
            runs.execute("backtest_season", partition=str(season), training=training)
    except NotEnoughRacesError as error:
        report.OUT.print(f"There is no track record yet: {error}")
        recent = []
    event_id = tables.next_event(known["events"], known["race_results"])
    if event_id is None:
        event_id = str(tables.held(known["events"], known["race_results"])["event_id"].iloc[-1])
        report.OUT.print(f"The calendar ends with {event_id}: there is no next race to forecast.")
    runs.execute("predict_event", partition=event_id, training=training)
    if not quick and are_wanted(warehouse, event_id):
        runs.execute("recommend_event", partition=event_id)
    _show(warehouse, event_id, None)
    horizon = str(_published(warehouse, event_id, None)["horizon"].iloc[0])
    if recent:
        of = Training(quick=quick).recipe.content_hash
        _show_evidence(warehouse, recent, of, horizon)
    report.OUT.print("\n[dim]f1-pipeline dev shows all of it in the Dagster UI.[/dim]")


@app.command()
def predict(
    event: Annotated[str | None, typer.Option(help="Such as 2025-monaco; the next race.")] = None,
    horizon: Annotated[Horizon | None, typer.Option(help="The latest that is known.")] = None,
    as_json: AsJson = False,
) -> None:
    """The published prediction of a race; one that is not published yet is made first."""
    from f1_pipeline import tables
    from f1_pipeline.cli import report

    clock.now()  # a wrong F1_NOW is told before any work is done
    runs, warehouse = open_runs()
    known = warehouse.read_many(["events", "race_results"])
    if known["events"].empty:
        raise PipelineError("there is no prediction yet: run `f1-pipeline run` first.")
    event_id = event or tables.next_event(known["events"], known["race_results"])
    if event_id is None:
        raise UsageError("the calendar holds no next race: name one with --event.")
    _check_event(event_id, known["events"])
    wanted = horizon.value if horizon else None
    rows = _published(warehouse, event_id, wanted)
    if rows.empty:
        known_keys = runs.instance.get_dynamic_partitions("events")
        if event_id in known_keys:
            runs.execute("predict_event", partition=event_id)
            rows = _published(warehouse, event_id, wanted)
    if rows.empty:
        raise UsageError(
            f"{event_id} has no prediction{f' {wanted}' if wanted else ''}: "
            f"{_why_none(warehouse, event_id, wanted)}"
        )
    if as_json:
        print(report.records(rows))
    else:
        _show(warehouse, event_id, wanted)


@app.command()
def backtest(
    seasons: Annotated[str, typer.Option(help="Such as 2019-2025, or one season.")] = "2019-2025",
    of_strategy: Annotated[
        bool, typer.Option("--strategy", help="Of recommended plans, beside constants.")
    ] = False,
    horizon: Annotated[Horizon, typer.Option(help="What is known.")] = Horizon.post_qualifying,
    grid: Annotated[Grid, typer.Option(help="The grid's rung.")] = Grid.official,
    tier: Annotated[Tier, typer.Option(help="What is read: results, or laps too.")] = Tier.RESULTS,
    out: Annotated[
        Path | None, typer.Option(help="Parquet file for a row per driver and race.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Few iterations.")] = False,
    recipe: Annotated[
        str, typer.Option(help="A recipe of `models list`; the one that comes with the code.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Walk-forward forecasts of past seasons beside the grid baseline; plans beside constants."""
    from f1_pipeline.cli import report
    from f1_pipeline.defs.resources import Training
    from f1_pipeline.modelling import evaluate

    first, last = parse_seasons(seasons)
    runs, warehouse = open_runs()
    known = sorted(int(key) for key in runs.instance.get_dynamic_partitions("seasons"))
    if not known:
        runs.execute("refresh")
        known = sorted(int(key) for key in runs.instance.get_dynamic_partitions("seasons"))
    wanted = [season for season in known if first <= season <= last]
    if len(wanted) < last - first + 1:
        raise UsageError(f"--seasons {seasons}: choose among {known[0]}-{known[-1]}.")
    if of_strategy:
        strategy.backtest(runs, warehouse, wanted, out, as_json)
        return
    if tier is Tier.TIMING and not warehouse.event_ids("race_pace"):
        raise UsageError(
            "--tier timing: no laps are held; record them (`f1-pipeline backfill --tier timing`) "
            "or bring them in (`f1-pipeline laps import`)."
        )
    training = {"quick": quick, "tier": tier.value, "recipe_id": recipe}
    for season in wanted:
        runs.execute("backtest_season", partition=str(season), training=training)
    runs.execute("update_record")
    of = recipe or Training(quick=quick, tier=tier.value).recipe.content_hash
    model, baseline = _backtested(warehouse, wanted, of, horizon.value, grid.value, tier)
    if out is not None:
        _write(model, warehouse, out)
    scores = evaluate(model, baseline)
    if as_json:
        print(json.dumps(scores, indent=2))
    else:
        report.evidence(scores, _period(wanted), horizon.value, _baseline_name(horizon.value))


app.command("backfill")(season_commands.backfill)
app.command("sync-drivers")(season_commands.sync_drivers)
app.command("take", hidden=True)(requests.take)
app.command("backup")(recovery.backup)
app.command("serve")(serve.serve)
app.command("prepare")(schema.prepare)
app.command("worker")(worker.worker)
app.command("strategy")(strategy.strategy)
app.command("search")(search.search)
app.command("restore")(recovery.restore)
models.app.command("tune")(tuning.tune)


@app.command()
def dev(
    port: Annotated[int | None, typer.Option(help="Port of the UI; PORT or 3000.")] = None,
) -> None:
    """The Dagster UI, the daemon and the code location on one persistent instance (loopback)."""
    settings = load_settings()
    open_runs()
    command = [
        # `dg dev`, which it recommends at every start, would bring 25 packages more.
        *(sys.executable, "-W", "ignore:Function `dev_command` is superseded"),
        *("-m", "dagster", "dev", *_location()),
        *("--host", "127.0.0.1", "--port", str(port or settings.port or 3000)),
    ]
    environment = os.environ | {"DAGSTER_HOME": str(settings.dagster_home)}
    # In place of this process, so that a signal to it reaches Dagster and all that it started.
    os.execve(sys.executable, command, environment)


def _location() -> list[str]:
    """The code location under the one name it has everywhere, from the checkout if there is one."""
    workspace = ROOT / "workspace.yaml"
    return ["-w", str(workspace)] if workspace.is_file() else ["-m", "f1_pipeline.definitions"]


def _why_none(warehouse: "Warehouse", event_id: str, horizon: str | None) -> str:
    """Why an event has no forecast of a horizon: after practice live timing may be the reason."""
    if horizon == Horizon.post_practice:
        from f1_pipeline.predictions import timing_of
        from f1_pipeline.sources.upstream import TIMING_SERVICE
        from f1_pipeline.storage.refusals import Refusals

        refusal = Refusals(warehouse.url).of(TIMING_SERVICE)
        timing = timing_of(
            event_id,
            warehouse.read("events"),
            warehouse.read_where("practice_results", event_id=event_id),
            event_id in warehouse.event_ids("race_results"),
            refusal.reason if refusal else None,
        )
        if timing.no_practice:
            return timing.no_practice
    return "what it needs is not known yet. The next race and those that were held have one."


def _check_event(event_id: str, events: "pd.DataFrame") -> None:
    ids = list(events["event_id"])
    if event_id not in ids:
        near = get_close_matches(event_id, ids, n=3)
        hint = f"did you mean {', '.join(near)}?" if near else "events look like 2025-monaco."
        raise UsageError(f"unknown event {event_id!r}: {hint}")


def _published(warehouse: "Warehouse", event_id: str, horizon: str | None) -> "pd.DataFrame":
    from f1_pipeline.predictions import current

    rows = warehouse.read_where("race_predictions", event_id=event_id)
    if horizon is not None:
        rows = rows[rows["horizon"].eq(horizon)]
    return current(rows, clock.now())


def _show(warehouse: "Warehouse", event_id: str, horizon: str | None) -> None:
    from f1_pipeline.cli import report

    name = warehouse.read_where("events", event_id=event_id)["name"].iloc[0]
    report.prediction(_published(warehouse, event_id, horizon), name, clock.now())


def _backtested(
    warehouse: "Warehouse",
    seasons: list[int],
    recipe: str,
    horizon: str,
    grid: str,
    tier: Tier = Tier.RESULTS,
) -> "tuple[pd.DataFrame, pd.DataFrame]":
    import pandas as pd

    rung = grid if horizon == Horizon.post_qualifying else "none"
    frames = [
        warehouse.read_where(
            "backtest_predictions",
            season=season,
            horizon=horizon,
            grid_source=rung,
            tier=tier.value,
            recipe=recipe,
        )
        for season in seasons
    ]
    rows = pd.concat(frames, ignore_index=True)
    return rows[rows["model"].eq("catboost")], rows[rows["model"].eq("baseline")]


def _show_evidence(warehouse: "Warehouse", seasons: list[int], recipe: str, horizon: str) -> None:
    from f1_pipeline.cli import report
    from f1_pipeline.modelling import evaluate

    model, baseline = _backtested(warehouse, seasons, recipe, horizon, Grid.official)
    if len(model):
        scores = evaluate(model, baseline)
        report.evidence(scores, _period(seasons), horizon, _baseline_name(horizon))


def _write(model: "pd.DataFrame", warehouse: "Warehouse", out: Path) -> None:
    """The backtest's forecasts under the prediction contract's names, with their outcomes."""
    from f1_pipeline.predictions import exact

    events = warehouse.read("events")[["event_id", "race_starts_at"]]
    codes = warehouse.read("drivers").set_index("driver_id")["code"]
    rows = exact(model).merge(
        events.rename(columns={"race_starts_at": "event_starts_at"}), on="event_id"
    )
    rows = rows.assign(
        driver_code=rows["driver_id"].map(codes),
        grid_source=rows["grid_source"].replace("none", None),
        degraded_reason=None,
        data_version=rows["fingerprint"],
        run_id="backtest",
        generated_at=clock.now(),
        status="retrospective",
    )
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        rows.to_parquet(out, index=False)
    except OSError as error:
        raise PipelineError(
            f"{out} cannot be written ({error.strerror}): choose another."
        ) from None


def _period(seasons: list[int]) -> str:
    return f"{seasons[0]}-{seasons[-1]}" if len(seasons) > 1 else str(seasons[0])


def _baseline_name(horizon: str) -> str:
    return "grid" if horizon == Horizon.post_qualifying else "standings"
