"""What docs/backend.md says is so: models, SQL, role, calls, defaults."""

import re
import shlex

import pytest
import sqlalchemy as sa

from f1_pipeline.settings import ROOT, load_settings
from f1_pipeline.storage import database
from f1_pipeline.storage.reader import Reader
from f1_pipeline.storage.run_requests import RunRequests
from f1_pipeline.storage.warehouse import Warehouse
from f1_pipeline_tests.serving import plans
from f1_pipeline_tests.serving.pages.world import World
from f1_pipeline_tests.storage.rows import AT

TEXT = (ROOT / "docs" / "backend.md").read_text()
TYPES = {
    "text": "String",
    "bigint": "BigInt",
    "double precision": "Float",
    "boolean": "Boolean",
    "json": "Json",
    "timestamp with time zone": "DateTime @db.Timestamptz(6)",
}


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def prisma_models():
    """By name the columns of each model or view, as `name Type`."""
    [text] = blocks("prisma")
    found = {}
    for name, body in re.findall(r"^(?:model|view) (\w+) \{\n(.*?)^\}", text, re.DOTALL | re.M):
        lines = [re.sub(r"\s+", " ", line.strip()) for line in body.splitlines()]
        found[name] = {
            line.replace(" @id", "")
            for line in lines
            if line and not line.startswith("@@") and "@relation" not in line and "[]" not in line
        }
    return found


@pytest.fixture
def postgres(postgres_database):
    Warehouse(postgres_database)
    yield postgres_database
    database.engine_for(postgres_database).dispose()


@pytest.mark.server
def test_the_prisma_models_are_the_schema(postgres):
    columns = sa.text(
        "SELECT column_name, data_type, is_nullable FROM information_schema.columns "
        "WHERE table_schema = 'f1' AND table_name = :name"
    )
    # A view's columns have no NOT NULL: what may be missing is known of the table behind it.
    behind = {"current_predictions": "race_predictions"}
    for name, told in prisma_models().items():
        with database.reading(postgres) as connection:
            rows = connection.execute(columns, {"name": name}).all()
            table = connection.execute(columns, {"name": behind.get(name, name)}).all()
        nullable = {column for column, _, null in table if null == "YES"}
        expected = set()
        for column, kind, _ in rows:
            base, _, more = TYPES[kind].partition(" ")
            optional = "?" if column in nullable else ""
            expected.add(f"{column} {base}{optional} {more}".strip())
        assert told == expected, name
    assert set(prisma_models()) == {"current_predictions", "drivers", "race_results"}


@pytest.mark.server
def test_the_queries_run(postgres):
    """With which role, and what that may not do: f1_pipeline_tests/security."""
    (queries,) = blocks("sql")
    statements = list(filter(str.strip, re.sub(r"--.*", "", queries).split(";")))
    assert statements
    with database.reading(postgres) as connection:
        for query in statements:
            connection.execute(sa.text(query))


@pytest.mark.server
def test_the_reader_works_in_a_session_that_is_read_only(postgres):
    url = sa.make_url(postgres).update_query_dict(
        {"options": "-c default_transaction_read_only=on"}
    )
    reader = Reader(url.render_as_string(hide_password=False), connections=1, seconds=5)
    with reader.snapshot() as snapshot:
        assert snapshot.count("events") == 0
    reader.close()
    RunRequests(postgres).ask("retrain", {}, AT)


def test_every_call_works_as_it_is_written(home, serve):
    """Paths and bodies as in the text; races that a quick run on made-up seasons has."""
    server = serve(home, INFERENCE_TIMEOUT_SECONDS="1", F1_SERVE_TAKES_RUNS="false")
    driver = server.get("/api/data/race/2025-japan/features").json()["features"][0]
    circuit = server.get("/predict/race/2025-japan").json()["event"]["circuit_id"]
    world = World.at(server.app.state.settings.database_url)
    plans.publish(world, [driver["driver_id"]], "2025-japan")
    plans.figures(world, {driver["driver_id"]: [("MEDIUM", 1, 50)]}, event_id="2025-japan")
    plans.fits(world, circuit)
    replace = {
        "2025-monaco": "2025-japan",
        "2025-8": "2025-3",
        "max-verstappen": driver["driver_id"],
        "charles-leclerc": driver["driver_id"],
        "red-bull": driver["constructor_id"],
        "/circuit/monaco": f"/circuit/{circuit}",
        "RUN_ID": "0" * 32,
    }
    # Under this limit the process of search has begun before the first of the calls.
    while server.post("/query", json={"query": "rain"}).json().get("code") == "starting":
        pass
    calls = [
        shlex.split(line.replace("\\\n", " "), comments=True)
        for block in blocks("bash")
        for line in re.sub(r"\\\n\s*", " ", block).splitlines()
        if line.startswith("curl")
    ]
    assert len(calls) > 15
    for call in calls:
        url = next(part for part in call if part.startswith("http://127.0.0.1:8000"))
        path = url.removeprefix("http://127.0.0.1:8000")
        body = call[call.index("-d") + 1] if "-d" in call else None
        for old, new in replace.items():
            path = path.replace(old, new)
            body = body and body.replace(old, new)
        method = call[call.index("-X") + 1] if "-X" in call else "GET"
        answer = server.request(
            method, path, content=body, headers={"Content-Type": "application/json"}
        )
        # This server computes nothing: the plan of one's own is told so.
        expected = {"retrain": 403, "/runs/": 404, "/sync/drivers": 202, "/generate": 503}
        wanted = next((code for part, code in expected.items() if part in path), 200)
        assert answer.status_code == wanted, (path, answer.text)


def test_the_defaults_are_those_of_the_settings():
    settings = load_settings()
    assert f"| `CACHE_TTL_SECONDS` | {settings.cache_seconds} |" in TEXT
    assert f"| `INFERENCE_TIMEOUT_SECONDS` | {settings.request_seconds:g} |" in TEXT
    assert f"| `ALLOWED_HOSTS` | `{','.join(settings.allowed_hosts)}` |" in TEXT
