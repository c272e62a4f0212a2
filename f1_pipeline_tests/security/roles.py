"""Roles made by deploy/postgres/roles.sql on a server of the tests, under a name of their own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.engine import Connection, make_url

SCRIPT = Path(__file__).parents[2] / "deploy" / "postgres" / "roles.sql"
KINDS = ("owner", "writer", "reader", "dagster")


@dataclass(frozen=True)
class Databases:
    """The project's database and Dagster's on one server, and the roles for both."""

    server: str
    prefix: str

    @property
    def project(self) -> str:
        return f"{self.prefix}_project"

    @property
    def dagsters(self) -> str:
        return f"{self.prefix}_dagsters"

    def password(self, kind: str) -> str:
        return f"{self.prefix} of {kind}"

    def url(self, kind: str, database: str = "") -> str:
        """The address for a role, or for the server's `superuser`."""
        url = make_url(self.server).set(database=database or self.project)
        if kind != "superuser":
            url = url.set(username=f"{self.prefix}_{kind}", password=self.password(kind))
        return url.render_as_string(hide_password=False)

    def run_script(self) -> None:
        """As a superuser, in one transaction."""
        with connected(self.url("superuser")) as connection:
            for name, value in self.settings().items():
                connection.execute(
                    sa.text("SELECT set_config(:name, :value, true)"),
                    {"name": f"f1.{name}", "value": value},
                )
            run(connection, SCRIPT.read_text())

    def settings(self) -> dict[str, str]:
        passwords = {f"{kind}_password": self.password(kind) for kind in KINDS}
        return passwords | {"role_prefix": self.prefix, "dagster_database": self.dagsters}


@contextmanager
def databases(server: str) -> Iterator[Databases]:
    """Two new databases without roles; they go at the end, and so do the roles."""
    made = Databases(server, f"f1_test_{uuid4().hex[:10]}")
    for name in (made.project, made.dagsters):
        on_server(server, f"CREATE DATABASE {name} TEMPLATE template0")
    try:
        yield made
    finally:
        for name in (made.project, made.dagsters):
            on_server(server, f"DROP DATABASE {name} WITH (FORCE)")
        for kind in KINDS:
            on_server(server, f"DROP ROLE IF EXISTS {made.prefix}_{kind}")


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """A transaction on a connection of its own."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        yield connection


def run(connection: Connection, script: str) -> None:
    """A script as it stands: no colon or percent sign of it is a parameter's."""
    connection.connection.cursor().execute(script)


def on_server(server: str, statement: str) -> None:
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
