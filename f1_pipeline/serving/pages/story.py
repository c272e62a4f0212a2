"""What is told of a race: the paragraph of each driver, and the past races most like it."""

from dataclasses import dataclass

from f1_pipeline.serving.answers import stories as answers
from f1_pipeline.serving.answers.calendar import Calendar, runs_of
from f1_pipeline.serving.pages import words
from f1_pipeline.serving.pages.forecast import Forecast
from f1_pipeline.storage.reader import EmptyError, Row, Snapshot

TABLES = answers.TABLES


@dataclass(frozen=True)
class Told:
    """A driver's paragraphs; either may be empty."""

    name: str
    forecast: str
    plan: str


@dataclass(frozen=True)
class Alike:
    """A past race. `likeness`: in percent, or empty before the race; `published`: has a page."""

    event_id: str
    published: bool
    name: str
    likeness: str
    shared: str
    text: str


@dataclass(frozen=True)
class Story:
    """All of it; `language_model`: whose words some of them are, or None."""

    told: tuple[Told, ...]
    alike: tuple[Alike, ...]
    held: bool
    language_model: str | None


def read_story(snapshot: Snapshot, calendar: Calendar, forecast: Forecast) -> Story:
    """In the order of the forecast; tables that the pipeline has yet to make tell nothing."""
    try:
        return _read(snapshot, calendar, forecast)
    except EmptyError:
        return Story((), (), False, None)


def _read(snapshot: Snapshot, calendar: Calendar, forecast: Forecast) -> Story:
    rows = snapshot.rows("stories", event_id=forecast.event["event_id"])
    texts = {(row["driver_id"], row["kind"]): row["text"] for row in rows}
    told = [
        Told(
            car.driver,
            texts.get((car.row["driver_id"], "prediction"), ""),
            texts.get((car.row["driver_id"], "recommendation"), ""),
        )
        for car in forecast.cars
    ]
    found = answers.alike(snapshot, calendar, forecast.event)
    return Story(
        told=tuple(one for one in told if one.forecast or one.plan),
        alike=tuple(_alike(snapshot, calendar, row) for row in found),
        held=any(row["likeness"] is not None for row in found),
        language_model=next((r["language_model"] for r in rows if r["language_model"]), None),
    )


def _alike(snapshot: Snapshot, calendar: Calendar, row: Row) -> Alike:
    event = calendar.find(row["event_id"])
    likeness = "" if row["likeness"] is None else words.percent(row["likeness"])
    return Alike(
        row["event_id"],
        bool(runs_of(snapshot, event)),
        f"{event['name']} {event['season']}",
        likeness,
        row["shared"],
        row["text"].partition(". ")[2],
    )
