"""What the fits are worth on 2019-2025, race by race, each fitted to the races before it.

    python -m f1_pipeline_tests.strategy.fits.measure

Reads the published figures of the home that the environment names. Nothing is chosen by what is
printed here. Intervals are of 95 %, of the mean over races, by a bootstrap of races with a seed.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from f1_pipeline.settings import load_settings
from f1_pipeline.storage.warehouse import Warehouse
from f1_pipeline.strategy.fits import fuel, neutralisations, pit_loss, track_position, tyres
from f1_pipeline.strategy.fits.rows import circuits_of
from f1_pipeline.strategy.fits.stints import dry_stints

SEASONS = range(2019, 2026)
TABLES = [
    *("events", "race_results", "starting_grids"),
    *("race_figures", "stint_figures", "caution_figures", "pit_loss_figures"),
]
_DRAWS = 10_000
Frames = dict[str, pd.DataFrame]


def main() -> None:
    frames = Warehouse(load_settings().database_url).read_many(TABLES)
    for line in measure(frames):
        print(line, flush=True)


def measure(frames: Frames) -> Iterator[str]:
    """The lines of all four fits."""
    events = frames["events"].sort_values(["race_starts_at", "event_id"], ignore_index=True)
    events = events[events["event_id"].isin(frames["race_figures"]["event_id"])]
    yield from _pit_loss(events, frames["pit_loss_figures"])
    yield from _tyres(events, frames["stint_figures"], frames["race_figures"])
    yield from _neutralisations(events, frames["caution_figures"], frames["race_figures"])
    yield from _track_position(events, frames)


def _walk(events: pd.DataFrame) -> Iterator[tuple[pd.Series, pd.DataFrame, pd.DataFrame]]:
    """Each race, the events before it, and those together with its own."""
    for i in range(1, len(events)):
        if events["season"].iloc[i] in SEASONS:
            yield events.iloc[i], events.iloc[:i], events.iloc[: i + 1]


def _pit_loss(events: pd.DataFrame, figures: pd.DataFrame) -> Iterator[str]:
    found = []
    for race, before, known in _walk(events):
        past = figures[figures["event_id"].isin(before["event_id"])]
        here = before.loc[before["circuit_id"].eq(race["circuit_id"]), "event_id"]
        expected = pit_loss.fit(past, known)
        expected = expected[expected["circuit_id"].eq(race["circuit_id"])].set_index("caution")
        for _, seen in figures[figures["event_id"].eq(race["event_id"])].iterrows():
            if seen["caution"] not in expected.index:
                continue
            of = past[past["caution"].eq(seen["caution"])].set_index("event_id")["loss_ms"]
            own = of.reindex(here).dropna()
            row = expected.loc[seen["caution"], ["loss_ms", "low_ms", "high_ms"]].to_dict()
            row |= {"all circuits' median": of.median(), "shown": seen["loss_ms"]}
            row["its editions' median"] = own.median() if len(own) else of.median()
            row["its last edition"] = own.iloc[-1] if len(own) else of.median()
            found.append(row | seen[["event_id", "caution", "stops"]].to_dict())
    rows = pd.DataFrame(found)
    baselines = ["all circuits' median", "its editions' median", "its last edition"]
    for caution, of in rows.groupby("caution"):
        yield from _errors(f"pit loss, {caution}", of, baselines)


def _errors(title: str, rows: pd.DataFrame, baselines: list[str]) -> Iterator[str]:
    """Mean absolute error in seconds, coverage, and the baselines beside it."""
    inside = rows["shown"].between(rows["low_ms"], rows["high_ms"]).mean()
    width = (rows["high_ms"] - rows["low_ms"]).mean() / 1000
    error = (rows["loss_ms"] - rows["shown"]).abs() / 1000
    yield (
        f"{title}: MAE {error.mean():.3f} s in {len(rows)} races; 80 % interval covers "
        f"{inside:.1%}, {width:.2f} s wide"
    )
    for name in baselines:
        yield _against(name, error, (rows[name] - rows["shown"]).abs() / 1000, "s")


def _tyres(events: pd.DataFrame, figures: pd.DataFrame, races: pd.DataFrame) -> Iterator[str]:
    stints = dry_stints(figures, races, events)
    estimates = fuel.race_estimates(stints)
    sloped = stints[stints["slope_ms"].notna()]
    tests = []
    for race, before, known in _walk(events):
        seen = sloped[sloped["event_id"].eq(race["event_id"])]
        past = stints["event_id"].isin(before["event_id"])
        told = {e: estimates[e] for e in before["event_id"] if e in estimates}
        expected = tyres.of_stints(stints[past], told, circuits_of(known))
        if seen.empty or expected.empty:
            continue
        here = expected[expected["circuit_id"].eq(race["circuit_id"])].set_index("compound")
        one, by_compound = _global_slopes(sloped[sloped["event_id"].isin(before["event_id"])])
        gain = seen["compound"].map(here["fuel_ms"])
        tests.append(
            seen.assign(
                slope=seen["compound"].map(here["wear_ms"]) - gain,
                low=seen["compound"].map(here["low_ms"]) - gain,
                high=seen["compound"].map(here["high_ms"]) - gain,
                gain=gain,
                one=one,
                by_compound=seen["compound"].map(by_compound).fillna(one),
            )
        )
    rows = pd.concat(tests, ignore_index=True)
    whole = fuel.share(stints, estimates)
    yield (
        f"tyres: the whole distance gains {whole:.4f} of a lap, in the median race "
        f"{rows.groupby('event_id')['gain'].first().median():.1f} ms per lap"
    )
    # Of n laps in a row the mean distance from the middle one is n / 4: the error of the course
    # of lap times about their mean, per lap.
    laps = rows["clean_laps"].astype("float64") / 4
    for title, weight in (("slope, ms/lap", laps * 0 + 1), ("course about its mean, ms", laps)):
        mean = {
            name: ((rows[name] - rows["slope_ms"]).abs() * weight).groupby(rows["event_id"]).mean()
            for name in ("slope", "one", "by_compound")
        }
        yield (
            f"tyres, {title}: MAE {mean['slope'].mean():.2f}, {len(rows)} stints of "
            f"{len(mean['slope'])} races"
        )
        yield _against("one slope for all, shrunken", mean["slope"], mean["one"], "ms")
        yield _against("a slope per compound, shrunken", mean["slope"], mean["by_compound"], "ms")
    yield from _covered(rows)


def _covered(rows: pd.DataFrame) -> Iterator[str]:
    cells = rows.groupby(["event_id", "compound"]).agg(
        shown=("slope_ms", "median"),
        low=("low", "first"),
        high=("high", "first"),
        n=("low", "size"),
    )
    cells = cells[cells["n"] >= 8]
    inside = cells["shown"].between(cells["low"], cells["high"]).mean()
    yield (
        f"tyres: 80 % interval covers the median slope of {inside:.1%} of {len(cells)} races and "
        "compounds with 8 stints or more"
    )


def _global_slopes(past: pd.DataFrame) -> tuple[float, "pd.Series[float]"]:
    """Mean slope under a random effect per stint (DerSimonian and Laird): of all, by compound."""
    error = past["slope_error_ms"].astype("float64") ** 2
    slope, everything = past["slope_ms"], pd.Series(0, index=past.index)
    weight = 1 / (error + tyres.between(slope, 1 / error, everything))
    group, total = past["compound"], (weight * slope).sum() / weight.sum()
    return float(total), (weight * slope).groupby(group).sum() / weight.groupby(group).sum()


def _neutralisations(
    events: pd.DataFrame, cautions: pd.DataFrame, races: pd.DataFrame
) -> Iterator[str]:
    for kind in neutralisations.CAUTIONS:
        number = cautions[cautions["caution"].eq(kind)].groupby("event_id").size()
        number = number.reindex(events["event_id"]).fillna(0)
        own, everywhere, share, happened = [], [], [], []
        for race, before, known in _walk(events):
            ids = set(before["event_id"])
            rates = neutralisations.fit(
                cautions[cautions["event_id"].isin(ids)], races[races["event_id"].isin(ids)], known
            )
            here = rates["circuit_id"].eq(race["circuit_id"]) & rates["caution"].eq(kind)
            past = number.reindex(before["event_id"])
            own.append(float(rates.loc[here, "per_race"].iloc[0]))
            everywhere.append((float(past.sum()) + 0.5) / len(past))
            share.append((float(past.gt(0).sum()) + 0.5) / (len(past) + 1))
            happened.append(number[race["event_id"]] > 0)
        seen = np.array(happened, dtype=np.float64)
        score = _log_loss(neutralisations.happens(np.array(own)), seen)
        yield f"{kind} happens: log-loss {score.mean():.4f}, {seen.mean():.1%} of {len(seen)} races"
        rate = _log_loss(neutralisations.happens(np.array(everywhere)), seen)
        yield _against("the rate of all circuits", score, rate, "")
        yield _against("the share of all races", score, _log_loss(np.array(share), seen), "")


def _track_position(events: pd.DataFrame, frames: Frames) -> Iterator[str]:
    pairs = track_position.grid_pairs(
        frames["stint_figures"],
        frames["race_figures"],
        frames["race_results"],
        frames["starting_grids"],
        events,
    )
    tests = []
    for race, before, _ in _walk(events):
        seen = pairs[pairs["event_id"].eq(race["event_id"])]
        past = pairs[pairs["event_id"].isin(before["event_id"])]
        if seen.empty or past.empty:
            continue
        model = track_position.passing(past, seen["circuit_id"])
        advantage = seen["advantage_ms"].to_numpy(np.float64)
        nowhere = pd.Series("", index=seen.index)
        tests.append(
            seen.assign(
                own=model.probability(seen["circuit_id"], advantage),
                same=model.probability(nowhere, advantage),
                level=float(past["passed"].mean()),
            )
        )
    rows = pd.concat(tests)
    seen, event = rows["passed"].to_numpy(np.float64), rows["event_id"]
    score = {
        name: pd.Series(_log_loss(rows[name].to_numpy(np.float64), seen)).groupby(event.to_numpy())
        for name in ("own", "same", "level")
    }
    own = score["own"].mean()
    yield f"a place: log-loss {own.mean():.4f}, {len(rows)} pairs of {len(own)} races"
    yield _against("without circuits", own, score["same"].mean(), "")
    yield _against("without pace", own, score["level"].mean(), "")


def _log_loss(p: np.ndarray, happened: np.ndarray) -> np.ndarray:
    p = np.clip(p, 1e-6, 1 - 1e-6)
    return np.asarray(-(happened * np.log(p) + (1 - happened) * np.log1p(-p)))


def _against(name: str, errors: object, others: object, unit: str) -> str:
    """The baseline's mean, and the paired difference with its interval over races."""
    ours, theirs = np.asarray(errors, dtype=np.float64), np.asarray(others, dtype=np.float64)
    difference = ours - theirs
    chosen = np.random.default_rng(2019).integers(0, len(ours), (_DRAWS, len(ours)))
    low, high = np.quantile(difference[chosen].mean(axis=1), [0.025, 0.975])
    return (
        f"    {name}: {theirs.mean():.4g} {unit}".rstrip()
        + f"; difference {difference.mean():+.4f} [{low:+.4f}, {high:+.4f}]"
    )


if __name__ == "__main__":
    main()
