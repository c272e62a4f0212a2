"""Every environment variable of the project, in one place.

A wrong value stops the start with its name and what was expected. The clock (`F1_NOW`) is the one
variable read elsewhere, by `clock`, since it may change while a process runs.
"""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationError
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


Folder = Annotated[Path, AfterValidator(Path.resolve)]


class Settings(BaseSettings):
    """The environment, read and checked. Paths are absolute; nothing is created here."""

    model_config = SettingsConfigDict(env_ignore_empty=True)

    data_dir: Folder = Field(ROOT / "data", validation_alias="F1_DATA_DIR")
    archive_dir: Folder = Field(ROOT / "data" / "archive", validation_alias="F1_ARCHIVE_DIR")
    model_dir: Folder | None = Field(None, validation_alias="MODEL_STORAGE_PATH")
    database: Annotated[str, AfterValidator(_database_url)] = Field(
        "", validation_alias="DATABASE_URL"
    )
    dagster_home_dir: Folder | None = Field(None, validation_alias="DAGSTER_HOME")
    log_level: str = Field(
        "WARNING", validation_alias="LOG_LEVEL", pattern="^(DEBUG|INFO|WARNING|ERROR|CRITICAL)$"
    )
    port: int = Field(3000, validation_alias="PORT", ge=1, le=65535)

    @property
    def database_url(self) -> str:
        """`DATABASE_URL`, or the SQLite file under the data directory."""
        return self.database or f"sqlite:///{self.data_dir / 'warehouse.db'}"

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
        name = first["loc"][0]
        message = first["msg"].removeprefix("Value error, ")
        # An address of a database may hold a password.
        found = "" if name == "DATABASE_URL" else f" (found {first['input']!r})"
        raise UsageError(f"{name}: {message}{found}.") from None
