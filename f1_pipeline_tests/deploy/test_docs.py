"""What docs/deploy.md says is so: commands, ports, profiles, links."""

import re
import shlex

import pytest

from f1_pipeline_tests.deploy import tree
from f1_pipeline_tests.deploy.programs import PROGRAMS, parsed
from f1_pipeline_tests.deploy.tree import ROOT, Command

TEXT = (ROOT / "docs" / "deploy.md").read_text()
INLINE = {
    text
    for text in re.findall(r"`([^`\n]+)`", TEXT)
    if text.split()[0] in PROGRAMS and len(text.split()) > 1
}


def rows() -> dict[str, list[str]]:
    """The table of processes: by name the cells."""
    table = TEXT.partition("| process | command |")[2].partition("\n\n")[0]
    lines = [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]
    return {cells[0]: cells[1:] for cells in lines}


@pytest.mark.parametrize("text", sorted(INLINE))
def test_a_command_is_one_that_its_program_takes(text):
    assert parsed(Command("docs", tuple(shlex.split(text)))) is None


def test_the_table_has_the_commands_of_compose():
    services = {"code server": "code", "web server": "web", "read API": "api"}
    for row in ("prepare", "daemon", "worker", *services):
        command = " ".join(tree.services()[services.get(row, row)]["command"])
        assert rows()[row][0] == f"`{command}`"


def test_the_profiles_are_those_of_compose():
    table = TEXT.partition("| profile | what it starts |")[2].partition("\n\n")[0]
    told = [row.split("|")[1] for row in table.splitlines()[2:]]
    names = {name for cell in told for name in re.findall(r"`([\w-]+)`", cell)}
    assert names == {p for service in tree.services().values() for p in service["profiles"]}


def test_what_is_linked_is_there():
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", TEXT)
    assert len(links) > 8
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []
