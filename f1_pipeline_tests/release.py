"""A small release in f1db's CSV layout, made up: some seasons of a few races with a few cars.

Results follow from the strength of cars and drivers and from luck, so that features and a model
can be made of them. The same arguments give the same bytes. Round 2 of a season is a sprint
weekend; in the newest season the last team has a new name and every second driver is a rookie.
"""

import csv
import random
import zipfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from io import StringIO
from pathlib import Path

GRANDS_PRIX = (
    *("australia", "china", "japan", "bahrain", "saudi-arabia", "miami", "monaco", "spain"),
    *("canada", "austria", "great-britain", "belgium", "hungary", "netherlands", "italy"),
    *("azerbaijan", "singapore", "united-states", "mexico", "sao-paulo", "qatar", "abu-dhabi"),
)
TEAMS = (
    *("aurora", "borealis", "cirrus", "dynamo", "eclipse", "falcon", "granite", "helios"),
    *("iris", "jupiter", "krypton"),
)
POINTS = {"race": (25, 18, 15, 12, 10, 8, 6, 4, 2, 1), "sprint-race": (8, 7, 6, 5, 4, 3, 2, 1)}
# Sessions before the race, in order; SLOTS: days before the race's, and hours.
FORMATS = {
    "conventional": ("freePractice1", "freePractice2", "freePractice3", "qualifying"),
    "sprint": ("freePractice1", "qualifying", "freePractice2", "sprintRace"),
    "sprint_shootout": ("freePractice1", "qualifying", "sprintQualifying", "sprintRace"),
    "sprint_qualifying": ("freePractice1", "sprintQualifying", "sprintRace", "qualifying"),
}
SLOTS = ((2, 11), (2, 15), (1, 10), (1, 14))
# Files that may hold no row, and those whose columns they share.
SIBLINGS = {
    "races-free-practice-2-results": "races-free-practice-1-results",
    "races-free-practice-3-results": "races-free-practice-1-results",
    "races-sprint-qualifying-results": "races-qualifying-results",
    "races-sprint-race-results": "races-race-results",
}
Row = dict[str, object]


def make_release(
    target: Path,
    seasons: Sequence[int] = (2023, 2024, 2025),
    future: int | None = 2026,
    races: int = 4,
    cars: int = 10,
    seed: int = 1,
    unheld: int = 0,
) -> Path:
    """Write a release to `target`: a zip where its name ends with .zip, else a folder.

    `future`: a season of which only the calendar and the entrants are known. `unheld`: how many of
    the last races of the last of `seasons` are to come. There can be 22 races, and 22 cars.
    """
    files = _Release(seasons, future, races, cars, seed, unheld).files
    names = sorted({*files, *SIBLINGS})
    texts = {f"f1db-{n}.csv": _csv(files[n], files[SIBLINGS.get(n, n)]) for n in names}
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.suffix == ".zip":
        with zipfile.ZipFile(target, "w") as archive:
            for name, text in texts.items():
                archive.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)
        return target
    target.mkdir(exist_ok=True)
    for name, text in texts.items():
        (target / name).write_text(text)
    return target


