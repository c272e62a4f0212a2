"""The archive that ships: whole, small, and with its source, licence and changes named."""

import hashlib
import json
from pathlib import Path

import pandas as pd
import pytest

from f1_pipeline.settings import load_settings
from f1_pipeline.sources import archive
from f1_pipeline.sources.archive.build import CORRECTIONS
from f1_pipeline.sources.archive.layout import TABLES, archive_columns

SHIPPED = Path(__file__).parents[2] / "data" / "archive"


def test_it_is_the_one_that_is_read_by_default():
    assert load_settings().archive_dir == SHIPPED


def test_its_files_are_those_of_the_manifest():
    manifest = json.loads((SHIPPED / "manifest.json").read_text())
    files = {file.stem: file for file in SHIPPED.glob("*.parquet")}

    assert set(manifest) == set(files) == set(TABLES)
    for name, said in manifest.items():
        assert said["sha256"] == hashlib.sha256(files[name].read_bytes()).hexdigest(), name
        frame = pd.read_parquet(files[name])
        assert (len(frame), list(frame.columns)) == (said["rows"], archive_columns(name))


def test_it_is_small():
    assert sum(file.stat().st_size for file in SHIPPED.iterdir()) < 5_000_000


def test_it_holds_facts_of_every_season_in_the_projects_own_keys():
    raw = archive.read(SHIPPED)

    assert sorted(raw["events"]["season"].unique()) == list(range(2010, 2027))
    for name, frame in raw.items():
        if "event_id" in frame:
            assert frame["event_id"].str.fullmatch(r"20[12]\d-[a-z0-9-]+").all(), name
            assert set(frame["event_id"]) <= set(raw["events"]["event_id"]), name


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
