"""What assets are given: the warehouse, the model store, the settings of a fit; and IO.

Each opens on first use, from the environment of the process that runs the asset.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg
import pandas as pd

from f1_pipeline import clock
from f1_pipeline.contracts import CONTRACTS, check, content_fingerprint
from f1_pipeline.contracts.timing import SESSIONS
from f1_pipeline.errors import UsageError
from f1_pipeline.modelling.recipe import QUICK, STANDARD, Recipe, with_laps
from f1_pipeline.settings import Settings, load_settings
from f1_pipeline.sources import archive, results
from f1_pipeline.sources.aliases import Aliases
from f1_pipeline.sources.aliases.timing import TimingNames
from f1_pipeline.sources.results import Event, ResultsClient
from f1_pipeline.sources.timing.frames import Cars, cars, classified_frames
from f1_pipeline.sources.timing.load import TimingClient
from f1_pipeline.sources.upstream import (
    TIMING_SERVICE,
    Account,
    Connection,
    account,
    connect,
    limits,
)
from f1_pipeline.storage.answers import Answer, AnswerStore
from f1_pipeline.storage.budget import RequestBudget
from f1_pipeline.storage.heartbeats import Heartbeats
from f1_pipeline.storage.model_store import ModelStore
from f1_pipeline.storage.raw_store import RawStore
from f1_pipeline.storage.refusals import Refusals
from f1_pipeline.storage.warehouse import Warehouse


class Storage(dg.ConfigurableResource[Any]):
    """The warehouse and the model store that the environment names.

    Every asset needs it, so it gives the run's signs of life while it is open.
    """

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["Storage"]:
        if context.run is None:
            yield self  # for a sensor or a schedule
            return
        with Heartbeats(self.settings.database_url).beating(context.run.run_id):
            yield self

    @property
    def settings(self) -> Settings:
        return load_settings()

    @property
    def warehouse(self) -> Warehouse:
        return Warehouse(self.settings.database_url)

    @property
    def models(self) -> ModelStore:
        return ModelStore(self.settings.model_storage, self.warehouse)


class Upstream(dg.ConfigurableResource[Any]):
    """FastF1's upstreams, the answers that are kept of them, and the names they go by."""

    storage: dg.ResourceDependency[Storage]

    @property
    def answers(self) -> AnswerStore:
        return AnswerStore(self.storage.settings.database_url)

    @property
    def budget(self) -> RequestBudget:
        settings = self.storage.settings
        return RequestBudget(settings.database_url, limits(settings.request_limits))

    @property
    def raw(self) -> RawStore:
        return RawStore(self.storage.settings.raw_store)

    @property
    def refusals(self) -> Refusals:
        return Refusals(self.storage.settings.database_url)

    @property
    def account(self) -> Account | None:
        """The F1 account; a mirror needs none."""
        return None if self.storage.settings.upstream_url else account()

    def fingerprint(self) -> str:
        """What a refusal was said to: it stands until this changes."""
        mine = self.account
        return mine.fingerprint() if mine else ""

    def refused(self, reason: str) -> bool:
        """Remember that live timing refuses. True when that is news."""
        return self.refusals.record(TIMING_SERVICE, reason, self.fingerprint(), clock.now())

    def expiry_notice(self) -> str | None:
        """A line from a day before the account's token ends."""
        mine = self.account
        return mine.expiry_notice(clock.wall()) if mine else None

    def aliases(self) -> Aliases:
        drivers = archive.read(self.storage.settings.archive_dir)["drivers"]
        return Aliases.shipped(drivers)

    def client(self, log: Any, *, tries: int = 5, deadline: float | None = None) -> ResultsClient:
        """A client of the results tier."""
        self._connect(log)
        return ResultsClient(tries=tries, deadline=deadline)

    def timing(self, log: Any) -> TimingClient:
        """A client of the timing tier."""
        self._connect(log)
        mine = self.account
        return TimingClient(self.aliases(), (lambda: mine.problem) if mine else (lambda: None))

    def _connect(self, log: Any) -> None:
        """From now on this process's FastF1 asks through the gate."""
        settings = self.storage.settings
        connection = Connection(
            cache=settings.fastf1_cache_dir,
            mirror=settings.upstream_url,
            limited=settings.request_limits != "none",
            budget=self.budget,
        )
        connect(connection, log.warning)

    def frames(self, answers: list[Answer], aliases: Aliases) -> dict[str, pd.DataFrame]:
        """Kept answers as raw frames in the archive's shapes."""
        asked = [(a.kind, a.key, a.content) for a in answers if a.kind not in SESSIONS]
        frames = results.frames(asked, aliases)
        recorded = [a for a in answers if a.kind in SESSIONS]
        # After the results: they say who a new driver is, and when he was born.
        timed = classified_frames(recorded, TimingNames(aliases), self.cars())
        for table, frame in timed.items():
            known = frames.get(table)
            frames[table] = frame if known is None else pd.concat([known, frame], ignore_index=True)
        if "drivers" in frames:
            frames["drivers"] = frames["drivers"].drop_duplicates("driver_id")
        return frames

    def cars(self) -> Cars:
        """By event who drives which car, as the tables have it."""
        known = self.storage.warehouse.read_many(["entries", "drivers"])
        return cars(known["entries"], known["drivers"])

    def listed(self, season: int) -> list[tuple[Event, str]]:
        """The events of a season's kept calendar, each with the date of its race (ISO)."""
        schedules = [a for a in self.answers.current(("schedule",)) if a.season == season]
        if not schedules:
            return []
        calendar = self.frames(schedules, self.aliases())["events"]
        return [
            (
                Event(row.event_id, int(row.season), int(row.round), bool(row.sprint_date)),
                str(row.race_date),
            )
            for row in calendar.itertuples()
        ]


