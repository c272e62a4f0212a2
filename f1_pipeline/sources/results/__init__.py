"""The results tier: schedules, results, qualifying, sprints, pit stops from FastF1's Ergast client.

`client` asks page by page, `collect` decides what to ask for and gives answers as they are kept,
`frames` turns kept answers into raw frames in the archive's shapes, with f1db's ids. Practice is
not among them: the Ergast API has none.
"""

from f1_pipeline.sources.results.client import EVENT_KINDS, ResultsClient
from f1_pipeline.sources.results.collect import (
    Collected,
    Event,
    SpentError,
    events,
    race,
    roster,
    schedule,
)
from f1_pipeline.sources.results.frames import frames

__all__ = [
    "EVENT_KINDS",
    "Collected",
    "Event",
    "ResultsClient",
    "SpentError",
    "events",
    "frames",
    "race",
    "roster",
    "schedule",
]
