"""There is one clock: `F1_NOW` where it is set, else the time of day, and nothing asks another."""

import ast
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import f1_pipeline
from f1_pipeline import clock
from f1_pipeline.errors import UsageError

PACKAGE = Path(f1_pipeline.__file__).parent
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SPELLINGS = [
    "2026-03-01T12:00:00Z",
    "2026-03-01T12:00:00+00:00",
    "2026-03-01T12:00:00",
    "2026-03-01 12:00",
    "2026-03-01T17:45:00+05:45",
    "2026-03-01T04:00:00-08:00",
    "  2026-03-01T12:00:00Z\n",
]


@pytest.mark.parametrize("text", SPELLINGS)
def test_an_instant_is_taken_in_utc_whatever_its_zone(monkeypatch, tmp_path, text):
    """The tests run in a zone far from UTC: an instant without an offset is UTC all the same."""
    monkeypatch.setenv("F1_NOW", text)
    assert clock.now() == NOON
    assert clock.now().tzinfo is UTC

    file = tmp_path / "now"
    file.write_text(text)
    monkeypatch.setenv("F1_NOW", str(file))
    assert clock.now() == NOON


def test_a_file_is_read_at_every_call(monkeypatch, tmp_path):
    file = tmp_path / "now"
    monkeypatch.setenv("F1_NOW", str(file))
    for day in (1, 2):
        file.write_text(f"2026-03-0{day}T12:00:00Z")
        assert clock.now() == NOON + timedelta(days=day - 1)


@pytest.mark.parametrize("value", [None, "", "  "])
def test_without_it_the_time_of_day_counts(monkeypatch, value):
    monkeypatch.delenv("F1_NOW", raising=False)
    if value is not None:
        monkeypatch.setenv("F1_NOW", value)

    before = datetime.now(UTC)
    now = clock.now()

    assert before <= now <= datetime.now(UTC)
    assert now.utcoffset() == timedelta(0)


GARBAGE = ["soon", "2026-13-01T00:00:00Z", "1772366400", "/no/such/file", "x" * 5000]


@pytest.mark.parametrize("text", [*GARBAGE, "two\nlines", "0001-01-01T00:00:00+12:00"])
def test_what_is_no_instant_is_one_line_that_names_the_variable(monkeypatch, tmp_path, text):
    file = tmp_path / "now"
    file.write_text(text)
    for value in (text, str(file)):
        monkeypatch.setenv("F1_NOW", value)
        with pytest.raises(UsageError, match=r"^F1_NOW=.*(instant|cannot be read)") as error:
            clock.now()
        assert len(str(error.value).splitlines()) == 1


def test_a_file_that_is_no_text_and_a_folder_are_refused(monkeypatch, tmp_path):
    (tmp_path / "now").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "empty").touch()
    for path in (tmp_path / "now", tmp_path / "empty", tmp_path):
        monkeypatch.setenv("F1_NOW", str(path))
        with pytest.raises(UsageError, match=r"^F1_NOW=") as error:
            clock.now()
        assert len(str(error.value).splitlines()) == 1


OTHER_CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "localtime", "gmtime", "ctime"}
CLOCK_MODULES = {"datetime", "date", "time", "pd", "pandas", "Timestamp", "np", "dt", "func"}


def clocks(source: str) -> list[str]:
    """Calls of a source that ask for the time of day, other than `clock.now()`."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module in ("time", "f1_pipeline.clock"):
            found += [alias.name for alias in node.names if alias.name in OTHER_CLOCKS]
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        base, _, name = called.rpartition(".")
        if name in OTHER_CLOCKS and base.rpartition(".")[2] in CLOCK_MODULES:
            found.append(called)
        if any(isinstance(a, ast.Constant) and a.value in ("now", "today") for a in node.args):
            found.append(ast.unparse(node))
    return found


@pytest.mark.parametrize(
    "source",
    [
        "datetime.now(UTC)",
        "dt.datetime.utcnow()",
        "date.today()",
        "time.time()",
        "pd.Timestamp.now('UTC')",
        "pd.Timestamp('now')",
        "np.datetime64('now')",
        "from time import time",
        "sa.func.now()",
    ],
)
def test_the_search_finds_every_other_clock(source):
    assert clocks(source)


def test_the_search_passes_over_what_is_no_clock():
    assert clocks("clock.now(); time.monotonic(); time.sleep(1); x.time(); f('soon')") == []


def test_nothing_else_asks_for_the_time_of_day():
    files = sorted(PACKAGE.rglob("*.py"))
    found = {
        file.relative_to(PACKAGE).as_posix(): clocks(file.read_text())
        for file in files
        if clocks(file.read_text())
    }

    assert len(files) > 50
    assert found == {"clock.py": ["datetime.now", "datetime.now"]}  # `now` and `wall`
