"""What is published is read back as it was, and nothing is overwritten silently."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from f1_pipeline.contracts import CONTRACTS, WHOLE
from f1_pipeline.errors import StorageError
from f1_pipeline.sources import archive
from f1_pipeline.storage import database
from f1_pipeline.storage.warehouse import Warehouse
from f1_pipeline.tables import build
from f1_pipeline.tables.validity import valid_from
from f1_pipeline_tests.release import make_release
from f1_pipeline_tests.storage.rows import (
    AT,
    LATER,
    assert_ledger_agrees,
    drivers,
    prediction,
    predictions,
    state,
    stops,
)

MONACO = ("2024-monaco", "ada", 22_000)
SPAIN = ("2024-spain", "ada", 23_000)
INSTANTS = st.datetimes(datetime(1950, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("storage")
    archive.build(make_release(folder / "f1db", cars=4, races=3), folder / "archive")
    return build(archive.read(folder / "archive"), {}).frames


def test_all_tables_are_read_back_exactly_as_they_were(warehouse, built):
    published = warehouse.publish(
        built, run_id="one", at=AT, valid_from=valid_from(built["events"])
    )

    again = warehouse.read_many(list(built))
    for name, frame in built.items():
        in_order = frame.sort_values(list(CONTRACTS[name].key), ignore_index=True)
        pd.testing.assert_frame_equal(again[name], in_order, obj=name)
        by_event = CONTRACTS[name].by_event
        expected = frame["event_id"].unique() if by_event else [WHOLE]
        assert sorted(published.changed[name]) == sorted(expected)
    assert_ledger_agrees(warehouse.url)
    ledger = warehouse.versions("race_results").set_index("event_id")
    assert ledger.loc["2024-china", "valid_from"] == pd.Timestamp("2024-03-17T17:00Z")
    assert set(ledger["published_at"]) == {pd.Timestamp(AT)}


def test_the_same_content_again_changes_nothing_at_all(warehouse, built):
    warehouse.publish(built, run_id="one", at=AT)
    before = state(warehouse.url)
    shuffled = {name: frame.sample(frac=1, random_state=1) for name, frame in built.items()}

    published = warehouse.publish(shuffled, run_id="two", at=LATER)

    assert state(warehouse.url) == before
    assert not any(published.changed.values())
    assert not any(published.withdrawn.values())


def test_an_event_that_changes_gets_a_new_version_and_keeps_the_old_one(warehouse):
    first = stops(MONACO, SPAIN, ("2024-monaco", "bob", 24_000))
    known = {"pit_stops": {"2024-monaco": AT - timedelta(days=6)}}
    warehouse.publish({"pit_stops": first}, run_id="one", at=AT, valid_from=known)
    second = stops(("2024-monaco", "ada", 22_500), SPAIN, ("2024-monaco", "bob", 24_000))

    published = warehouse.publish({"pit_stops": second}, run_id="two", at=LATER, valid_from=known)

    assert published.changed == {"pit_stops": ["2024-monaco"]}
    now = second.sort_values(["event_id", "driver_id"], ignore_index=True)
    pd.testing.assert_frame_equal(warehouse.read("pit_stops"), now)
    old = first[first["event_id"].eq("2024-monaco")].reset_index(drop=True)
    pd.testing.assert_frame_equal(warehouse.read_version("pit_stops", "2024-monaco", 1), old)
    new = second[second["event_id"].eq("2024-monaco")].reset_index(drop=True)
    pd.testing.assert_frame_equal(warehouse.read_version("pit_stops", "2024-monaco", 2), new)
    ledger = warehouse.versions("pit_stops").set_index(["event_id", "version"])
    assert set(ledger.index) == {("2024-monaco", 1), ("2024-monaco", 2), ("2024-spain", 1)}
    # A correction holds from when it is published: the old version held until then.
    assert ledger.loc[("2024-monaco", 1), "valid_from"] == AT - timedelta(days=6)
    assert ledger.loc[("2024-monaco", 1), "superseded_at"] == LATER
    assert ledger.loc[("2024-monaco", 2), "valid_from"] == LATER
    assert ledger.loc[("2024-spain", 1), "valid_from"] == AT
    assert list(ledger.loc["2024-monaco", "run_id"]) == ["one", "two"]
    assert_ledger_agrees(warehouse.url)


def test_an_event_can_be_withdrawn_and_come_back(warehouse):
    warehouse.publish({"pit_stops": stops(MONACO, SPAIN)}, run_id="one", at=AT)

    gone = warehouse.publish({"pit_stops": stops(SPAIN)}, run_id="two", at=LATER)
    assert gone.withdrawn == {"pit_stops": ["2024-monaco"]}
    assert gone.changed == {"pit_stops": []}
    pd.testing.assert_frame_equal(warehouse.read("pit_stops"), stops(SPAIN))
    assert warehouse.read_version("pit_stops", "2024-monaco", 2).empty
    still = warehouse.publish({"pit_stops": stops(SPAIN)}, run_id="three", at=LATER)
    assert (still.changed, still.withdrawn) == ({"pit_stops": []}, {"pit_stops": []})

    back = warehouse.publish({"pit_stops": stops(MONACO, SPAIN)}, run_id="four", at=LATER)
    assert back.changed == {"pit_stops": ["2024-monaco"]}
    pd.testing.assert_frame_equal(warehouse.read("pit_stops"), stops(MONACO, SPAIN))
    for version in (1, 3):
        rows = warehouse.read_version("pit_stops", "2024-monaco", version)
        pd.testing.assert_frame_equal(rows, stops(MONACO))
    assert_ledger_agrees(warehouse.url)


def test_all_that_was_replaced_is_read_in_one_go(warehouse):
    contents = [
        stops(MONACO, SPAIN),
        stops(SPAIN, ("2024-monaco", "ada", 22_500), ("2024-monaco", "bob", 24_000)),
        stops(SPAIN),
        stops(MONACO, ("2024-spain", "ada", 23_500)),
    ]
    times = [AT + timedelta(days=day) for day in range(len(contents))]
    assert warehouse.superseded(["pit_stops"]) == []
    for content, at in zip(contents, times, strict=True):
        warehouse.publish({"pit_stops": content, "drivers": drivers()}, run_id="any", at=at)

    found = warehouse.superseded(["pit_stops", "race_results"])

    assert [(v.table, v.event_id, v.version, v.valid_from, v.superseded_at) for v in found] == [
        ("pit_stops", "2024-monaco", 1, times[0], times[1]),
        ("pit_stops", "2024-monaco", 2, times[1], times[2]),
        ("pit_stops", "2024-monaco", 3, times[2], times[3]),  # the withdrawal
        ("pit_stops", "2024-spain", 1, times[0], times[3]),
    ]
    assert [len(v.frame) for v in found] == [1, 2, 0, 1]
    for version in found:
        alone = warehouse.read_version("pit_stops", version.event_id, version.version)
        pd.testing.assert_frame_equal(version.frame, alone)
        assert (version.frame.dtypes == contents[0].dtypes).all()
    assert warehouse.superseded(["race_results"]) == warehouse.superseded([]) == []


def test_a_table_without_events_has_versions_as_a_whole(warehouse):
    contents = [drivers("ada", "bob"), drivers(), drivers("ada", "bob", "cyd")]
    for number, content in enumerate(contents, 1):
        published = warehouse.publish({"drivers": content}, run_id=str(number), at=AT)
        assert published.changed["drivers"] == [WHOLE]
        pd.testing.assert_frame_equal(warehouse.read("drivers"), content)
        again = warehouse.publish({"drivers": content}, run_id="again", at=LATER)
        assert again.changed["drivers"] == []

    for number, content in enumerate(contents, 1):
        pd.testing.assert_frame_equal(
            warehouse.read_version("drivers", WHOLE, number), content, check_dtype=False
        )
    assert_ledger_agrees(warehouse.url)


@pytest.mark.parametrize(("event_id", "version"), [("2024-monaco", 2), ("2024-italy", 1)])
def test_a_version_that_never_was_is_an_error(warehouse, event_id, version):
    warehouse.publish({"pit_stops": stops(MONACO)}, run_id="one", at=AT)

    with pytest.raises(KeyError, match=f"pit_stops of {event_id} has no version {version}"):
        warehouse.read_version("pit_stops", event_id, version)


@settings(
    deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(
            st.none() | INSTANTS,
            st.none() | st.floats(0.1, 10, allow_subnormal=False),
            st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_old_versions_hold_every_value_as_it_was(warehouse, built, rows):
    """Instants with and without fractions of a second, floats and texts survive the ledger."""
    events = built["events"].head(len(rows)).assign(event_id="2024-monaco")
    events["event_id"] = [f"2024-event-{n}" for n in range(len(events))]
    for column, values in zip(
        ("fp1_starts_at", "course_length_km", "official_name"), zip(*rows, strict=True), strict=True
    ):
        events[column] = pd.Series(values, dtype=events[column].dtype, index=events.index)

    warehouse.publish({"events": events}, run_id="one", at=AT)
    current = {e: warehouse.read_where("events", event_id=e) for e in events["event_id"]}
    ledger = warehouse.versions("events")
    newest = ledger[ledger["superseded_at"].isna()].set_index("event_id")["version"]
    warehouse.publish({"events": events.assign(turns=99)}, run_id="two", at=LATER)

    for event_id, frame in current.items():
        mine = events[events["event_id"].eq(event_id)].reset_index(drop=True)
        pd.testing.assert_frame_equal(frame, mine)
        old = warehouse.read_version("events", event_id, int(newest[event_id]))
        pd.testing.assert_frame_equal(old, mine)


def test_rows_come_in_the_order_of_code_points_on_every_database(warehouse):
    """A server's locale may pass over hyphens: then equal content would come in another order."""
    names = ["de-vries", "dea", "de", "d-e", "deb", "d1", "d-1"]
    warehouse.publish({"drivers": drivers(*names)}, run_id="one", at=AT)
    statements: list[str] = []
    engine = database.engine_for(warehouse.url)
    sa.event.listen(engine, "before_cursor_execute", lambda *a: statements.append(a[2]))

    assert warehouse.read("drivers")["driver_id"].to_list() == sorted(names)

    if engine.dialect.name == "postgresql":
        # The server of the tests may have no locale at all, so look at what it is asked for.
        assert any('driver_id COLLATE "C"' in statement for statement in statements)


