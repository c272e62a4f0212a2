"""Facts of races made up, and their texts."""

import pandas as pd
import pytest

from f1_pipeline.search.documents import texts
from f1_pipeline.search.facts import COLUMNS, driver_facts, race_facts
from f1_pipeline.search.names import names_of
from f1_pipeline_tests.search.made_up import tables


@pytest.fixture(scope="module")
def facts() -> pd.DataFrame:
    return driver_facts(tables()).set_index("document_id", drop=False)


def test_a_row_per_driver_and_race_in_the_order_of_races(facts: pd.DataFrame) -> None:
    assert list(facts.columns) == list(COLUMNS)
    assert len(facts) == 10
    assert facts.index[0] == "2015-monaco/max-verstappen"
    assert facts.index[-1] == "2021-belgium/charles-leclerc"


def test_places_and_what_they_make(facts: pd.DataFrame) -> None:
    third = facts.loc["2021-monaco/lewis-hamilton"]
    assert (third["grid"], third["finish"], third["gained"], third["podium"]) == (4, 3, 1, 1)
    assert (third["won"], third["last_on_grid"], third["last_at_finish"]) == (0, 1, 1)
    first = facts.loc["2021-monaco/charles-leclerc"]
    assert (first["won"], first["pole"], first["home"]) == (1, 1, 1)


def test_a_start_from_the_pit_lane_has_no_place_and_gains_none(facts: pd.DataFrame) -> None:
    row = facts.loc["2021-belgium/lewis-hamilton"]
    assert row["pit_lane"] == 1
    assert pd.isna(row["grid"])
    assert pd.isna(row["gained"])


def test_a_retirement_has_a_reason_and_no_finish(facts: pd.DataFrame) -> None:
    row = facts.loc["2021-monaco/lando-norris"]
    assert (row["retired"], row["reason"]) == (1, "gearbox")
    assert pd.isna(row["finish"])


def test_stops_leave_out_sets_put_on_while_the_race_was_stopped(facts: pd.DataFrame) -> None:
    wet = facts.loc["2021-belgium/lewis-hamilton"]
    assert (wet["stops"], wet["start"], wet["end"]) == (1, "WET", "INTERMEDIATE")
    assert wet["compounds"] == "WET UNKNOWN INTERMEDIATE"
    assert wet["first_stop"] == 20
    assert facts.loc["2021-monaco/lewis-hamilton", "stops"] == 0
    assert facts.loc["2021-monaco/max-verstappen", "stops"] == 2


def test_what_has_no_figures_is_not_known(facts: pd.DataFrame) -> None:
    old = facts.loc["2015-monaco/max-verstappen"]
    for fact in ("wet", "stops", "red_flags", "safety_cars", "virtual_safety_cars", "first_stop"):
        assert pd.isna(old[fact]), fact
    new = facts.loc["2021-monaco/max-verstappen"]
    assert (new["wet"], new["safety_cars"]) == (0, 0)
    rain = facts.loc["2021-belgium/max-verstappen"]
    assert (rain["wet"], rain["red_flags"], rain["safety_cars"]) == (1, 1, 2)


def test_a_row_per_race(facts: pd.DataFrame) -> None:
    races = race_facts(facts.reset_index(drop=True)).set_index("document_id")
    monaco = races.loc["2021-monaco"]
    assert monaco["winner"] == "charles-leclerc"
    assert monaco["podium"] == "charles-leclerc max-verstappen lewis-hamilton"
    assert (monaco["retirements"], monaco["typical_stops"], monaco["drivers"]) == (1, 1, 4)
    assert races.loc["2021-belgium", "wet"] == 1


def test_texts_hold_the_facts_in_words(facts: pd.DataFrame) -> None:
    names = names_of(tables(), facts).all()
    written = dict(zip(facts.index, texts(facts, names), strict=True))
    won = written["2021-belgium/lewis-hamilton"]
    for words in (
        "Lewis Hamilton",
        "British",
        "Won",
        "pit lane",
        "rain",
        "intermediate",
    ):
        assert words in won
    assert "Francorchamps" in won
    assert "2 safety cars" in won
    out = written["2021-monaco/lando-norris"]
    assert "Retired (gearbox)" in out
    assert "Started 3rd" in out
    assert "started on the soft, finished on the hard" in written["2021-monaco/charles-leclerc"]


def test_texts_do_not_mention_what_is_not_known(facts: pd.DataFrame) -> None:
    names = names_of(tables(), facts).all()
    written = dict(zip(facts.index, texts(facts, names), strict=True))
    for words in ("dry", "wet", "stop", "nan", "None"):
        assert words not in written["2015-monaco/max-verstappen"].split()
    races = race_facts(facts.reset_index(drop=True))
    told = dict(zip(races["document_id"], texts(races, names), strict=True))
    assert "Won by Charles Leclerc for Ferrari" in told["2021-monaco"]
    assert not any("nan" in text for text in (*written.values(), *told.values()))
