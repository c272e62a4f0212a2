"""The schema from the command line: made before anything starts, taken back by one migration."""

import pytest

from f1_pipeline_tests.cli.conftest import Home

pytestmark = pytest.mark.journey
LATEST, BEFORE = "0013", "0012"


def test_prepare_makes_tables_and_instance_and_changes_nothing_again(empty: Home) -> None:
    first = empty.call("prepare")
    assert first.code == 0
    # Dagster's SQLite storage says what it looks at.
    assert first.out.splitlines()[-1] == "The tables and the Dagster instance are up to date."
    made = sorted(path.name for path in empty.folder.rglob("*.db"))
    assert "warehouse.db" in made
    assert len(made) > 1
    assert empty.call("prepare").out == first.out


def test_prepare_says_in_one_line_what_is_wrong_with_the_instance(empty: Home) -> None:
    home = empty.folder / "dagster"
    home.mkdir(parents=True)
    storage = "{postgres: {postgres_url: {env: DAGSTER_PG_NOWHERE}}}"
    (home / "dagster.yaml").write_text(f"storage: {storage}\n")
    done = empty.call("prepare")
    assert done.code == 1
    (line,) = done.error_lines
    assert "Dagster's database cannot be used" in line
    assert str(home) in line


def test_a_step_back_is_told_before_it_is_done_and_forwards_again_goes(empty: Home) -> None:
    assert empty.call("prepare").code == 0

    told = empty.call("database", "step-back")
    assert told.code == 2
    assert told.out.startswith(f"From revision {LATEST} to {BEFORE}.")
    assert "nothing was done: make a backup, then say --yes." in told.error_lines[0]

    done = empty.call("database", "step-back", "--yes")
    assert done.code == 0, done.err
    assert f"At revision {BEFORE}" in done.out
    assert empty.call("prepare").code == 0
    again = empty.call("database", "step-back")
    assert again.out.startswith(f"From revision {LATEST} to {BEFORE}.")
