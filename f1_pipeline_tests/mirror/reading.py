"""How the mirror's own tests read it: through FastF1, by path, and beside the archive's rows."""

import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import quote

import fastf1
import pandas as pd

from f1_pipeline.sources.upstream import Connection, connect
from f1_pipeline.storage.budget import RequestBudget
from f1_pipeline_tests.mirror import Mirror, schedule
from f1_pipeline_tests.mirror.answers import NotHereError
from f1_pipeline_tests.mirror.schedule import Session
from f1_pipeline_tests.mirror.server import TIMING


def attach(mirror: Mirror, folder: Path) -> None:
    """Make FastF1 of this process ask the mirror, with nothing cached."""
    budget = RequestBudget(f"sqlite:///{folder / 'warehouse.db'}", {})
    connect(Connection(folder / "cache", mirror.url, False, budget), print)


def load(mirror: Mirror, folder: Path, season: int, number: int, code: str) -> Any:
    """FastF1's session, loaded."""
    attach(mirror, folder)
    name = "SS" if code == "SQ" and season == 2023 else code
    session = fastf1.get_session(season, number, name)
    session.load(telemetry=False)
    return session


def facts(mirror: Mirror, table: str, event_id: str, session: str | None = None) -> pd.DataFrame:
    """The archive's rows, by the number on the car as FastF1 writes it."""
    rows = mirror.facts.frames[table]
    rows = rows[rows["event_id"].eq(event_id)]
    rows = rows if session is None else rows[rows["session"].eq(session)]
    return rows.set_index(rows["car_number"].astype(str))


def times(values: "pd.Series[Any]") -> dict[str, int]:
    """FastF1's durations in milliseconds, those that are there."""
    found = values.dropna()
    return {key: round(value.total_seconds() * 1000) for key, value in found.items()}


def driven(session: Any) -> pd.DataFrame:
    """The laps that were sent: FastF1 adds one for who stops on the road."""
    laps = session.laps
    return laps[~laps["FastF1Generated"].astype(bool)]


def sessions(mirror: Mirror, season: int, number: int) -> dict[str, Session]:
    """The sessions of a weekend, by their code."""
    race = next(r for r in mirror.facts.races(season) if r["round"] == str(number))
    return {session.code: session for session in schedule.sessions(mirror.facts, race)}


def fetch(mirror: Mirror, session: Session, file: str) -> bytes:
    """A file of the timing host. Raises `NotHereError`."""
    return mirror.answer(TIMING, f"/static/{session.folder}{file}.jsonStream", "")


def is_there(mirror: Mirror, session: Session, file: str = "TimingData") -> bool:
    try:
        return bool(fetch(mirror, session, file))
    except NotHereError:
        return False


def status_of(mirror: Mirror, address: str) -> int:
    """What HTTP says of `HOST/PATH`."""
    try:
        with urllib.request.urlopen(f"{mirror.url}/{quote(address)}") as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code
