"""Published plans beside what was done."""

import pandas as pd
import pytest

from f1_pipeline.contracts import CONTRACTS, check
from f1_pipeline.strategy.plans import parse
from f1_pipeline.strategy.scores import scored
from f1_pipeline_tests.tables.timing.made_laps import made, none

EVENT = "2024-italy"
STARTS = pd.Timestamp("2024-09-01T13:00Z")
NAMES = {"S": "SOFT", "M": "MEDIUM", "H": "HARD", "W": "WET", "?": None}


def published(driver: str, plan: str, rank: int = 1, **other: object) -> dict[str, object]:
    row = {"event_id": EVENT, "season": 2024, "round": 16, "driver_id": driver, "run_id": "one"}
    row |= {"rank": rank, "plan": plan, "stops": len(parse(plan).stops)}
    return row | {"generated_at": STARTS - pd.Timedelta(hours=1), "event_starts_at": STARTS} | other


def did(driver: str, text: str, event: str = EVENT, red: tuple[int, ...] = ()) -> list[dict]:
    """What a driver did, as a plan's text says it; `red`: stops made while the race was stopped."""
    parts = text.split("-")
    laps = [0, *map(int, parts[1::2])]
    return [
        {"event_id": event, "driver_id": driver, "stint": i, "compound": NAMES[name]}
        | {"first_lap": lap + 1, "last_lap": 53}
        | {"began_under": "start" if i == 1 else "red" if lap in red else "green"}
        for i, (name, lap) in enumerate(zip(parts[::2], laps, strict=True), start=1)
    ]


def tables(*cars: list[dict], dry: bool = True, retired: tuple[str, ...] = ()) -> dict:
    stints = made("stint_figures", [row for rows in cars for row in rows])
    drivers = stints[["event_id", "driver_id"]].drop_duplicates()
    results = drivers.assign(grid_position=1, classified=~drivers["driver_id"].isin(retired))
    races = [{"event_id": e, "laps": 53, "dry": dry} for e in drivers["event_id"].unique()]
    return {
        "stint_figures": stints,
        "race_figures": made("race_figures", races),
        "race_results": made("race_results", results.to_dict("records")),
    }


def score(plans: list[dict[str, object]], held: dict) -> pd.DataFrame:
    rows = scored(made("recommendations", plans), held)
    found = check(rows, CONTRACTS["scored_recommendations"])
    assert len(found) == len(rows)
    return found.set_index("driver_id")


def test_right_and_wrong_plans():
    plans = [published(driver, "M-20-H") for driver in "abcde"]
    done = [did("a", "M-23-H"), did("b", "H-18-M"), did("c", "M-12-H-33-H"), did("d", "M-20-?")]
    rows = score(plans, tables(*done, did("e", "H-20-H", red=(20,))))
    assert list(rows["stops_right"]) == [True, True, False, True, False]
    assert list(rows["actual_stops"]) == [1, 1, 2, 1, 0]
    # Recommended less made; where the numbers differ there is nothing to compare.
    error = rows["first_stop_error"]
    assert (error["a"], error["b"], error["d"]) == (-3, 2, 0)
    assert error[["c", "e"]].isna().all()
    assert list(rows["actual_first_stop"][:4]) == [23, 18, 12, 20]
    assert pd.isna(rows.at["e", "actual_first_stop"])
    right = rows["sequence_right"]
    assert right.drop("d").to_dict() == {"a": True, "b": False, "c": False, "e": False}
    assert pd.isna(right["d"])
    assert list(rows["actual_sequence"].dropna()) == ["M-H", "H-M", "M-H-H", "H-H"]


def test_a_wet_race_has_no_rows():
    plans = [published("a", "M-20-H")]
    assert len(score(plans, tables(did("a", "M-20-H")))) == 1
    assert score(plans, tables(did("a", "M-20-H"), dry=False)).empty


def test_a_set_of_wets_in_a_dry_race_leaves_the_order_open():
    row = score([published("a", "M-20-H")], tables(did("a", "M-20-W"))).loc["a"]
    assert row["stops_right"]
    assert pd.isna(row["sequence_right"])


def test_who_was_not_classified_or_is_not_known_has_no_rows():
    plans = [published(driver, "M-20-H") for driver in ("a", "b", "stranger")]
    done = did("a", "M-20-H"), did("b", "M-20-H")
    assert list(score(plans, tables(*done, retired=("b",))).index) == ["a"]


def test_the_plan_ranked_first_of_every_publication_is_scored():
    plans = [
        published("a", "M-20-H"),
        published("a", "H-30-M", rank=2),
        published("a", "H-30-M", run_id="two"),
    ]
    rows = score(plans, tables(did("a", "M-20-H")))
    assert dict(zip(rows["run_id"], rows["plan"], strict=True)) == {
        "one": "M-20-H",
        "two": "H-30-M",
    }


@pytest.mark.parametrize(
    ("minutes", "status"), [(-1, "locked"), (0, "retrospective"), (1, "retrospective")]
)
def test_what_was_made_at_the_start_or_after_it_is_no_forecast(minutes, status):
    at = STARTS + pd.Timedelta(minutes=minutes)
    rows = score([published("a", "M-20-H", generated_at=at)], tables(did("a", "M-20-H")))
    assert rows.at["a", "status"] == status
    assert rows.at["a", "generated_at"] == at


def test_other_races_change_nothing():
    """Names of compounds are those of one weekend: figures of another one are not read."""
    plans = [published("a", "M-20-H")]
    one = score(plans, tables(did("a", "M-20-H")))
    two = score(plans, tables(did("a", "M-20-H"), did("a", "S-5-M", event="2024-spain")))
    pd.testing.assert_frame_equal(one, two)


def test_nothing_published_or_nothing_held_is_nothing_scored():
    nothing = {name: none(name) for name in ("stint_figures", "race_figures", "race_results")}
    assert score([], tables(did("a", "M-20-H"))).empty
    assert score([published("a", "M-20-H")], nothing).empty
    assert score([], nothing).empty
