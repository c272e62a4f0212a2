"""PostgreSQL and Redis of one's own for the processes of a deployment, and the variables that name
them. Servers that the environment names are not used: these are stopped in the middle.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import URL, create_engine, text

from f1_pipeline_tests.tooling.embedded_postgres import Embedded, restartable_server
from f1_pipeline_tests.tooling.redis_server import RedisServer, redis_server


@dataclass(frozen=True)
class Services:
    """A server with a database for the tables and one for Dagster, and a Redis."""

    postgres: Embedded
    redis: RedisServer

    @property
    def database_url(self) -> str:
        """The address of the project's tables."""
        return self.postgres.url.set(database="f1").render_as_string(hide_password=False)

    @property
    def variables(self) -> dict[str, str]:
        url = self.postgres.url
        broker = self.redis.url.removesuffix("/0")
        return {
            "DATABASE_URL": self.database_url,
            "DAGSTER_PG_HOST": "",
            "PGHOST": str(url.query["host"]),
            "DAGSTER_PG_PORT": "5432",
            "DAGSTER_PG_USERNAME": url.username or "",
            "DAGSTER_PG_PASSWORD": "not-asked-for",
            "DAGSTER_PG_DB": "dagster",
            "CELERY_BROKER_URL": f"{broker}/0",
            "CELERY_RESULT_URL": f"{broker}/1",
        }


@contextmanager
def services() -> Iterator[Services]:
    """Start both. Raises `NoServerError` where a wheel has none for this machine."""
    with restartable_server() as postgres, redis_server() as redis:
        for name in ("f1", "dagster"):
            _create(postgres.url, name)
        yield Services(postgres, redis)


def _create(server: URL, name: str) -> None:
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0"))
    engine.dispose()
