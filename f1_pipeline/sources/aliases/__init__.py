"""The one table through which every name of the Ergast API goes on its way to an f1db id.

`ergast.csv` lists the names that are known; only what is not listed gets an id by f1db's rule, and
a notice says so. Nothing is guessed: no name is taken for a known one because it looks like it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from f1_pipeline.sources.aliases.slugs import candidates, slug

__all__ = ["Aliases", "table"]

_SHIPPED = Path(__file__).with_name("ergast.csv")
_SEASONS = ("first_season", "last_season")


def table() -> pd.DataFrame:
    """The shipped table: kind, alias, id, and the seasons it holds for (missing: any)."""
    return pd.read_csv(
        _SHIPPED,
        dtype=dict.fromkeys(("kind", "alias", "id"), "str") | dict.fromkeys(_SEASONS, "Int64"),
        keep_default_na=False,
        na_values={season: [""] for season in _SEASONS},
    )


class Aliases:
    """Resolves names of the Ergast API to f1db ids, and remembers what it had to make up.

    What is made up holds for as long as the object lives: one name, one id, one notice.
    """

    def __init__(self, known: pd.DataFrame, drivers: pd.DataFrame | None = None) -> None:
        """`known`: as `table` gives it; `drivers`: driver_id and date_of_birth of the archive."""
        self._known: dict[tuple[str, str], list[tuple[str, int, int]]] = {}
        for row in known.fillna({"first_season": 0, "last_season": 9999}).itertuples():
            span = (str(row.id), int(row.first_season), int(row.last_season))
            self._known.setdefault((str(row.kind), str(row.alias)), []).append(span)
        # Whose an id is: the date of birth tells two people of one name apart.
        self._births: dict[str, str | None] = dict.fromkeys(known["id"][known["kind"].eq("driver")])
        if drivers is not None:
            births = zip(drivers["driver_id"], drivers["date_of_birth"], strict=True)
            self._births |= {driver_id: _text(born) or None for driver_id, born in births}
        self._new_drivers: set[str] = set()
        self._made_up: dict[tuple[str, str], str] = {}
        self._notices: dict[tuple[str, str], str] = {}

    @classmethod
    def shipped(cls, drivers: pd.DataFrame | None = None) -> "Aliases":
        """Those of `ergast.csv`. `drivers` only serves to tell two people of one name apart."""
        return cls(table(), drivers)

    @property
    def notices(self) -> list[str]:
        """One line for each name that was not known and got an id by the rule."""
        return list(self._notices.values())

    def driver(self, row: Mapping[str, Any]) -> str:
        """The id of an Ergast "Driver", by his driverId."""
        alias = str(row["driverId"])
        return self._find("driver", alias) or self._unknown_driver(alias, row)

    def constructor(self, row: Mapping[str, Any], season: int) -> str:
        """The id of an Ergast "Constructor" in a season: Ergast keeps an id where f1db renames."""
        alias = str(row["constructorId"])
        found = self._find("constructor", alias, season)
        name = _text(row.get("name"))
        said = f"{name or 'no name'}, season {season}"
        return found or self._make_up("constructor", alias, slug(name), said)

    def circuit(self, row: Mapping[str, Any]) -> str:
        """The id of an Ergast "Circuit", by its circuitId."""
        alias = str(row["circuitId"])
        name = _text(row.get("circuitName"))
        found = self._find("circuit", alias)
        return found or self._make_up("circuit", alias, slug(name), name or "no name")

    def grand_prix(self, race_name: str, season: int) -> str:
        """The id of a Grand Prix in a season, by the full raceName ("São Paulo Grand Prix")."""
        found = self._find("grand_prix", race_name, season)
        wanted = slug(race_name.replace("Grand Prix", " "))
        return found or self._make_up("grand_prix", race_name, wanted)

    def knows(self, kind: str, known_id: str) -> bool:
        """Whether an id is one of the table's, of the archive's drivers, or was made up before."""
        if kind == "driver" and known_id in self._births:
            return True
        listed = {i for (k, _), rows in self._known.items() if k == kind for i, _, _ in rows}
        return known_id in listed or known_id in self._made_up.values()

    def new(self, kind: str, name: str) -> str:
        """An id by the rule for a name that nothing else is known of, with a notice."""
        return self._made_up.get((kind, name)) or self._make_up(kind, name, slug(name))

    def _find(self, kind: str, alias: str, season: int | None = None) -> str | None:
        for known_id, first, last in self._known.get((kind, alias), []):
            if season is None or first <= season <= last:
                return known_id
        return self._made_up.get((kind, alias))

    def _make_up(self, kind: str, alias: str, wanted: str, said: str = "") -> str:
        made_up = wanted or slug(alias)
        self._made_up[kind, alias] = made_up
        self._notify(kind, alias, said, made_up)
        return made_up

    def _unknown_driver(self, alias: str, row: Mapping[str, Any]) -> str:
        name = " ".join(filter(None, (_text(row.get("givenName")), _text(row.get("familyName")))))
        born = _text(row.get("dateOfBirth")) or None
        wanted = slug(name) or slug(alias)
        driver_id = self._free_or_his(wanted, born)
        if driver_id not in self._births or driver_id in self._new_drivers:
            why = "" if driver_id == wanted else f", as nothing shows that this is {wanted}"
            said = f"{name or 'no name'}, born {born or 'unknown'}"
            self._notify("driver", alias, said, driver_id + why)
        else:
            # The archive has him, born the same day: he is known, only not by this alias.
            self._notices.pop(("driver", alias), None)
        # Pit stops give an id and no name: a row that has one is still to decide.
        if name:
            self._remember_driver(alias, driver_id, born)
        return driver_id

    def _free_or_his(self, wanted: str, born: str | None) -> str:
        """The first id that is nobody's, or of one who is born the same day."""
        return next(
            candidate
            for candidate in candidates(wanted, born)
            if candidate not in self._births
            or (born is not None and self._births[candidate] == born)
        )

    def _remember_driver(self, alias: str, driver_id: str, born: str | None) -> None:
        self._made_up["driver", alias] = driver_id
        if driver_id not in self._births:
            self._births[driver_id] = born
            self._new_drivers.add(driver_id)

    def _notify(self, kind: str, alias: str, said: str, taken_as: str) -> None:
        what = f"unknown {kind.replace('_', ' ')} {alias!r}" + (f" ({said})" if said else "")
        mend = "add it to the alias table if it is known under another id"
        self._notices[kind, alias] = f"{what}: taken as {taken_as}; {mend}"


def _text(value: Any) -> str:
    """A value of an answer as text; what is missing is no text."""
    return "" if pd.isna(value) else str(value).strip()
