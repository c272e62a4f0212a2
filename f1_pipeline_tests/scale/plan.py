"""How so many times the archive is made: more seasons first, then more series side by side.

The contracts know the seasons 1950 to 2100, so time alone gives ten times the archive. Beyond that
several series of their own drivers, teams and circuits race in the same years, each in a window of
the year that no other shares: standings are read by season, and so stay those of one series.
Not here: what happens in a season (`seasons`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

ARCHIVE_EVENTS = 353  # of data/archive, 24 of them to come: what 1 times means
ROUNDS = 24
UPCOMING = 2
FIRST_SERIES = "-s00-"  # in the ids of its events
_FIRST_YEAR, _LAST_YEAR = 1950, 2100
_ARCHIVE_ENDS = 2024
_ARCHIVE_SEASONS = 15
_YEARS = _LAST_YEAR - _FIRST_YEAR + 1
# Of sixteen seasons the archive has five with sprints, under three sets of rules.
_SPRINTS_FROM = 11 / 16
_SPRINT_RULES = (
    ("sprint", 0.4),
    ("sprint_shootout", 0.6),
    ("sprint_qualifying", 1.0),
)


@dataclass(frozen=True)
class Season:
    """One series' season: its number among the series side by side, and how long it is."""

    series: int
    side_by_side: int
    year: int
    rounds: int
    sprint_format: str | None

    @property
    def name(self) -> str:
        """What the ids of its events begin with: the year, as the contract wants it, and series."""
        return f"{self.year}-s{self.series:02d}"


def plan(events: int) -> list[Season]:
    """The seasons that hold so many events, series by series, each from its first year on.

    Every series ends in the same year; the last season of the last one takes what is left. Raises
    `ValueError` where there is nothing to be held.
    """
    if events <= UPCOMING:
        raise ValueError(f"{events} events: the last {UPCOMING} are not held, so it takes more.")
    seasons = -(-events // ROUNDS)
    series = -(-seasons // _YEARS)
    lengths = [seasons // series + (number < seasons % series) for number in range(series)]
    last = min(_LAST_YEAR, _ARCHIVE_ENDS + max(0, lengths[0] - _ARCHIVE_SEASONS))
    planned = [
        season
        for number, years in enumerate(lengths)
        for season in _series(number, series, years, last)
    ]
    left = events - ROUNDS * (seasons - 1)
    return [*planned[:-1], replace(planned[-1], rounds=left)]


def _series(number: int, side_by_side: int, years: int, last: int) -> Iterator[Season]:
    for place in range(years):
        rules = _rules((place + 0.5) / years)
        yield Season(number, side_by_side, last - years + 1 + place, ROUNDS, rules)


def _rules(share: float) -> str | None:
    """The format of sprint weekends so far into a series' history; None before there were any."""
    if share < _SPRINTS_FROM:
        return None
    since = (share - _SPRINTS_FROM) / (1 - _SPRINTS_FROM)
    return next(name for name, until in _SPRINT_RULES if since <= until)
