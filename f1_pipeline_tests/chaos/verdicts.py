"""What has to hold after every fault: faults as lines, none when all is well."""

import dagster as dg
import sqlalchemy as sa

from f1_pipeline.contracts import CONTRACTS, check
from f1_pipeline.errors import PipelineError
from f1_pipeline.storage.run_requests import RunRequests
from f1_pipeline_tests.chaos.world import World
from f1_pipeline_tests.season import checks

# Tables that are published together: the same events, horizons and runs are in both, or in none.
_PAIRS = [("race_predictions", "explanations", ["event_id", "horizon", "run_id"])]


def after(world: World) -> list[str]:
    """All of it, at the instant that the clocks show."""
    return [
        *checks.differences(world.services.database_url, world.undisturbed()),
        *(
            line
            for line in checks.once(world.instance)
            if not any(f"results of {event}: revision" in line for event in world.changed_back)
        ),
        *half_published(world),
        *waiting(world),
        *untold(world),
    ]


def half_published(world: World) -> list[str]:
    """Rows that break their contract, or are there without those that belong to them."""
    warehouse, faults = world.pipeline.warehouse, []
    for name, contract in CONTRACTS.items():
        try:
            check(warehouse.read(name), contract)
        except PipelineError as error:
            faults.append(f"{name}: {error}")
    for first, second, keys in _PAIRS:
        found = [
            set(warehouse.read(name)[keys].itertuples(index=False)) for name in (first, second)
        ]
        faults += [f"{first} without {second}: {key}" for key in sorted(found[0] - found[1])]
        faults += [f"{second} without {first}: {key}" for key in sorted(found[1] - found[0])]
    champions = int(warehouse.read("models")["stage"].eq("champion").sum())
    if champions != 1:
        faults.append(f"{champions} models are in force")
    return faults


def waiting(world: World) -> list[str]:
    """Runs, requests and transactions that nobody works on."""
    faults = [f"{found} and stays so"] if (found := world.under_way()) else []
    asked = RunRequests(world.services.database_url)
    faults += [f"request {r.request_id} waits" for r in [*asked.waiting(), *asked.running()]]
    engine = sa.create_engine(world.services.postgres.url)
    with engine.connect() as connection:
        open_for = connection.execute(sa.text(_OPEN)).scalars().all()
    engine.dispose()
    return faults + [f"a transaction is open: {statement}" for statement in open_for]


_OPEN = """
SELECT query FROM pg_stat_activity
WHERE state LIKE 'idle in transaction%' AND now() - state_change > interval '10 seconds'
"""


def untold(world: World) -> list[str]:
    """Failed runs of which the UI shows no reason."""
    failed = world.instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE]))
    return [
        f"{run.job_name} {run.run_id} failed without a reason"
        for run in failed
        if not why(world, run.run_id)
    ]


def why(world: World, run_id: str) -> list[str]:
    """What the UI shows of how a run failed."""
    kinds = {dg.DagsterEventType.RUN_FAILURE, dg.DagsterEventType.STEP_FAILURE}
    said = []
    for record in world.instance.all_logs(run_id, of_type=kinds):
        event = record.get_dagster_event()
        error = getattr(event.event_specific_data, "error", None)
        said += [text for text in (event.message, error and error.to_string()) if text]
    return said
