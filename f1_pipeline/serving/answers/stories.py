"""What is told of a race: a paragraph for each driver, and past races that are like it."""

from f1_pipeline.serving.answers.calendar import Calendar
from f1_pipeline.storage.reader import Row, Snapshot

TABLES = ("events", "stories", "alike_races", "race_documents")
_EARLIER = 3  # editions that stand in where nothing has happened yet


def stories(snapshot: Snapshot, calendar: Calendar, event: Row) -> Row:
    """The paragraphs and the races alike, as `Stories`."""
    told = snapshot.rows("stories", order=("kind", "driver_id"), event_id=event["event_id"])
    return {
        "event": event,
        "stories": told,
        "alike": alike(snapshot, calendar, event),
        "stale": None,
    }


def alike(snapshot: Snapshot, calendar: Calendar, event: Row) -> list[Row]:
    """Races like one that is over by what happened; before it the newest ones at its circuit."""
    event_id = event["event_id"]
    found = snapshot.rows("alike_races", order=("rank",), event_id=event_id)
    if found:
        texts = _texts(snapshot, [row["like_event_id"] for row in found])
        return [
            {
                "event_id": row["like_event_id"],
                "likeness": row["likeness"],
                "shared": row["shared"],
                "text": texts.get(row["like_event_id"], ""),
            }
            for row in found
        ]
    held = snapshot.rows(
        "race_documents",
        order=("-season", "-round"),
        limit=_EARLIER,
        circuit_id=event["circuit_id"],
    )
    return [
        {
            "event_id": row["event_id"],
            "likeness": None,
            "shared": "the same circuit",
            "text": row["text"],
        }
        for row in held
        if row["event_id"] != event_id
    ]


def _texts(snapshot: Snapshot, event_ids: list[str]) -> dict[str, str]:
    rows = snapshot.rows("race_documents", ("event_id", "text"), event_id=event_ids)
    return {row["event_id"]: row["text"] for row in rows}
