"""Names from outside: the table is whole and says one thing; nothing unknown passes silently."""

from itertools import pairwise, product
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from f1_pipeline.sources import aliases, archive
from f1_pipeline.sources.aliases import Aliases
from f1_pipeline.sources.aliases.slugs import slug

SHIPPED = Path(__file__).parents[2] / "data" / "archive"
TABLE = aliases.table()
KINDS = {
    "driver": "drivers",
    "constructor": "constructors",
    "circuit": "circuits",
    "grand_prix": "events",
}
PEOPLE = pd.DataFrame(
    {"driver_id": ["jane-doe", "max-power"], "date_of_birth": ["2004-01-02", None]}
)


@pytest.fixture(scope="module")
def raw() -> dict[str, pd.DataFrame]:
    return archive.read(SHIPPED)


@pytest.fixture(scope="module")
def raced(raw) -> pd.DataFrame:
    """kind, id and season of whoever and whatever was at a race, or is on a calendar."""
    entries = pd.concat([raw["race_results"], raw["entrants"][~raw["entrants"]["test_driver"]]])
    parts = [
        frame[[f"{kind}_id", "season"]].set_axis(["id", "season"], axis=1).assign(kind=kind)
        for kind, frame in (
            ("driver", entries),
            ("constructor", entries),
            ("circuit", raw["events"]),
            ("grand_prix", raw["events"]),
        )
    ]
    return pd.concat(parts).drop_duplicates().reset_index(drop=True)


def person(driver_id: str, given_name: str, family_name: str, born: str | None) -> dict[str, str]:
    row = {"driverId": driver_id, "givenName": given_name, "familyName": family_name}
    return row | ({"dateOfBirth": born} if born else {})


def covering(season: int) -> pd.DataFrame:
    first, last = TABLE["first_season"].fillna(0), TABLE["last_season"].fillna(9999)
    return TABLE[first.le(season) & last.ge(season)]


def resolve(known: Aliases, kind: str, alias: str, season: int) -> str:
    match kind:
        case "driver":
            return known.driver({"driverId": alias})
        case "constructor":
            return known.constructor({"constructorId": alias}, season)
        case "circuit":
            return known.circuit({"circuitId": alias})
        case _:
            return known.grand_prix(alias, season)


def test_everything_at_a_race_has_one_alias_in_its_season(raced):
    for season, there in raced.groupby("season"):
        names = covering(season).groupby(["kind", "id"]).size()
        found = there.set_index(["kind", "id"]).join(names.rename("aliases"))["aliases"].fillna(0)
        assert found.ge(1).all(), f"{season}: no alias for {list(found[found.eq(0)].index)}"
        if season >= 2018:
            # The name of a race may change before its season.
            found = found[found.index.get_level_values("kind") != "grand_prix"]
            assert found.eq(1).all(), f"{season}: many aliases: {list(found[found.gt(1)].index)}"


def test_every_id_of_the_table_is_in_the_archive(raw):
    for kind, name in KINDS.items():
        ids = set(TABLE["id"][TABLE["kind"].eq(kind)])
        assert ids <= set(raw[name][f"{kind}_id"]), kind
    assert set(TABLE["kind"]) == set(KINDS)


def test_every_row_of_the_table_holds_for_some_season(raced):
    """And where it names seasons of a constructor, they are seasons in which it raced."""
    for row in TABLE.itertuples():
        seasons = set(raced["season"][raced["kind"].eq(row.kind) & raced["id"].eq(row.id)])
        assert seasons, row
        if row.kind == "constructor":
            assert {
                season for season in (row.first_season, row.last_season) if pd.notna(season)
            } <= (seasons), row


def test_rows_of_an_alias_never_overlap():
    for (kind, alias), rows in TABLE.groupby(["kind", "alias"]):
        spans = sorted(
            zip(rows["first_season"].fillna(0), rows["last_season"].fillna(9999), strict=True)
        )
        assert all(first <= last for first, last in spans), (kind, alias)
        assert all(a[1] < b[0] for a, b in pairwise(spans)), (kind, alias)


def test_only_constructors_and_races_change_their_id_with_the_season():
    many = TABLE.groupby(["kind", "alias"])["id"].nunique().loc[lambda ids: ids > 1]

    assert set(many.index.get_level_values("kind")) == {"constructor", "grand_prix"}


def test_the_table_keeps_its_types():
    assert list(TABLE.columns) == ["kind", "alias", "id", "first_season", "last_season"]
    assert (TABLE["first_season"].dtype, TABLE["last_season"].dtype) == ("Int64", "Int64")
    assert TABLE[["kind", "alias", "id"]].map(lambda text: text == text.strip() != "").all(None)
    assert not TABLE.duplicated().any()


def test_what_the_table_knows_is_resolved_without_a_notice():
    known = Aliases.shipped()

    for season in range(2010, 2027):
        for row in covering(season).itertuples():
            assert resolve(known, row.kind, row.alias, season) == row.id
    assert known.notices == []


