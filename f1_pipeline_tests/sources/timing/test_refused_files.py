"""A folder that cannot be taken in is refused in one line, before anything of it is given."""

import gzip
import os
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from f1_pipeline.sources.aliases import Aliases
from f1_pipeline.sources.timing import files
from f1_pipeline.sources.timing.columns import COLUMNS
from f1_pipeline_tests.sources.timing.lap_files import laps, recorded, weather, write


def refused(folder: Path) -> str:
    """The refusal, which comes before any recording."""
    with pytest.raises(files.LapFilesError) as error:
        next(files.read(folder, Aliases.shipped(), lambda _: None))
    message = str(error.value)
    assert len(message.splitlines()) == 1
    assert message.endswith(".")
    return message


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    message = refused(tmp_path / "nowhere")
    assert "nowhere" in message
    assert "LapNumber and LapTime" in message


def test_a_folder_without_laps_is_refused(tmp_path):
    write(tmp_path, weather_csv=weather())
    assert "holds no laps: put Parquet or CSV files there" in refused(tmp_path)


@pytest.mark.parametrize(
    ("frame", "lacking"),
    [
        (laps().drop(columns="Season"), "add the column Season (or Year)."),
        (laps().drop(columns="EventName"), "add the column EventName."),
        (
            weather().drop(columns=["Season", "EventName"]),
            "add the column Season (or Year) and the column EventName.",
        ),
    ],
)
def test_a_file_that_does_not_say_what_it_is_of_is_refused(tmp_path, frame, lacking):
    message = refused(write(tmp_path, a_csv=laps(), b_csv=frame))
    assert "b.csv does not say which event its rows are of" in message
    assert message.endswith(lacking)


def cut(data: bytes) -> bytes:
    return data[: len(data) - len(data) // 3]


def cut_in_a_quotation(data: bytes) -> bytes:
    return data.rstrip().rpartition(b",")[0] + b',"noth'


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("laps.parquet", cut),
        ("laps.parquet", lambda data: b""),
        ("laps.parquet", lambda data: b"no Parquet at all"),
        ("laps.csv", lambda data: b""),
        ("laps.csv", cut),
        ("laps.csv", cut_in_a_quotation),
        ("laps.csv", lambda data: data + b"2024,1\n"),
        ("laps.csv", lambda data: data + b"2024" + 40 * b",1" + b"\n"),
        ("laps.csv", lambda data: data.replace(b"Mercedes", b"Merc\xe9des")),
        ("laps.csv.gz", cut),
        ("laps.csv.gz", lambda data: gzip.decompress(data)),
        ("laps.csv.gz", lambda data: data[:-8] + bytes(8)),
    ],
)
def test_a_damaged_file_is_refused_and_nothing_is_given(tmp_path, name, damage):
    write(tmp_path, laps_parquet=laps(), laps_csv=laps(), laps_gz=laps())
    file = tmp_path / name
    file.write_bytes(damage(file.read_bytes()))
    message = refused(tmp_path)
    assert f"{file} " in message
    assert message.endswith("write it again, or remove it.")


def test_a_file_that_is_cut_late_gives_none_of_its_seasons(tmp_path):
    """The first season could be read: it is not handed on before the rest is known to be whole."""
    many = pd.concat([laps(season) for season in range(2000, 2020)] * 300)
    write(tmp_path, laps_csv=many)
    file = tmp_path / "laps.csv"
    file.write_bytes(file.read_bytes() + b"2020,1\n")
    assert "line 24002: 2 values, not 17" in refused(tmp_path)


def test_texts_of_a_parquet_file_that_are_none_are_refused(tmp_path):
    table = pa.Table.from_pandas(laps(), preserve_index=False)
    place = table.schema.get_field_index("Team")
    bad = pa.array([b"Merc\xe9des"] * 4, pa.binary()).view(pa.string())
    pq.write_table(table.set_column(place, "Team", bad), tmp_path / "laps.parquet")
    assert "laps.parquet cannot be read" in refused(tmp_path)


def test_a_column_that_is_there_twice_is_refused(tmp_path):
    (tmp_path / "laps.csv").write_text("Season,EventName,Driver,LapNumber,LapTime,LapTime\n")
    assert "has the column LapTime twice" in refused(tmp_path)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), name=st.sampled_from(["laps.parquet", "laps.csv", "laps.csv.gz"]))
def test_a_file_with_changed_bytes_is_refused_or_gives_recordings(tmp_path_factory, data, name):
    """Never a traceback; that a value was changed is for the contracts to find."""
    folder = tmp_path_factory.mktemp("damaged")
    write(folder, **{f"laps_{name.rpartition('.')[2]}": laps()})
    content = bytearray((folder / name).read_bytes())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=8), label="places"):
        content[place] = data.draw(st.integers(0, 255), label="byte")
    os.remove(folder / name)
    (folder / name).write_bytes(content)
    try:
        found, _ = recorded(folder)
    except files.LapFilesError as refusal:
        found, message = [], str(refusal)
    else:
        message = "one line"
    assert len(message.splitlines()) == 1
    assert all(list(r.frames["laps"].columns) == list(COLUMNS["laps"]) for r in found)
