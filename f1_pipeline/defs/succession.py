"""Who forecasts: which recipe is proposed, its fit, what the gate says of it, what follows.

Assets and jobs call this. What is measured is in `modelling.gate`, what is kept in the registry and
in table `gate_decisions`; here is only what asks whom.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from f1_pipeline import clock
from f1_pipeline.contracts import CONTRACTS, check, content_fingerprint
from f1_pipeline.defs.in_force import Asked, in_force, registered
from f1_pipeline.defs.resources import Storage, Training
from f1_pipeline.defs.specs import code_version
from f1_pipeline.modelling import (
    CODE_VERSION,
    NotEnoughRacesError,
    RaceModel,
    Recipe,
    fit,
    gate,
    recipe_of,
    walk_forward,
)
from f1_pipeline.settings import Settings

Log = Callable[[str], object]


@dataclass(frozen=True)
class Succession:
    """The registry, the rows to fit on and the one who asks, for the time of one step."""

    storage: Storage
    training: Training
    asked: Asked
    log: Log

    def proposed(self) -> Recipe | None:
        """The recipe that the newest fit is to be of; None leaves all as it is.

        One that was asked for by its id; else a tuned one that waits, else the code's. Not one
        that was in force before, nor one that the gate has refused, unless a judgement is asked
        for: then the recipe in force, if this code can fit it.
        """
        models, training = self.storage.models, self.training
        if training.recipe_id:
            return registered(self.storage, training.recipe_id)
        champion, own = models.champion(), training.recipe
        if champion is None:
            return own
        is_own = champion["recipe"] == own.content_hash
        if training.quick and not is_own:
            self.log("a quick fit does not take the place of a whole one")
            return None
        for recipe in self._tuned():
            if self._may_be_proposed(recipe):
                return recipe
        return own if is_own or self._may_be_proposed(own) else in_force(self.storage)

    def fitted(self, rows: pd.DataFrame, recipe: Recipe) -> tuple[dict[str, Any], bool]:
        """The row of the recipe's fit on these rows, and whether it was there already.

        Raises `NotEnoughRacesError`.
        """
        models = self.storage.models
        data_version = content_fingerprint(rows, CONTRACTS["training_set"])
        version = version_of(recipe.content_hash, data_version)
        if reused := models.has(version):
            self._register(recipe)
        else:
            model = fit(rows, recipe)
            self._register(recipe)
            facts = {
                "model_version": version,
                "recipe": recipe.content_hash,
                "data_version": data_version,
            }
            models.save(facts | window(rows), model.save, clock.now())
        row = models.fit(version)
        assert row is not None
        return row, reused

    def through_the_gate(self, training_set: pd.DataFrame, row: dict[str, Any]) -> pd.DataFrame:
        """Have the fit judged and, where the gate lets it through, put it in force.

        Returns the decision; on the same forecasts and limits it is stored once.
        """
        champion = self.storage.models.champion()
        recipe = registered(self.storage, row["recipe"])
        rival = in_force(self.storage)
        limits = limits_of(self.storage.settings)
        mine, seen = self._walked(training_set, recipe, limits.races)
        theirs = None
        if rival is not None and rival.content_hash != recipe.content_hash:
            theirs, also = self._walked(training_set, rival, limits.races)
            seen += also
        criteria = gate.judge(mine, theirs, int(row["races"]), limits)
        events = gate.newest(mine, limits.races).sort_values(["season", "round"])["event_id"]
        decision = _digest("gate", row["model_version"], repr(limits), *seen)
        rows = self._decided("gate", decision, row, champion, criteria, list(dict.fromkeys(events)))
        self._follow(rows, "gate")
        return rows

    def inherited(self, training_set: pd.DataFrame, row: dict[str, Any]) -> pd.DataFrame:
        """Look at a refit of the recipe in force and, if it is sane, put it in force."""
        models, limits = self.storage.models, limits_of(self.storage.settings)
        champion = models.champion()
        assert champion is not None
        refit, before = (
            models.load(version, RaceModel.load)
            for version in (row["model_version"], champion["model_version"])
        )
        criteria = gate.sane(refit, before, training_set, limits)
        order = training_set.sort_values("race_starts_at", kind="stable")["event_id"]
        decision = _digest("refit", row["model_version"], champion["model_version"], repr(limits))
        events = list(dict.fromkeys(order))[-gate.NEWEST :]
        rows = self._decided("refit", decision, row, champion, criteria, events)
        self._follow(rows, "refit")
        return rows

    def _follow(self, decision: pd.DataFrame, action: str) -> None:
        first, words = decision.iloc[0], gate.in_words(decision)
        version = str(first["model_version"])
        if not first["accepted"]:
            self.log(f"{version} is refused: {words}")
            return
        self.storage.models.promote(
            version,
            clock.now(),
            action=action,
            by=self.asked.by,
            reason=f"{self.asked.reason}: {words}",
            decision=str(first["decision"]),
        )
        self.log(f"{version} is in force: {words}")

    def _walked(
        self, training_set: pd.DataFrame, recipe: Recipe, races: int
    ) -> tuple[pd.DataFrame, list[str]]:
        """Walk-forward forecasts of the seasons that hold the newest races, and their hashes."""
        order = training_set.drop_duplicates("event_id").sort_values("race_starts_at")
        parts, seen = [], []
        for season in sorted(set(order["season"].tail(races)), reverse=True):
            try:
                rows, _ = backtested(
                    self.storage, self.training, training_set, int(season), recipe, self.log
                )
            except NotEnoughRacesError:
                break  # nothing before it was fitted on enough races either
            parts.append(rows)
            seen.append(str(rows["fingerprint"].iloc[0]))
        if not parts:
            return self.storage.warehouse.read_where("backtest_predictions", season=0), seen
        return pd.concat(parts, ignore_index=True), seen

    def _decided(
        self,
        kind: str,
        decision: str,
        row: dict[str, Any],
        champion: dict[str, Any] | None,
        criteria: pd.DataFrame,
        events: list[str],
    ) -> pd.DataFrame:
        """The decision under its contract, stored once."""
        warehouse = self.storage.warehouse
        known = warehouse.read_where("gate_decisions", decision=decision)
        if len(known):
            return known
        rows = criteria.assign(
            decision=decision,
            kind=kind,
            decided_at=clock.now(),
            model_version=row["model_version"],
            recipe=row["recipe"],
            champion=champion["recipe"] if champion else None,
            accepted=bool(criteria["passed"].all()),
            races=len(events),
            first_event=events[0] if events else None,
            last_event=events[-1] if events else None,
        )
        rows = check(rows, CONTRACTS["gate_decisions"])
        # Two runs may have judged the same: the same rows twice.
        warehouse.replace_where("gate_decisions", rows, decision=decision)
        return rows

    def _register(self, recipe: Recipe) -> None:
        known = self.storage.models.recipe(recipe.content_hash)
        if known is None or known["parameters"] is None:
            self.storage.models.register(
                recipe.content_hash, recipe.parameters, CODE_VERSION, "code", clock.now()
            )

    def _tuned(self) -> list[Recipe]:
        """Recipes that tuning has found and that wait for the gate, the newest first."""
        rows = self.storage.warehouse.read_where("recipes", origin="tuning", stage="challenger")
        rows = rows[rows["code_version"].eq(CODE_VERSION)]
        newest = rows.sort_values("created_at", ascending=False)["parameters"]
        return [recipe_of(parameters) for parameters in newest]

    def _may_be_proposed(self, recipe: Recipe) -> bool:
        known = self.storage.models.recipe(recipe.content_hash)
        if known is not None and known["stage"] != "challenger":
            return False
        decisions = self.storage.warehouse.read_where(
            "gate_decisions", recipe=recipe.content_hash, kind="gate"
        )
        # Judged anew after every race, a recipe would pass by chance some day.
        return self.training.judged or bool(decisions["accepted"].all())


def backtested(
    storage: Storage,
    training: Training,
    training_set: pd.DataFrame,
    season: int,
    recipe: Recipe,
    log: Log,
) -> tuple[pd.DataFrame, bool]:
    """One season's walk-forward forecasts by a recipe, and whether they were there already.

    Raises `UsageError` and `NotEnoughRacesError` as `walk_forward` does.
    """
    known = training.select(training_set) if training.first_season else training_set
    known = known[known["season"] <= season].reset_index(drop=True)
    fingerprint = content_fingerprint(
        known, CONTRACTS["training_set"], recipe.content_hash, code_version("modelling")
    )
    mine = {"season": season, "tier": training.tier, "recipe": recipe.content_hash}
    stored = storage.warehouse.read_where("backtest_predictions", **mine)
    if len(stored) and set(stored["fingerprint"]) == {fingerprint}:
        return stored, True
    made = walk_forward(known, season, recipe, progress=log)
    made = made.assign(fingerprint=fingerprint, tier=training.tier, recipe=recipe.content_hash)
    made = check(made, CONTRACTS["backtest_predictions"])
    storage.warehouse.replace_where("backtest_predictions", made, **mine)
    return made, False


def decision_table(decision: pd.DataFrame) -> str:
    """A decision's criteria as a table in Markdown."""
    lines = [
        "| horizon | against | metric | value | reference | difference | 95 % interval | bound | |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in decision.to_dict("records"):
        compared = row["against"] != "limit"
        numbers = (
            f"{row['reference']:.4f} | {row['difference']:+.4f} "
            f"| {row['low']:+.4f} to {row['high']:+.4f}"
            if compared
            else "| |"
        )
        verdict = "met" if row["passed"] else "**missed**"
        lines.append(
            f"| {row['horizon']} | {row['against']} | {row['metric']} | {row['value']:.4g} "
            f"| {numbers} | {row['bound']:.4g} | {verdict} |"
        )
    return "\n".join(lines)


def limits_of(settings: Settings) -> gate.Limits:
    return gate.Limits(
        races=settings.gate_races,
        rps_margin=settings.gate_rps_margin,
        points_margin=settings.gate_points_margin,
        min_training_races=settings.min_training_races,
        max_rps=settings.max_rps,
        max_points_ll=settings.max_points_ll,
        max_calibration_error=settings.max_calibration_error,
    )


def version_of(recipe: str, data_version: str) -> str:
    """The id of a fit: the same recipe, rows and code are the same fit."""
    return _digest(recipe, data_version, code_version("modelling"))[:12]


def window(rows: pd.DataFrame) -> dict[str, Any]:
    """What a fit on these rows was trained on."""
    events = rows.sort_values("race_starts_at", kind="stable")["event_id"]
    return {
        "first_event": str(events.iloc[0]),
        "last_event": str(events.iloc[-1]),
        "races": int(events.nunique()),
    }


def _digest(*parts: str) -> str:
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:16]
