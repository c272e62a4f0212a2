"""A small world of races on SQLite, and pages read back as people and programs do."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from f1_pipeline.contracts import CONTRACTS, Kind
from f1_pipeline.serving.answers.calendar import Calendar
from f1_pipeline.serving.pages.race import race_page
from f1_pipeline.serving.pages.season import season_page
from f1_pipeline.storage import database, migrate
from f1_pipeline.storage.reader import Reader, Snapshot
from f1_pipeline.storage.schema import TABLES

RACE = datetime(2024, 5, 26, 13, tzinfo=UTC)
SATURDAY = RACE - timedelta(days=1)
EVENING = RACE - timedelta(hours=16)
MONDAY = RACE + timedelta(days=1)
_BLANK = {
    Kind.TEXT: "x",
    Kind.INTEGER: 1,
    Kind.FLOAT: 0.5,
    Kind.BOOLEAN: True,
    Kind.INSTANT: SATURDAY,
    Kind.LIST: [1.0],
}
VOID = {"meta", "link", "br", "rect", "line", "path", "circle"}


class World:
    """A database that is filled row by row; what a row does not say is blank, or null if it may."""

    def __init__(self, folder: Path) -> None:
        """Made where the folder holds none yet."""
        file = folder / "world.db"
        self.url = f"sqlite:///{file}"
        if not file.exists():
            migrate.upgrade(self.url)

    @classmethod
    def at(cls, url: str) -> "World":
        """A database that the pipeline has made."""
        world = cls.__new__(cls)
        world.url = url
        return world

    def add(self, name: str, *rows: dict[str, Any]) -> None:
        contract = CONTRACTS[name]
        blank = {c.name: None if c.nullable else _BLANK[c.kind] for c in contract.columns}
        if contract.by_event:
            blank |= {"version": 1, "valid_from": SATURDAY}
        with database.writing(self.url) as connection:
            connection.execute(sa.insert(TABLES[name]), [blank | row for row in rows])

    def event(self, event_id: str = "2024-monaco", starts: datetime = RACE, **given: Any) -> None:
        season = int(event_id[:4])
        row = {
            "event_id": event_id,
            "season": season,
            "name": f"{event_id[5:].title()} Grand Prix",
            "circuit_id": "the-streets",
            "race_starts_at": starts,
        }
        self.add("events", row | given)

    def forecast(
        self,
        wins: dict[str, float],
        event_id: str = "2024-monaco",
        starts: datetime = RACE,
        **given: Any,
    ) -> None:
        """A run with a chance to win for each driver; the other numbers follow from it."""
        size = len(wins)
        rows = [
            {
                "event_id": event_id,
                "season": int(event_id[:4]),
                "driver_id": driver,
                "constructor_id": "ferrari",
                "horizon": "post_qualifying",
                "grid_source": "qualifying",
                "p_win": win,
                "p_podium": min(1.0, 2 * win),
                "p_points": min(1.0, 3 * win),
                "expected_position": 1 + (size - 1) * (1 - win),
                "position_p05": 1,
                "position_p95": size,
                "position_probabilities": [win, *[(1 - win) / (size - 1)] * (size - 1)],
                "tier": "results",
                "run_id": "run-1",
                "model_version": "m1",
                "generated_at": starts - timedelta(hours=20),
                "event_starts_at": starts,
            }
            | given
            for driver, win in wins.items()
        ]
        self.add("race_predictions", *rows)

    def result(self, *order: str, event_id: str = "2024-monaco", classified: int = 99) -> None:
        """Who finished in which order; those after the first so many retired."""
        self.add(
            "race_results",
            *(
                {
                    "event_id": event_id,
                    "driver_id": driver,
                    "constructor_id": "ferrari",
                    "finish_order": place,
                    "classified": place <= classified,
                    "outcome": "finished" if place <= classified else "retired",
                }
                for place, driver in enumerate(order, start=1)
            ),
        )

    def champion(self, recipe: str = "r1") -> None:
        self.add("models", {"model_version": "m1", "recipe": recipe, "stage": "champion"})

    def walked(self, wins: dict[str, float], event_id: str, **given: Any) -> None:
        """Walk-forward rows of a race; it ended in the order in which the drivers are named."""
        rows = [
            {
                "event_id": event_id,
                "season": int(event_id[:4]),
                "driver_id": driver,
                "horizon": "post_qualifying",
                "grid_source": "qualifying",
                "model": "catboost",
                "tier": "results",
                "recipe": "r1",
                "p_win": win,
                "p_podium": min(1.0, 2 * win),
                "p_points": min(1.0, 3 * win),
                "position_probabilities": [win, 1 - win],
                "finish_order": place,
                "classified": True,
            }
            | given
            for place, (driver, win) in enumerate(wins.items(), start=1)
        ]
        self.add("backtest_predictions", *rows)

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        reader = Reader(self.url, connections=1, seconds=10)
        try:
            with reader.snapshot() as snapshot:
                yield snapshot
        finally:
            reader.close()

    def race(
        self,
        event_id: str = "2024-monaco",
        horizon: str | None = None,
        now: datetime = SATURDAY,
    ) -> "Page":
        with self.snapshot() as snapshot:
            return Page(race_page(snapshot, Calendar.of(snapshot), event_id, horizon, now))

    def season(self, season: int = 2024, now: datetime = MONDAY) -> "Page":
        with self.snapshot() as snapshot:
            return Page(season_page(snapshot, Calendar.of(snapshot), season, now))


@dataclass
class _Element:
    tag: str
    attributes: dict[str, str | None]
    text: str = ""
    children: list["_Element"] = field(default_factory=list)


class Page(HTMLParser):
    """A page's elements. A tag that is not closed, or closed and not open, is an error."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.elements: list[_Element] = []
        self._open: list[_Element] = []
        self.feed(html)
        self.close()
        assert not self._open, f"never closed: {self._open[-1].tag}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = _Element(tag, dict(attrs))
        assert len(element.attributes) == len(attrs), f"an attribute twice in {tag}"
        self.handle_data(" ")  # what stands in cells beside each other is not one word
        self.elements.append(element)
        if self._open:
            self._open[-1].children.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in VOID, f"{tag} closes itself"
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"{tag} closes nothing"
        self.handle_data(" ")
        assert self._open.pop().tag == tag, f"{tag} closes another tag"

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def all(self, tag: str, **attributes: str) -> list[_Element]:
        """Elements of a tag whose attributes hold these; `class_` for class."""
        wanted = {name.rstrip("_"): value for name, value in attributes.items()}
        return [
            element
            for element in self.elements
            if element.tag == tag
            and all(element.attributes.get(name) == value for name, value in wanted.items())
        ]

    @property
    def text(self) -> str:
        """What is read, without the style sheet, on one line."""
        return plain(" ".join(e.text for e in self.all("body")))

    def section(self, heading: str) -> str:
        """The text of the section with an h2 of this id."""
        found = self.all("section", **{"aria-labelledby": heading})
        assert len(found) == 1, heading
        return plain(found[0].text)

    def rows(self, heading: str) -> list[str]:
        """The text of each row in the body of a section's tables."""
        (section,) = self.all("section", **{"aria-labelledby": heading})
        bodies = [e for e in _within(section) if e.tag == "tbody"]
        return [plain(row.text) for body in bodies for row in body.children if row.tag == "tr"]

    @property
    def links(self) -> list[str]:
        return [str(e.attributes["href"]) for e in self.elements if "href" in e.attributes]


def plain(text: str) -> str:
    """One space for any white space, the narrow ones too."""
    return re.sub(r"\s+", " ", text).strip()


def _within(element: _Element) -> Iterator[_Element]:
    for child in element.children:
        yield child
        yield from _within(child)
