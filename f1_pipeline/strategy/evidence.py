"""What recommended plans have been worth: the backtest's rows against constants, paired by race.

Here belong the numbers and the gate that reads them. Regret is among the numbers and decides
nothing: there the simulation judges itself.
"""

from typing import Any

import numpy as np
import pandas as pd

from f1_pipeline.strategy.constants import ALWAYS

RESAMPLES, _SEED = 4000, 20190317
# Fewer races and the interval of a paired difference is wider than any plan is good: ±10 points.
LEAST_RACES = 40


def evaluate(rows: pd.DataFrame) -> dict[str, Any]:
    """Rows of `strategy_backtest` to numbers, ready for JSON.

    `{"races", "rows", "measures": {name: {"rows", "races", "value", "constants": {name: {"value",
    "difference", "low", "high"}}}}, "ceiling", "stops_log_loss", "regret_s", "beats_constants"}`.
    A difference is value less constant, its 95 % interval by resampling races; null without rows.
    """
    stops = {
        "one stop": rows["actual_stops"].eq(ALWAYS),
        "last year": rows["actual_stops"].eq(rows["last_stops"]),
        "last edition": rows["actual_stops"].eq(rows["edition_stops"]),
    }
    ones = rows[rows["actual_stops"].eq(1) & rows["actual_first_stop"].notna()]
    away = {
        name: (ones[column] - ones["actual_first_stop"]).abs()
        for name, column in (
            ("recommended", "first_of_one"),
            ("share of the distance", "constant_first_stop"),
            ("last edition", "edition_first_stop"),
        )
    }
    told = rows[rows["actual_sequence"].notna()]
    sequences = {
        "most run": told["actual_sequence"].eq(told["constant_sequence"]),
        "last edition": told["actual_sequence"].eq(told["edition_sequence"]),
    }
    measures = {
        "stop_count": _measure(rows, rows["actual_stops"].eq(rows["stops"]), stops),
        "first_stop_mae": _measure(ones, away.pop("recommended"), away),
        "sequence": _measure(told, told["actual_sequence"].eq(told["sequence"]), sequences),
    }
    return {
        "races": int(rows["event_id"].nunique()),
        "rows": len(rows),
        "measures": measures,
        "ceiling": _ceiling(rows),
        "stops_log_loss": _mean(-np.log(rows["p_actual"].clip(lower=1e-12))),
        "regret_s": _mean(rows["regret_ms"].dropna() / 1000),
        "beats_constants": beats(measures),
    }


def beats(measures: dict[str, Any]) -> bool:
    """The gate: more stop counts than every constant, first stops nearer than every constant, each
    by an interval that excludes 0, on at least forty races. Else plans are experimental."""

    def better(name: str, sign: int) -> bool:
        measure = measures[name]
        bounds = [
            constant["low"] if sign > 0 else constant["high"]
            for constant in measure["constants"].values()
        ]
        return measure["races"] >= LEAST_RACES and all(
            bound is not None and sign * bound > 0 for bound in bounds
        )

    return better("stop_count", 1) and better("first_stop_mae", -1)


def _measure(
    rows: pd.DataFrame, value: "pd.Series[Any]", constants: "dict[str, pd.Series[Any]]"
) -> dict[str, Any]:
    own = value.astype("float64")
    return {
        "rows": len(rows),
        "races": int(rows["event_id"].nunique()),
        "value": _mean(own),
        "constants": {
            name: {"value": _mean(of.astype("float64"))}
            | _difference(rows["event_id"], own - of.astype("float64"))
            for name, of in constants.items()
        },
    }


def _difference(event: "pd.Series[str]", values: "pd.Series[float]") -> dict[str, float | None]:
    """Mean and 95 % interval under resampling of races, as their drivers are alike."""
    if values.empty:
        return {"difference": None, "low": None, "high": None}
    by_race = values.groupby(event).agg(["sum", "size"]).to_numpy(np.float64)
    drawn = np.random.default_rng(_SEED).multinomial(
        len(by_race), np.full(len(by_race), 1 / len(by_race)), RESAMPLES
    )
    total = drawn @ by_race
    low, high = np.quantile(total[:, 0] / total[:, 1], [0.025, 0.975])
    return {"difference": float(values.mean()), "low": float(low), "high": float(high)}


def _ceiling(rows: pd.DataFrame) -> float | None:
    """Share of drivers that did what most did in their race: more is in no forecast of a race."""
    most = rows.groupby("event_id")["actual_stops"].agg(lambda stops: stops.mode().iloc[0])
    return _mean(rows["actual_stops"].eq(rows["event_id"].map(most)).astype("float64"))


def _mean(values: "pd.Series[float]") -> float | None:
    return float(values.mean()) if len(values) else None


def in_words(found: dict[str, Any]) -> str:
    """The numbers as a table in Markdown, and the gate's verdict."""
    lines = [
        f"{found['races']} dry races, {found['rows']} classified drivers.\n",
        "| measure | recommended | constant | its value | difference | 95 % interval |",
        "|---|---|---|---|---|---|",
    ]
    for name, measure in found["measures"].items():
        for constant, of in measure["constants"].items():
            cells = [_number(of[key], key != "value") for key in ("value", "difference")]
            span = f"{_number(of['low'], True)} to {_number(of['high'], True)}"
            lines.append(
                f"| {_TITLES[name]} | {_number(measure['value'])} | {constant} | {cells[0]} "
                f"| {cells[1]} | {span} |"
            )
    lines.append(
        f"\nWhat most did in the race itself: {_number(found['ceiling'])} of stop counts; that is "
        f"known after it alone. Log-loss of the count: {_number(found['stops_log_loss'])}. "
        f"Simulated time lost by what was done against the plan: {_number(found['regret_s'])} s; "
        "the simulation judges itself there, so nothing passes on it.\n"
    )
    lines.append("Plans beat the constants." if found["beats_constants"] else _EXPERIMENTAL)
    return "\n".join(lines)


_EXPERIMENTAL = (
    "Plans are **experimental**: it is not shown that they name more stop counts, and first stops "
    "nearer, than every constant, by intervals that exclude 0."
)
_TITLES = {
    "stop_count": "stop count named",
    "first_stop_mae": "first of one stop, laps off",
    "sequence": "compounds in order named",
}


def _number(value: float | None, signed: bool = False) -> str:
    if value is None:
        return "–"
    return f"{value:+.3f}" if signed else f"{value:.3f}"