def _csv(rows: list[Row], like: list[Row]) -> str:
    text = StringIO()
    writer = csv.DictWriter(text, list((rows or like)[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


@dataclass(frozen=True)
class _Car:
    number: int
    driver: str
    team: str
    strength: float  # the smaller, the faster

    @property
    def names(self) -> Row:
        engine = f"{self.team.removeprefix('new-')}-engines"
        names = (self.driver, self.team, engine)
        return dict(zip(("driverId", "constructorId", "engineManufacturerId"), names, strict=True))


class _Release:
    def __init__(
        self,
        seasons: Sequence[int],
        future: int | None,
        races: int,
        cars: int,
        seed: int,
        unheld: int,
    ) -> None:
        self.random = random.Random(seed)
        self.files: dict[str, list[Row]] = defaultdict(list)
        self.years = [*seasons, *([future] if future else [])]
        self.teams = TEAMS[: (cars + 1) // 2]
        self._places(GRANDS_PRIX[:races])
        self._people()
        for year in self.years:
            field = [self._car(year, number) for number in range(cars)]
            rounds = "" if year == future else ";".join(str(n + 1) for n in range(races))
            self._entrants(year, field, rounds)
            self.totals: dict[str, dict[str, float]] = {
                "driver": defaultdict(float),
                "constructor": defaultdict(float),
            }
            held = 0 if year == future else races - (unheld if year == seasons[-1] else 0)
            for number in range(1, races + 1):
                weekend = _Weekend(year, number)
                self.files["races"].append(weekend.calendar())
                if number <= held:
                    self._hold(weekend, field)

    def _places(self, names: Sequence[str]) -> None:
        for i, name in enumerate(names):
            title = name.replace("-", " ").title()
            self.files["grands-prix"].append({"id": name, "fullName": f"{title} Grand Prix"})
            self.files["circuits"].append(
                {
                    "id": f"{name}-ring",
                    "name": title,
                    "fullName": f"{title} Ring",
                    "type": ("RACE", "STREET", "ROAD")[i % 3],
                    "placeName": title,
                    "countryId": name,
                    "latitude": round(-40 + 3.5 * i, 6),
                    "longitude": round(-120 + 11.5 * i, 6),
                }
            )

    def _people(self) -> None:
        """Drivers and teams, among them a team of old that no season knows."""
        first, last = self.teams[-1], f"new-{self.teams[-1]}"
        chain = [(first, self.years[0], self.years[-1] - 1), (last, self.years[-1], "")]
        for i, team in enumerate((*self.teams, last, "long-gone")):
            known: Row = {"name": team.title(), "fullName": f"{team.title()} Racing"}
            self.files["constructors"].append({"id": team, **known, "countryId": "x"})
            for j, who in enumerate(("ace", "second", "rookie")):
                self.files["drivers"].append(
                    {
                        "id": f"{team}-{who}",
                        "name": f"{team} {who}".title(),
                        "abbreviation": (team[0] + who[:2]).upper(),
                        "dateOfBirth": f"{1988 + i}-0{j + 1}-15",
                        "nationalityCountryId": "x" if j else "",
                    }
                )
        for parent in (first, last):  # the source repeats a chain under every name in it
            self.files["constructors-chronology"] += [
                {"parentConstructorId": parent, "positionDisplayOrder": order}
                | {"constructorId": name, "yearFrom": since, "yearTo": until}
                for order, (name, since, until) in enumerate(chain, 1)
            ]

    def _car(self, year: int, number: int) -> _Car:
        team, newest = self.teams[number // 2], year == self.years[-1]
        who = "ace" if number % 2 == 0 else "rookie" if newest else "second"
        name = f"new-{team}" if newest and team == self.teams[-1] else team
        strength = number // 2 + 0.8 * (number % 2) + self.random.gauss(0, 0.3)
        return _Car(number + 2, f"{team}-{who}", name, strength)

    def _entrants(self, year: int, field: list[_Car], rounds: str) -> None:
        tester = _Car(99, f"{self.teams[0]}-rookie", self.teams[0], 9.0)
        for car in [*field, *([] if tester.driver in {c.driver for c in field} else [tester])]:
            self.files["seasons-entrants-drivers"].append(
                {"year": year, "entrantId": f"{car.team}-team", **car.names, "rounds": rounds}
                | {"testDriver": "true" if car is tester else "false"}
            )

    def _hold(self, weekend: "_Weekend", field: list[_Car]) -> None:
        for number in (1, 2, 3):
            if f"freePractice{number}" in weekend.sessions:
                self._timed(weekend, f"free-practice-{number}", field)
        grid = self._timed(weekend, "qualifying", field)
        if "sprintQualifying" in weekend.sessions:
            self._race(weekend, "sprint-race", self._timed(weekend, "sprint-qualifying", field))
        elif "sprintRace" in weekend.sessions:
            grid = self._race(weekend, "sprint-race", grid)
        if self.random.random() < 0.5:  # a penalty, or worse: last on the grid, or the pit lane
            grid.append(grid.pop(self.random.randrange(len(grid) // 2)))
        in_pit_lane = grid[-1] if self.random.random() < 0.3 else None
        for place, car in enumerate(grid, 1):
            self.files["races-starting-grid-positions"].append(
                weekend.row(place, "PL" if car is in_pit_lane else place, car)
            )
        self._race(weekend, "race", grid, in_pit_lane)
        self._standings(weekend)

    def _timed(self, weekend: "_Weekend", session: str, field: list[_Car]) -> list[_Car]:
        """A session for times; gives the cars in their order."""
        pace = {car: car.strength + self.random.gauss(0, 0.8) for car in field}
        ordered = sorted(field, key=lambda car: pace[car])
        for place, car in enumerate(ordered, 1):
            time = 80_000 + round(200 * pace[car]) + place
            row = weekend.row(place, place, car)
            if "qualifying" in session:
                row |= {"timeMillis": "", "q1Millis": time + 900}
                row |= {"q2Millis": time + 300 if place <= 0.75 * len(field) else ""}
                row |= {"q3Millis": time if place <= 0.5 * len(field) else ""}
            else:
                row |= {"timeMillis": time, "laps": self.random.randint(12, 30)}
            self.files[f"races-{session}-results"].append(row)
        return ordered

    def _race(
        self,
        weekend: "_Weekend",
        session: str,
        grid: list[_Car],
        in_pit_lane: _Car | None = None,
    ) -> list[_Car]:
        """A race or a sprint; gives the cars in their order, those retired at its end."""
        is_race = session == "race"
        out = {car for car in grid if is_race and self.random.random() < 0.12}
        score = {
            car: car.strength + 0.3 * slot + self.random.gauss(0, 1.2)
            for slot, car in enumerate(grid)
        }
        ordered = sorted(grid, key=lambda car: (car in out, score[car]))
        for place, car in enumerate(ordered, 1):
            won = POINTS[session][place - 1] if place <= len(POINTS[session]) else 0
            won = 0 if car in out else won
            slot = "PL" if car is in_pit_lane else grid.index(car) + 1
            self.files[f"races-{session}-results"].append(
                weekend.row(place, "DNF" if car in out else place, car)
                | {"laps": self.random.randrange(1, 40) if car in out else 50 if is_race else 17}
                | {"timeMillis": "" if car in out else 5_400_000 + 7_000 * place}
                | {"reasonRetired": "Gearbox" if car in out else "", "points": won or ""}
                | {"gridPositionNumber": "" if slot == "PL" else slot, "gridPositionText": slot}
                | {"fastestLap": "true" if place == 2 else "false"}
            )
            self.totals["driver"][car.driver] += won
            self.totals["constructor"][car.team] += won
            if is_race and car not in out:
                self.files["races-pit-stops"].append(
                    weekend.row(place, place, car)
                    | {"stop": 1, "lap": self.random.randint(15, 30), "timeMillis": 22_000 + place}
                )
        return ordered

    def _standings(self, weekend: "_Weekend") -> None:
        for kind, totals in self.totals.items():
            ordered = sorted(totals.items(), key=lambda item: -item[1])
            self.files[f"races-{kind}-standings"] += [
                weekend.row(place, place) | {f"{kind}Id": competitor, "points": points}
                for place, (competitor, points) in enumerate(ordered, 1)
            ]


class _Weekend:
    def __init__(self, year: int, number: int) -> None:
        self.race_id, self.year, self.number = 100 * year + number, year, number
        shape = {2021: "sprint", 2022: "sprint", 2023: "sprint_shootout"}
        self.format = shape.get(year, "sprint_qualifying") if number == 2 else "conventional"
        self.sessions = FORMATS[self.format]

    def calendar(self) -> Row:
        march = date(self.year, 3, 1)
        sunday = march + timedelta(days=6 - march.weekday(), weeks=2 * (self.number - 1))
        name = GRANDS_PRIX[self.number - 1]
        row: Row = {"id": self.race_id, "year": self.year, "round": self.number}
        row |= {"date": sunday.isoformat(), "time": "14:00", "grandPrixId": name}
        row |= {"officialName": f"Grand Prix {name} {self.year}", "courseLength": 5.5, "turns": 15}
        row |= {"qualifyingFormat": "SPRINT_RACE" if self.format == "sprint" else "KNOCKOUT"}
        row |= {"sprintQualifyingFormat": "SPRINT_SHOOTOUT" if "_" in self.format else ""}
        row |= {"circuitId": f"{name}-ring", "circuitLayoutId": f"{name}-ring-1"}
        row |= {"laps": 50, "scheduledLaps": ""}
        for session in sorted({name for names in FORMATS.values() for name in names}):
            row |= {f"{session}Date": "", f"{session}Time": ""}
        for session, (before, hour) in zip(self.sessions, SLOTS, strict=True):
            row[f"{session}Date"] = (sunday - timedelta(days=before)).isoformat()
            row[f"{session}Time"] = f"{hour}:00"
        return row

    def row(self, order: int, text: object, car: _Car | None = None) -> Row:
        """What the rows of all results share; `driverOfTheDay` is a column that nothing reads."""
        row: Row = {"raceId": self.race_id, "driverOfTheDay": "false"}
        row |= {"positionDisplayOrder": order, "positionText": text}
        row |= {"positionNumber": text if isinstance(text, int) else ""}
        return row | ({"driverNumber": car.number} | car.names if car else {})
