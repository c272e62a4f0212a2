"""The figures of races: what laps have shown of stints, cautions and stops, one race at a time.

Here belongs what is a fact of one race. Not here: what is expected of another race (fits), and the
judgement of single laps and stops, which the tables have made already.
"""

import hashlib
from collections.abc import Mapping

import numpy as np
import pandas as pd

from f1_pipeline.contracts import CONTRACTS
from f1_pipeline.strategy.cautions import began_under, cautions

# Without these of a race nothing is said of it: that nobody saw a safety car is no fact if nothing
# says when there was one.
NEEDED = ("laps", "track_status", "race_results")
INPUTS = (*NEEDED, "stints", "clean_laps", "pit_lane_losses")
# Raise it with a change of what a figure means: all races whose laps are held are computed again.
_RULES = 1
_STINT = ["event_id", "driver_id", "stint"]
_WET = ("INTERMEDIATE", "WET")
_WET_SHARE = 0.05
_SLOPE_LAPS = 5
_SPREAD_STOPS = 3  # of two stops the quantiles are the stops themselves
# A yellow flag slows one corner: stops under it cost what others do (22.9 s beside 23.0 s).
_AS_GREEN = {"yellow": "green"}


def revision(contents: Mapping[str, str]) -> str:
    """A hash of what a race's figures rest on: by input the hash of its rows; the rules here."""
    lines = [f"{name} {contents.get(name, '')}" for name in INPUTS]
    return hashlib.sha256("\n".join([str(_RULES), *lines]).encode()).hexdigest()[:16]


def figures(
    tables: Mapping[str, pd.DataFrame], revisions: Mapping[str, str]
) -> dict[str, pd.DataFrame]:
    """The four tables of figures of the races (session R) in `tables`: those of `INPUTS`.

    `revisions`: by event the `revision` of its rows. A race needs rows of each table in `NEEDED`.
    """
    race = _races(tables)
    found = cautions(race["laps"], race["track_status"])
    source = race["laps"].groupby("event_id")["source"].first()
    rows = {
        "race_figures": _race_figures(race, found, revisions),
        "stint_figures": _stint_figures(race),
        "caution_figures": _caution_figures(found),
        "pit_loss_figures": _pit_loss_figures(race["pit_lane_losses"]),
    }
    return {
        name: _of_contract(name, frame.assign(source=frame["event_id"].map(source), tier="timing"))
        for name, frame in rows.items()
    }


