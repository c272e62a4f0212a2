"""A race as it is expected before it starts: all that a simulation and the choice of plans rest on.

Here belongs the cut, nothing of the race itself or of later ones, and the putting together: fits of
earlier races, the event's rules, its grid. Not here: SQL, and which grid that is (`grid`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from f1_pipeline.contracts.recommendations import LEAST_DRY_RACES
from f1_pipeline.errors import PipelineError
from f1_pipeline.strategy import fits
from f1_pipeline.strategy.chosen import Chosen, choices, expect_choices
from f1_pipeline.strategy.fits import fuel, race_pace, reactions, track_position
from f1_pipeline.strategy.fits.components import FloatArray
from f1_pipeline.strategy.fits.neutralisations import CAUTIONS, lengths
from f1_pipeline.strategy.fits.rows import circuits_of, dated
from f1_pipeline.strategy.fits.stints import COMPOUNDS, dry_stints
from f1_pipeline.strategy.rules import Rules, rules_of
from f1_pipeline.strategy.simulation.setting import IntArray, Setting

Frames = Mapping[str, pd.DataFrame]

# The tables that all of it is computed from.
READ = (
    "events",
    "race_results",
    "starting_grids",
    "pit_stops",
    "race_figures",
    "stint_figures",
    "caution_figures",
    "pit_loss_figures",
)
_GREEN = "green"
_STATES = (_GREEN, "virtual_safety_car", "safety_car")
# A stop under a caution, before any race has shown one: the field is slower by so much.
_UNDER_CAUTION = 0.75
_TO_DEVIATION = 2 * 1.2816  # from the distance of the 10 and 90 % quantiles
# What a dry lap differs by from driver, compound, age and lap number: 0.46 s in the mean.
_LAP_NOISE_MS = 450.0
_HALF = 0.5
_DISTANCE_KM = 305.0  # the least that the sporting regulations ask for


@dataclass(frozen=True)
class ExpectedRace:
    """`setting` of the cars in order of the grid, `chosen` plans, and what they rest on."""

    event_id: str
    season: int
    setting: Setting
    chosen: Chosen
    rules: Rules
    grid: pd.DataFrame
    dry_races: int
    circuit_races: int

    @property
    def places(self) -> FloatArray:
        """Places on the grid, 1 to the number of cars."""
        return np.arange(1.0, len(self.grid) + 1)


def before(tables: Frames, event_id: str) -> dict[str, pd.DataFrame]:
    """The tables without the event and what started later; `events` keeps the event itself.

    Raises PipelineError for an event that the calendar does not know.
    """
    events = tables["events"]
    mine = events[events["event_id"].eq(event_id)]
    if mine.empty:
        raise PipelineError(f"{event_id} is not in the calendar: events read 2025-italy, say.")
    start = mine["race_starts_at"].iloc[0]
    past = set(events.loc[events["race_starts_at"] < start, "event_id"])
    kept = {
        name: tables[name][tables[name]["event_id"].isin(past)] for name in READ if name != "events"
    }
    return kept | {"events": events[events["event_id"].isin(past | {event_id})]}


def expected_race(tables: Frames, event_id: str, grid: pd.DataFrame) -> ExpectedRace:
    """Of the tables in `READ` and a grid: driver_id, constructor_id, pit_lane, in starting order.

    Raises PipelineError where less is held than a recommendation may rest on.
    """
    known = before(tables, event_id)
    event = known["events"].set_index("event_id").loc[event_id]
    season, circuit = int(event["season"]), str(event["circuit_id"])
    stints = dry_stints(known["stint_figures"], known["race_figures"], known["events"])
    here = stints[stints["circuit_id"].eq(circuit)]
    dry_races = int(stints["event_id"].nunique())
    if dry_races < LEAST_DRY_RACES:
        raise PipelineError(
            f"no plan for {event_id}: {dry_races} dry races with stints are held before it, "
            f"{LEAST_DRY_RACES} are needed. An archive with figures has them, "
            "`f1-pipeline backfill --tier timing` records them."
        )
    laps = _laps(event, known)
    rules = rules_of(event_id, season)
    estimates = fuel.race_estimates(stints)
    whole = fuel.share(stints, estimates)
    wear = fits.tyres.of_stints(stints, estimates, circuits_of(known["events"]))
    loss = fits.pit_loss.fit(known["pit_loss_figures"], known["events"])
    rates = _stint_rates(wear, loss)
    year = float(dated(known["events"][["event_id"]], known["events"]).iloc[-1]["year"])
    done = choices(
        known["stint_figures"],
        known["race_figures"],
        known["pit_stops"],
        known["race_results"],
        known["events"],
    )
    chosen = expect_choices(done, circuit, season, year, laps, rules, rates)
    setting = _setting(known, stints, circuit, laps, year, grid, wear, loss, whole)
    setting = replace(setting, longest_stint=rules.stint_laps)
    return ExpectedRace(
        event_id=event_id,
        season=season,
        setting=setting,
        chosen=chosen,
        rules=rules,
        grid=grid.reset_index(drop=True),
        dry_races=dry_races,
        circuit_races=int(here["event_id"].nunique()),
    )


def _laps(event: "pd.Series[object]", known: Frames) -> int:
    """Planned laps; where the calendar does not know them, those of the last race there."""
    if pd.notna(event["planned_laps"]):
        return int(event["planned_laps"])
    events, races = known["events"], known["race_figures"]
    there = events.loc[events["circuit_id"].eq(event["circuit_id"]), ["event_id", "race_starts_at"]]
    held = races.merge(there, on="event_id").sort_values("race_starts_at")
    if len(held):
        return int(held["laps"].iloc[-1])
    if pd.notna(event["course_length_km"]):
        return int(np.ceil(_DISTANCE_KM / float(event["course_length_km"])))
    raise PipelineError(
        f"no plan for {event.name}: neither its laps nor the length of its course are known."
    )


def _stint_rates(wear: pd.DataFrame, loss: pd.DataFrame) -> dict[str, float]:
    """By circuit sqrt(wear / (2 * pit loss)): see `chosen.levels.expected_level`."""
    mean = wear.groupby("circuit_id")["wear_ms"].mean()
    green = loss[loss["caution"].eq(_GREEN)].set_index("circuit_id")["loss_ms"]
    rate = np.sqrt(mean.clip(lower=1.0) / (2 * green))
    return {str(circuit): float(value) for circuit, value in rate.dropna().items()}


def _setting(
    known: Frames,
    stints: pd.DataFrame,
    circuit: str,
    laps: int,
    year: float,
    grid: pd.DataFrame,
    wear: pd.DataFrame,
    loss: pd.DataFrame,
    whole: float,
) -> Setting:
    lap_ms = _lap_ms(stints, circuit)
    places = np.arange(1.0, len(grid) + 1)
    pace, pace_error = race_pace.fit(
        stints,
        known["race_results"],
        year,
        list(grid["driver_id"]),
        list(grid["constructor_id"]),
        places,
        lap_ms,
        whole,
    )
    tyres = wear[wear["circuit_id"].eq(circuit)].set_index("compound").reindex(COMPOUNDS)
    stops = _stops(loss, circuit)
    rates = fits.neutralisations.fit(
        known["caution_figures"], known["race_figures"], known["events"]
    )
    cautions = rates[rates["circuit_id"].eq(circuit)].set_index("caution").reindex(list(CAUTIONS))
    pairs = track_position.neighbours(
        track_position.race_pace(stints, whole), known["race_results"], known["starting_grids"]
    )
    if pairs.empty:
        raise PipelineError(
            f"no plan at {circuit}: grids and results of no race before it are held."
        )
    place = track_position.of_pairs(pairs, pd.Series([circuit], dtype=object)).iloc[0]
    return Setting(
        laps=laps,
        lap_ms=lap_ms,
        drivers=tuple(grid["driver_id"]),
        pit_lane=grid["pit_lane"].to_numpy(dtype=bool),
        pace_ms=pace,
        pace_error_ms=pace_error,
        retires=np.full(len(grid), _retires(known)),
        wear_ms=_numbers(tyres["wear_ms"]),
        wear_error_ms=_numbers((tyres["high_ms"] - tyres["low_ms"]) / _TO_DEVIATION),
        offset_ms=_numbers(tyres["offset_ms"]),
        offset_error_ms=_numbers(tyres["offset_error_ms"]),
        fuel_ms=float(tyres["fuel_ms"].iloc[0]),
        lap_noise_ms=_LAP_NOISE_MS,
        pit_loss_ms=_numbers(stops["loss_ms"]),
        pit_loss_error_ms=_numbers((stops["high_ms"] - stops["low_ms"]) / _TO_DEVIATION),
        stop_spread_ms=_numbers(stops["stop_spread_ms"]),
        caution_rates=_numbers(cautions["per_race"]),
        first_lap_share=_numbers(cautions["first_lap_share"]),
        caution_lengths=_lengths(known["caution_figures"]),
        pass_ms=float(place["pass_ms"]),
        scale_ms=float(place["scale_ms"]),
        reaction=reactions.fit(
            known["stint_figures"],
            known["caution_figures"],
            known["race_figures"],
            known["events"],
        ),
    )


def _lap_ms(stints: pd.DataFrame, circuit: str) -> float:
    """Median clean lap of the last dry race there; of all dry races where there was none."""
    races = stints.drop_duplicates("event_id")
    here = races[races["circuit_id"].eq(circuit)]
    return float(here["lap_ms"].iloc[-1] if len(here) else races["lap_ms"].median())


def _stops(loss: pd.DataFrame, circuit: str) -> pd.DataFrame:
    """Green, virtual, safety car; a state that no race has shown costs a share of green's."""
    rows = loss[loss["circuit_id"].eq(circuit)].set_index("caution")
    if _GREEN not in rows.index:
        raise PipelineError(f"no plan at {circuit}: no stop's loss is held of any race before it.")
    columns = ["loss_ms", "low_ms", "high_ms", "stop_spread_ms"]
    found = rows[columns].astype("float64").reindex(list(_STATES))
    for state in _STATES[1:]:
        if bool(found.loc[state].isna().any()):
            found.loc[state] = found.loc[_GREEN] * _UNDER_CAUTION
    return found


def _lengths(cautions: pd.DataFrame) -> tuple[IntArray, IntArray, IntArray]:
    found = [lengths(cautions, kind) for kind in CAUTIONS]
    safety, virtual, red = (of if len(of) else np.ones(1, dtype=np.int64) for of in found)
    return safety, virtual, red


def _retires(known: Frames) -> float:
    """Share of starters of the last twenty races that retired, one half added to either side."""
    results = dated(known["race_results"], known["events"])
    started = results[~results["outcome"].isin(["did_not_start", "did_not_qualify"])]
    last = started["event_id"].unique()[-20:]
    recent = started.loc[started["event_id"].isin(last), "retired"].fillna(False).astype(bool)
    return float((recent.sum() + _HALF) / (len(recent) + 2 * _HALF))


def _numbers(values: "pd.Series[float]") -> FloatArray:
    return np.asarray(values, dtype=np.float64)
