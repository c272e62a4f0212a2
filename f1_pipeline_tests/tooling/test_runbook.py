"""What docs/runbook.md says is so: commands, links, a row for every alert and every fault.

Here belongs what can be read off the code. Whether the cures help is what `make chaos` plays.
"""

import ast
import re
import shlex
from pathlib import Path

import pytest
import yaml

from f1_pipeline_tests.chaos.__main__ import LIMIT, LIMITS
from f1_pipeline_tests.chaos.faults import FAULTS
from f1_pipeline_tests.deploy.programs import PROGRAMS, parsed
from f1_pipeline_tests.deploy.tree import Command

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "runbook.md"
TEXT = PAGE.read_text()
RULES = ROOT / "deploy" / "monitoring" / "alerts.yml"
# To these the name of one of the project's programs is that of a database.
_OF_OTHERS = {"psql", "pg_dump"}
# What ends a command in a line of a shell, as shlex gives it.
_ENDS = re.compile(r"[;&|()<>]+")


def commands(text: str) -> list[tuple[str, ...]]:
    """Every command of the project's programs, in blocks and in code within a line.

    They count with words after the program's name: `dagster` alone is a name.
    """
    blocks, inline = _code(text)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    found = [c for line in lines if any(p in line for p in PROGRAMS) for c in _programs(line)]
    # Within a line a command may name what to fill in, and quotes need not end there.
    named = (span.split() for span in inline)
    return found + [tuple(w) for w in named if w[:1] and w[0] in PROGRAMS and len(w) > 1]


def _code(text: str) -> tuple[list[str], list[str]]:
    blocks = re.findall(r"^```bash\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    rest = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    return blocks, re.findall(r"`([^`\n]+)`", rest)


def _programs(line: str) -> list[tuple[str, ...]]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    found: list[tuple[str, ...]] = []
    words: list[str] = []
    for word in [*lexer, ";"]:
        if not _ENDS.fullmatch(word):
            words.append(word)
            continue
        # Before it: variables, and what starts a process under a name.
        at = next((i for i, w in enumerate(words) if w in PROGRAMS), None)
        if at is not None and at + 1 < len(words) and words[0] not in _OF_OTHERS:
            found.append(tuple(words[at:]))
        words = []
    return found


def table(text: str, first: str) -> dict[str, list[str]]:
    """The rows of the table whose head begins with this cell: by first cell the others."""
    head = rf"^\| {re.escape(first)} \|.*\n\|[-|]+\n((?:\|.*\n)+)"
    (after,) = re.findall(head, text, re.MULTILINE)
    rows = [re.split(r"(?<!\\)\|", line.strip("|")) for line in after.splitlines()]
    return {row[0].strip(" `"): [cell.strip() for cell in row[1:]] for row in rows}


def kinds() -> set[str]:
    """The kinds of incident: the second word of each `Condition` made where incidents are found."""
    made = [
        node
        for folder in ("automation", "alerts", "defs")
        for path in (ROOT / "f1_pipeline" / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Condition"
    ]
    return {ast.literal_eval(call.args[1]) for call in made}


def rules() -> set[str]:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return {rule["alert"] for group in groups for rule in group["rules"]}


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as they are made where the page is shown."""
    outside = re.sub(r"^```.*?^```", "", path.read_text(), flags=re.DOTALL | re.MULTILINE)
    heads = re.findall(r"^#+ (.+)$", outside, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def broken_links(text: str) -> list[str]:
    """Links to files that are not there, or to headings that they do not have."""
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        name, _, anchor = link.partition("#")
        path = (PAGE.parent / name).resolve() if name else PAGE
        if not path.is_file() or (anchor and anchor not in anchors(path)):
            broken.append(link)
    return broken


@pytest.mark.parametrize("words", sorted(set(commands(TEXT))), ids=" ".join)
def test_a_command_is_one_that_its_program_takes(words):
    assert parsed(Command("runbook", words)) is None


def test_the_commands_that_a_deployment_needs_are_there():
    ours = {words[1] for words in commands(TEXT) if words[0] == "f1-pipeline"}
    needed = {"prepare", "run", "serve", "worker", "backup", "restore", "models", "backfill"}
    assert needed | {"archive", "sync-drivers", "predict", "database"} <= ours
    assert {words[0] for words in commands(TEXT)} == set(PROGRAMS)


@pytest.mark.parametrize(
    "text",
    [
        "```bash\nDATABASE_URL=$OWNER_URL f1-pipeline prepares\n```\n",
        "```bash\nstart api f1-pipeline serve --worker 2\n```\n",
        "```bash\nstop daemon; f1-pipeline backup --to DIR && echo done\n```\n",
        "```bash\ndagster-daemon start -w deploy/workspace.yaml\n```\n",
        "Then `f1-pipeline models roll-back` it.\n",
        "Then `f1-pipeline restore DIR`, into an empty place.\n",
    ],
)
def test_a_wrong_command_is_found(text):
    (words,) = commands(text)
    assert parsed(Command("runbook", words)) is not None


def test_comments_and_names_of_programs_are_no_commands():
    block = "```bash\n# f1-pipeline nothing\nls  # dagster\npsql --dbname dagster\n```\n"
    assert commands(f"{block}The `dagster` of it.\n") == []


def test_what_is_linked_is_there():
    assert broken_links(TEXT) == []


@pytest.mark.parametrize("link", ["deploi.md", "deploy.md#one-servers", "#alarms"])
def test_a_broken_link_is_found(link):
    assert broken_links(f"See [it]({link}).") == [link]


def test_every_kind_of_incident_has_its_row_and_no_other():
    assert {"run_failure", "staleness"} < kinds()
    assert set(table(TEXT, "kind")) == kinds()


def test_every_alert_rule_has_its_row_and_no_other():
    assert "ApiDown" in rules()
    assert set(table(TEXT, "rule")) == rules()


@pytest.mark.parametrize("first", ["kind", "rule"])
def test_a_row_has_a_meaning_a_first_look_and_a_cure(first):
    for cells in table(TEXT, first).values():
        assert len(cells) == 3
        assert all(cells)


def test_every_fault_that_is_played_has_its_row_and_no_other():
    told = [cells[-1].strip("`") for cells in table(TEXT, "fault").values()]
    assert sorted(name for name in told if name != "–") == sorted(f.__name__ for f in FAULTS)


def test_the_limits_are_those_of_the_faults():
    told = re.search(r"within\s+(\d+) s, PostgreSQL's within (\d+) s", TEXT)
    assert told is not None
    assert [float(seconds) for seconds in told.groups()] == [LIMIT, LIMITS["stop_postgres"]]
