"""Every environment variable of the project, in one place.

A wrong value stops the start with its name and what was expected. The clock (`F1_NOW`) is the one
variable read elsewhere, by `clock`, since it may change while a process runs.
"""

import os
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from fsspec import available_protocols
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from f1_pipeline.errors import UsageError

_CHECKOUT = Path(__file__).resolve().parent.parent
# An installed package holds no data: then the folder that the user stands in counts.
ROOT = _CHECKOUT if (_CHECKOUT / "pyproject.toml").is_file() else Path.cwd()
# Addresses that may hold a password, or are one.
_SECRET = {
    *("DATABASE_URL", "ALERT_WEBHOOK_URL", "MLFLOW_TRACKING_URI"),
    *("REDIS_URL", "PREDICTIONS_API_KEY", "ANTHROPIC_API_KEY"),
}
_DRIVERS = {"sqlite": "sqlite", "postgres": "postgresql+psycopg2"}


def _database_url(value: str) -> str:
    """A SQLAlchemy URL for SQLite or PostgreSQL; `postgres://` is normalised, '' is the default."""
    if not value:
        return value
    expected = "expected postgresql://USER:PASSWORD@HOST/NAME or sqlite:///FILE"
    try:
        url = make_url(value)
    except (ArgumentError, ValueError):
        raise ValueError(expected) from None
    backend = url.drivername.split("+")[0]
    if backend in ("postgres", "postgresql"):
        return url.set(drivername=_DRIVERS["postgres"]).render_as_string(hide_password=False)
    if backend == "sqlite" and url.database in (None, "", ":memory:"):
        raise ValueError(f"{expected}: in memory nothing would be kept")
    if backend == "sqlite":
        return url.set(drivername=_DRIVERS["sqlite"]).render_as_string(hide_password=False)
    raise ValueError(f"{backend}:// is not supported: use postgresql:// or sqlite:///FILE")


def _http_address(value: str) -> str:
    """An http(s) address without a trailing slash, or '' for the services themselves."""
    parts = urlsplit(value)
    if value and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise ValueError("expected an address such as http://127.0.0.1:8000")
    return value.rstrip("/")


def _data_address(value: str) -> str:
    """A folder (then absolute) or an address that fsspec knows, without a trailing slash."""
    protocol, separator, _ = value.partition("://")
    if not separator:
        return str(Path(value).resolve())
    if protocol not in available_protocols():
        raise ValueError("expected a folder, or an address such as s3://bucket/f1")
    return value.rstrip("/")


def _redis_url(value: str) -> str:
    parts = urlsplit(value)
    if value and (parts.scheme not in ("redis", "rediss") or not parts.hostname):
        raise ValueError("expected redis://HOST:PORT/0, or rediss:// with TLS")
    return value


def _listed(value: object) -> object:
    """What is written with commas, without blanks and without a slash at an end."""
    if not isinstance(value, str):
        return value
    return tuple(part.strip().rstrip("/") for part in value.split(",") if part.strip())


Folder = Annotated[Path, AfterValidator(Path.resolve)]
Listed = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]


