"""Each variable: what it does, what stands in for it, and how a wrong value is named."""

import ast
from pathlib import Path

import pytest

import f1_pipeline
from f1_pipeline.errors import PipelineError, UsageError
from f1_pipeline.settings import Settings, load_settings
from f1_pipeline_tests.conftest import ANY_NUMBERS

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
    "GATE_RACES",
    "GATE_RPS_MARGIN",
    "GATE_POINTS_LOG_LOSS_MARGIN",
    "MIN_TRAINING_RACES",
    "MAX_RPS",
    "MAX_POINTS_LOG_LOSS",
    "MAX_CALIBRATION_ERROR",
    "ENABLE_HYPERPARAMETER_TUNING",
    "MAX_TRIALS",
    "DRIFT_DETECTION_WINDOW",
    "RETRAINING_THRESHOLD",
    "ALERT_WEBHOOK_URL",
    "ARTIFACT_RETENTION_DAYS",
    "RUN_RETENTION_DAYS",
    "BACKUP_DIR",
    "BACKUPS_KEPT",
    "MLFLOW_TRACKING_URI",
    "MLFLOW_EXPERIMENT_NAME",
    "LOG_FORMAT",
    "PREDICTIONS_API_KEY",
    "ALLOWED_ORIGINS",
    "ALLOWED_HOSTS",
    "REDIS_URL",
    "CACHE_TTL_SECONDS",
    "INFERENCE_TIMEOUT_SECONDS",
    "F1_SERVE_TAKES_RUNS",
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_BASE_URL",
    "STORY_MODEL",
    "STORY_TIMEOUT_SECONDS",
    "STORY_CALLS_PER_RUN",
}


@pytest.fixture(autouse=True)
def nothing_is_set(monkeypatch):
    """Not even what the tests of made-up seasons set."""
    for name in ANY_NUMBERS:
        monkeypatch.delenv(name)


def test_without_any_variable_all_lies_in_the_project(monkeypatch):
    monkeypatch.delenv("F1_DATA_DIR")

    settings = load_settings()

    assert settings.data_dir == ROOT / "data"
    assert settings.archive_dir == ROOT / "data" / "archive"
    assert settings.database_url == f"sqlite:///{ROOT / 'data' / 'warehouse.db'}"
    assert settings.model_storage == str(ROOT / "data" / "models")
    assert settings.dagster_home == ROOT / "data" / "dagster"
    assert (settings.log_level, settings.port) == ("WARNING", None)


def test_what_is_kept_goes_with_the_data_directory_and_the_archive_does_not(monkeypatch, tmp_path):
    monkeypatch.setenv("F1_DATA_DIR", str(tmp_path / "mine"))

    settings = load_settings()

    assert settings.database_url == f"sqlite:///{tmp_path / 'mine' / 'warehouse.db'}"
    assert settings.model_storage == str(tmp_path / "mine" / "models")
    assert settings.backups == tmp_path / "mine" / "backups"
    assert settings.dagster_home == tmp_path / "mine" / "dagster"
    assert settings.archive_dir == ROOT / "data" / "archive"
    # Reading settings makes nothing.
    assert not (tmp_path / "mine").exists()


@pytest.mark.parametrize(
    ("variable", "attribute"),
    [
        ("F1_DATA_DIR", "data_dir"),
        ("F1_ARCHIVE_DIR", "archive_dir"),
        ("BACKUP_DIR", "backups"),
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


def test_models_may_lie_at_an_address_too(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for value, expected in (
        ("s3://bucket/models/", "s3://bucket/models"),
        ("x/../y", str(tmp_path / "y")),
    ):
        monkeypatch.setenv("MODEL_STORAGE_PATH", value)
        assert load_settings().model_storage == expected
    monkeypatch.setenv("MODEL_STORAGE_PATH", "nowhere://models")
    with pytest.raises(UsageError, match="MODEL_STORAGE_PATH: expected a folder"):
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


@pytest.mark.parametrize("variable", ["ALERT_WEBHOOK_URL"])
def test_an_address_that_is_a_secret_is_not_shown(monkeypatch, variable):
    monkeypatch.setenv(variable, "hooks.example.org/hunter2")
    with pytest.raises(UsageError, match=f"^{variable}: expected an address") as error:
        load_settings()
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("PORT", "http", "valid integer"),
        ("PORT", "0", "greater than or equal to 1"),
        ("PORT", "65536", "less than or equal to 65535"),
        ("PORT", "80.5", "valid integer"),
        ("GATE_RACES", "11", "greater than or equal to 12"),
        ("MAX_RPS", "0", "greater than 0"),
        ("MIN_TRAINING_RACES", "9", "greater than or equal to 10"),
        ("GATE_RPS_MARGIN", "-0.1", "greater than or equal to 0"),
        ("MAX_TRIALS", "0", "greater than or equal to 1"),
        ("ENABLE_HYPERPARAMETER_TUNING", "perhaps", "valid boolean"),
        ("DRIFT_DETECTION_WINDOW", "many", "valid integer"),
        ("RETRAINING_THRESHOLD", "0", "greater than 0"),
        ("LOG_LEVEL", "loud", "DEBUG|INFO|WARNING|ERROR|CRITICAL"),
        ("LOG_LEVEL", "INFO\nDEBUG", "DEBUG|INFO|WARNING|ERROR|CRITICAL"),
        ("LOG_FORMAT", "xml", "text|json"),
        ("CACHE_TTL_SECONDS", "-1", "greater than or equal to 0"),
        ("INFERENCE_TIMEOUT_SECONDS", "0", "greater than 0"),
        ("F1_SERVE_TAKES_RUNS", "perhaps", "valid boolean"),
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
        ("GATE_RACES", "12", "gate_races", 12),
        ("ENABLE_HYPERPARAMETER_TUNING", "true", "tuning", True),
        ("MAX_TRIALS", "7", "max_trials", 7),
        ("REDIS_URL", "rediss://:secret@host:6380/1", "redis_url", "rediss://:secret@host:6380/1"),
        ("ALLOWED_HOSTS", "*", "allowed_hosts", ("*",)),
        (
            "ALLOWED_ORIGINS",
            "https://a.example/, https://b.example",
            "allowed_origins",
            ("https://a.example", "https://b.example"),
        ),
    ],
)
def test_a_good_value_is_taken(monkeypatch, variable, value, attribute, expected):
    monkeypatch.setenv(variable, value)
    assert getattr(load_settings(), attribute) == expected


@pytest.mark.parametrize(
    ("variable", "value"),
    [("REDIS_URL", "http://:hunter2@host"), ("PREDICTIONS_API_KEY", "hunter2 and more")],
)
def test_a_wrong_secret_is_not_repeated(monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)
    with pytest.raises(UsageError, match=variable) as error:
        load_settings()
    assert "hunter2" not in str(error.value)


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
    "settings.py": "names the folder that values may come from instead",
    "clock.py": "F1_NOW may change while a process runs",
    "cli/app.py": "hands its environment on to the Dagster that it starts",
    "cli/home.py": "tells Dagster where its instance is",
    "cli/worker.py": "the same, where it makes none",
    "cli/serve.py": "tells the workers' counts where they meet",
    "serving/metrics.py": "the same, by prometheus-client's own name",
    "serving/finder.py": "hands its environment on to the command that it starts",
    "serving/planner.py": "hands its environment on to the command that it starts",
    "tracking/fits.py": "hands its environment on to the process that knows MLflow",
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
