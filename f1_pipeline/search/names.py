"""How drivers, teams, circuits and countries of the archive are called."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from f1_pipeline.search.vocabulary import phrases, vocabulary
from f1_pipeline.search.words import fold

# The tables that names are read from.
TABLES = ("drivers", "constructors", "circuits")


@dataclass(frozen=True)
class Names:
    """How ids of the archive are called; codes may be of several drivers."""

    drivers: Mapping[str, str]
    codes: Mapping[str, str]
    teams: Mapping[str, str]
    circuits: Mapping[str, str]
    reasons: tuple[str, ...] = ()

    def all(self) -> dict[str, str]:
        """By id; countries by `country/` and the id, as monaco is a circuit too."""
        countries = {
            f"country/{row['country']}": phrases(row["called"])[0].title()
            for row in vocabulary()["countries"]
        }
        return countries | dict(self.circuits) | dict(self.teams) | dict(self.drivers)


def names_of(tables: Mapping[str, pd.DataFrame], rows: pd.DataFrame) -> Names:
    """Of the drivers, teams and circuits that raced."""
    drivers = tables["drivers"][tables["drivers"]["driver_id"].isin(rows["driver_id"])]
    coded = drivers[drivers["code"].notna()]
    teams = {
        team: team.replace("-", " ").title() for team in sorted(rows["constructor_id"].unique())
    }
    if "constructors" in tables:
        known = tables["constructors"]
        spoken = dict(zip(known["constructor_id"], known["name"], strict=True))
        teams = {team: spoken.get(team, name) for team, name in teams.items()}
    circuits = tables["circuits"].to_dict("records")
    return Names(
        drivers=dict(zip(drivers["driver_id"], drivers["name"], strict=True)),
        codes=dict(zip(coded["driver_id"], coded["code"], strict=True)),
        teams=teams,
        circuits={circuit["circuit_id"]: _place(circuit) for circuit in circuits},
        reasons=tuple(sorted(rows["reason"].dropna().unique())),
    )


def _place(circuit: Mapping[str, Any]) -> str:
    """Autódromo José Carlos Pace, São Paulo, Interlagos: no name that another one holds."""
    called: list[str] = []
    by_id = str(circuit["circuit_id"]).replace("-", " ").title()
    for name in (circuit["full_name"], circuit["place"], by_id):
        # A circuit that is new since the archive has its names from a calendar, which knows fewer.
        known = isinstance(name, str)
        if known and not any(fold(name) in fold(other).replace("-", " ") for other in called):
            called.append(name)
    return ", ".join(called)
