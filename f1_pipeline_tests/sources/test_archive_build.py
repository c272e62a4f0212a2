"""A release becomes an archive with the same facts: all of them, nothing else, always the same."""

import hashlib
import json
import shutil
import zipfile

import pandas as pd
import pytest

from f1_pipeline.errors import SourceError
from f1_pipeline.sources import archive
from f1_pipeline.sources.archive.layout import TABLES
from f1_pipeline_tests.release import make_release
from f1_pipeline_tests.sources.files import contents, rewrite, rows

RESULT = {
    "driver_id": "driverId",
    "constructor_id": "constructorId",
    "engine_id": "engineManufacturerId",
    "car_number": "driverNumber",
    "display_order": "positionDisplayOrder",
    "position": "positionNumber",
    "position_text": "positionText",
}
FINISH = RESULT | {
    "laps": "laps",
    "time_ms": "timeMillis",
    "reason_retired": "reasonRetired",
    "points": "points",
    "grid_position": "gridPositionNumber",
    "grid_text": "gridPositionText",
}
QUALIFYING = RESULT | {"q1_ms": "q1Millis", "q2_ms": "q2Millis", "q3_ms": "q3Millis"}


def as_texts(frame: pd.DataFrame, columns: list[str]) -> list[tuple[str, ...]]:
    """Rows as a release would spell them, sorted."""

    def text(value: object) -> str:
        if pd.isna(value):
            return ""
        if isinstance(value, float) and value.is_integer():
            return str(int(value))
        return str(value)

    return sorted(tuple(map(text, row)) for row in frame[columns].itertuples(index=False))


@pytest.mark.parametrize(
    ("table", "parts", "columns"),
    [
        ("race_results", {"race": None}, FINISH),
        ("sprint_results", {"sprint-race": None}, FINISH),
        ("starting_grids", {"starting-grid-positions": None}, RESULT),
        ("qualifying_results", {"qualifying": "Q", "sprint-qualifying": "SQ"}, QUALIFYING),
        (
            "practice_results",
            {f"free-practice-{n}": f"FP{n}" for n in (1, 2, 3)},
            RESULT | {"best_ms": "timeMillis", "laps": "laps"},
        ),
        ("pit_stops", {"pit-stops": None}, {"stop": "stop", "lap": "lap"}),
    ],
)
def test_every_fact_of_a_session_is_in_the_archive(release, written, table, parts, columns):
    events = {row["id"]: f"{row['year']}-{row['grandPrixId']}" for row in rows(release, "races")}
    expected = []
    for part, session in parts.items():
        file = f"races-{part}" if part.endswith(("positions", "stops")) else f"races-{part}-results"
        for row in rows(release, file):
            key = [events[row["raceId"]], *([session] if session else [])]
            expected.append((*key, *(row[theirs] for theirs in columns.values())))

    frame = archive.read(written)[table]

    key = ["event_id", *(["session"] if "session" in frame else [])]
    assert as_texts(frame, [*key, *columns]) == sorted(expected)
    assert set(frame["source"]) == {"archive"}


def test_calendar_entrants_and_identities_are_in_the_archive(release, written):
    raw = archive.read(written)

    calendar = rows(release, "races")
    assert list(raw["events"]["event_id"]) == [f"{r['year']}-{r['grandPrixId']}" for r in calendar]
    assert list(raw["events"]["fp2_date"].fillna("")) == [r["freePractice2Date"] for r in calendar]
    assert set(raw["events"]["name"]) == {r["fullName"] for r in rows(release, "grands-prix")}
    assert as_texts(raw["entrants"], ["season", "driver_id", "rounds"]) == sorted(
        (r["year"], r["driverId"], r["rounds"]) for r in rows(release, "seasons-entrants-drivers")
    )
    assert raw["entrants"]["test_driver"].sum() == 3
    # Whom no season knows is left out.
    assert not raw["constructors"]["constructor_id"].eq("long-gone").any()
    assert not raw["drivers"]["driver_id"].str.startswith("long-gone").any()
    assert len(raw["constructors"]) == len(rows(release, "constructors")) - 1


def test_a_text_stays_one_where_all_values_are_numbers(release, written):
    """In this release everybody is placed in qualifying and starts a sprint from a slot."""
    assert all(r["positionText"].isdigit() for r in rows(release, "races-qualifying-results"))
    raw = archive.read(written)

    for table, column in (("qualifying_results", "position_text"), ("sprint_results", "grid_text")):
        assert set(raw[table][column].map(type)) == {str}


def test_a_text_that_could_be_taken_for_nothing_is_kept(release, tmp_path):
    changed = shutil.copytree(release, tmp_path / "f1db")
    words = ["NA", "null", "None", "nan"]
    places = iter(words)
    rewrite(changed, "circuits", lambda old: [row | {"placeName": next(places)} for row in old])

    archive.build(changed, tmp_path / "out")

    assert archive.read(tmp_path / "out")["circuits"]["place"].to_list() == words