def _races(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The rows of races that can be told of."""
    race = {
        name: frame[frame["session"].eq("R")] if "session" in frame.columns else frame
        for name, frame in ((name, tables[name]) for name in INPUTS)
    }
    known = set.intersection(*(set(race[name]["event_id"]) for name in NEEDED))
    return {
        name: frame[frame["event_id"].isin(known)].reset_index(drop=True)
        for name, frame in race.items()
    }


def _race_figures(
    race: dict[str, pd.DataFrame], found: pd.DataFrame, revisions: Mapping[str, str]
) -> pd.DataFrame:
    laps, results, clean = race["laps"], race["race_results"], _clean(race["clean_laps"])
    # The result counts the winner's laps; a race whose winner it does not name lasted as long as
    # the longest of them.
    won = results[results["position"].eq(1).fillna(False)].groupby("event_id")["laps"].first()
    most = laps.groupby("event_id")["lap"].max()
    rows = pd.DataFrame({"event_id": most.index})
    event = rows["event_id"]
    red = found[found["caution"].eq("red")].groupby("event_id").size()
    return rows.assign(
        laps=event.map(won).fillna(event.map(most)),
        dry=event.map(_dry(laps)).eq(True),
        red_flags=event.map(red).fillna(0),
        lap_ms=event.map(clean.groupby("event_id")["lap_ms"].median()).round(1),
        revision=event.map(dict(revisions)),
    )


def _dry(laps: pd.DataFrame) -> "pd.Series[bool]":
    """By event whether fewer than one car in twenty ever ran on wet tyres, as far as is known.

    In effect none: of the races of 2018-2025 that saw a wet tyre, the driest saw it on nine cars.
    """
    known = laps[laps["compound"].notna()]
    wet = known["compound"].isin(_WET).groupby([known["event_id"], known["driver_id"]]).any()
    return wet.groupby("event_id").mean() < _WET_SHARE


def _stint_figures(race: dict[str, pd.DataFrame]) -> pd.DataFrame:
    stints = race["stints"].sort_values(_STINT, ignore_index=True)
    shown = _pace(_clean(race["clean_laps"]))
    rows = stints[[*_STINT, "compound", "first_lap", "last_lap"]].assign(
        tyre_age=stints["tyre_age_at_start"], began_under=began_under(stints, race)
    )
    rows = rows.merge(shown, on=_STINT, how="left")
    return rows.assign(clean_laps=rows["clean_laps"].fillna(0))


def _clean(clean_laps: pd.DataFrame) -> pd.DataFrame:
    """Laps that show pace, as plain numbers."""
    rows = clean_laps[clean_laps["clean"].fillna(False).astype(bool)]
    return rows[_STINT].assign(
        lap=rows["lap"].astype("float64"), lap_ms=rows["lap_ms"].astype("float64")
    )


def _pace(clean: pd.DataFrame) -> pd.DataFrame:
    """By stint the clean laps, their median and mean number, and the line through them."""
    clean = clean[clean["stint"].notna()]
    stint = clean.groupby(_STINT)
    lap = clean["lap"] - stint["lap"].transform("mean")
    time = clean["lap_ms"] - stint["lap_ms"].transform("mean")
    sums = clean[_STINT].assign(xx=lap * lap, xy=lap * time, yy=time * time)
    rows = stint.agg(clean_laps=("lap", "size"), pace_ms=("lap_ms", "median"), mean=("lap", "mean"))
    rows = rows.join(sums.groupby(_STINT).sum())
    enough = rows["clean_laps"] >= _SLOPE_LAPS
    slope = (rows["xy"] / rows["xx"]).where(enough)
    left = (rows["yy"] - slope * rows["xy"]).clip(lower=0)
    error = np.sqrt(left / (rows["clean_laps"] - 2) / rows["xx"])
    rows = rows.assign(
        pace_ms=rows["pace_ms"].round(1),
        mean_lap=rows["mean"].round(2),
        slope_ms=slope.round(2),
        # Laps are timed to the millisecond: no line through them is known better than this.
        slope_error_ms=error.round(2).clip(lower=0.01),
    )
    names = ["clean_laps", "pace_ms", "mean_lap", "slope_ms", "slope_error_ms"]
    return rows[names].reset_index()


def _caution_figures(found: pd.DataFrame) -> pd.DataFrame:
    return found.assign(
        number=found.groupby("event_id").cumcount() + 1,
        laps=found["last_lap"] - found["first_lap"] + 1,
    )


def _pit_loss_figures(losses: pd.DataFrame) -> pd.DataFrame:
    """By event and state: usable stops, their median, and half of what 68 % of them span."""
    usable = losses[losses["usable"].fillna(False).astype(bool)]
    loss = usable["loss_ms"].astype("float64")
    under = usable["caution"].replace(_AS_GREEN)
    by_state = loss.groupby([usable["event_id"], under.rename("caution")])
    rows = pd.DataFrame({"stops": by_state.size(), "loss_ms": by_state.median().round(1)})
    spread = (by_state.quantile(0.84) - by_state.quantile(0.16)) / 2
    rows["spread_ms"] = spread.round(1).where(rows["stops"] >= _SPREAD_STOPS)
    return rows.reset_index()


def _of_contract(name: str, rows: pd.DataFrame) -> pd.DataFrame:
    columns = [column.name for column in CONTRACTS[name].columns]
    return rows[columns].sort_values(list(CONTRACTS[name].key), ignore_index=True)
