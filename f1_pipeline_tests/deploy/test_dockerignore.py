"""The builder gets what the Dockerfile copies, and nothing else of the checkout."""

from fnmatch import fnmatch

import pytest

from f1_pipeline_tests.deploy import tree

PATTERNS = [
    line
    for line in (tree.ROOT / ".dockerignore").read_text().splitlines()
    if line.strip() and not line.startswith("#")
]


def sent(path: str) -> bool:
    """Docker's rule: of the patterns that match a path or a folder above it, the last counts."""
    parts = path.split("/")
    above = ["/".join(parts[: end + 1]) for end in range(len(parts))]
    kept = True
    for pattern in PATTERNS:
        bare = pattern.removeprefix("!").removeprefix("**/")
        found = any(
            fnmatch(one, bare) and (bare == "*" or one.count("/") == bare.count("/"))
            for one in ([*above, *parts] if "**/" in pattern else above)
        )
        if found:
            kept = pattern.startswith("!")
    return kept


def copied() -> list[str]:
    return [
        source
        for name, rest in tree.instructions(tree.DOCKERFILE.read_text())
        if name == "COPY" and not rest.startswith("--from")
        for source in rest.split()[:-1]
    ]


def test_what_is_copied_is_there_and_is_sent():
    assert len(copied()) >= 7
    for source in copied():
        assert (tree.ROOT / source).exists(), source
        assert sent(source), source
    assert sent("f1_pipeline/serving/app.py")
    assert sent("data/archive/manifest.json")


@pytest.mark.parametrize(
    "path",
    [
        *(".git/config", ".env", "deploy/.env", "deploy/secrets/tls.key", ".venv/bin/python"),
        *("f1_pipeline_tests/conftest.py", "data/warehouse.db", "deploy/compose.yaml"),
        "f1_pipeline/serving/__pycache__/app.cpython-311.pyc",
    ],
)
def test_what_is_private_or_not_needed_stays(path):
    assert not sent(path)


def test_nothing_else_is_sent():
    kept = {pattern.removeprefix("!") for pattern in PATTERNS if pattern.startswith("!")}
    assert kept == set(copied())
