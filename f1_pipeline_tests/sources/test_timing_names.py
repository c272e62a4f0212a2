"""Names of live timing: the list is right, the rest follows f1db's rule, what is new is told."""

import csv
from pathlib import Path

import pytest

from f1_pipeline.settings import ROOT
from f1_pipeline.sources import aliases, archive
from f1_pipeline.sources.aliases import Aliases
from f1_pipeline.sources.aliases.slugs import slug
from f1_pipeline.sources.aliases.timing import TimingNames

SHIPPED = Path(aliases.__file__).with_name("timing.csv")
IDS = {"driver": ("drivers", "driver_id"), "team": ("constructors", "constructor_id")}
# Of some seasons the teams as live timing has them, in which nothing may be unknown.
TEAMS = {
    "Alfa Romeo": "alfa-romeo",
    "Alfa Romeo Racing": "alfa-romeo",
    "AlphaTauri": "alphatauri",
    "Aston Martin": "aston-martin",
    "Force India": "force-india",
    "Haas F1 Team": "haas",
    "Kick Sauber": "kick-sauber",
    "McLaren": "mclaren",
    "RB": "rb",
    "Racing Bulls": "racing-bulls",
    "Racing Point": "racing-point",
    "Red Bull Racing": "red-bull",
    "Toro Rosso": "toro-rosso",
    "Williams": "williams",
}
DRIVERS = {
    "Andrea Kimi Antonelli": "kimi-antonelli",
    "Kimi Antonelli": "kimi-antonelli",
    "Carlos Sainz": "carlos-sainz-jr",
    "Guanyu Zhou": "guanyu-zhou",
    "Nyck De Vries": "nyck-de-vries",
    "Sergio Perez": "sergio-perez",
    "Nico Hulkenberg": "nico-hulkenberg",
    "Kimi Räikkönen": "kimi-raikkonen",
}


@pytest.fixture(scope="module")
def raw():
    return archive.read(ROOT / "data" / "archive")


@pytest.fixture
def names(raw):
    return TimingNames(Aliases.shipped(raw["drivers"]))


@pytest.fixture(scope="module")
def listed():
    with SHIPPED.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_id_of_the_list_is_one_of_the_archives(raw, listed):
    assert {row["kind"] for row in listed} == set(IDS)
    for row in listed:
        table, column = IDS[row["kind"]]
        assert row["id"] in set(raw[table][column]), row


def test_the_list_says_one_thing_of_a_name_and_nothing_that_the_rule_says(listed):
    keys = [(row["kind"], row["name"]) for row in listed]
    assert keys == sorted(set(keys))
    for row in listed:
        assert slug(row["name"]) != row["id"]
        assert row["name"] == row["name"].strip()


@pytest.mark.parametrize(("team", "constructor_id"), TEAMS.items())
def test_a_team_is_the_archives(names, raw, team, constructor_id):
    assert names.constructor(team) == constructor_id
    assert constructor_id in set(raw["constructors"]["constructor_id"])
    assert names.aliases.notices == []


@pytest.mark.parametrize(("name", "driver_id"), DRIVERS.items())
def test_a_driver_is_the_archives(names, raw, name, driver_id):
    assert names.driver(name) == driver_id
    assert driver_id in set(raw["drivers"]["driver_id"])
    assert names.aliases.notices == []


def test_every_driver_and_team_of_the_seasons_of_live_timing_is_known_by_f1dbs_name(raw):
    """But for two who share theirs with their father, and a team named for the season."""
    names = TimingNames(Aliases.shipped(raw["drivers"]))
    races = raw["race_results"][raw["race_results"]["season"].ge(2018)]
    drivers = raw["drivers"].set_index("driver_id")["name"]
    for driver_id in races["driver_id"].unique():
        assert names.driver(drivers[driver_id]) == driver_id
    teams = raw["constructors"].set_index("constructor_id")["name"]
    for constructor_id in races["constructor_id"].unique():
        assert names.constructor(teams[constructor_id]) == constructor_id
    assert names.aliases.notices == []


@pytest.mark.parametrize("name", ["", "Jane Doe", "Sainz", "Carlos", "Max Verstapen", "VER"])
def test_a_name_that_is_only_like_a_known_one_is_unknown(names, name):
    assert names.driver(name) is None
    assert names.aliases.notices == []


def test_a_new_driver_is_known_from_then_on_and_told_of_once(names):
    assert names.new_driver("Jane Doé") == "jane-doe"
    assert names.new_driver("Jane Doé") == names.driver("Jane Doé") == "jane-doe"
    (notice,) = names.aliases.notices
    assert notice.startswith("unknown driver 'Jane Doé': taken as jane-doe")


def test_a_new_team_gets_an_id_and_one_notice(names):
    assert names.constructor("New Racing Team") == "new-racing-team"
    assert names.constructor("New Racing Team") == "new-racing-team"
    (notice,) = names.aliases.notices
    assert notice.startswith("unknown constructor 'New Racing Team'")