def test_the_same_release_gives_the_same_bytes_in_every_packing(release, written, tmp_path):
    zipped = make_release(tmp_path / "f1db.zip")
    with zipfile.ZipFile(tmp_path / "nested.zip", "w") as archive_file:
        for file in release.iterdir():
            archive_file.write(file, f"some/folder/{file.name}")
    shutil.copytree(release, tmp_path / "nested" / "folder")

    for source in (release, zipped, tmp_path / "nested.zip", tmp_path / "nested"):
        out = tmp_path / f"out-{source.name}"
        archive.build(source, out)
        assert contents(out) == contents(written)
        assert archive.fingerprint(out) == archive.fingerprint(written)


def test_new_columns_files_and_orders_of_columns_change_nothing(release, written, tmp_path):
    changed = shutil.copytree(release, tmp_path / "changed")
    for file in changed.iterdir():
        name = file.stem.removeprefix("f1db-")
        rewrite(changed, name, lambda old: [{"new": "x"} | dict(reversed(r.items())) for r in old])
    (changed / "f1db-a-new-file.csv").write_text("id\n1\n")

    archive.build(changed, tmp_path / "out")

    assert contents(tmp_path / "out") == contents(written)


def test_building_again_replaces_the_archive_and_leaves_other_files(release, written, tmp_path):
    out = tmp_path / "out"
    archive.build(release, out, from_season=2025)
    (out / "NOTES.txt").write_text("mine")

    archive.build(release, out)

    assert contents(out) == contents(written) | {"NOTES.txt": b"mine"}


@pytest.mark.parametrize(
    ("from_season", "seasons"),
    [
        (1950, [2023, 2024, 2025, 2026]),
        (2023, [2023, 2024, 2025, 2026]),
        (2025, [2025, 2026]),
        (2026, [2026]),
    ],
)
def test_an_archive_begins_with_the_season_that_was_asked_for(
    release, tmp_path, from_season, seasons
):
    counts = archive.build(release, tmp_path, from_season)

    raw = archive.read(tmp_path)
    assert sorted(raw["events"]["season"].unique()) == seasons
    for name, frame in raw.items():
        assert counts[name] == len(frame)
        if "season" in frame and len(frame):
            assert frame["season"].min() >= from_season
    # Those whom only earlier seasons know are not in it.
    assert ("aurora-second" in set(raw["drivers"]["driver_id"])) == (from_season < 2026)
    assert ("eclipse" in set(raw["constructors"]["constructor_id"])) == (from_season < 2026)
    assert "new-eclipse" in set(raw["constructors"]["constructor_id"])


def test_no_season_at_all_is_an_error_that_names_the_bound(release, tmp_path):
    with pytest.raises(SourceError, match="holds no race from season 2027 on"):
        archive.build(release, tmp_path / "out", from_season=2027)
    assert not (tmp_path / "out").exists()


def test_the_manifest_counts_and_hashes_every_table(written):
    manifest = json.loads((written / "manifest.json").read_text())

    assert set(manifest) == set(TABLES)
    for name, said in manifest.items():
        data = (written / f"{name}.parquet").read_bytes()
        assert said["sha256"] == hashlib.sha256(data).hexdigest()
        assert said["rows"] == len(pd.read_parquet(written / f"{name}.parquet"))


def test_the_fingerprint_follows_the_tables_bytes_alone(written, tmp_path):
    copy = shutil.copytree(written, tmp_path / "copy")
    (copy / "SOURCES.md").write_text("other words")
    assert archive.fingerprint(copy) == archive.fingerprint(written)

    frame = pd.read_parquet(copy / "pit_stops.parquet")
    frame.iloc[1:].to_parquet(copy / "pit_stops.parquet")
    assert archive.fingerprint(copy) != archive.fingerprint(written)


@pytest.mark.parametrize(
    ("said", "written_down"),
    [("2021-10-03", "2021-10-10"), ("2021-10-10", "2021-10-10"), ("2021-10-04", "2021-10-04")],
)
def test_a_known_mistake_is_corrected_only_where_it_still_stands(tmp_path, said, written_down):
    release = make_release(tmp_path / "f1db", seasons=(2020, 2021), future=None)
    in_turkey = {"grandPrixId": "turkey", "date": said}
    rewrite(release, "races", lambda old: [r | in_turkey if r["round"] == "3" else r for r in old])

    archive.build(release, tmp_path / "out")

    events = archive.read(tmp_path / "out")["events"].set_index("event_id")["race_date"]
    assert events["2021-turkey"] == written_down
    assert events["2020-turkey"] == said
