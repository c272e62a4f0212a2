"""Championship standings after each event, computed from results, sprints and rulings.

Every point counts (no dropped scores, as since 1991). The archive's published standings are the
check, not the source: they agree on every driver's points since 2010.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from f1_pipeline.tables.calendar import held


@dataclass(frozen=True)
class Ruling:
    """Points that the stewards took from a constructor, from this event on."""

    event_id: str
    constructor_id: str
    points: float
    why: str


RULINGS = (
    Ruling("2018-belgium", "force-india", -59.0, "the team was sold and re-entered in mid-season"),
    Ruling("2020-70th-anniversary", "racing-point", -15.0, "brake ducts copied from a rival"),
)


def standings(
    events: pd.DataFrame, race_results: pd.DataFrame, sprint_results: pd.DataFrame
) -> pd.DataFrame:
    """Rows of the contract for every event that has a race result. Inputs are validated tables."""
    past = held(events, race_results)
    races, sprints = (_by_season(results, past) for results in (race_results, sprint_results))
    frames = [
        _championship(rounds, races[season], sprints.get(season, sprint_results[:0]), championship)
        for season, rounds in past.groupby("season")
        for championship in ("drivers", "constructors")
    ]
    if not frames:
        return pd.DataFrame(
            columns=["event_id", "championship", "competitor_id", "position", "points", "wins"]
        )
    return pd.concat(frames, ignore_index=True)


def _by_season(results: pd.DataFrame, past: pd.DataFrame) -> dict[int, pd.DataFrame]:
    """The results of the events held, split once: a search by season would grow with its square."""
    season = results["event_id"].map(past.set_index("event_id")["season"])
    return {int(year): rows for year, rows in results.groupby(season)}


def _championship(
    rounds: pd.DataFrame, races: pd.DataFrame, sprints: pd.DataFrame, championship: str
) -> pd.DataFrame:
    competitor = "driver_id" if championship == "drivers" else "constructor_id"
    order = list(rounds["event_id"])
    scored = pd.concat([f[["event_id", competitor, "points"]] for f in (races, sprints)])
    points = scored.pivot_table(
        index=competitor, columns="event_id", values="points", aggfunc="sum", fill_value=0.0
    ).reindex(columns=order, fill_value=0.0)
    if championship == "constructors":
        _apply_rulings(points)
    total = points.cumsum(axis=1).to_numpy(dtype=float)
    places = _place_counts(races, competitor, list(points.index), order)
    first = _first_appearance(scored, competitor, list(points.index), order)
    frames = []
    for i, event_id in enumerate(order):
        present = np.flatnonzero(first <= i)
        # np.lexsort takes its last key first: points, then wins, second places, and so on.
        keys = [*(-places[present, i, ::-1].T), -total[present, i]]
        ranked = present[np.lexsort(keys)]
        frames.append(
            pd.DataFrame(
                {
                    "event_id": event_id,
                    "championship": championship,
                    "competitor_id": points.index[ranked],
                    "position": np.arange(1, len(ranked) + 1),
                    "points": total[ranked, i],
                    "wins": places[ranked, i, 0],
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def _apply_rulings(points: pd.DataFrame) -> None:
    for ruling in RULINGS:
        if ruling.event_id in points.columns and ruling.constructor_id in points.index:
            points.loc[ruling.constructor_id, ruling.event_id] += ruling.points


def _place_counts(
    races: pd.DataFrame, competitor: str, ids: list[str], order: list[str]
) -> np.ndarray:
    """Counts so far of each race position: competitors × events × positions."""
    placed = races[races["position"].notna()]
    positions = placed["position"].to_numpy(dtype=int)
    counts = np.zeros((len(ids), len(order), max(positions, default=1)), dtype=int)
    rows = pd.Index(ids).get_indexer(placed[competitor])
    columns = pd.Index(order).get_indexer(placed["event_id"])
    np.add.at(counts, (rows, columns, positions - 1), 1)
    return counts.cumsum(axis=1)


def _first_appearance(
    scored: pd.DataFrame, competitor: str, ids: list[str], order: list[str]
) -> np.ndarray:
    index = pd.Series(pd.Index(order).get_indexer(scored["event_id"]), index=scored.index)
    return index.groupby(scored[competitor]).min().reindex(ids).to_numpy(dtype=int)