@pytest.mark.parametrize(
    ("alias", "season", "constructor_id"),
    [
        ("sauber", 2018, "sauber"),
        ("alfa", 2019, "alfa-romeo"),
        ("alfa", 2023, "alfa-romeo"),
        ("sauber", 2024, "kick-sauber"),
        ("sauber", 2025, "kick-sauber"),
        ("audi", 2026, "audi"),
        ("rb", 2024, "rb"),
        ("rb", 2025, "racing-bulls"),
        ("rb", 2026, "racing-bulls"),
        ("virgin", 2011, "virgin"),
        ("marussia", 2014, "marussia"),
        ("marussia", 2015, "marussia"),
        ("manor", 2015, "marussia"),
        ("manor", 2016, "manor"),
        ("lotus_racing", 2011, "lotus-racing"),
        ("lotus_f1", 2012, "lotus-f1"),
        ("force_india", 2018, "force-india"),
        ("racing_point", 2019, "racing-point"),
    ],
)
def test_a_constructor_is_who_it_was_in_the_season(alias, season, constructor_id):
    known = Aliases.shipped()

    assert known.constructor({"constructorId": alias, "name": "?"}, season) == constructor_id
    assert known.notices == []


def test_names_that_look_alike_are_kept_apart():
    known = Aliases.shipped()

    assert known.driver({"driverId": "max_verstappen"}) == "max-verstappen"
    assert known.driver({"driverId": "mick_schumacher"}) == "mick-schumacher"
    assert known.driver({"driverId": "michael_schumacher"}) == "michael-schumacher"
    # Sainz is Carlos Sainz to Ergast, Antonelli Andrea Kimi: the name would give another id.
    assert known.driver(person("sainz", "Carlos", "Sainz", "1994-09-01")) == "carlos-sainz-jr"
    assert known.driver({"driverId": "antonelli"}) == "kimi-antonelli"
    # In 2026 the Spanish Grand Prix moves to Madrid, and Barcelona's gets a name of its own.
    assert known.grand_prix("Spanish Grand Prix", 2026) == "spain"
    assert known.grand_prix("Barcelona Grand Prix", 2026) == "barcelona-catalunya"
    # The race at Interlagos has had the name of its city since 2021.
    assert known.grand_prix("Brazilian Grand Prix", 2019) == "brazil"
    assert known.grand_prix("Brazilian Grand Prix", 2026) == "sao-paulo"


def test_an_unknown_name_gets_its_slug_and_one_notice():
    known = Aliases.shipped(PEOPLE)

    for _ in range(2):
        assert known.driver(person("xyz", "Zoë", "Ångström-Øst", "2007-03-04")) == (
            "zoe-angstrom-ost"
        )
        constructor = {"constructorId": "andretti", "name": "Andretti Global"}
        assert known.constructor(constructor, 2028) == "andretti-global"
        assert known.constructor(constructor, 2029) == "andretti-global"
        circuit = {"circuitId": "galvez", "circuitName": "Autódromo Juan y Oscar Gálvez"}
        assert known.circuit(circuit) == "autodromo-juan-y-oscar-galvez"
        assert known.grand_prix("Rwandan Grand Prix", 2026) == "rwandan"

    end = "; add it to the alias table if it is known under another id"
    assert known.notices == [
        "unknown driver 'xyz' (Zoë Ångström-Øst, born 2007-03-04): taken as zoe-angstrom-ost" + end,
        "unknown constructor 'andretti' (Andretti Global, season 2028): "
        "taken as andretti-global" + end,
        "unknown circuit 'galvez' (Autódromo Juan y Oscar Gálvez): "
        "taken as autodromo-juan-y-oscar-galvez" + end,
        "unknown grand prix 'Rwandan Grand Prix': taken as rwandan" + end,
    ]


@pytest.mark.parametrize(("alias", "season"), [("sauber", 2026), ("rb", 2023), ("manor", 2017)])
def test_a_known_alias_is_unknown_in_a_season_that_is_not_its_own(alias, season):
    known = Aliases.shipped()

    made_up = known.constructor({"constructorId": alias, "name": "Some Team"}, season)

    assert made_up == "some-team"
    assert f"'{alias}' (Some Team, season {season}): taken as some-team" in known.notices[0]
    # What is known of other seasons still holds.
    assert known.constructor({"constructorId": "sauber"}, 2024) == "kick-sauber"


def test_a_name_like_a_known_one_is_not_taken_for_it():
    known = Aliases.shipped()

    assert known.driver(person("Hamilton", "Luis", "Hamilton", None)) == "luis-hamilton"
    assert known.grand_prix("The Spanish Grand Prix", 2026) == "the-spanish"
    assert len(known.notices) == 2


def test_a_driver_of_the_archive_is_known_by_name_and_date_of_birth():
    known = Aliases.shipped(PEOPLE)

    assert known.driver(person("doe", "Jane", "Doe", "2004-01-02")) == "jane-doe"
    assert known.driver({"driverId": "doe"}) == "jane-doe"
    assert known.notices == []


