"""Which model may forecast an event: the fit in force, a fit as of then, or the baseline."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from f1_pipeline import features
from f1_pipeline.modelling import QUICK
from f1_pipeline.predictions import forecast, incoherences, model_for
from f1_pipeline.predictions.choice import BASELINE, Baseline
from f1_pipeline_tests.features.conftest import build_all
from f1_pipeline_tests.synthetic import make_tables


@pytest.fixture(scope="module")
def known() -> tuple[dict[str, pd.DataFrame], pd.DataFrame, pd.DataFrame]:
    """Tables, race features and training set of three made-up seasons."""
    tables = make_tables(seasons=(2021, 2022, 2023), cars=12)
    rows = build_all(tables)["race_features"]
    return tables, rows, features.training_set(rows, tables)


class Store:
    """Stands for the model store: gives back the name of what it was asked for."""

    def load(self, version: str, read: object) -> str:
        return f"loaded {version}"


STORE: Any = Store()


def held(training_set: pd.DataFrame) -> list[str]:
    ordered = training_set.sort_values("race_starts_at")
    return list(ordered["event_id"].drop_duplicates())


def test_the_fit_in_force_forecasts_later_races_only(known) -> None:
    tables, _, training = known
    events = held(training)
    champion = {"model_version": "v7", "last_event": events[-3]}
    later = model_for(events[-2], tables["events"], training, QUICK, champion, STORE)
    assert later.version == "v7"
    assert str(later.model) == "loaded v7"
    for trained_on in (events[-3], events[-5]):
        chosen = model_for(trained_on, tables["events"], training, QUICK, champion, STORE)
        assert chosen.version.startswith("as-of-")


def test_a_fit_as_of_an_event_saw_nothing_of_it_or_later(known) -> None:
    tables, rows, training = known
    event_id = held(training)[-4]
    start = training.loc[training["event_id"].eq(event_id), "race_starts_at"].iloc[0]
    later = training["race_starts_at"] >= start
    scrambled = training.copy()
    order = scrambled.loc[later, "finish_order"].to_numpy()[::-1]
    scrambled.loc[later, "finish_order"] = order
    made = [
        model_for(event_id, tables["events"], t, QUICK, None, STORE) for t in (training, scrambled)
    ]
    assert made[0].version == made[1].version
    race = rows[rows["event_id"].eq(event_id) & rows["grid_source"].eq("official")]
    forecasts = [m.model.predict(race) for m in made]
    pd.testing.assert_frame_equal(*forecasts)
    earlier = training.copy()
    earlier.loc[~later, "finish_order"] = earlier.loc[~later, "finish_order"].to_numpy()[::-1]
    other = model_for(event_id, tables["events"], earlier, QUICK, None, STORE)
    assert other.version != made[0].version


def test_too_few_races_leave_the_baseline_under_its_own_name(known) -> None:
    tables, rows, training = known
    event_id = held(training)[3]
    chosen = model_for(event_id, tables["events"], training, QUICK, None, STORE)
    assert chosen.version == BASELINE
    assert isinstance(chosen.model, Baseline)
    assert "too few" in str(chosen.degraded_reason)
    made = forecast(event_id, tables["events"], tables["drivers"], rows, chosen)
    assert incoherences(made) == []
    assert set(made["horizon"]) == {"pre_weekend", "post_practice", "post_qualifying"}


def test_a_champion_of_another_archive_is_not_asked(known) -> None:
    tables, _, training = known
    champion = {"model_version": "v7", "last_event": "1950-monaco"}
    chosen = model_for(held(training)[-1], tables["events"], training, QUICK, champion, STORE)
    assert chosen.version.startswith("as-of-")


def test_news_is_what_is_not_published_or_now_in_time() -> None:
    from f1_pipeline.predictions import not_published

    start = datetime(2026, 3, 8, tzinfo=UTC)
    row = {
        "horizon": "pre_weekend",
        "model_version": "a",
        "data_version": "b",
        "run_id": "r",
        "event_starts_at": start,
    }
    late = pd.DataFrame([row | {"generated_at": start + timedelta(days=1)}])
    early = pd.DataFrame([row | {"generated_at": start - timedelta(days=1)}])
    nothing = late.iloc[:0]
    assert len(not_published(late, nothing)) == 1
    assert len(not_published(late, late)) == 0
    assert len(not_published(late, early)) == 0
    assert len(not_published(late.assign(data_version="c"), early)) == 0
    assert len(not_published(late.assign(data_version="c"), late)) == 1
    assert len(not_published(early, late)) == 1
    assert len(not_published(early, early)) == 0
    assert len(not_published(early.assign(data_version="c"), early)) == 1


def test_a_model_that_is_back_in_force_is_news_again() -> None:
    from f1_pipeline.predictions import not_published

    start = datetime(2026, 3, 8, tzinfo=UTC)
    rows = pd.DataFrame(
        [
            {
                "horizon": "pre_weekend",
                "model_version": model,
                "data_version": "b",
                "run_id": "r",
                "event_starts_at": start,
                "generated_at": start - timedelta(days=days),
            }
            for model, days in (("old", 3), ("new", 2), ("old", 1))
        ]
    )
    assert len(not_published(rows.iloc[2:], rows.iloc[:2])) == 1
    assert len(not_published(rows.iloc[2:], rows)) == 0


def test_while_nothing_is_in_force_the_baseline_forecasts_and_says_why(known) -> None:
    tables, _, training = known
    event_id = held(training)[-1]
    chosen = model_for(event_id, tables["events"], training, None, None, STORE, "v7 was refused")
    assert chosen.version == BASELINE
    assert chosen.degraded_reason == "no model in force: v7 was refused"
    early = model_for(held(training)[3], tables["events"], training, None, None, STORE, "v7")
    assert "3 races are too few" in str(early.degraded_reason)
