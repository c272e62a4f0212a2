"""How often drift is noticed where nothing was changed, and how soon where something was.

`python -m f1_pipeline_tests.monitoring.measure alarms 2019-2025` looks back from every race of
these seasons, `... statuses 2019-2025` says how the model was doing; `... power` changes seasons
that the thresholds were chosen on and waits. The warehouse of F1_DATA_DIR must hold their backtest
by the standard recipe. The numbers are in docs/model-operations.md.
"""

import sys
from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from f1_pipeline import features
from f1_pipeline.contracts import CONTRACTS, check
from f1_pipeline.modelling import STANDARD, Recipe, walk_forward
from f1_pipeline.modelling.backtest import MODEL
from f1_pipeline.modelling.ordering import in_time
from f1_pipeline.monitoring import (
    SPAN,
    Limits,
    by_race,
    counted,
    drift,
    drift_score,
    health,
    news,
    of_baseline,
)
from f1_pipeline.monitoring.quantities import features_of, in_weekend
from f1_pipeline.settings import load_settings
from f1_pipeline.storage.warehouse import Warehouse
from f1_pipeline_tests.features.conftest import build_all
from f1_pipeline_tests.monitoring.changes import shifted, swapped

_SETTINGS = load_settings()
_WINDOW, _THRESHOLD = _SETTINGS.drift_window, _SETTINGS.retraining_threshold
_SHIFTED_FROM = "2018-austria"  # round 9 of 21
_SWAPS = (
    (2018, 9, ("mercedes", "williams")),
    (2018, 9, ("ferrari", "sauber")),
    (2018, 9, ("red-bull", "haas")),
    (2018, 9, ("renault", "toro-rosso")),
    (2016, 9, ("mercedes", "sauber")),
)


def reports(
    training_set: pd.DataFrame,
    backtest: pd.DataFrame,
    recipe: Recipe,
    ends: list[str],
    window: int = _WINDOW,
) -> Iterator[tuple[str, pd.DataFrame]]:
    """The drift report of each of these races, as if it had been the newest."""
    rows = in_time(training_set[training_set["grid_source"].ne("qualifying")])
    events = rows.drop_duplicates("event_id")["event_id"].tolist()
    for end in ends:
        last = events.index(end)
        kept = set(events[max(0, last + 1 - SPAN * window) : last + 1])
        mine = rows[rows["event_id"].isin(kept)].drop(columns="race")
        forecasts = counted(mine, backtest[backtest["event_id"].isin(kept)], _nothing())
        yield end, drift(mine, forecasts, recipe, window, _THRESHOLD)


def delay(
    training_set: pd.DataFrame, backtest: pd.DataFrame, recipe: Recipe, first: str, names: set[str]
) -> int | None:
    """Races from the first one changed to a drift of one of `names` without a calendar effect."""
    events = in_time(training_set).drop_duplicates("event_id")["event_id"].tolist()
    ends = events[events.index(first) :][:_WINDOW]
    for number, (_, report) in enumerate(reports(training_set, backtest, recipe, ends), start=1):
        found = report[report["drifted"] & report["cause"].isna()]
        if names & set(found["name"]):
            return number
    return None


def alarms(warehouse: Warehouse, first: int, last: int) -> None:
    """Every race of the seasons with a drift, and how many asked for a fit."""
    training_set, backtest = _held(warehouse)
    events = in_time(training_set).drop_duplicates("event_id")
    ends = events.loc[events["season"].between(first, last), "event_id"].tolist()
    before = pd.DataFrame(columns=["subject", "name", "drifted"])
    drifted: dict[str, bool] = {}
    asked: list[str] = []
    for end, report in reports(training_set, backtest, STANDARD, ends):
        new, before = news(report, before), report
        found = report[report["drifted"]]
        if found.empty:
            continue
        drifted[end] = bool(found["cause"].isna().any())
        asked += [end] if new else []
        print(f"{end}: drift score {drift_score(report):.2f}, new: {', '.join(new) or 'nothing'}")
        for row in found.itertuples(index=False):
            print(
                f"  {row.subject} {row.name}: PSI {row.psi:.2f}, by chance {row.by_chance:.2f}, "
                f"{row.races} races, {row.cause or 'no cause'}"
            )
    by_season = pd.Series([end[:4] for end in asked], dtype=object).value_counts().sort_index()
    print(
        f"races {len(ends)}; with a drift {len(drifted)}, without a cause {sum(drifted.values())}"
    )
    print(f"a fit was asked for at {len(asked)}: {asked}, by season {by_season.to_dict()}")


