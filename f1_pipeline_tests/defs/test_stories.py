"""Stories as an asset: told from what is published, kept, and safe from what a model writes."""

import logging
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import dagster as dg
import pandas as pd
import pytest

from f1_pipeline.defs.resources import Storage
from f1_pipeline.defs.stories import stories
from f1_pipeline_tests.cli.conftest import Home, small, small_archive  # noqa: F401
from f1_pipeline_tests.narration import standin
from f1_pipeline_tests.narration.standin import KEY, MODEL, StandIn, failure, message

# The pages of the tests publish it too: the race after the last one that is held.
NEXT = "2026-australia"


@pytest.fixture
def home(small: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:  # noqa: F811
    copytree(small.folder, tmp_path / "home")
    home = Home(tmp_path / "home", **small.variables | {"F1_DATA_DIR": str(tmp_path / "home")})
    for name, value in home.variables.items():
        monkeypatch.setenv(name, value)
    return home


@pytest.fixture
def model(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    with standin.listening() as made:
        monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
        monkeypatch.setenv("ANTHROPIC_BASE_URL", made.address)
        monkeypatch.setenv("STORY_MODEL", MODEL)
        yield made


def tell() -> pd.DataFrame:
    """Materialize the stories of the next race; its rows."""
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("events", [NEXT])
        told = dg.materialize(
            [stories], partition_key=NEXT, instance=instance, resources={"storage": Storage()}
        )
    assert told.success
    return Storage().warehouse.read_where("stories", event_id=NEXT)


def test_each_forecast_has_a_paragraph_after_a_run(home: Home) -> None:
    warehouse = Storage().warehouse
    told = warehouse.read_where("stories", event_id=NEXT)
    forecast = warehouse.read_where("race_predictions", event_id=NEXT)
    assert len(told) > 0
    assert set(told["driver_id"]) == set(forecast["driver_id"])
    assert set(told["wording"]) == {"template"}
    names = warehouse.read("drivers").set_index("driver_id")["name"]
    for driver, text in zip(told["driver_id"], told["text"], strict=True):
        assert names[driver] in text
    assert not told["text"].str.contains("nan|None", regex=True).any()


def test_told_again_it_is_the_same_and_nothing_is_written(home: Home) -> None:
    before, versions = tell(), Storage().warehouse.versions("stories")
    pd.testing.assert_frame_equal(tell(), before)
    assert len(Storage().warehouse.versions("stories")) == len(versions)


def test_a_text_that_holds_is_shown_and_never_asked_for_again(home: Home, model: StandIn) -> None:
    template = tell().set_index("driver_id")["text"]
    driver = str(template.index[0])
    # What holds for one driver names another for the rest: they keep the template's.
    model.text = str(template[driver])
    asked = len(model.bodies)
    told = tell().set_index("driver_id")
    assert told.loc[driver, "wording"] == "language model"
    assert told.loc[driver, "language_model"] == MODEL
    assert set(told.drop(driver)["wording"]) == {"template"}
    again = len(model.bodies)
    assert asked < again
    assert tell().set_index("driver_id").loc[driver, "wording"] == "language model"
    assert len(model.bodies) - again == again - asked - 1


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (message("He will win by 93 % and 17 places."), "refused"),
        (message("<b>bold</b>"), "refused"),
        (message(None), "no text"),
        (failure(401), "401"),
        (failure(529), "529"),
    ],
    ids=["numbers", "markup", "nothing", "key", "overloaded"],
)
def test_whatever_is_wrong_leaves_the_templates_text_and_says_why(
    home: Home,
    model: StandIn,
    caplog: pytest.LogCaptureFixture,
    answer: standin.Answer,
    reason: str,
) -> None:
    before = Storage().warehouse.read_where("stories", event_id=NEXT)
    model.answers.extend([answer] * 500)
    with caplog.at_level(logging.WARNING, "f1_pipeline.narration"):
        told = tell()
    assert told["text"].tolist() == before["text"].tolist()
    assert set(told["wording"]) == {"template"}
    assert told["reason"].str.contains(reason).any()
    assert KEY not in " ".join(told["reason"])
    assert reason in caplog.text
    assert KEY not in caplog.text


def test_without_a_plan_and_a_forecast_nothing_is_told(home: Home) -> None:
    warehouse = Storage().warehouse
    for table in ("race_predictions", "recommendations"):
        empty = warehouse.read_where(table, event_id=NEXT).iloc[:0]
        warehouse.replace_where(table, empty, event_id=NEXT)
    assert tell().empty