def test_appended_rows_are_read_back_and_never_changed(warehouse):
    rows = predictions(
        prediction("ada", driver_code="ADA", position_probabilities=[0.25, 0.75]),
        prediction("bob", grid_position=2, grid_source="official", generated_at=AT),
    )
    warehouse.append({"race_predictions": rows})
    more = predictions(prediction("ada", run_id="run-2"))
    warehouse.append({"race_predictions": more})
    warehouse.append({"race_predictions": more.iloc[:0]})

    stored = warehouse.read("race_predictions")
    expected = pd.concat([rows.iloc[[0]], more, rows.iloc[[1]]], ignore_index=True)
    pd.testing.assert_frame_equal(stored, expected)
    assert stored["position_probabilities"].iloc[0] == [0.25, 0.75]
    found = warehouse.read_where("race_predictions", driver_id="ada", run_id="run-2")
    pd.testing.assert_frame_equal(found, more)
    assert warehouse.read_where("race_predictions", driver_id="nobody").empty

    for again in (rows, predictions(prediction("cyd"), prediction("ada", p_win=0.1))):
        with pytest.raises(StorageError, match="refused a statement") as error:
            warehouse.append({"race_predictions": again})
        assert len(str(error.value).splitlines()) == 1
        pd.testing.assert_frame_equal(warehouse.read("race_predictions"), stored)


def test_rows_that_match_are_exchanged_in_one_go(warehouse):
    old = predictions(
        prediction("ada"),
        prediction("bob", season=2023, event_id="2023-monaco"),
        prediction("cyd"),
    )
    warehouse.append({"race_predictions": old})
    new = predictions(prediction("dee"))

    warehouse.replace_where("race_predictions", new, season=2024)

    stored = warehouse.read("race_predictions")
    assert stored["driver_id"].to_list() == ["bob", "dee"]
    bad = pd.concat([new, new])
    with pytest.raises(StorageError):
        warehouse.replace_where("race_predictions", bad, season=2024)
    pd.testing.assert_frame_equal(warehouse.read("race_predictions"), stored)
    warehouse.replace_where("race_predictions", new.iloc[:0], season=2023)
    assert warehouse.read("race_predictions")["driver_id"].to_list() == ["dee"]


def test_opening_a_warehouse_again_finds_what_was_published(warehouse):
    warehouse.publish({"drivers": drivers("ada")}, run_id="one", at=AT)

    assert Warehouse(warehouse.url).read("drivers")["driver_id"].to_list() == ["ada"]
    assert Warehouse(warehouse.url).versions("pit_stops").empty
