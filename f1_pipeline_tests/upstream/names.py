"""The API's names for what an archive knows by id: drivers, constructors, circuits, races.

Here are people and places as the API describes them. Results are in `facts`.
"""

from typing import Any
from urllib.parse import quote

import pandas as pd

Json = dict[str, Any]
_ANY = (0, 9999)
_COUNTRIES = {
    "south-korea": "Korea",
    "united-arab-emirates": "UAE",
    "united-kingdom": "UK",
    "united-states-of-america": "USA",
}
_NATIONALITIES = {
    "argentina": "Argentine",
    "australia": "Australian",
    "austria": "Austrian",
    "belgium": "Belgian",
    "brazil": "Brazilian",
    "canada": "Canadian",
    "china": "Chinese",
    "denmark": "Danish",
    "estonia": "Estonian",
    "finland": "Finnish",
    "france": "French",
    "germany": "German",
    "india": "Indian",
    "indonesia": "Indonesian",
    "ireland": "Irish",
    "italy": "Italian",
    "japan": "Japanese",
    "malaysia": "Malaysian",
    "mexico": "Mexican",
    "monaco": "Monegasque",
    "netherlands": "Dutch",
    "new-zealand": "New Zealander",
    "poland": "Polish",
    "portugal": "Portuguese",
    "russia": "Russian",
    "spain": "Spanish",
    "sweden": "Swedish",
    "switzerland": "Swiss",
    "thailand": "Thai",
    "united-kingdom": "British",
    "united-states-of-america": "American",
    "venezuela": "Venezuelan",
}


def records(frame: pd.DataFrame) -> list[Json]:
    """The rows of a frame, with None for what is missing."""
    found: list[Json] = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return found


def page(title: str, scheme: str = "https") -> str:
    """The address that the API gives for the encyclopedia's page on something."""
    return f"{scheme}://en.wikipedia.org/wiki/{quote(title.replace(' ', '_'))}"


class Names:
    """Who and what the ids of an archive stand for, in the API's words."""

    def __init__(self, frames: dict[str, pd.DataFrame]) -> None:
        self._drivers = _by_id(frames["drivers"], "driver_id")
        self._constructors = _by_id(frames["constructors"], "constructor_id")
        self._circuits = _by_id(frames["circuits"], "circuit_id")
        self._numbers = _permanent_numbers(frames["race_results"])
        self._aliases: dict[tuple[str, str], list[tuple[int, int, str]]] = {}

    def alias(self, kind: str, known_id: str, season: int) -> str | None:
        """The API's name for an id in a season; where two hold, the one that is more particular."""
        if not self._aliases:
            self._read_aliases()
        spans = self._aliases.get((kind, known_id), [])
        holding = [(last - first, name) for first, last, name in spans if first <= season <= last]
        return min(holding)[1] if holding else None

    def driver(self, driver_id: str, season: int) -> Json:
        known = self._drivers.get(driver_id, {})
        name = known.get("name") or driver_id.replace("-", " ").title()
        given, _, family = name.partition(" ")
        about = {
            "driverId": self._id("driver", driver_id, season),
            "permanentNumber": self._numbers.get(driver_id),
            "code": known.get("code"),
            "url": page(name, "http"),
            "givenName": given,
            "familyName": family,
            "dateOfBirth": known.get("date_of_birth"),
            "nationality": _nationality(known.get("nationality")),
        }
        return {key: str(value) for key, value in about.items() if value is not None}

    def constructor(self, constructor_id: str, season: int) -> Json:
        known = self._constructors.get(constructor_id, {})
        name = known.get("name") or constructor_id.replace("-", " ").title()
        about = {
            "constructorId": self._id("constructor", constructor_id, season),
            "url": page(name),
            "name": name,
            "nationality": _nationality(known.get("country")),
        }
        return {key: value for key, value in about.items() if value is not None}

    def circuit(self, circuit_id: str, season: int) -> Json:
        known = self._circuits.get(circuit_id, {})
        name = known.get("full_name") or known.get("name") or circuit_id
        place = {
            "lat": known.get("latitude"),
            "long": known.get("longitude"),
            "locality": known.get("place"),
            "country": _country(known.get("country")),
        }
        return {
            "circuitId": self._id("circuit", circuit_id, season),
            "url": page(name),
            "circuitName": name,
            "Location": {key: str(value) for key, value in place.items() if value is not None},
        }

    def race(self, grand_prix_id: str, name: str | None, season: int) -> str:
        return self.alias("grand_prix", grand_prix_id, season) or name or grand_prix_id

    def _id(self, kind: str, known_id: str, season: int) -> str:
        return self.alias(kind, known_id, season) or known_id.replace("-", "_")

    def _read_aliases(self) -> None:
        from f1_pipeline.sources import aliases

        for row in records(aliases.table()):
            first, last = row["first_season"], row["last_season"]
            span = (int(first or _ANY[0]), int(last or _ANY[1]), row["alias"])
            self._aliases.setdefault((row["kind"], row["id"]), []).append(span)


def _by_id(frame: pd.DataFrame, column: str) -> dict[str, Json]:
    return {row[column]: row for row in records(frame)}


def _permanent_numbers(results: pd.DataFrame) -> dict[str, int]:
    """The number that a driver raced with most often since he chose it himself, in 2014."""
    chosen = results[results["season"].ge(2014) & results["car_number"].notna()]
    most_often = chosen.groupby("driver_id")["car_number"].agg(lambda n: n.mode().iloc[0])
    return {driver: int(number) for driver, number in most_often.items()}


def _nationality(country: str | None) -> str | None:
    return _NATIONALITIES.get(country, _country(country)) if country else None


def _country(country: str | None) -> str | None:
    return _COUNTRIES.get(country, country.replace("-", " ").title()) if country else None
