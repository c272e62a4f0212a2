"""Recordings from a folder of files: laps, weather and track status in FastF1's columns.

Every file is read twice: once as a whole, to know that it is sound and of which seasons it is,
before anything of the folder is given; then season by season, so that one season at most is in
memory. How a file is read is in `lap_file`, what its values become in `columns`.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from f1_pipeline.contracts.timing import SESSIONS
from f1_pipeline.sources.aliases import Aliases
from f1_pipeline.sources.timing.columns import in_fastf1s_types, settled, texts
from f1_pipeline.sources.timing.lap_file import (
    ENDINGS,
    EVENT,
    ROUND,
    SEASON,
    SESSION,
    LapFile,
    LapFilesError,
    recognised,
)
from f1_pipeline.sources.timing.load import session_kind
from f1_pipeline.sources.timing.recording import Recording

__all__ = ["LapFilesError", "read"]

_NEEDED = "Season (or Year), EventName, Driver or DriverNumber, LapNumber and LapTime"
# Of FastF1's results what live timing says itself, as `load` keeps it.
_RESULTS = [
    *("DriverNumber", "BroadcastName", "Abbreviation"),
    *("FirstName", "LastName", "TeamName", "CountryCode"),
]


def read(folder: Path, aliases: Aliases, progress: Callable[[str], None]) -> Iterator[Recording]:
    """Every session that the folder has laps of, season by season.

    What is passed over is said in a line. Raises `LapFilesError` before the first recording when
    the folder has no laps, or one of its files is damaged or does not say what it belongs to.
    """
    files = _files(folder, progress)
    places = _Places(aliases)
    # Laps first: they say which event a round is.
    for file in sorted(files, key=lambda file: file.part != "laps"):
        _inspect(file, places, progress)
    for season in sorted({season for file in files for season in file.seasons}):
        yield from _recordings(season, files, places, progress)


def _files(folder: Path, progress: Callable[[str], None]) -> list[LapFile]:
    try:
        paths = sorted(path for path in folder.iterdir() if _is_of_interest(path))
    except OSError as error:
        raise LapFilesError(
            f"{folder} cannot be read ({error.strerror}): name a folder of Parquet or CSV files "
            f"of laps with the columns {_NEEDED}."
        ) from None
    files = []
    for path in paths:
        file = recognised(path)
        if file is None:
            progress(f"{path.name}: neither laps, weather nor track status: passed over")
        else:
            files.append(file)
    if all(file.part != "laps" for file in files):
        raise LapFilesError(
            f"{folder} holds no laps: put Parquet or CSV files there with the columns {_NEEDED}."
        )
    return files


def _is_of_interest(path: Path) -> bool:
    name = path.name.lower()
    return name.endswith(ENDINGS) and not name.startswith(".") and path.is_file()


@dataclass(frozen=True)
class _Place:
    """Where a row belongs."""

    season: int
    event_id: str
    session: str


class _Keys(NamedTuple):
    """What a row says of where it belongs, in its own words."""

    season: str | None
    event: str | None
    round: str | None
    session: str | None


@dataclass
class _Places:
    """Finds where rows belong. Thousands of them say the same: each wording is looked at once."""

    aliases: Aliases
    _rounds: dict[tuple[int, str | None], set[str]] = field(default_factory=dict)
    _known: dict[tuple[Path, _Keys], _Place | str] = field(default_factory=dict)

    def of(self, file: LapFile, rows: pd.DataFrame) -> list[_Place | str]:
        """For each row its place, or in words why it has none."""
        season = next(name for name in SEASON if name in rows)
        nothing = [None] * len(rows)
        worded = (
            texts(rows[name]).tolist() if name in rows else nothing
            for name in (season, EVENT, ROUND, SESSION)
        )
        return [self._of_one(file, _Keys(*keys)) for keys in zip(*worded, strict=True)]

    def _of_one(self, file: LapFile, keys: _Keys) -> _Place | str:
        known = (file.path, keys)
        if known not in self._known:
            self._known[known] = place = self._found(file, keys)
            if file.part == "laps" and keys.round and isinstance(place, _Place):
                self._rounds.setdefault((place.season, keys.round), set()).add(place.event_id)
        return self._known[known]

    def _found(self, file: LapFile, keys: _Keys) -> _Place | str:
        year = (keys.season or "").strip()
        if len(year) != 4 or not year.isdecimal():
            return f"of the season {year!r}" if year else "of no season"
        event_id = self._event_id(int(year), keys)
        if event_id is None:
            return f"of {year} of no event" + (f" (round {keys.round})" if keys.round else "")
        session = _session(keys.session, int(year)) if keys.session else file.session
        if session is None:
            return f"of the session {keys.session!r}"
        return _Place(int(year), event_id, session)

    def _event_id(self, season: int, keys: _Keys) -> str | None:
        if keys.event:
            grand_prix = self.aliases.grand_prix(keys.event.strip(), season)
            return f"{season}-{grand_prix}" if grand_prix else None
        named = self._rounds.get((season, keys.round), set())
        return next(iter(named)) if len(named) == 1 else None


def _session(name: str, season: int) -> str | None:
    short = name.strip().upper()
    return short if short in SESSIONS else session_kind(name.strip(), season)


def _inspect(file: LapFile, places: _Places, progress: Callable[[str], None]) -> None:
    """Read the whole file once: note its seasons, and say what of it cannot be used."""
    unread: Counter[str] = Counter()
    nowhere: Counter[str] = Counter()
    for rows in file.batches():
        in_fastf1s_types(rows, file.part, unread)
        found = places.of(file, rows)
        file.seasons.update(place.season for place in found if isinstance(place, _Place))
        nowhere.update(why for why in found if isinstance(why, str))
    for what, count in (+unread).items():
        progress(f"{file.path.name}: {count} values of {what}")
    for why, count in nowhere.items():
        progress(f"{file.path.name}: {count} rows {why}: passed over")


def _recordings(
    season: int, files: list[LapFile], places: _Places, progress: Callable[[str], None]
) -> Iterator[Recording]:
    sessions: dict[_Place, dict[str, list[pd.DataFrame]]] = {}
    for file in files:
        if season in file.seasons:
            for place, rows in _of_season(season, file, places):
                sessions.setdefault(place, {}).setdefault(file.part, []).append(rows)
    given = {file.part for file in files}
    events = list(dict.fromkeys(place.event_id for place in sessions))
    in_order = sorted(
        sessions, key=lambda at: (events.index(at.event_id), SESSIONS.index(at.session))
    )
    for place in in_order:
        parts = {
            part: settled(pd.concat(rows, ignore_index=True), part)
            for part, rows in sessions.pop(place).items()
        }
        if "laps" in parts:
            yield _recording(place, parts, given)
        else:
            there = " and ".join(part.replace("_", " ") for part in parts)
            progress(f"{place.event_id} {place.session}: {there}, but no laps: passed over")


def _of_season(
    season: int, file: LapFile, places: _Places
) -> Iterator[tuple[_Place, pd.DataFrame]]:
    """The file's rows of a season, by where they belong."""
    for rows in file.batches():
        found = pd.Series(places.of(file, rows), index=rows.index, dtype=object)
        found = found[[isinstance(at, _Place) and at.season == season for at in found]]
        typed = in_fastf1s_types(rows.loc[found.index], file.part, Counter())
        for place in found.unique():
            yield place, typed[found == place]


