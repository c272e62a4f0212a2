"""Phrases and what they mean, as data: tables of TOML, and their reader.

What the field says is in `terms`, what anybody may say in `paraphrases` and `mishaps`, names in
`circuits`, `countries` and `names`. Phrases are joined by semicolons; a meaning is read by
`conditions.written`.
"""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

FILES = ("terms", "paraphrases", "mishaps", "circuits", "countries", "names")


@cache
def vocabulary() -> dict[str, Any]:
    """All tables by name, in the order of their files."""
    here = files(__name__)
    tables: dict[str, Any] = {}
    for name in FILES:
        tables |= tomllib.loads(here.joinpath(f"{name}.toml").read_text(encoding="utf-8"))
    return tables


def phrases(text: str) -> list[str]:
    """The phrases of a cell."""
    return [part.strip() for part in text.split(";") if part.strip()]
