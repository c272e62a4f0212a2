"""Each variable: what it does, what stands in for it, and how a wrong value is named."""

import ast
from pathlib import Path

import pytest

import f1_pipeline
from f1_pipeline.errors import PipelineError, UsageError
from f1_pipeline.settings import Settings, load_settings

PACKAGE = Path(f1_pipeline.__file__).parent
ROOT = PACKAGE.parent
VARIABLES = {
    "F1_DATA_DIR",
    "F1_ARCHIVE_DIR",
    "MODEL_STORAGE_PATH",
    "DATABASE_URL",
    "DAGSTER_HOME",
    "FASTF1_CACHE_DIR",
    "F1_UPSTREAM_URL",
    "F1_REQUEST_LIMITS",
    "F1_LOOK_SECONDS",
    "LOG_LEVEL",
    "PORT",
}


def test_without_any_variable_all_lies_in_the_project(monkeypatch):
    monkeypatch.delenv("F1_DATA_DIR")

    settings = load_settings()

    assert settings.data_dir == ROOT / "data"
    assert settings.archive_dir == ROOT / "data" / "archive"
    assert settings.database_url == f"sqlite:///{ROOT / 'data' / 'warehouse.db'}"
    assert settings.model_storage_path == ROOT / "data" / "models"
    assert settings.dagster_home == ROOT / "data" / "dagster"
    assert (settings.log_level, settings.port) == ("WARNING", 3000)


def test_what_is_kept_goes_with_the_data_directory_and_the_archive_does_not(monkeypatch, tmp_path):
    monkeypatch.setenv("F1_DATA_DIR", str(tmp_path / "mine"))

    settings = load_settings()

    assert settings.database_url == f"sqlite:///{tmp_path / 'mine' / 'warehouse.db'}"
    assert settings.model_storage_path == tmp_path / "mine" / "models"
    assert settings.dagster_home == tmp_path / "mine" / "dagster"
    assert settings.archive_dir == ROOT / "data" / "archive"
    # Reading settings makes nothing.
    assert not (tmp_path / "mine").exists()


@pytest.mark.parametrize(
    ("variable", "attribute"),
    [
        ("F1_DATA_DIR", "data_dir"),
        ("F1_ARCHIVE_DIR", "archive_dir"),
        ("MODEL_STORAGE_PATH", "model_storage_path"),
        ("DAGSTER_HOME", "dagster_home"),
    ],
)
def test_a_folder_can_be_named_and_is_absolute(monkeypatch, tmp_path, variable, attribute):
    for value, expected in ((str(tmp_path / "x"), tmp_path / "x"), ("x/../y", tmp_path / "y")):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv(variable, value)
        path = getattr(load_settings(), attribute)
        assert path == expected
        # It stays where it is when the process goes elsewhere.
        monkeypatch.chdir("/")
        assert path == expected


