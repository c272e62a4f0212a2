"""The names of live timing on their way to an f1db id: whole names of drivers, short ones of teams.

`timing.csv` lists those that are not what f1db would make of them; the others are known when their
slug is an id of the alias table or of the archive. Only a whole name counts, and only an equal one.
"""

import csv
from pathlib import Path

from f1_pipeline.sources.aliases import Aliases
from f1_pipeline.sources.aliases.slugs import slug

_SHIPPED = Path(__file__).with_name("timing.csv")


class TimingNames:
    """Resolves names of live timing; what is new gets its id and its notice from `aliases`."""

    def __init__(self, aliases: Aliases) -> None:
        self.aliases = aliases
        with _SHIPPED.open(newline="", encoding="utf-8") as file:
            self._known = {(r["kind"], r["name"]): r["id"] for r in csv.DictReader(file)}

    def driver(self, name: str) -> str | None:
        """The id of a driver who is known, by first and last name."""
        listed = self._known.get(("driver", name))
        found = slug(name)
        return listed or (found if self.aliases.knows("driver", found) else None)

    def new_driver(self, name: str) -> str:
        """The id of one who is not: by the rule, with a notice."""
        return self.aliases.new("driver", name)

    def constructor(self, team: str) -> str:
        """The id of a team: live timing has the name of the season, as f1db has."""
        listed = self._known.get(("team", team))
        found = slug(team)
        known = self.aliases.knows("constructor", found)
        return listed or (found if known else self.aliases.new("constructor", team))
