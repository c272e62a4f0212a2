"""What Dagster loads: assets, checks, jobs, resources. `build_definitions` makes fresh ones.

Loading must stay cheap and need no secret, no network and no database: fastf1, catboost and
matplotlib are imported by the functions that use them.
"""

from typing import Any

import dagster as dg

from f1_pipeline.defs import (
    alerts,
    backup,
    checks,
    evidence,
    features,
    jobs,
    model,
    monitoring,
    predictions,
    raw,
    recommendations,
    requests,
    retention,
    rosters,
    schedules,
    search,
    sensors,
    stories,
    strategy,
    strategy_fits,
    tables,
    timing,
    timing_tables,
    tuning,
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
            [
                *(
                    raw,
                    rosters,
                    timing,
                    tables,
                    timing_tables,
                    features,
                    model,
                    evidence,
                    predictions,
                    strategy,
                    strategy_fits,
                    recommendations,
                    search,
                    stories,
                ),
                *(tuning, monitoring, retention, backup),
            ]
        ),
        asset_checks=[*checks.contract_checks, rosters.complete],
        jobs=[*jobs.JOBS, retention.retention_job, backup.JOB, tuning.tune],
        sensors=[
            *sensors.SENSORS,
            monitoring.retraining,
            *alerts.SENSORS,
            *requests.SENSORS,
            *recommendations.SENSORS,
        ],
        schedules=[*schedules.SCHEDULES, retention.weekly_retention, backup.SCHEDULE],
        resources=own | resources,
        executor=dg.in_process_executor,
    )


defs = build_definitions()
