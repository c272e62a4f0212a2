"""Pictures of strategy: the stints of a race, and what is fitted to the figures of races.

Circuits of which no race tells it have hollow dots: all circuits speak for them. What all
pictures share is in `pictures`; what the numbers mean is in `strategy.fits`.
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg
import numpy as np
import pandas as pd

from f1_pipeline.defs.pictures import BLUE, GREY, RED, as_markdown, canvas
from f1_pipeline.strategy.plans import COMPOUNDS

# As they are painted; the colours of 2018 beside them, by which seven slicks were told apart.
_BARS = {
    "HYPERSOFT": "#e58fb5",
    "ULTRASOFT": "#7d4fa0",
    "SUPERSOFT": "#e8743b",
    "SOFT": RED,
    "MEDIUM": "#f2c530",
    "HARD": "#e4e7ea",
    "SUPERHARD": "#c98a4b",
    "INTERMEDIATE": "#3a9d5d",
    "WET": BLUE,
}
_UNKNOWN = "#8a9199"
# As lines on white: yellow and white are not seen there.
_LINES = {"SOFT": RED, "MEDIUM": "#d19a00", "HARD": "#6b747d"}
_CAUTIONS = {
    "safety_car": "safety car",
    "virtual_safety_car": "virtual safety car",
    "red": "red flag",
}
_ROW, _EDGE = 0.25, 1.4  # inches: of a circuit or a driver, and of all that is around them
_WIDE = 1.2816  # standard deviations to either end of an 80 % interval
_NARROWEST = 3  # laps: a shorter bar has no room for its number


def stints(figures: pd.DataFrame, finish: "pd.Series[int]", title: str) -> dg.MetadataValue:
    """Each car's stints from lap to lap, the winner on top; the number is that of their laps.

    `figures`: rows of `stint_figures` of one race; `finish`: by driver_id the place. Who has none
    stands below the others, by the laps that he drove.
    """
    driven = figures.groupby("driver_id")["last_lap"].max()
    order = pd.DataFrame({"place": finish.reindex(driven.index), "driven": -driven})
    order = order.sort_values(["place", "driven"], na_position="last")
    rows = dict(zip(order.index, range(len(order)), strict=True))
    compounds = figures["compound"].fillna("unknown")
    figure, axes = canvas(9, _ROW * len(order) + _EDGE)
    for compound in [*_BARS, "unknown"]:
        shown = figures[compounds.eq(compound)]
        if shown.empty:
            continue
        first, last = (shown[name].to_numpy(float) for name in ("first_lap", "last_lap"))
        places = shown["driver_id"].map(rows).to_numpy(float)
        colour = _BARS.get(compound, _UNKNOWN)
        axes.barh(
            places,
            last - first + 1,
            left=first - 1,
            height=0.74,
            color=colour,
            edgecolor="#22272c",
            linewidth=0.8,
            label=compound.lower(),
        )
        ink = "black" if compound in ("HYPERSOFT", "MEDIUM", "HARD") else "white"
        for place, start, end in zip(places, first, last, strict=True):
            if end - start + 1 >= _NARROWEST:
                axes.text(
                    (start - 1 + end) / 2,
                    place,
                    f"{end - start + 1:.0f}",
                    ha="center",
                    va="center",
                    fontsize=7,
                    color=ink,
                )
    axes.set_yticks(range(len(order)), list(order.index), fontsize=9)
    axes.set_ylim(len(order) - 0.4, -0.6)
    axes.set_xlim(0, max(float(driven.max()), 1.0))
    axes.set_xlabel("laps")
    _named(figure, axes, title)
    return as_markdown(figure, title)


def pit_loss(rows: pd.DataFrame, title: str) -> dg.MetadataValue:
    """Loss of a stop under green by circuit with its interval; marks of what cautions leave."""
    by = {caution: of.set_index("circuit_id") for caution, of in rows.groupby("caution")}
    green = by["green"].sort_values("loss_ms", ascending=False)
    figure, axes = canvas(9, _ROW * len(green) + _EDGE)
    _dots(axes, green, ("loss_ms", "low_ms", "high_ms"), BLUE, "events", "green, 80 % interval")
    marks = (("virtual_safety_car", "D", "#d19a00"), ("safety_car", "s", RED))
    for caution, mark, colour in marks:
        if caution in by:
            loss = by[caution]["loss_ms"].reindex(green.index).to_numpy() / 1000
            name = _CAUTIONS[caution]
            axes.plot(loss, range(len(green)), mark, ms=4, color=colour, ls="", label=name)
    axes.set_xlabel("seconds lost by a stop at the next race")
    _named(figure, axes, title)
    return as_markdown(figure, title)


def tyre_degradation(rows: pd.DataFrame, circuit_id: str, laps: int, title: str) -> Any:
    """Left the loss of a set by its age at one circuit, with 80 % bands; right wear by circuit.

    A band holds what the offset and the wear of the next race may differ by, as if they did so
    independently. It begins where a new medium is.
    """
    order = rows.groupby("circuit_id")["wear_ms"].mean().sort_values(ascending=False).index
    figure, (curves, dots) = canvas(9, _ROW * len(order) * 1.15 + _EDGE, panels=2)
    age = np.arange(0, laps + 1)
    for shift, (compound, colour) in zip((-0.24, 0.0, 0.24), _LINES.items(), strict=True):
        of = rows[rows["compound"].eq(compound)].set_index("circuit_id").reindex(order)
        here = of.loc[circuit_id]
        middle = here["offset_ms"] + here["wear_ms"] * age
        unsure = _WIDE * here["offset_error_ms"]
        low = middle - np.hypot(unsure, (here["wear_ms"] - here["low_ms"]) * age)
        high = middle + np.hypot(unsure, (here["high_ms"] - here["wear_ms"]) * age)
        curves.fill_between(age, low / 1000, high / 1000, color=colour, alpha=0.1, linewidth=0)
        for edge in (low, high):
            curves.plot(age, edge / 1000, color=colour, linewidth=0.9, linestyle=":")
        # Hard is dashed: what lies under it is seen, as compounds differ by little.
        dash = "--" if compound == "HARD" else "-"
        name = compound.lower()
        curves.plot(age, middle / 1000, dash, color=colour, linewidth=2, label=name)
        _dots(dots, of, ("wear_ms", "low_ms", "high_ms"), colour, "stints", None, shift, 1.0)
    curves.axhline(0, color=GREY, linewidth=1)
    curves.set_xlabel("laps of the set")
    curves.set_ylabel("seconds a lap over a new set of mediums, fuel taken out")
    curves.set_title(circuit_id, fontsize=10)
    dots.set_xlabel("wear, ms per lap")
    dots.set_title("all circuits", fontsize=10)
    dots.set_xlim(left=0)
    _named(figure, curves, title)
    return as_markdown(figure, title)


def neutralisations(
    rows: pd.DataFrame, common: Mapping[str, float], title: str
) -> dg.MetadataValue:
    """Number in a race by circuit with its interval, kind by kind; a line where all races are."""
    cars = rows[rows["caution"].eq("safety_car")].sort_values("per_race")
    order = list(cars["circuit_id"])
    figure, axes = canvas(9, _ROW * len(order) + _EDGE, panels=len(_CAUTIONS))
    for panel, (caution, name) in zip(axes, _CAUTIONS.items(), strict=True):
        of = rows[rows["caution"].eq(caution)].set_index("circuit_id").reindex(order)
        panel.axvline(common[caution], color=RED, linewidth=1, label="all races together")
        label = "circuit, 80 % interval"
        _dots(panel, of, ("per_race", "low", "high"), BLUE, "races", label, scale=1.0)
        panel.set_title(name, fontsize=10)
        panel.set_xlabel("a race")
        panel.set_xlim(left=0)
        if panel is not axes[0]:
            panel.set_yticklabels([])
    _named(figure, axes[0], title)
    return as_markdown(figure, title)


def track_position_cost(rows: pd.DataFrame, title: str) -> dg.MetadataValue:
    """The advantage at which half finish ahead, by circuit, with its interval."""
    order = rows.set_index("circuit_id").sort_values("pass_ms", ascending=False)
    figure, axes = canvas(9, _ROW * len(order) + _EDGE)
    columns = ("pass_ms", "low_ms", "high_ms")
    _dots(axes, order, columns, BLUE, "held", "circuit, 80 % interval")
    axes.set_xlabel("seconds a lap at which half finish ahead of the car that started next ahead")
    axes.set_xlim(left=0)
    _named(figure, axes, title)
    return as_markdown(figure, title)


def _dots(
    axes: Any,
    rows: pd.DataFrame,
    columns: tuple[str, str, str],
    colour: str,
    held: str,
    label: str | None,
    shift: float = 0.0,
    scale: float = 1000.0,
) -> None:
    """A dot with its interval for each circuit (the index), filled where it rests on its own."""
    middle, low, high = (rows[column].to_numpy(float) / scale for column in columns)
    places = np.arange(len(rows)) + shift
    axes.hlines(places, low, high, color=colour, linewidth=1.2, alpha=0.55)
    own = rows[held].to_numpy(float) > 0
    axes.plot(middle[own], places[own], "o", ms=4.5, color=colour, label=label)
    hollow = "rests on no race there" if label and not own.all() else None
    axes.plot(
        middle[~own], places[~own], "o", ms=4.5, color=colour, markerfacecolor="white", label=hollow
    )
    axes.set_yticks(range(len(rows)), list(rows.index), fontsize=8)
    axes.set_ylim(-0.7, len(rows) - 0.3)
    axes.grid(axis="y", color="#eef0f2")
    axes.set_axisbelow(True)


def _named(figure: Any, axes: Any, title: str) -> None:
    """The legend of the axes below the picture, where it covers nothing, and the title."""
    handles = axes.get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower center", ncols=6, fontsize=9, frameon=False)
    figure.suptitle(title, fontsize=12)


def plans(recommended: pd.DataFrame, laps: int, title: str) -> dg.MetadataValue:
    """The plan of each car from lap to lap, pole on top: rows of `recommendations`, one a car."""
    rows = []
    for driver, plan in zip(recommended["driver_id"], recommended["plan"], strict=True):
        parts = plan.split("-")
        bounds = [0, *map(int, parts[1::2]), laps]
        for name, first, last in zip(parts[::2], bounds, bounds[1:], strict=False):
            rows.append((driver, COMPOUNDS[name].upper(), first + 1, last))
    figures = pd.DataFrame(rows, columns=["driver_id", "compound", "first_lap", "last_lap"])
    return stints(figures, recommended.set_index("driver_id")["grid_position"], title)