def _recording(place: _Place, parts: dict[str, pd.DataFrame], given: set[str]) -> Recording:
    laps = _numbered(parts["laps"]).sort_values(["DriverNumber", "LapNumber"], ignore_index=True)
    missing = {
        part: "no rows of it in the folder's files"
        if part in given
        else "no such file in the folder"
        for part in ("weather", "track_status")
        if part not in parts
    }
    frames = parts | {"laps": laps, "results": _results(laps)}
    return Recording(place.event_id, place.season, place.session, "file", frames, missing)


def _numbered(laps: pd.DataFrame) -> pd.DataFrame:
    """Laps without a car number get that of the driver's other laps, else his code in its place.

    Without it the laps of all such drivers would be those of one.
    """
    both = laps.dropna(subset=["Driver", "DriverNumber"])
    numbers = dict(zip(both["Driver"], both["DriverNumber"], strict=True))
    return laps.assign(
        DriverNumber=[
            number or numbers.get(code, code)
            for number, code in zip(laps["DriverNumber"], laps["Driver"], strict=True)
        ]
    )


def _results(laps: pd.DataFrame) -> pd.DataFrame:
    """Who drove, in FastF1's columns of results: laps know no names of people."""
    by_number = laps.dropna(subset=["DriverNumber"]).groupby("DriverNumber")
    drivers = by_number[["Driver", "Team"]].first().reset_index()
    drivers = drivers.rename(columns={"Driver": "Abbreviation", "Team": "TeamName"})
    results = drivers.reindex(columns=_RESULTS).astype(object)
    return results.where(results.notna(), None)
