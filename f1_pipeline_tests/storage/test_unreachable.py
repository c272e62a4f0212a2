"""A database that cannot be used is one clear line, without the password in it."""

import os
import socket

import pytest

from f1_pipeline.errors import StorageError
from f1_pipeline.settings import load_settings
from f1_pipeline.storage import database
from f1_pipeline.storage.warehouse import Warehouse

SECRET = "hunter2"


def refusal(url: str) -> str:
    """The one line with which opening is refused."""
    with pytest.raises(StorageError) as error:
        Warehouse(url)
    message = str(error.value)
    assert len(message.splitlines()) == 1
    assert message.endswith(".")
    assert "DATABASE_URL" in message
    assert SECRET not in message
    return message


def closed_port() -> int:
    """One that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.mark.parametrize("query", ["", f"?password={SECRET}", f"?user=me&password={SECRET}"])
@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_a_server_that_is_not_there(monkeypatch, scheme, query):
    port = closed_port()
    monkeypatch.setenv("DATABASE_URL", f"{scheme}://me:{SECRET}@127.0.0.1:{port}/f1{query}")

    message = refusal(load_settings().database_url)

    assert f"me:***@127.0.0.1:{port}/f1" in message
    assert "Connection refused" in message


@pytest.mark.server
def test_a_database_that_the_server_does_not_have(postgres_url):
    base, slash, rest = postgres_url.rpartition("/")
    query = rest.partition("?")[2]
    url = f"{base}{slash}no_such_database" + (f"?{query}" if query else "")

    assert "does not exist" in refusal(url)


def test_a_file_that_is_no_database(tmp_path):
    file = tmp_path / "warehouse.db"
    file.write_text("race,driver\nmonaco,ada\n" * 100)
    before = file.read_bytes()

    message = refusal(f"sqlite:///{file}")

    assert str(file) in message
    assert "not a database" in message
    assert file.read_bytes() == before


@pytest.mark.parametrize("below", ["file/warehouse.db", "file/deep/warehouse.db"])
def test_a_folder_that_cannot_be_made(tmp_path, below):
    (tmp_path / "file").write_text("mine")

    message = refusal(f"sqlite:///{tmp_path / below}")

    assert str(tmp_path / "file") in message
    assert "F1_DATA_DIR" in message
    assert (tmp_path / "file").read_text() == "mine"


def test_a_folder_in_place_of_the_file(tmp_path):
    assert str(tmp_path) in refusal(f"sqlite:///{tmp_path}")


def test_a_table_that_is_gone_is_named(tmp_path):
    warehouse = Warehouse(f"sqlite:///{tmp_path / 'warehouse.db'}")
    with database.writing(warehouse.url) as connection:
        connection.exec_driver_sql("DROP TABLE drivers")

    with pytest.raises(StorageError, match=r"no such table: main\.drivers|no such table: drivers"):
        warehouse.read("drivers")


def test_the_default_is_a_file_in_the_data_directory(tmp_path):
    warehouse = Warehouse(load_settings().database_url)

    assert warehouse.read("drivers").empty
    assert os.path.samefile(os.environ["F1_DATA_DIR"], tmp_path / "data")
    assert (tmp_path / "data" / "warehouse.db").is_file()