@pytest.mark.parametrize(
    ("row", "driver_id"),
    [
        (person("doe", "Jane", "Doe", "1999-12-31"), "jane-doe-1999"),
        (person("doe", "Jane", "Doe", None), "jane-doe-2"),
        (person("power", "Max", "Power", "2001-05-06"), "max-power-2001"),
        (person("power", "Max", "Power", None), "max-power-2"),
        # One of the table's own, of whom no date is at hand.
        (person("lh", "Lewis", "Hamilton", "1985-01-07"), "lewis-hamilton-1985"),
        (person("doe", "Jane", "Doe", "not a date"), "jane-doe-2"),
    ],
)
def test_a_namesake_is_another_driver_unless_shown_to_be_the_same(row, driver_id):
    known = Aliases.shipped(PEOPLE)

    assert known.driver(row) == driver_id
    assert known.driver(row) == driver_id
    (notice,) = known.notices
    namesake = slug(f"{row['givenName']} {row['familyName']}")
    assert f"taken as {driver_id}, as nothing shows that this is {namesake};" in notice


def test_two_unknown_drivers_of_one_name_do_not_become_one():
    known = Aliases.shipped()
    rows = [
        person("a", "Ann", "Other", "2001-01-01"),
        person("b", "Ann", "Other", "2002-02-02"),
        person("c", "Ann", "Other", "2002-03-03"),
        person("d", "Ann", "Other", None),
        person("e", "Ann", "Other", None),
    ]

    ids = [known.driver(row) for row in rows]

    assert ids == ["ann-other", "ann-other-2002", "ann-other-2", "ann-other-3", "ann-other-4"]
    assert [known.driver({"driverId": row["driverId"]}) for row in rows] == ids
    assert len(known.notices) == 5


def test_one_unknown_driver_under_two_ids_is_one_and_both_are_told():
    known = Aliases.shipped()

    for alias in ("other", "ann_other"):
        assert known.driver(person(alias, "Ann", "Other", "2001-01-01")) == "ann-other"
    assert ["'other'" in known.notices[0], "'ann_other'" in known.notices[1]] == [True, True]


def test_an_id_without_a_name_does_not_settle_who_it_is():
    """Pit stops have none; where results come later they decide."""
    known = Aliases.shipped(PEOPLE)

    assert known.driver({"driverId": "ann_other"}) == "ann-other"
    assert "'ann_other' (no name, born unknown)" in known.notices[0]
    assert known.driver(person("ann_other", "Anna", "Other", "2001-01-01")) == "anna-other"
    assert known.driver({"driverId": "ann_other"}) == "anna-other"
    assert ["taken as anna-other" in notice for notice in known.notices] == [True]

    assert known.driver({"driverId": "jane_doe"}) == "jane-doe-2"
    assert known.driver(person("jane_doe", "Jane", "Doe", "2004-01-02")) == "jane-doe"
    assert len(known.notices) == 1


def test_what_is_missing_in_a_row_does_not_reach_an_id():
    known = Aliases.shipped()
    row = {"driverId": "the_one", "givenName": None, "familyName": float("nan")}

    assert known.driver(row | {"dateOfBirth": pd.NaT}) == "the-one"
    assert known.driver(person("zhou_2", "冠宇", "周", None)) == "zhou-2"
    assert known.circuit({"circuitId": "new_one"}) == "new-one"
    assert known.constructor({"constructorId": "new_one"}, 2030) == "new-one"
    assert known.grand_prix("Grand Prix", 2026) == "grand-prix"


def test_the_slug_of_a_name_is_its_id_in_the_archive(raw):
    """But for those whom f1db calls by another name than it shows."""
    drivers = raw["drivers"]
    ids = drivers["name"].map(slug)

    assert set(drivers["driver_id"][ids.ne(drivers["driver_id"])]) == {"ma-qinghua"}
    assert slug("Zak O’Sullivan") == slug("Zak O'Sullivan") == "zak-osullivan"


@given(st.text())
def test_a_slug_is_an_id_and_its_own_slug(name):
    made = slug(name)

    assert all(part and part.isalnum() and part.isascii() for part in made.split("-")) or not made
    assert made == made.lower() == slug(made)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "c", "d"]),
            st.sampled_from(["2001-01-01", "2001-02-02", "2002-01-01", None]),
        ),
        max_size=12,
    )
)
def test_namesakes_share_an_id_only_when_born_the_same_day(seen):
    known = Aliases(TABLE.head(0), None)
    first: dict[str, str | None] = {}

    for alias, born in seen:
        first.setdefault(alias, born)
        known.driver(person(alias, "Ann", "Other", born))

    ids = {alias: known.driver({"driverId": alias}) for alias in first}
    for (one, born), (other, others) in product(first.items(), repeat=2):
        same = one == other or (born is not None and born == others)
        assert (ids[one] == ids[other]) == same
    assert len(known.notices) == len(first)