class Training(dg.ConfigurableResource[Any]):
    """What a model is trained on, and whether quickly: what `run` and `backtest` can be told.

    `tier`: `timing` reads what laps have shown too. Forecasts are made by the tier `results`.
    `recipe_id`: a recipe of the registry instead of the code's. `judged`: the gate is asked anew,
    after a refusal and for a refit too.
    """

    first_season: int | None = None
    last_season: int | None = None
    quick: bool = False
    tier: str = "results"
    recipe_id: str = ""
    judged: bool = False

    @property
    def recipe(self) -> Recipe:
        """The recipe that comes with the code."""
        recipe = QUICK if self.quick else STANDARD
        return with_laps(recipe) if self.tier == "timing" else recipe

    def select(self, training_set: pd.DataFrame) -> pd.DataFrame:
        """The rows of the seasons to train on. Raises `UsageError` when none are left."""
        seasons = training_set["season"]
        first = self.first_season or seasons.min()
        last = self.last_season or seasons.max()
        if self.quick and self.first_season is None:
            first = last - 2
        chosen = training_set[seasons.between(first, last)]
        if chosen.empty:
            raise UsageError(
                f"no race of seasons {first}-{last} is held: choose among "
                f"{seasons.min()}-{seasons.max()}."
            )
        return chosen.reset_index(drop=True)


def table_result(name: str, frame: pd.DataFrame) -> dg.MaterializeResult:
    """A table as an asset's result: under its contract, its data version a hash of its content.

    Recomputing the same content then leaves what depends on it fresh. Raises `ContractError`.
    """
    contract = CONTRACTS[name]
    valid = check(frame, contract)
    version = dg.DataVersion(content_fingerprint(valid, contract))
    return dg.MaterializeResult(value=valid, data_version=version)


class WarehouseIOManager(dg.ConfigurableIOManager):
    """Assets are tables: an output is published in one transaction, an input read in another."""

    storage: dg.ResourceDependency[Storage]

    def handle_output(self, context: dg.OutputContext, obj: pd.DataFrame) -> None:
        name = context.asset_key.path[-1]
        published = self.storage.warehouse.publish(
            {name: obj}, run_id=context.run_id, at=clock.now()
        )
        context.add_output_metadata(
            {
                "dagster/row_count": len(obj),
                "changed": len(published.changed[name]),
                "withdrawn": len(published.withdrawn[name]),
            }
        )

    def load_input(self, context: dg.InputContext) -> pd.DataFrame:
        return self.storage.warehouse.read(context.asset_key.path[-1])