def statuses(warehouse: Warehouse, first: int, last: int) -> None:
    """What the forecasts of each window amount to, drift left aside, by horizon."""
    training_set, backtest = _held(warehouse)
    forecasts = counted(training_set, backtest, _nothing())
    seasons = forecasts["event_id"].str[:4].astype(int)
    forecasts = forecasts[seasons.between(first - 2, last)]
    scores = by_race(training_set, forecasts, of_baseline(training_set, forecasts))
    events = list(scores["event_id"].drop_duplicates())
    limits = Limits(_SETTINGS.max_rps, _SETTINGS.max_points_ll, _SETTINGS.max_calibration_error)
    lines = []
    for number, end in enumerate(events):
        if int(end[:4]) < first:
            continue
        window = set(events[max(0, number + 1 - _WINDOW) : number + 1])
        rows = health(
            scores[scores["event_id"].isin(window)],
            forecasts[forecasts["event_id"].isin(window)],
            event_id=end,
            model_version="backtest",
            drift_score=None,
            drifted=[],
            limits=limits,
        )
        for row in rows[rows["status"].ne("good")].itertuples():
            print(f"{end} {row.horizon}: {row.status}, {row.reason}")
        lines.append(rows)
    table = pd.concat(lines)
    print(table.groupby(["horizon", "status"]).size())


def power(warehouse: Warehouse) -> None:
    """Races until a change is noticed: a feature shifted, two teams' pace swapped."""
    training_set, backtest = _held(warehouse)
    lines = []
    for name in features_of(STANDARD):
        only = replace(
            STANDARD,
            tree=replace(STANDARD.tree, features=(name,)),
            linear=replace(STANDARD.linear, features=()),
        )
        for deviations in (1, -1, 2, -2):
            rows = shifted(training_set, name, _SHIFTED_FROM, deviations)
            noticed = delay(rows, backtest.iloc[:0], only, _SHIFTED_FROM, {name})
            lines.append((in_weekend(name), abs(deviations), name, noticed))
    table = pd.DataFrame(lines, columns=["of the weekend", "deviations", "feature", "races"])
    print(table.pivot_table(index="feature", columns="deviations", values="races", aggfunc="max"))
    groups = table.groupby(["of the weekend", "deviations"])["races"]
    print(groups.agg(["median", "max", "count", "size"]))
    tables = warehouse.read_many([*_TABLES, "race_pace"])
    for season, first_round, teams in _SWAPS:
        changed = swapped(tables, season, first_round, teams)
        rows = features.training_set(build_all(changed)["race_features"], changed)
        rows = check(rows, CONTRACTS["training_set"])
        before = rows[rows["horizon"].eq("pre_weekend")]
        made = walk_forward(before, season, STANDARD)
        others = backtest[backtest["season"].ne(season)]
        first = rows.loc[rows["season"].eq(season) & rows["round"].eq(first_round), "event_id"]
        both = pd.concat([others, made[made["model"].eq(MODEL)]])
        noticed = delay(rows, both, STANDARD, first.iloc[0], set(teams))
        print(f"{season}, from round {first_round}, {' and '.join(teams)}: {noticed} races")


def _held(warehouse: Warehouse) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows = warehouse.read_where(
        "backtest_predictions", recipe=STANDARD.content_hash, tier="results", model=MODEL
    )
    return warehouse.read("training_set"), rows


def _nothing() -> pd.DataFrame:
    return pd.DataFrame(columns=[c.name for c in CONTRACTS["race_predictions"].columns])


_TABLES = [name for name, c in CONTRACTS.items() if c.layer == "tables" and not c.by_session]


if __name__ == "__main__":
    held = Warehouse(_SETTINGS.database_url)
    command, *period = sys.argv[1:]
    if command == "power":
        power(held)
    else:
        first_season, last_season = map(int, period[0].split("-"))
        {"alarms": alarms, "statuses": statuses}[command](held, first_season, last_season)
