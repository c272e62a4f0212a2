"""What is known of real races is what the tables say of them."""

import pandas as pd
import pytest

from f1_pipeline.contracts import CONTRACTS, split
from f1_pipeline.tables import held, next_event


def of(frame: pd.DataFrame, event_id: str, **where: object) -> pd.DataFrame:
    rows = frame[frame["event_id"].eq(event_id)]
    for column, value in where.items():
        rows = rows[rows[column].eq(value)]
    return rows


def test_the_whole_archive_meets_its_contracts(shipped, raw):
    assert shipped.faults == []
    assert shipped.withheld == frozenset()
    for name, frame in shipped.frames.items():
        assert split(frame, CONTRACTS[name])[1] == [], name
        assert list(frame) == [c.name for c in CONTRACTS[name].columns], name
    for name in ("events", "starting_grids", "race_results", "sprint_results", "pit_stops"):
        assert len(shipped.frames[name]) == len(raw[name])
    assert len(held(shipped.frames["events"], shipped.frames["race_results"])) == 329


def test_a_driver_listed_twice_in_qualifying_has_one_row_with_times_and_ruling(tables, raw):
    where = {"session": "Q", "driver_id": "valtteri-bottas"}
    assert len(of(raw["qualifying_results"], "2023-great-britain", **where)) == 2

    (row,) = of(tables["qualifying_results"], "2023-great-britain", **where).to_dict("records")

    assert (row["q1_ms"], row["position_text"], row["qualifying_order"]) == (89798, "DSQ", 15)
    assert pd.isna(row["position"])
    assert len(tables["qualifying_results"]) == len(raw["qualifying_results"]) - 1


def test_half_points_were_given_where_the_race_was_not_run(tables):
    results = of(tables["race_results"], "2021-belgium").set_index("driver_id")["points"]

    assert results[["max-verstappen", "george-russell", "carlos-sainz-jr"]].to_list() == [
        12.5,
        9.0,
        0.5,
    ]
    halves = tables["race_results"]["points"].mod(1).ne(0)
    assert set(tables["race_results"].loc[halves, "event_id"]) == {"2021-belgium"}
    planned = tables["events"].set_index("event_id")["planned_laps"]
    assert planned["2021-belgium"] == 44


def test_points_are_never_missing(tables, raw):
    assert raw["race_results"]["points"].isna().sum() > 1000
    for name in ("race_results", "sprint_results"):
        assert tables[name]["points"].notna().all()
    none = raw["race_results"]["points"].isna().to_numpy()
    assert tables["race_results"].loc[none, "points"].eq(0).all()


def test_a_classified_car_can_have_retired_and_a_disqualified_one_has_not(tables):
    results = tables["race_results"]
    outcome = results["outcome"]

    both = results[results["classified"] & results["retired"]]
    assert len(both) > 100
    assert both["reason_retired"].notna().all()
    assert both["position"].notna().all()
    assert outcome[results["classified"]].eq("finished").all()
    assert results.loc[outcome.eq("retired"), "retired"].all()
    never = outcome.isin(["disqualified", "did_not_start", "did_not_qualify"])
    assert never.sum() > 60
    assert not results.loc[never, "retired"].any()
    (alonso,) = of(results, "2010-malaysia", driver_id="fernando-alonso").to_dict("records")
    assert (alonso["position"], alonso["retired"], alonso["reason_retired"]) == (13, True, "Engine")


def test_only_the_classified_have_a_position_and_all_have_a_place_in_the_order(tables):
    for name in ("race_results", "sprint_results"):
        results = tables[name]
        assert (results["position"].notna() == results["classified"]).all()
        assert results["finish_order"].notna().all()
        placed = results[results["classified"]]
        assert (placed["position"] == placed["finish_order"]).all()
        assert not results.duplicated(["event_id", "finish_order"]).any()


def test_a_start_from_the_pit_lane_has_an_order_and_no_slot(tables):
    grids = tables["starting_grids"]

    assert grids["pit_lane"].sum() > 100
    assert grids["grid_order"].notna().all()
    assert (grids["grid_position"].isna() == grids["pit_lane"]).all()
    assert not grids.duplicated(["event_id", "grid_order"]).any()
    slots = grids[~grids["pit_lane"]].sort_values(["event_id", "grid_order"])
    assert (
        slots.groupby("event_id")["grid_position"].apply(lambda s: s.is_monotonic_increasing).all()
    )


@pytest.mark.parametrize(
    ("seasons", "name", "order"),
    [
        ((2021, 2022), "sprint", ["fp1", "qualifying", "fp2", "sprint"]),
        ((2023,), "sprint_shootout", ["fp1", "qualifying", "sprint_qualifying", "sprint"]),
        (
            (2024, 2025, 2026),
            "sprint_qualifying",
            ["fp1", "sprint_qualifying", "sprint", "qualifying"],
        ),
    ],
)
def test_sprint_weekends_have_fastf1s_name_and_order_of_their_season(tables, seasons, name, order):
    events = tables["events"]
    special = events[~events["format"].eq("conventional")]
    weekends = special[special["season"].isin(seasons)]

    assert set(weekends["format"]) == {name}
    assert set(special.loc[special["format"].eq(name), "season"]) == set(seasons)
    timed = weekends[weekends["race_time_known"]]
    for row in timed.to_dict("records"):
        starts = [row[f"{session}_starts_at"] for session in [*order, "race"]]
        assert starts == sorted(starts), row["event_id"]
        assert pd.notna(starts).all()
    sprints = tables["sprint_results"]["event_id"]
    weekends = weekends[weekends["season"] < 2026]
    assert set(weekends["event_id"]) == set(sprints[sprints.str[:4].isin(map(str, seasons))])


