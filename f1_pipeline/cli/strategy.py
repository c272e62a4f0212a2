"""The command of strategy: plans that are published, and the comparison of a plan of one's own."""

import json
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any

import typer

from f1_pipeline import clock
from f1_pipeline.cli.opening import open_runs
from f1_pipeline.errors import PipelineError, UsageError
from f1_pipeline.settings import load_settings

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from f1_pipeline.cli.runs import Runs
    from f1_pipeline.storage.warehouse import Warehouse

_MOST_DRAWS = 20_000


def strategy(
    event: Annotated[str, typer.Option(help="Such as 2025-italy.")],
    driver: Annotated[str | None, typer.Option(help="Such as charles-leclerc.")] = None,
    plan: Annotated[
        list[str] | None, typer.Option(help="A plan of one's own, such as M-18-H. May be repeated.")
    ] = None,
    draws: Annotated[int, typer.Option(min=100, max=_MOST_DRAWS, help="Simulated races.")] = 2000,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Plans for a race: of all drivers as published, or of one driver beside plans of one's own."""
    if plan and not driver:
        raise UsageError("--plan needs --driver: a plan is worth what the car can do with it.")
    clock.now()  # a wrong F1_NOW is told before any work is done
    found = compared(event, driver, plan or [], draws) if driver else _published(event)
    if as_json:
        print(json.dumps(found, indent=2, default=str))
    else:
        from f1_pipeline.cli import strategy_report

        strategy_report.show(found)


def backtest(
    runs: "Runs", warehouse: "Warehouse", seasons: list[int], out: "Path | None", as_json: bool
) -> None:
    """Plans of past seasons, walk-forward, beside constants: a minute or two for each season."""
    import pandas as pd

    from f1_pipeline.strategy import evidence

    for season in seasons:
        runs.execute("backtest_strategy", partition=str(season))
    held = [warehouse.read_where("strategy_backtest", season=season) for season in seasons]
    rows = pd.concat(held, ignore_index=True)
    if rows.empty:
        raise PipelineError(
            "no dry race of these seasons has figures: an archive with figures has them, "
            "`f1-pipeline backfill --tier timing` records them."
        )
    if out is not None:
        rows.to_parquet(out, index=False)
    found = evidence.evaluate(rows)
    if as_json:
        print(json.dumps(found, indent=2))
    else:
        from f1_pipeline.cli import strategy_report

        strategy_report.backtest(evidence.in_words(found))


def _published(event_id: str) -> dict[str, Any]:
    """The newest plans that were published for an event; published first where there are none."""
    runs, warehouse = open_runs()
    _check_event(event_id, warehouse.read("events"))
    rows = warehouse.read_where("recommendations", event_id=event_id)
    if rows.empty and event_id in runs.instance.get_dynamic_partitions("events"):
        runs.execute("recommend_event", partition=event_id)
        rows = warehouse.read_where("recommendations", event_id=event_id)
    if rows.empty:
        _why_none(warehouse, event_id)
    in_time = rows[rows["generated_at"].lt(rows["event_starts_at"])]
    counted = in_time if len(in_time) else rows
    newest = counted.sort_values(["generated_at", "run_id"])["run_id"].iloc[-1]
    plans = rows[rows["run_id"].eq(newest)].sort_values(["grid_position", "rank"])
    advice = warehouse.read_where("caution_advice", event_id=event_id, run_id=newest)
    return {"event_id": event_id, "plans": _records(plans), "advice": _records(advice)}


def _why_none(warehouse: "Warehouse", event_id: str) -> None:
    """Raises the reason why an event has no plans."""
    from f1_pipeline.strategy.expected_race import READ, expected_race

    tables = warehouse.read_many(list(READ))
    expected_race(tables, event_id, _grid(warehouse, tables, event_id)[0])
    raise PipelineError(f"no plans of {event_id} are published: see its run in the Dagster UI.")


def compared(event_id: str, driver: str, texts: list[str], draws: int) -> dict[str, Any]:
    """One driver's plans, those of one's own among them, simulated now; nothing is published."""
    from f1_pipeline.storage.warehouse import Warehouse
    from f1_pipeline.strategy import evidence
    from f1_pipeline.strategy.expected_race import READ, expected_race
    from f1_pipeline.strategy.plans import faults, parse
    from f1_pipeline.strategy.recommend import recommend, rows, simulated

    for text in texts:
        parse(text)  # a plan that cannot be read is told before fits are made
    warehouse = Warehouse(load_settings().database_url)
    tables = warehouse.read_many(list(READ))
    _check_event(event_id, tables["events"])
    grid, source = _grid(warehouse, tables, event_id)
    _check_driver(driver, event_id, list(grid["driver_id"]))
    race = expected_race(tables, event_id, grid)
    own = [parse(text, race.setting.laps) for text in texts]
    simulation = simulated(race, draws)
    made = recommend(simulation, list(grid["driver_id"]).index(driver), own, detail=1)
    plans, advice = rows(simulation, [made], source)
    experimental = not evidence.evaluate(warehouse.read("strategy_backtest"))["beats_constants"]
    mine = [str(plan) for plan in own]
    notes = [f"{p}: {fault}" for p in own for fault in faults(p, race.setting.laps, race.rules)]
    return {
        "event_id": event_id,
        "driver_id": driver,
        "laps": race.setting.laps,
        "experimental": experimental,
        "against_the_rules": notes,
        **_facts(tables, event_id),
        "plans": _records(plans.assign(own=plans["plan"].isin(mine))),
        "advice": _records(advice),
    }


def _grid(
    warehouse: "Warehouse", tables: "dict[str, pd.DataFrame]", event_id: str
) -> "tuple[pd.DataFrame, str]":
    from f1_pipeline.strategy.grid import grid_of

    def forecast() -> "pd.DataFrame":
        from f1_pipeline.predictions import current

        return current(warehouse.read_where("race_predictions", event_id=event_id), clock.now())

    return grid_of(event_id, tables["starting_grids"], forecast)


def _facts(tables: "dict[str, pd.DataFrame]", event_id: str) -> dict[str, Any]:
    """What the race turned out to be, where it was held: plans are for a dry one."""
    held = tables["race_figures"][tables["race_figures"]["event_id"].eq(event_id)]
    if held.empty:
        return {"held": False}
    row = held.iloc[0]
    return {"held": True, "was_dry": bool(row["dry"]), "laps_run": int(row["laps"])}


def _check_event(event_id: str, events: "pd.DataFrame") -> None:
    if events.empty:
        raise PipelineError("there is no calendar yet: run `f1-pipeline run` first.")
    _known(event_id, list(events["event_id"]), "event", "events look like 2025-monaco.")


def _check_driver(driver: str, event_id: str, drivers: list[str]) -> None:
    _known(driver, drivers, f"driver of {event_id}", f"choose among {', '.join(drivers)}.")


def _known(name: str, names: list[str], what: str, otherwise: str) -> None:
    if name not in names:
        near = get_close_matches(name, names, n=3)
        hint = f"did you mean {', '.join(near)}?" if near else otherwise
        raise UsageError(f"unknown {what} {name!r}: {hint}")


def _records(rows: "pd.DataFrame") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(rows.to_json(orient="records", date_format="iso"))
    return found