def test_recordings_may_lie_at_an_address_that_all_workers_share(monkeypatch, tmp_path):
    monkeypatch.setenv("F1_DATA_DIR", str(tmp_path))
    assert load_settings().raw_store == f"{tmp_path}/raw"

    monkeypatch.setenv("F1_DATA_DIR", "memory://f1/")
    settings = load_settings()
    assert settings.raw_store == "memory://f1/raw"
    assert settings.data_dir == ROOT / "data"

    monkeypatch.setenv("F1_DATA_DIR", "nowhere://f1")
    with pytest.raises(UsageError, match="F1_DATA_DIR: expected a folder, or an address"):
        load_settings()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("postgres://me:p@host/f1", "postgresql+psycopg2://me:p@host/f1"),
        ("postgresql://me:p@host/f1", "postgresql+psycopg2://me:p@host/f1"),
        ("postgresql+psycopg2://me:p@host/f1", "postgresql+psycopg2://me:p@host/f1"),
        ("postgresql+asyncpg://me:p@host/f1", "postgresql+psycopg2://me:p@host/f1"),
        (
            "postgres://me:p%40ss%2F@host:5433/f1?sslmode=require",
            "postgresql+psycopg2://me:p%40ss%2F@host:5433/f1?sslmode=require",
        ),
        ("sqlite:////folder/file.db", "sqlite:////folder/file.db"),
        ("sqlite+pysqlite:///file.db", "sqlite:///file.db"),
    ],
)
def test_an_address_is_brought_into_one_form(monkeypatch, value, expected):
    monkeypatch.setenv("DATABASE_URL", value)
    assert load_settings().database_url == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("mysql://me:hunter2@host/f1", "mysql:// is not supported: use postgresql:// or sqlite://"),
        ("hunter2", "expected postgresql://USER:PASSWORD@HOST/NAME or sqlite:///FILE"),
        ("postgres://me:hunter2@host:port/f1", "expected postgresql://"),
        ("sqlite://", "in memory nothing would be kept"),
        ("sqlite:///:memory:", "in memory nothing would be kept"),
    ],
)
def test_a_wrong_address_is_refused_without_showing_its_password(monkeypatch, value, expected):
    monkeypatch.setenv("DATABASE_URL", value)

    with pytest.raises(UsageError, match=r"^DATABASE_URL: ") as error:
        load_settings()

    message = str(error.value)
    assert expected in message
    assert "hunter2" not in message
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("PORT", "http", "valid integer"),
        ("PORT", "0", "greater than or equal to 1"),
        ("PORT", "65536", "less than or equal to 65535"),
        ("PORT", "80.5", "valid integer"),
        ("LOG_LEVEL", "loud", "DEBUG|INFO|WARNING|ERROR|CRITICAL"),
        ("LOG_LEVEL", "INFO\nDEBUG", "DEBUG|INFO|WARNING|ERROR|CRITICAL"),
    ],
)
def test_a_wrong_value_is_one_line_with_its_name_and_what_was_expected(
    monkeypatch, variable, value, expected
):
    monkeypatch.setenv(variable, value)

    with pytest.raises(UsageError) as error:
        load_settings()

    message = str(error.value)
    assert message.startswith(f"{variable}: ")
    assert expected in message
    assert f"(found {value!r})" in message
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize(
    ("variable", "value", "attribute", "expected"),
    [
        ("PORT", "8080", "port", 8080),
        ("PORT", "65535", "port", 65535),
        ("LOG_LEVEL", "DEBUG", "log_level", "DEBUG"),
    ],
)
def test_a_good_value_is_taken(monkeypatch, variable, value, attribute, expected):
    monkeypatch.setenv(variable, value)
    assert getattr(load_settings(), attribute) == expected


@pytest.mark.parametrize("variable", sorted(VARIABLES - {"F1_DATA_DIR"}))
def test_an_empty_variable_counts_as_not_set(monkeypatch, variable):
    expected = load_settings()
    monkeypatch.setenv(variable, "")
    assert load_settings() == expected


def test_these_are_all_the_variables_and_no_other_name_is_listened_to(monkeypatch):
    """Not the names of the attributes either: DATABASE and DATA_DIR belong to other programs."""
    fields = Settings.model_fields
    assert {str(field.validation_alias) for field in fields.values()} == VARIABLES

    expected = load_settings()
    for name in fields:
        if name.upper() not in VARIABLES:
            monkeypatch.setenv(name.upper(), "elsewhere")
    assert load_settings() == expected


def test_an_error_is_one_line_whatever_it_passes_on():
    assert str(PipelineError("first\n\tsecond \r\n third\n")) == "first second third"


# Where else the environment is met, and why.
ELSEWHERE = {
    "clock.py": "F1_NOW may change while a process runs",
    "cli/app.py": "hands its environment on to the Dagster that it starts",
    "cli/home.py": "tells Dagster where its instance is",
    "sources/upstream/account.py": "FastF1 reads the account's variables at each sign-in",
}


def environment_uses(source: str) -> bool:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv", "putenv"):
            return True
        names = {alias.name for alias in node.names} if isinstance(node, ast.ImportFrom) else set()
        if names & {"environ", "getenv", "putenv", "EnvVar"}:
            return True
        if isinstance(node, ast.Name | ast.Attribute) and ast.unparse(node).endswith("EnvVar"):
            return True
    return False


@pytest.mark.parametrize(
    "source",
    [
        "os.environ['X']",
        "os.getenv('X')",
        "from os import environ",
        "dg.EnvVar('X')",
        "EnvVar('X')",
    ],
)
def test_the_search_finds_every_use_of_the_environment(source):
    assert environment_uses(source)
    assert not environment_uses("settings.environment; os.path; load_settings()")


def test_nothing_else_reads_the_environment():
    found = {
        file.relative_to(PACKAGE).as_posix()
        for file in PACKAGE.rglob("*.py")
        if environment_uses(file.read_text())
    }
    assert found == set(ELSEWHERE)