def test_instants_are_in_utc_and_a_race_without_a_time_counts_from_midnight(tables):
    events = tables["events"].set_index("event_id")

    # Saturday evening in Las Vegas is Sunday in UTC.
    assert events.loc["2024-las-vegas", "race_starts_at"] == pd.Timestamp("2024-11-24T06:00Z")
    assert events.loc["2024-las-vegas", "fp1_starts_at"] == pd.Timestamp("2024-11-22T02:30Z")
    assert events.loc["2026-las-vegas", "qualifying_starts_at"] == pd.Timestamp("2026-11-21T04:00Z")
    assert events.loc["2021-turkey", "race_starts_at"] == pd.Timestamp("2021-10-10T00:00Z")
    unknown = ~events["race_time_known"]
    assert set(events.loc[unknown, "season"]) == set(range(2010, 2024))
    starts = events.loc[unknown, "race_starts_at"]
    assert starts.eq(starts.dt.normalize()).all()
    in_order = events.sort_values(["season", "round"])
    assert in_order["race_starts_at"].is_monotonic_increasing


def test_the_next_race_is_the_first_of_the_new_season(tables):
    assert next_event(tables["events"], tables["race_results"]) == "2026-australia"


def test_two_events_of_a_season_can_share_a_circuit(tables):
    season = tables["events"][tables["events"]["season"].eq(2020)]
    shared = season.groupby("circuit_id")["event_id"].apply(set)

    assert shared["spielberg"] == {"2020-austria", "2020-styria"}
    assert shared["silverstone"] == {"2020-great-britain", "2020-70th-anniversary"}
    assert shared["bahrain"] == {"2020-bahrain", "2020-sakhir"}


@pytest.mark.parametrize(
    ("lineage_id", "names"),
    [
        ("minardi", ["toro-rosso", "alphatauri", "rb", "racing-bulls"]),
        ("jordan", ["force-india", "racing-point", "aston-martin"]),
        ("sauber", ["sauber", "alfa-romeo", "kick-sauber", "audi"]),
        ("toleman", ["renault", "lotus-f1", "renault", "alpine"]),
    ],
)
def test_a_renamed_team_is_one_team(tables, lineage_id, names):
    lineage = tables["constructor_lineage"].sort_values("season_from")
    of_team = lineage.loc[lineage["constructor_id"].eq(names[-1]), "lineage_id"].unique()

    # Its id is the first name of all, which no later renaming changes.
    assert list(of_team) == [lineage_id]
    team = lineage[lineage["lineage_id"].eq(of_team[0])]
    assert team["constructor_id"].to_list()[-len(names) :] == names
    # Its periods follow one another, and the last is open.
    assert (team["season_from"].iloc[1:].to_numpy() > team["season_to"].iloc[:-1].to_numpy()).all()
    assert pd.isna(team["season_to"].iloc[-1])


def test_teams_that_are_two_stay_two(tables):
    lineage = tables["constructor_lineage"].groupby("constructor_id")["lineage_id"].unique()

    assert {len(teams) for teams in lineage} == {1}
    ids = [lineage[name][0] for name in ("red-bull", "racing-bulls", "audi", "alpine", "mercedes")]
    assert len(set(ids)) == len(ids)


def test_a_change_of_team_within_a_season_is_in_the_entries(tables):
    entries = tables["entries"].set_index(["event_id", "driver_id"])["constructor_id"]

    assert entries["2025-china", "liam-lawson"] == "red-bull"
    assert entries["2025-china", "yuki-tsunoda"] == "racing-bulls"
    assert entries["2025-japan", "liam-lawson"] == "racing-bulls"
    assert entries["2025-japan", "yuki-tsunoda"] == "red-bull"
    assert entries["2019-hungary", "pierre-gasly"] == "red-bull"
    assert entries["2019-belgium", "pierre-gasly"] == "toro-rosso"
    assert entries["2019-belgium", "alexander-albon"] == "red-bull"


def test_the_entries_of_the_season_to_come_are_its_race_drivers(tables, raw):
    entries = tables["entries"][tables["entries"]["event_id"].str.startswith("2026-")]

    sizes = entries.groupby("event_id").size()
    assert (len(sizes), set(sizes)) == (24, {22})
    assert entries.groupby("event_id")["constructor_id"].nunique().eq(11).all()
    season = raw["entrants"][raw["entrants"]["season"].eq(2026)]
    assert set(entries["driver_id"]) == set(season["driver_id"])
    assert set(entries["role"]) == {"race"}


def test_who_drove_in_practice_only_is_entered_as_such(tables):
    entries = tables["entries"].set_index(["event_id", "driver_id"])

    assert entries.loc[("2024-japan", "ayumu-iwasa"), "role"] == "practice"
    assert entries.loc[("2024-japan", "yuki-tsunoda"), "role"] == "race"
    racing = entries[entries["role"].eq("race")].index
    results = tables["race_results"].set_index(["event_id", "driver_id"]).index
    assert results.isin(racing).all()