class Settings(BaseSettings):
    """The environment, read and checked. Paths are absolute; nothing is created here."""

    model_config = SettingsConfigDict(env_ignore_empty=True)

    data_address: Annotated[str, AfterValidator(_data_address)] = Field(
        str(ROOT / "data"), validation_alias="F1_DATA_DIR"
    )
    archive_dir: Folder = Field(ROOT / "data" / "archive", validation_alias="F1_ARCHIVE_DIR")
    model_address: Annotated[str, AfterValidator(_data_address)] | None = Field(
        None, validation_alias="MODEL_STORAGE_PATH"
    )
    database: Annotated[str, AfterValidator(_database_url)] = Field(
        "", validation_alias="DATABASE_URL"
    )
    dagster_home_dir: Folder | None = Field(None, validation_alias="DAGSTER_HOME")
    fastf1_cache: Folder | None = Field(None, validation_alias="FASTF1_CACHE_DIR")
    upstream_url: Annotated[str, AfterValidator(_http_address)] = Field(
        "", validation_alias="F1_UPSTREAM_URL"
    )
    # Requests an hour: to Jolpica, and to all services together. FastF1's published ones.
    request_limits: str = Field(
        "200,500", validation_alias="F1_REQUEST_LIMITS", pattern=r"^(none|\d{1,6},\d{1,6})$"
    )
    # The shortest time between two looks for a result that is due, in seconds.
    look_seconds: int = Field(120, validation_alias="F1_LOOK_SECONDS", ge=5, le=3600)
    log_level: str = Field(
        "WARNING", validation_alias="LOG_LEVEL", pattern="^(DEBUG|INFO|WARNING|ERROR|CRITICAL)$"
    )
    log_format: str = Field("text", validation_alias="LOG_FORMAT", pattern="^(text|json)$")
    # Unset: 3000 for the UI, 8000 for the read API.
    port: int | None = Field(None, validation_alias="PORT", ge=1, le=65535)

    # The read API. Without a key reading and synchronising are open and retraining is refused.
    api_key: str = Field("", validation_alias="PREDICTIONS_API_KEY", pattern=r"^[!-~]*$")
    allowed_origins: Listed = Field((), validation_alias="ALLOWED_ORIGINS")
    # Names that it answers to, `*.example.com` for any below one, `*` for all.
    allowed_hosts: Listed = Field(
        ("localhost", "127.0.0.1", "[::1]"), validation_alias="ALLOWED_HOSTS"
    )
    redis_url: Annotated[str, AfterValidator(_redis_url)] = Field("", validation_alias="REDIS_URL")
    cache_seconds: int = Field(300, validation_alias="CACHE_TTL_SECONDS", ge=0, le=86_400)
    # The longest a request may take, and a statement of it.
    request_seconds: float = Field(30, validation_alias="INFERENCE_TIMEOUT_SECONDS", gt=0, le=600)
    # Whether the read API starts a process for a run that was asked for when no daemon takes it.
    takes_runs: bool = Field(True, validation_alias="F1_SERVE_TAKES_RUNS")

    # The gate that a recipe has to pass. The limits come from the backtest of 2014-2018, after
    # qualifying, over every 12 and 24 races in a row (docs/model-operations.md).
    # Races judged: 12 show a difference to the grid in rps and points_ll; 24 are a season.
    gate_races: int = Field(24, validation_alias="GATE_RACES", ge=12)
    # How much worse it may be, on the mean, than the recipe in force and than the grid: 1 % of the
    # loss. The model's worst 24 races in a row were .0076 and .024 better than the grid's.
    gate_rps_margin: float = Field(0.001, validation_alias="GATE_RPS_MARGIN", ge=0)
    gate_points_margin: float = Field(0.005, validation_alias="GATE_POINTS_LOG_LOSS_MARGIN", ge=0)
    # Two seasons: with less history the forecasts are clearly worse.
    min_training_races: int = Field(40, validation_alias="MIN_TRAINING_RACES", ge=10)
    # The model's worst 12 races in a row: .131; the grid's worst 24: .135.
    max_rps: float = Field(0.135, validation_alias="MAX_RPS", gt=0)
    # Its worst 12: .540; the grid's worst 24: .547.
    max_points_ll: float = Field(0.55, validation_alias="MAX_POINTS_LOG_LOSS", gt=0)
    # Its worst 12: .094, most of it chance; its worst 24: .065.
    max_calibration_error: float = Field(0.1, validation_alias="MAX_CALIBRATION_ERROR", gt=0)

    tuning: bool = Field(False, validation_alias="ENABLE_HYPERPARAMETER_TUNING")
    # Unset: 100, or 10 of a quick pass.
    max_trials: int | None = Field(None, validation_alias="MAX_TRIALS", ge=1, le=10_000)

    # Monitoring. Races that are compared with those before them, and the drift that asks for a fit.
    drift_window: int = Field(30, validation_alias="DRIFT_DETECTION_WINDOW", ge=5)
    retraining_threshold: float = Field(0.1, validation_alias="RETRAINING_THRESHOLD", gt=0)
    alert_webhook: Annotated[str, AfterValidator(_http_address)] = Field(
        "", validation_alias="ALERT_WEBHOOK_URL"
    )

    # What is kept: artifacts of fits and runs for so many days, so many of the newest backups.
    artifact_days: int = Field(90, validation_alias="ARTIFACT_RETENTION_DAYS", ge=1)
    run_days: int = Field(90, validation_alias="RUN_RETENTION_DAYS", ge=1)
    backup_dir: Folder | None = Field(None, validation_alias="BACKUP_DIR")
    backups_kept: int = Field(7, validation_alias="BACKUPS_KEPT", ge=1)

    # Stories in a language model's words: without a key they are the template's.
    anthropic_key: str = Field("", validation_alias="ANTHROPIC_API_KEY", pattern=r"^[!-~]*$")
    anthropic_url: Annotated[str, AfterValidator(_http_address)] = Field(
        "", validation_alias="ANTHROPIC_BASE_URL"
    )
    story_model: str = Field("claude-haiku-4-5", validation_alias="STORY_MODEL", min_length=1)
    # Seconds for an answer, and questions in a run: an event has some 40 stories.
    story_seconds: float = Field(15, validation_alias="STORY_TIMEOUT_SECONDS", gt=0, le=120)
    story_calls: int = Field(60, validation_alias="STORY_CALLS_PER_RUN", ge=0, le=1000)

    mlflow_uri: str = Field("", validation_alias="MLFLOW_TRACKING_URI")
    mlflow_experiment: str = Field("f1-pipeline", validation_alias="MLFLOW_EXPERIMENT_NAME")

    @model_validator(mode="after")
    def _services_are_spared(self) -> Self:
        loopback = urlsplit(self.upstream_url).hostname in ("127.0.0.1", "localhost", "::1")
        if loopback:
            return self
        if self.request_limits == "none":
            raise ValueError(
                "F1_REQUEST_LIMITS=none is for an F1_UPSTREAM_URL on loopback only: FastF1's "
                "limits protect public services"
            )
        jolpica, together = map(int, self.request_limits.split(","))
        if not (0 < jolpica <= 200 and 0 < together <= 500):
            raise ValueError(
                "F1_REQUEST_LIMITS: expected requests an hour to Jolpica and to all services, at "
                f"most 200,500 (found {self.request_limits!r})"
            )
        return self

    @property
    def data_dir(self) -> Path:
        """The local folder of what has no address of its own: `F1_DATA_DIR`, or the default."""
        remote = "://" in self.data_address
        return ROOT / "data" if remote else Path(self.data_address)

    @property
    def raw_store(self) -> str:
        """The address of the raw recordings, which all workers share."""
        return f"{self.data_address}/raw"

    @property
    def database_url(self) -> str:
        """`DATABASE_URL`, or the SQLite file under the data directory."""
        return self.database or f"sqlite:///{self.data_dir / 'warehouse.db'}"

    @property
    def fastf1_cache_dir(self) -> Path:
        return self.fastf1_cache or self.data_dir / "fastf1"

    @property
    def model_storage(self) -> str:
        """Where the artifacts of fits lie: a folder or any address that fsspec knows."""
        return self.model_address or str(self.data_dir / "models")

    @property
    def search_store(self) -> str:
        """Where the files of search indexes lie, which all workers share."""
        return f"{self.data_address}/search"

    @property
    def backups(self) -> Path:
        return self.backup_dir or self.data_dir / "backups"

    @property
    def dagster_home(self) -> Path:
        return self.dagster_home_dir or self.data_dir / "dagster"


def load_settings() -> Settings:
    """The settings of this process. Raises `UsageError` naming the variable that is wrong."""
    try:
        return Settings(_secrets_dir=_secrets_folder())
    except ValidationError as error:
        first = error.errors()[0]
        message = first["msg"].removeprefix("Value error, ")
        if not first["loc"]:
            raise UsageError(f"{message}.") from None
        name = first["loc"][0]
        found = "" if name in _SECRET else f" (found {first['input']!r})"
        raise UsageError(f"{name}: {message}{found}.") from None


def _secrets_folder() -> str | None:
    """A folder of files that are named like variables; a variable that is set counts before."""
    folder = os.environ.get("F1_SECRETS_DIR", "")
    if folder and not Path(folder).is_dir():
        raise UsageError(f"F1_SECRETS_DIR: expected a folder of files (found {folder!r}).")
    return folder or None
