"""Every environment variable of the project, in one place.

A wrong value stops the start with its name and what was expected. The clock (`F1_NOW`) is the one
variable read elsewhere, by `clock`, since it may change while a process runs.
"""

from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from fsspec import available_protocols
from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from f1_pipeline.errors import UsageError

_CHECKOUT = Path(__file__).resolve().parent.parent
# An installed package holds no data: then the folder that the user stands in counts.
ROOT = _CHECKOUT if (_CHECKOUT / "pyproject.toml").is_file() else Path.cwd()
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


def _upstream_url(value: str) -> str:
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


Folder = Annotated[Path, AfterValidator(Path.resolve)]


class Settings(BaseSettings):
    """The environment, read and checked. Paths are absolute; nothing is created here."""

    model_config = SettingsConfigDict(env_ignore_empty=True)

    data_address: Annotated[str, AfterValidator(_data_address)] = Field(
        str(ROOT / "data"), validation_alias="F1_DATA_DIR"
    )
    archive_dir: Folder = Field(ROOT / "data" / "archive", validation_alias="F1_ARCHIVE_DIR")
    model_dir: Folder | None = Field(None, validation_alias="MODEL_STORAGE_PATH")
    database: Annotated[str, AfterValidator(_database_url)] = Field(
        "", validation_alias="DATABASE_URL"
    )
    dagster_home_dir: Folder | None = Field(None, validation_alias="DAGSTER_HOME")
    fastf1_cache: Folder | None = Field(None, validation_alias="FASTF1_CACHE_DIR")
    upstream_url: Annotated[str, AfterValidator(_upstream_url)] = Field(
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
    port: int = Field(3000, validation_alias="PORT", ge=1, le=65535)

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
    def model_storage_path(self) -> Path:
        return self.model_dir or self.data_dir / "models"

    @property
    def dagster_home(self) -> Path:
        return self.dagster_home_dir or self.data_dir / "dagster"


def load_settings() -> Settings:
    """The settings of this process. Raises `UsageError` naming the variable that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        message = first["msg"].removeprefix("Value error, ")
        if not first["loc"]:
            raise UsageError(f"{message}.") from None
        name = first["loc"][0]
        # An address of a database may hold a password.
        found = "" if name == "DATABASE_URL" else f" (found {first['input']!r})"
        raise UsageError(f"{name}: {message}{found}.") from None
