"""Figures ship with an archive or do not: written, read back, kept by a new build, refused."""

import hashlib
import json
import os
import shutil
from pathlib import Path

import pandas as pd
import pytest

from f1_pipeline.contracts import CONTRACTS, content_hashes, split
from f1_pipeline.contracts.strategy import FIGURES
from f1_pipeline.errors import SourceError, StorageError
from f1_pipeline.sources import archive
from f1_pipeline.sources.archive.figures import figure_columns
from f1_pipeline.strategy import figures as strategy
from f1_pipeline_tests.sources.files import contents
from f1_pipeline_tests.strategy.races import EVENT, at, car, losses, saw, stops, tables

Frames = dict[str, pd.DataFrame]


def race(event: str = EVENT) -> Frames:
    """The figures of a race with a safety car, a stop, and a stint without a clean lap."""
    codes = dict.fromkeys(range(7, 13), "4")
    one = stops(saw(car("one"), codes), 7, at(6.9), at(7.1), compound=None, tyre_age=None)
    two = saw(car("two", behind=500), codes)
    cost = losses(("safety_car", 12_345.6, True))
    given = tables([one, two], {at(6.5): "4", at(11): "1"}, losses=cost)
    given = {name: frame.assign(event_id=event) for name, frame in given.items()}
    return strategy.figures(given, {event: "abc"})


@pytest.fixture
def shipping(written: Path, tmp_path: Path) -> Path:
    """A copy of the archive that figures ship with."""
    folder = shutil.copytree(written, tmp_path / "archive")
    archive.write_figures(race(), folder)
    return folder


def same(read: Frames, published: Frames) -> bool:
    return all(
        content_hashes(split(read[name], CONTRACTS[name])[0], CONTRACTS[name])
        == content_hashes(split(published[name], CONTRACTS[name])[0], CONTRACTS[name])
        for name in FIGURES
    )


def test_what_was_written_is_read_back_and_meets_its_contract(shipping, written):
    read = archive.read_figures(shipping)

    assert set(read) == set(FIGURES)
    assert same(read, race())
    for name, frame in read.items():
        assert len(frame), name
        assert split(frame, CONTRACTS[name])[1] == []
        assert set(zip(frame["source"], frame["tier"], strict=True)) == {("archive", "timing")}
        assert list(pd.read_parquet(shipping / f"{name}.parquet").columns) == figure_columns(name)
    assert archive.fingerprint(shipping) != archive.fingerprint(written)
    for name, frame in archive.read(written).items():
        pd.testing.assert_frame_equal(archive.read(shipping)[name], frame)


def test_an_archive_without_figures_has_none(written):
    read = archive.read_figures(written)

    assert {name: len(frame) for name, frame in read.items()} == dict.fromkeys(FIGURES, 0)
    for name, frame in read.items():
        assert split(frame, CONTRACTS[name])[1] == []


def test_the_manifest_and_the_sources_name_them(shipping, written):
    manifest = json.loads((shipping / "manifest.json").read_text())
    before = json.loads((written / "manifest.json").read_text())

    assert {name: manifest[name] for name in before} == before
    assert set(manifest) == set(before) | set(FIGURES)
    for name in FIGURES:
        data = (shipping / f"{name}.parquet").read_bytes()
        assert manifest[name]["sha256"] == hashlib.sha256(data).hexdigest()
        assert manifest[name]["rows"] == len(race()[name])
    sources = (shipping / "SOURCES.md").read_text()
    assert sources.startswith((written / "SOURCES.md").read_text())
    for said in ("published through FastF1", "2024-2024", "figures, no laps", "| race_figures | 1"):
        assert said in sources


def test_figures_written_again_replace_those_before(shipping, written, tmp_path):
    both = {
        name: pd.concat([frame, race("2025-spain")[name]], ignore_index=True)
        for name, frame in race().items()
    }
    counts = archive.write_figures(both, shipping)

    assert counts == {name: len(frame) for name, frame in both.items()}
    assert same(archive.read_figures(shipping), both)
    once = shutil.copytree(written, tmp_path / "once")
    archive.write_figures({name: frame.iloc[::-1] for name, frame in both.items()}, once)
    assert contents(shipping) == contents(once)


def test_a_new_build_keeps_the_figures(release, shipping):
    before = contents(shipping)

    archive.build(release, shipping)
    assert contents(shipping) == before

    archive.build(release, shipping, from_season=2025)
    assert same(archive.read_figures(shipping), race())
    manifest = json.loads((shipping / "manifest.json").read_text())
    assert manifest["race_figures"] == json.loads(before["manifest.json"])["race_figures"]
    assert "## Figures of races" in (shipping / "SOURCES.md").read_text()


def test_figures_need_an_archive_to_ship_with(tmp_path):
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "manifest.json").write_text("{")
    for folder in (tmp_path / "nowhere", tmp_path / "damaged"):
        before = contents(tmp_path)
        with pytest.raises(SourceError, match="archive build") as error:
            archive.write_figures(race(), folder)
        assert len(str(error.value).splitlines()) == 1
        assert contents(tmp_path) == before


def test_when_one_file_cannot_be_moved_in_all_are_as_they_were(written, tmp_path):
    folder = shutil.copytree(written, tmp_path / "archive")
    (folder / "race_figures.parquet" / "in the way").mkdir(parents=True)
    before = contents(folder)

    with pytest.raises(StorageError, match="choose another --out"):
        archive.write_figures(race(), folder)

    assert contents(folder) == before


def without_file(file: Path) -> None:
    os.remove(file)


def without_column(file: Path) -> None:
    frame = pd.read_parquet(file)
    frame.drop(columns=frame.columns[-1]).to_parquet(file)


def cut_short(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:100])


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("damage", [without_file, without_column, cut_short])
def test_figures_that_are_not_whole_are_refused_in_one_line(shipping, release, name, damage):
    damage(shipping / f"{name}.parquet")
    before = contents(shipping)

    for use in (archive.read_figures, lambda folder: archive.build(release, folder)):
        with pytest.raises(SourceError, match=f"{name}.parquet.*archive figures") as error:
            use(shipping)
        assert len(str(error.value).splitlines()) == 1
    assert contents(shipping) == before
    assert len(archive.read(shipping)["race_results"])  # the results do not depend on them
