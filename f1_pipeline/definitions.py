"""What Dagster loads: assets, checks, jobs, resources. `build_definitions` makes fresh ones.

Loading must stay cheap and need no secret, no network and no database: fastf1, catboost and
matplotlib are imported by the functions that use them.
"""

from typing import Any

import dagster as dg

from f1_pipeline.defs import (
    checks,
    evidence,
    features,
    jobs,
    model,
    predictions,
    raw,
    schedules,
    sensors,
    tables,
    timing,
    timing_tables,
)
from f1_pipeline.defs.resources import Storage, Training, Upstream, WarehouseIOManager


def build_definitions(**resources: Any) -> dg.Definitions:
    """The project's definitions, with some resources exchanged (by name)."""
    storage = Storage()
    own = {
        "storage": storage,
        "training": Training(),
        "upstream": Upstream(storage=storage),
        "io_manager": WarehouseIOManager(storage=storage),
    }
    return dg.Definitions(
        assets=dg.load_assets_from_modules(
            [raw, timing, tables, timing_tables, features, model, evidence, predictions]
        ),
        asset_checks=checks.contract_checks,
        jobs=jobs.JOBS,
        sensors=sensors.SENSORS,
        schedules=schedules.SCHEDULES,
        resources=own | resources,
        executor=dg.in_process_executor,
    )


defs = build_definitions()
