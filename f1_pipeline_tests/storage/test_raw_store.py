"""Frames in the raw store come back as they were, or not at all; one content is one file."""

import io
import resource
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from f1_pipeline.errors import StorageError
from f1_pipeline.storage.raw_store import RawStore, content_hash

PLACE = "timing/2025/2025-china/FP1"
# FastF1's columns: a time, a number, a truth value, texts that may be missing.
CELLS: dict[str, st.SearchStrategy[Any]] = {
    "LapTime": st.none() | st.integers(-(10**9), 10**9),
    "Position": st.none() | st.floats(allow_nan=False, allow_infinity=False).filter(bool),
    "IsAccurate": st.booleans(),
    "Compound": st.none() | st.text(max_size=3) | st.sampled_from(["None", "nan", "HARD"]),
}
ROWS = st.lists(st.fixed_dictionaries(CELLS), min_size=1, max_size=6)


def typed(rows: list[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(CELLS), dtype=object)
    return frame.assign(
        LapTime=pd.to_timedelta(frame["LapTime"], unit="ms").astype("timedelta64[ns]"),
        Position=frame["Position"].astype("float64"),
        IsAccurate=frame["IsAccurate"].astype(bool),
    )


LAPS = typed(
    [
        {"LapTime": 93_123, "Position": 1.0, "IsAccurate": True, "Compound": "HARD"},
        {"LapTime": None, "Position": None, "IsAccurate": False, "Compound": None},
    ]
)


@pytest.fixture(params=["folder", "memory"])
def store(request, tmp_path):
    """In a local folder, and at an address that only fsspec knows."""
    if request.param == "folder":
        return RawStore(f"{tmp_path / 'raw'}/")
    return RawStore(f"memory://{tmp_path.name}/raw")


def files(store: RawStore) -> list[str]:
    return sorted(store.files.find(store.root)) if store.files.exists(store.root) else []


def test_what_is_written_is_read_as_it_was(store):
    digest = store.write(PLACE, "laps", LAPS)

    pd.testing.assert_frame_equal(store.read(PLACE, "laps", digest), LAPS)
    assert digest == content_hash(LAPS)
    (file,) = files(store)
    assert file.endswith(f"raw/{PLACE}/laps-{digest}.parquet")


@pytest.mark.parametrize(
    ("values", "read"),
    [
        (pd.Series([pd.Timestamp("2025-03-21T03:30"), pd.NaT], dtype="datetime64[ns]"), None),
        (pd.Series([10, 20], dtype="int64"), None),
        (pd.Series([True, None], dtype=object), None),
        (pd.Series([None, None], dtype=object), None),
        (pd.Series(["São Paulo", "a\0b"], dtype=object), None),
        # What Parquet gives back in a type of its own is still what was kept.
        (pd.Series([True, False], dtype=object), pd.Series([True, False])),
        (pd.Series([1.5, None], dtype=object), pd.Series([1.5, np.nan])),
        (pd.Series(["a", np.nan], dtype=object), pd.Series(["a", None], dtype=object)),
    ],
)
def test_columns_of_every_type_of_fastf1s_survive(store, values, read):
    frame = pd.DataFrame({"Value": values})

    digest = store.write(PLACE, "laps", frame)

    expected = frame if read is None else pd.DataFrame({"Value": read})
    pd.testing.assert_frame_equal(store.read(PLACE, "laps", digest), expected)
    assert store.write(PLACE, "laps", expected) == digest
    assert len(files(store)) == 1


def test_the_same_content_is_written_once(tmp_path):
    store = RawStore(str(tmp_path))
    digest = store.write(PLACE, "laps", LAPS)
    (file,) = tmp_path.rglob("*.parquet")
    before = file.stat()

    assert RawStore(str(tmp_path)).write(PLACE, "laps", LAPS.copy()) == digest

    after = file.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    # Another content, name or place is another file.
    other = store.write(PLACE, "laps", LAPS.iloc[:1])
    assert other != digest
    store.write(PLACE, "results", LAPS)
    store.write(PLACE.replace("FP1", "FP2"), "laps", LAPS)
    assert len(files(store)) == 4


@pytest.mark.parametrize("damage", ["gone", "empty", "cut", "text", "odd", "another"])
def test_a_file_that_is_not_what_it_was_is_one_line_and_written_anew(store, damage):
    digest = store.write(PLACE, "laps", LAPS)
    (file,) = files(store)
    content = store.files.cat_file(file)
    if damage == "gone":
        store.files.rm_file(file)
    else:
        odd = io.BytesIO()  # what pandas keeps in a file is gone: its reader trips by a KeyError
        pq.write_table(pa.table({"a": [1]}).replace_schema_metadata({"pandas": "{}"}), odd)
        damaged = {
            "empty": b"",
            "cut": content[: len(content) // 2],
            "text": b"<html>bad gateway</html>",
            "odd": odd.getvalue(),
            "another": LAPS.assign(Position=2.0).to_parquet(index=False),
        }[damage]
        assert damaged != content
        store.files.pipe_file(file, damaged)

    with pytest.raises(StorageError, match="import or backfill that session again") as raised:
        store.read(PLACE, "laps", digest)
    assert len(str(raised.value).splitlines()) == 1
    assert f"laps-{digest}.parquet" in str(raised.value)

    # That this mends it is what the line says.
    assert store.write(PLACE, "laps", LAPS) == digest
    pd.testing.assert_frame_equal(store.read(PLACE, "laps", digest), LAPS)
    assert files(store) == [file]


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(StorageError, match=r"cannot be written .*F1_DATA_DIR") as raised:
        RawStore(str(tmp_path / "file" / "raw")).write(PLACE, "laps", LAPS)

    assert len(str(raised.value).splitlines()) == 1


@contextmanager
def no_room(size: int):
    """No file of this process grows beyond `size` bytes: as good as a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_leaves_no_half_of_a_file(tmp_path):
    store = RawStore(str(tmp_path / "raw"))

    with no_room(100), pytest.raises(StorageError, match=r"free some space .*F1_DATA_DIR"):
        store.write(PLACE, "laps", LAPS)

    assert files(store) == []
    assert store.read(PLACE, "laps", store.write(PLACE, "laps", LAPS)).equals(LAPS)


@settings(deadline=None, max_examples=40)
@given(ROWS)
def test_equal_frames_have_one_hash_and_parquet_keeps_it(rows):
    frame = typed(rows)
    read = pd.read_parquet(io.BytesIO(frame.to_parquet(index=False)))

    assert content_hash(frame) == content_hash(typed(rows)) == content_hash(read)
    assert len(content_hash(frame)) == 16
    assert int(content_hash(frame), 16) >= 0
    # Neither the index nor how it came to be is content.
    assert content_hash(frame.set_index(frame.index + 5)) == content_hash(frame)


@settings(deadline=None, max_examples=80)
@given(rows=ROWS, data=st.data())
def test_any_changed_cell_gives_another_hash(rows, data):
    place = data.draw(st.integers(0, len(rows) - 1), label="row")
    column = data.draw(st.sampled_from(sorted(CELLS)), label="column")
    value = data.draw(CELLS[column], label="value")
    assume(value != rows[place][column])
    changed = [r | {column: value} if i == place else r for i, r in enumerate(rows)]

    assert content_hash(typed(changed)) != content_hash(typed(rows))


def test_the_order_of_rows_and_columns_their_names_and_types_are_content():
    frames = [
        LAPS,
        LAPS.iloc[::-1],
        LAPS[list(reversed(LAPS.columns))],
        LAPS.rename(columns={"Position": "Place"}),
        LAPS.rename(columns={"Position": "Compound", "Compound": "Position"}),
        LAPS.assign(IsAccurate=LAPS["IsAccurate"].astype("int64")),
        LAPS.iloc[:1],
        LAPS.iloc[:0],
        pd.concat([LAPS, LAPS]),
        LAPS.drop(columns="Position"),
    ]

    assert len({content_hash(frame) for frame in frames}) == len(frames)
