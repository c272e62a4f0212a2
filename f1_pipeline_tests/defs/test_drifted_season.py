"""A season that drifts: it is noticed, a fit is asked for, and the gate lets it through."""

from typing import Any

import dagster as dg
import pandas as pd
import pytest

from f1_pipeline.definitions import build_definitions
from f1_pipeline.defs.monitoring import MADE, retraining
from f1_pipeline.defs.resources import Training
from f1_pipeline.defs.succession import backtested
from f1_pipeline_tests.defs.registry import GOOD, Registry
from f1_pipeline_tests.monitoring.changes import shifted, swapped
from f1_pipeline_tests.monitoring.conftest import ROUNDS, SEASONS
from f1_pipeline_tests.synthetic import make_tables

FIRST, SEASON = 8, SEASONS[-1]
TEAMS = ("team-4", "team-5")  # the fastest of that season and the slowest
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def made_up() -> dict[str, pd.DataFrame]:
    return make_tables(seasons=SEASONS, cars=12, rounds=ROUNDS, upcoming=0, seed=4)


class Season(Registry):
    """Races that come in one by one; forecasts of them are those of the walk-forward backtest."""

    def until(self, number: int) -> None:
        """What is held after a round of the last season, looked at."""
        rows = self.rows[self.rows["season"].lt(SEASON) | self.rows["round"].le(number)]
        rows = rows.reset_index(drop=True)
        self.hold(rows)
        backtested(self.storage, Training(), rows, SEASON, GOOD, print)
        job = build_definitions().resolve_implicit_global_asset_job_def()
        job.execute_in_process(
            instance=self.instance,
            asset_selection=[dg.AssetKey(name) for name in MADE],
            run_config=QUIET,
        )

    def asked(self) -> dg.RunRequest | None:
        """The run that the sensor asks for, if any."""
        resources = {"storage": self.storage}
        with dg.build_sensor_context(instance=self.instance, resources=resources) as context:
            found = retraining(context)
        return found if isinstance(found, dg.RunRequest) else None

    def retrain(self, request: dg.RunRequest) -> None:
        job = build_definitions().resolve_job_def("retrain")
        config = {**(job.run_config or {}), **request.run_config, **QUIET}
        done = job.execute_in_process(
            instance=self.instance,
            run_config=config,
            asset_selection=[dg.AssetKey(["model", name]) for name in ("challenger", "champion")],
        )
        assert done.success


@pytest.mark.parametrize("change", ["a feature shifted", "two teams swapped"])
def test_it_is_noticed_retrains_and_passes_the_gate_again(
    change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRIFT_DETECTION_WINDOW", "10")
    tables: dict[str, Any] = made_up()
    if change == "two teams swapped":
        tables = swapped(tables, SEASON, FIRST, TEAMS)
    with dg.DagsterInstance.ephemeral() as instance:
        season = Season(instance, monkeypatch, tables)
        if change == "a feature shifted":
            season.rows = shifted(season.rows, "qualifying_gap", f"{SEASON}-prix-{FIRST}", 2)
        season.ship(GOOD)
        season.until(FIRST - 1)
        season.run()
        season.until(FIRST - 1)
        assert season.asked() is None
        before, decided = season.champion, season.table("gate_decisions")

        request, number = None, FIRST - 1
        while request is None:
            number += 1
            assert number <= ROUNDS, "it was not noticed"
            season.until(number)
            request = season.asked()
        assert request.run_key == f"drift {SEASON}-prix-{number}"
        drifted = season.table("drift_report").query("drifted")["name"]
        assert set(drifted) & {"qualifying_gap", *TEAMS}

        season.retrain(request)
        judged = season.table("gate_decisions")
        new = judged[~judged["decision"].isin(set(decided["decision"]))]
        assert new["decision"].nunique() == 1
        assert set(new["kind"]) == {"gate"}
        assert new["accepted"].all()
        assert set(new["last_event"]) == {f"{SEASON}-prix-{number}"}
        assert season.champion not in (None, before)
        assert season.recipe == GOOD.content_hash
