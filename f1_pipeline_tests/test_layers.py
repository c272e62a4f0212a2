"""Imports follow the data: sources, tables, features, modelling, predictions, defs, cli."""

import ast
from pathlib import Path

import pytest

import f1_pipeline

PACKAGE = Path(f1_pipeline.__file__).parent
ORDER = (
    *("sources", "tables", "features", "modelling", "predictions", "strategy", "search"),
    *("monitoring", "automation", "defs", "definitions", "cli"),
)
# Of what lies below the flow, what each may use. Who has a rule of his own is not in ORDER.
BELOW = {
    "errors": set(),
    "clock": {"errors"},
    "settings": {"errors"},
    "contracts": {"errors"},
    "storage": {"contracts", "errors", "settings", "clock"},
    "sources": {"contracts", "errors", "settings", "clock", "storage.answers", "storage.budget"},
    "tables": {"contracts", "errors"},
    "features": {"contracts", "errors"},
    "modelling": {"contracts", "errors"},
    "predictions": {"contracts", "errors", "storage.model_store"},
    "strategy": {"contracts", "errors"},
    "search": {"contracts", "errors"},
    "monitoring": {"contracts", "errors"},
    "automation": set(),
    "alerts": {"errors"},
    "narration": {"contracts", "errors"},
    "tracking": set(),
    "defs": {
        *("contracts", "errors", "settings", "clock", "storage"),
        *("alerts", "tracking", "narration"),
    },
    "serving": {"errors", "settings", "clock", "storage.reader", "storage.run_requests"},
    "definitions": set(),
    "cli": {"contracts", "errors", "settings", "clock", "storage", "serving"},
}
# Libraries that only some layers know.
KNOWN_TO = {
    "dagster": {"defs", "definitions", "cli"},
    "sqlalchemy": {"storage", "settings"},
    "alembic": {"storage"},
    "psycopg2": {"storage"},
    "pydantic_settings": {"settings"},
    "typer": {"cli"},
    "rich": {"cli"},
    "catboost": {"modelling"},
    "fastf1": {"sources"},
    "requests": {"sources", "alerts"},
    "mlflow": {"tracking"},
    "anthropic": {"narration"},
    "optuna": {"modelling"},
    "matplotlib": {"defs"},
    "fastapi": {"serving"},
    "starlette": {"serving"},
    "jinja2": {"serving"},
    "redis": {"serving"},
    "uvicorn": {"cli"},
}


def layer_of(module: str) -> str:
    """`f1_pipeline.tables.build`: tables. The package itself has no layer: ''."""
    return module.partition(".")[2].partition(".")[0]


def imported(source: str, module: str) -> set[str]:
    """The modules that a source imports, in functions and for type checking too."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative imports hide which layer is meant"
            name = str(node.module)
            within = {f"{name}.{alias.name}" for alias in node.names}
            # `from f1_pipeline import clock` names a module; `from f1_pipeline.x import y` x.
            found |= within if name in ("f1_pipeline", "f1_pipeline.storage") else {name}
    return found


def complaints(source: str, module: str) -> list[str]:
    """What the imports of a module have against the order of the layers."""
    mine, found = layer_of(module), []
    for name in sorted(imported(source, module)):
        top = name.partition(".")[0]
        if top in KNOWN_TO and mine not in KNOWN_TO[top]:
            found.append(f"{module} knows {top}")
        if top.startswith("dagster") and any(part.startswith("_") for part in name.split(".")):
            found.append(f"{module} uses the private {name}")
        if top != "f1_pipeline":
            continue
        theirs = layer_of(name)
        if theirs in ("", "__version__") or theirs == mine:
            continue
        earlier = mine in ORDER and theirs in ORDER[: ORDER.index(mine)]
        below = any(f"{name}.".startswith(f"f1_pipeline.{allowed}.") for allowed in BELOW[mine])
        if not (earlier or below):
            found.append(f"{module} imports {name}")
        if theirs == "defs" and mine not in ("definitions", "cli"):
            found.append(f"{module} imports the definitions")
    return found


def modules() -> dict[str, Path]:
    return {
        ".".join(("f1_pipeline", *file.relative_to(PACKAGE).with_suffix("").parts)): file
        for file in sorted(PACKAGE.rglob("*.py"))
    }


def test_every_module_keeps_to_the_order_of_the_layers():
    assert len(modules()) > 50
    found = [c for name, file in modules().items() for c in complaints(file.read_text(), name)]
    assert found == []


def test_every_layer_has_its_rule():
    layers = {layer_of(name) for name in modules()} - {"__init__"}
    assert layers == set(BELOW)
    assert set(ORDER) <= layers


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("tables.build", "import f1_pipeline.features"),
        ("tables.build", "from f1_pipeline.defs import specs"),
        ("tables.build", "from f1_pipeline import storage"),
        ("tables.build", "import sqlalchemy as sa"),
        ("features.form", "def f():\n    import dagster"),
        ("features.form", "from f1_pipeline.modelling import fit"),
        ("modelling.fit", "from f1_pipeline.storage.model_store import ModelStore"),
        ("modelling.fit", "from dagster import asset"),
        ("predictions.choice", "from f1_pipeline.storage.warehouse import Warehouse"),
        ("predictions.choice", "from f1_pipeline.storage import database"),
        ("contracts.base", "from f1_pipeline import settings"),
        ("storage.warehouse", "from f1_pipeline.tables import build"),
        ("sources.archive", "from f1_pipeline.tables import build"),
        ("settings", "from f1_pipeline import clock"),
        ("definitions", "from f1_pipeline.cli import app"),
        ("defs.raw", "from f1_pipeline import definitions"),
        ("defs.raw", "from dagster._core.definitions import x"),
        ("defs.raw", "import dagster_postgres._utils"),
        ("cli.app", "import sqlalchemy"),
        ("defs.model", "import mlflow"),
        ("modelling.gate", "from f1_pipeline.monitoring import drift"),
        ("alerts.webhook", "from f1_pipeline import settings"),
        ("serving.app", "from f1_pipeline.storage.warehouse import Warehouse"),
        ("serving.app", "from f1_pipeline.contracts import CONTRACTS"),
        ("serving.app", "from f1_pipeline.modelling import fit"),
    ],
)
def test_an_import_against_the_order_is_found(module, source):
    assert complaints(source, f"f1_pipeline.{module}")


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("tables.build", "from f1_pipeline.contracts import CONTRACTS"),
        ("tables.build", "from f1_pipeline.tables import rules"),
        ("features.form", "from f1_pipeline.tables import held"),
        ("predictions.choice", "from f1_pipeline.storage.model_store import ModelStore"),
        ("defs.tables", "from f1_pipeline import clock, features"),
        ("definitions", "from f1_pipeline.defs import raw"),
        (
            "cli.app",
            "from f1_pipeline import __version__\nfrom f1_pipeline.definitions import defs",
        ),
    ],
)
def test_an_import_along_the_order_is_none(module, source):
    assert complaints(source, f"f1_pipeline.{module}") == []
