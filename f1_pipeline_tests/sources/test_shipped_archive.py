"""The archive that ships: whole, small, and with its source, licence and changes named."""

import hashlib
import json
from pathlib import Path

import pandas as pd
import pytest

from f1_pipeline.contracts import CONTRACTS, check
from f1_pipeline.contracts.strategy import FIGURES
from f1_pipeline.settings import load_settings
from f1_pipeline.sources import archive
from f1_pipeline.sources.archive.build import CORRECTIONS
from f1_pipeline.sources.archive.figures import figure_columns
from f1_pipeline.sources.archive.layout import TABLES, archive_columns

NAMES = {name: [column.name for column in CONTRACTS[name].columns] for name in FIGURES}
SHIPPED = Path(__file__).parents[2] / "data" / "archive"


def test_it_is_the_one_that_is_read_by_default():
    assert load_settings().archive_dir == SHIPPED


def test_its_files_are_those_of_the_manifest():
    manifest = json.loads((SHIPPED / "manifest.json").read_text())
    files = {file.stem: file for file in SHIPPED.glob("*.parquet")}

    assert set(manifest) == set(files) == {*TABLES, *FIGURES}
    for name, said in manifest.items():
        assert said["sha256"] == hashlib.sha256(files[name].read_bytes()).hexdigest(), name
        frame = pd.read_parquet(files[name])
        columns = figure_columns(name) if name in FIGURES else archive_columns(name)
        assert (len(frame), list(frame.columns)) == (said["rows"], columns)


def test_it_is_small():
    assert sum(file.stat().st_size for file in SHIPPED.iterdir()) < 5_000_000


def test_it_holds_facts_of_every_season_in_the_projects_own_keys():
    raw = archive.read(SHIPPED)

    assert sorted(raw["events"]["season"].unique()) == list(range(2010, 2027))
    for name, frame in raw.items():
        if "event_id" in frame:
            assert frame["event_id"].str.fullmatch(r"20[12]\d-[a-z0-9-]+").all(), name
            assert set(frame["event_id"]) <= set(raw["events"]["event_id"]), name


def test_it_holds_figures_of_every_race_of_2018_to_2025_and_where_they_come_from():
    frames = archive.read_figures(SHIPPED)
    results = archive.read(SHIPPED)["race_results"]
    held = results[results["season"].between(2018, 2025)]

    races = frames["race_figures"]
    assert set(races["event_id"]) == set(held["event_id"])
    assert races["dry"].sum() == 152
    for name, frame in frames.items():
        rows = frame.assign(version=1, valid_from=pd.Timestamp("2026-01-01", tz="UTC"))
        assert len(check(rows[[c for c in rows if c in NAMES[name]]], CONTRACTS[name])), name
    stints = frames["stint_figures"]
    told = {*zip(stints["event_id"], stints["driver_id"], strict=True)}
    assert told <= {*zip(results["event_id"], results["driver_id"], strict=True)}
    text = (SHIPPED / "SOURCES.md").read_text()
    for needed in ("not F1DB's", "live timing", "FastF1", "2018-2025", "no laps"):
        assert needed in text


@pytest.mark.parametrize("folder", ["shipped", "written"])
def test_its_sources_are_named(folder, written):
    text = ((SHIPPED if folder == "shipped" else written) / "SOURCES.md").read_text()

    for needed in (
        "F1DB",
        "github.com/f1db/f1db",
        "Creative Commons Attribution 4.0",
        "https://creativecommons.org/licenses/by/4.0/",
        "does not endorse",
    ):
        assert needed in text
    assert CORRECTIONS
    for correction in CORRECTIONS:
        line = next(line for line in text.splitlines() if correction.event_id in line)
        for value in (correction.column, correction.wrong, correction.right, correction.why):
            assert value in line


def test_the_newest_result_is_named(written):
    assert "`2025-abu-dhabi`" in (SHIPPED / "SOURCES.md").read_text()
    assert "seasons 2023 to 2026" in (written / "SOURCES.md").read_text()
    assert "`2025-bahrain`" in (written / "SOURCES.md").read_text()
