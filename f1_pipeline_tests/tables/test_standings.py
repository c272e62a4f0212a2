"""Standings computed from results: those that were published, and the rule for equal points."""

import pandas as pd
import pytest

from f1_pipeline.tables.standings import RULINGS, standings

KEY = ["event_id", "championship", "competitor_id"]
DRIVERS = {"ada": "red", "bob": "red", "cyd": "blue", "dee": "blue"}


@pytest.fixture(scope="module")
def beside_published(tables, raw) -> pd.DataFrame:
    published = raw["published_standings"][[*KEY, "position", "points"]]
    return published.merge(
        tables["standings"], on=KEY, how="outer", suffixes=("_published", ""), indicator=True
    )


def test_the_points_are_those_published_after_every_event_since_2010(beside_published, tables):
    assert set(beside_published["event_id"]) == set(tables["race_results"]["event_id"])
    both = beside_published[beside_published["_merge"].eq("both")]
    assert len(both) > 10_000
    assert (both["points"] == both["points_published"]).all()
    # Computed rows that nobody published are those of competitors without a point.
    others = beside_published[beside_published["_merge"].ne("both")]
    assert others["_merge"].eq("right_only").all()
    assert others["points"].eq(0).all()


def test_the_places_are_those_published_but_where_points_are_equal(beside_published):
    rows = beside_published[beside_published["_merge"].eq("both")]
    others = rows.groupby(["event_id", "championship"])["points"]
    alone = ~rows.duplicated(["event_id", "championship", "points"], keep=False)

    assert alone.sum() > 6_000
    assert (rows["position"] == rows["position_published"])[alone].all()
    # Equal points too are mostly told apart by the same count of places.
    assert (rows["position"] == rows["position_published"]).mean() > 0.99
    assert others.ngroups == 2 * rows["event_id"].nunique()


@pytest.mark.parametrize(
    ("event_id", "constructor_id", "points"),
    [
        ("2018-hungary", "force-india", 59),
        ("2018-belgium", "force-india", 18),
        ("2020-great-britain", "racing-point", 42),
        ("2020-70th-anniversary", "racing-point", 41),
    ],
)
def test_points_that_the_stewards_took_are_gone_from_that_event_on(
    tables, event_id, constructor_id, points
):
    rows = tables["standings"]
    mine = rows[rows["event_id"].eq(event_id) & rows["competitor_id"].eq(constructor_id)]

    assert mine["points"].to_list() == [points]
    assert {r.constructor_id for r in RULINGS} == {"force-india", "racing-point"}
    # The drivers kept theirs.
    drivers = rows[rows["event_id"].eq("2018-belgium") & rows["championship"].eq("drivers")]
    perez = drivers.loc[drivers["competitor_id"].eq("sergio-perez"), "points"]
    assert perez.to_list() == [40]


def season(*races: list[str], points: dict[str, float] | None = None) -> pd.DataFrame:
    """The drivers' standings after each race: a race lists who finished, the winner first.

    `points`: of each driver, the same in every race; by default nobody has any.
    """
    events = pd.DataFrame(
        {
            "event_id": [f"2024-race-{n}" for n in range(1, len(races) + 1)],
            "season": 2024,
            "race_starts_at": pd.date_range("2024-03-01", periods=len(races), tz="UTC"),
        }
    )
    results = pd.DataFrame(
        {
            "event_id": event_id,
            "driver_id": driver,
            "constructor_id": DRIVERS[driver],
            "position": place,
            "points": (points or {}).get(driver, 0.0),
        }
        for event_id, race in zip(events["event_id"], races, strict=True)
        for place, driver in enumerate(race, 1)
    )
    return standings(events, results, results.iloc[:0])


def order(rows: pd.DataFrame, event: int, championship: str = "drivers") -> list[str]:
    mine = rows["event_id"].eq(f"2024-race-{event}") & rows["championship"].eq(championship)
    return rows[mine].sort_values("position")["competitor_id"].to_list()


@pytest.mark.parametrize(
    ("races", "expected"),
    [
        # One win beats any number of second places.
        ([["dee", "ada"], ["cyd", "ada"], ["bob", "ada"]], ["bob", "cyd", "dee", "ada"]),
        # Equal in wins and second places: third places.
        ([["ada", "bob", "cyd"], ["bob", "ada", "dee"], ["ada", "bob", "dee"]], None),
        ([["bob", "ada", "cyd"], ["ada", "bob", "dee"], ["dee", "cyd", "bob"]], None),
    ],
)
def test_equal_points_are_told_apart_by_the_count_of_places(races, expected):
    final = order(season(*races), len(races))
    places = {
        driver: [sum(race.index(driver) == p for race in races if driver in race) for p in range(4)]
        for driver in DRIVERS
        if any(driver in race for race in races)
    }

    assert final == sorted(places, key=lambda d: ([-n for n in places[d]], d))
    if expected is not None:
        assert final == expected


def test_points_come_before_places():
    rows = season(["ada", "bob"], ["ada", "bob"], points={"bob": 1.0})

    assert order(rows, 2) == ["bob", "ada"]
    assert order(rows, 2, "constructors") == ["red"]


def test_a_competitor_is_listed_from_his_first_result_on():
    rows = season(["ada", "cyd"], ["bob", "ada"], ["ada"], points={"ada": 3.0})

    assert [sorted(order(rows, n)) for n in (1, 2, 3)] == [
        ["ada", "cyd"],
        ["ada", "bob", "cyd"],
        ["ada", "bob", "cyd"],
    ]
    ada = rows[rows["competitor_id"].eq("ada")].sort_values("event_id")
    assert ada["points"].to_list() == [3, 6, 9]
    assert ada["wins"].to_list() == [1, 1, 2]


def test_a_sprint_gives_points_and_no_places(tables):
    rows = tables["standings"]
    sprint = rows[rows["event_id"].eq("2024-china") & rows["competitor_id"].eq("max-verstappen")]
    before = rows[rows["event_id"].eq("2024-japan") & rows["competitor_id"].eq("max-verstappen")]

    assert sprint["points"].item() - before["points"].item() == 25 + 8
    assert sprint["wins"].item() - before["wins"].item() == 1


def test_positions_are_one_to_n_and_only_of_events_held(tables):
    rows = tables["standings"]
    places = rows.sort_values("position").groupby(["event_id", "championship"])["position"]

    assert (rows["position"] >= 1).all()
    assert places.apply(lambda p: p.to_list() == list(range(1, len(p) + 1))).all()
    assert set(rows["event_id"]) == set(tables["race_results"]["event_id"])


def test_no_race_held_means_no_standings(tables):
    empty = tables["race_results"].iloc[:0]

    rows = standings(tables["events"], empty, tables["sprint_results"].iloc[:0])

    assert len(rows) == 0
    assert list(rows) == list(tables["standings"])
