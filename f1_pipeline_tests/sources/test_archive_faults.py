"""What cannot be used is refused in one line that says what to do, and nothing is lost by it."""

import os
import shutil
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from f1_pipeline.errors import PipelineError, SourceError, StorageError
from f1_pipeline.sources import archive
from f1_pipeline.sources.archive.layout import TABLES, archive_columns
from f1_pipeline_tests.release import make_release
from f1_pipeline_tests.sources.files import contents, rewrite


def refusal(error: pytest.ExceptionInfo[PipelineError], *fragments: str) -> None:
    """One line that holds the fragments and ends as a sentence."""
    message = str(error.value)
    assert len(message.splitlines()) == 1
    assert message.endswith(".")
    for fragment in fragments:
        assert fragment in message


def without_column(folder: Path) -> None:
    rewrite(
        folder,
        "races-race-results",
        lambda rows: [{k: v for k, v in row.items() if k != "driverId"} for row in rows],
    )


def without_file(folder: Path) -> None:
    (folder / "f1db-circuits.csv").unlink()


def without_any_file(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()


def ragged(folder: Path) -> None:
    with (folder / "f1db-drivers.csv").open("a") as file:
        file.write("a,b,c,d,e,f,g,h,i,j\n")


def in_another_encoding(folder: Path) -> None:
    file = folder / "f1db-drivers.csv"
    file.write_bytes(file.read_bytes() + "sergio-pérez,P\n".encode("latin-1"))


def empty_file(folder: Path) -> None:
    (folder / "f1db-races-pit-stops.csv").write_text("")


@pytest.mark.parametrize(
    ("damage", "fragments"),
    [
        (without_column, ["f1db-races-race-results.csv", "lacks the column driverId", "layout"]),
        (without_file, ["lacks f1db-circuits.csv", "use a complete f1db release"]),
        (without_any_file, ["holds no f1db-races.csv", "not the CSV layout"]),
        (ragged, ["f1db-drivers.csv", "cannot be read", "fetch the release again"]),
        (in_another_encoding, ["f1db-drivers.csv", "cannot be read", "fetch the release again"]),
        (empty_file, ["f1db-races-pit-stops.csv", "cannot be read", "fetch the release again"]),
    ],
)
def test_a_release_that_lacks_something_is_refused(release, written, tmp_path, damage, fragments):
    bad = shutil.copytree(release, tmp_path / "bad")
    damage(bad)
    out = shutil.copytree(written, tmp_path / "out")

    with pytest.raises(SourceError) as error:
        archive.build(bad, out)

    refusal(error, str(bad), *fragments)
    assert contents(out) == contents(written)
    with pytest.raises(SourceError):
        archive.build(bad, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def truncated(data: bytes) -> bytes:
    return data[: len(data) // 2]


def flipped(data: bytes) -> bytes:
    """Damage in the compressed bytes: the directory at the end of the zip is whole."""
    middle = len(data) // 2
    return (
        data[:middle]
        + bytes(255 - byte for byte in data[middle : middle + 50])
        + data[middle + 50 :]
    )


@pytest.mark.parametrize("damage", [truncated, flipped, lambda _: b"", lambda _: b"no zip at all"])
def test_a_damaged_zip_is_refused(written, tmp_path, damage):
    file = make_release(tmp_path / "f1db.zip")
    file.write_bytes(damage(file.read_bytes()))
    out = shutil.copytree(written, tmp_path / "out")

    with pytest.raises(SourceError) as error:
        archive.build(file, out)

    refusal(error, str(file), "fetch the f1db release again")
    assert contents(out) == contents(written)


def test_an_encrypted_zip_is_refused(tmp_path):
    file = make_release(tmp_path / "f1db.zip")
    data = bytearray(file.read_bytes())
    data[6] |= 1  # the flag in the first file's own header, and in the directory
    data[data.index(b"PK\x01\x02") + 8] |= 1
    file.write_bytes(data)

    with pytest.raises(SourceError) as error:
        archive.build(file, tmp_path / "out")

    refusal(error, str(file), "encrypted")


def test_what_is_no_release_is_refused(release, written, tmp_path):
    foreign = tmp_path / "foreign.zip"
    with zipfile.ZipFile(foreign, "w") as file:
        file.writestr("holiday.txt", "sun")
    out = shutil.copytree(written, tmp_path / "out")

    for source, fragment in (
        (foreign, "it is not the CSV layout of an f1db release"),
        (tmp_path / "nowhere.zip", "does not exist: name the zip or folder"),
        (tmp_path, "it is not the CSV layout of an f1db release"),
    ):
        with pytest.raises(SourceError) as error:
            archive.build(source, out)
        refusal(error, str(source), fragment)
    assert contents(out) == contents(written)


@pytest.mark.parametrize("where", [".", "below", "deep/below"])
def test_an_out_that_cannot_be_written_is_named(release, tmp_path, where):
    (tmp_path / "file").write_text("mine")
    out = tmp_path / "file" / where

    with pytest.raises(StorageError) as error:
        archive.build(release, out)

    refusal(error, str(out), "choose another --out")
    assert contents(tmp_path) == {"file": b"mine"}


def test_when_one_file_cannot_be_moved_in_all_are_as_they_were(release, written, tmp_path):
    old = tmp_path / "old"
    archive.build(release, old, from_season=2025)
    for out in (old, tmp_path / "fresh"):
        # Files of an archive come before and after this one.
        (out / "pit_stops.parquet").unlink(missing_ok=True)
        (out / "pit_stops.parquet" / "in the way").mkdir(parents=True)
        before = contents(out)

        with pytest.raises(StorageError) as error:
            archive.build(release, out)

        refusal(error, str(out), "choose another --out")
        assert contents(out) == before
        assert [path.name for path in out.iterdir() if path.is_dir()] == ["pit_stops.parquet"]


@pytest.mark.parametrize("name", sorted(TABLES))
def test_an_archive_without_one_of_its_files_or_columns_is_refused(written, tmp_path, name):
    folder = shutil.copytree(written, tmp_path / "archive")
    frame = pd.read_parquet(folder / f"{name}.parquet")
    column = archive_columns(name)[-1]
    frame.drop(columns=column).to_parquet(folder / f"{name}.parquet")

    with pytest.raises(SourceError) as error:
        archive.read(folder)
    refusal(error, f"{name}.parquet", f"lacks the column {column}", "archive build")

    os.remove(folder / f"{name}.parquet")
    for read in (archive.read, archive.fingerprint):
        with pytest.raises(SourceError) as error:
            read(folder)
        refusal(error, str(folder), f"lacks {name}.parquet", "archive build", "F1_ARCHIVE_DIR")


def test_an_archive_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(SourceError) as error:
        archive.read(tmp_path / "nowhere")
    refusal(error, str(tmp_path / "nowhere"), "f1-pipeline archive build")


@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_a_damaged_file_is_refused_or_still_gives_its_columns(tmp_path_factory, written, data):
    """Never a traceback; that a value was changed is for the contracts to find."""
    good = (written / "circuits.parquet").read_bytes()
    folder = tmp_path_factory.mktemp("damaged")
    for file in written.iterdir():
        os.link(file, folder / file.name)
    os.remove(folder / "circuits.parquet")
    bad = bytearray(good[: data.draw(st.integers(0, len(good)), label="length")])
    for place in data.draw(st.lists(st.integers(0, len(good) - 1), max_size=20), label="places"):
        if place < len(bad):
            bad[place] = data.draw(st.integers(0, 255), label="byte")
    (folder / "circuits.parquet").write_bytes(bad)

    read = archive.read if len(bad) == len(good) else must_refuse
    try:
        frame = read(folder)["circuits"]
    except SourceError as refused:
        message = str(refused)
    else:
        message = "circuits.parquet"
        assert list(frame.columns) == [*archive_columns("circuits"), "source"]
    assert "circuits.parquet" in message
    assert len(message.splitlines()) == 1


def must_refuse(folder: Path) -> dict[str, pd.DataFrame]:
    """A file that was cut short is never taken for a whole one."""
    archive.read(folder)
    pytest.fail("a file that was cut short was read")
