"""What SECURITY.md says of the code, where that can be looked at."""

import ast
import re
from pathlib import Path

import pytest
from dagster_celery.make_app import make_app

from f1_pipeline.settings import Settings

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "SECURITY.md").read_text()
# Read by others than the project's settings.
ELSEWHERE = {
    *("F1_USERNAME", "F1_PASSWORD", "DAGSTER_PG_PASSWORD", "CELERY_BROKER_URL"),
    *("CELERY_RESULT_URL", "FORWARDED_ALLOW_IPS", "F1_SECRETS_DIR"),
}
UNSAFE = {
    "pickle": "import pickle\n",
    "marshal": "from marshal import loads\n",
    "eval": "eval('1')\n",
    "exec": "exec('1')\n",
    "shell=True": "run('ls', shell=True)\n",
    "verify=False": "get('https://x', verify=False)\n",
    "allow_pickle=True": "load('x', allow_pickle=True)\n",
    "yaml.load": "yaml.load(text)\n",
    "os.system": "os.system('ls')\n",
}


def unsafe(source):
    """What a module does that would run what it reads, or believe whoever answers."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names} & {"pickle", "marshal", "shelve", "dill"}
        if isinstance(node, ast.ImportFrom):
            found |= {str(node.module)} & {"pickle", "marshal", "shelve", "dill"}
        if isinstance(node, ast.Call):
            found |= {ast.unparse(node.func)} & {"eval", "exec", "yaml.load", "os.system"}
            found |= {
                told
                for told in (f"{word.arg}={ast.unparse(word.value)}" for word in node.keywords)
                if told in UNSAFE
            }
    return found


def test_the_package_runs_nothing_that_it_reads():
    found = {
        str(file.relative_to(ROOT)): unsafe(file.read_text())
        for file in (ROOT / "f1_pipeline").rglob("*.py")
    }
    assert len(found) > 100
    assert {name: what for name, what in found.items() if what} == {}


@pytest.mark.parametrize("what", UNSAFE)
def test_what_would_is_noticed(what):
    assert unsafe(UNSAFE[what]) == {what}


def test_workers_take_messages_of_json_alone():
    conf = make_app().conf
    assert (conf.task_serializer, conf.result_serializer) == ("json", "json")
    assert set(conf.accept_content) == {"json"}


def test_every_variable_is_one_that_is_read():
    known = {field.validation_alias for field in Settings.model_fields.values()}
    named = set(re.findall(r"`([A-Z][A-Z0-9]*_[A-Z0-9_]+)(?:/\w+)?`", TEXT))
    assert "PREDICTIONS_API_KEY" in named
    assert named - known - ELSEWHERE == set()


def test_every_file_that_is_linked_is_there():
    links = [link for link in re.findall(r"\]\(([^)#]+)", TEXT) if "://" not in link]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_part_that_is_linked_is_there():
    parts = {
        re.sub(r"[^a-z -]", "", line.lstrip("# ").lower()).strip().replace(" ", "-")
        for line in TEXT.splitlines()
        if line.startswith("#")
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= parts


def test_tables_that_only_grow_are_those_of_the_script():
    script = (ROOT / "deploy" / "postgres" / "roles.sql").read_text()
    listed = re.search(r"not even the pipeline changes it\..*?ARRAY\[(.*?)\]", script, re.DOTALL)
    assert listed is not None
    row = next(line for line in TEXT.splitlines() if line.startswith("| `f1_writer`"))
    told = re.findall(r"`(\w+)`", row.partition("and not change")[2])
    assert told == re.findall(r"'(\w+)'", listed[1])
