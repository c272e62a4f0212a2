"""Ask FastF1's Ergast client, page by page, and give answers ready to be kept.

A season is asked for as a whole (13 to 15 requests), a new race by its round (one request a kind).
Transient faults of a request are tried again here and nowhere else: a second layer of retries would
multiply them. What an answer's values mean is decided in `frames` and `tables`.
"""

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from f1_pipeline.errors import StorageError
from f1_pipeline.sources.upstream.outcomes import (
    BrokenError,
    NotYetError,
    OverBudgetError,
)

PAGE = 100  # the API gives no more at once
# By kind: method of FastF1's client, and the name of its rows in a race.
_METHODS = {
    "results": ("get_race_results", "Results"),
    "qualifying": ("get_qualifying_results", "QualifyingResults"),
    "sprint": ("get_sprint_results", "SprintResults"),
    "pit_stops": ("get_pit_stops", "PitStops"),
}
EVENT_KINDS = tuple(_METHODS)
_ROSTERS = {"drivers": "get_driver_info", "constructors": "get_constructor_info"}
_LONGEST_WAIT = 5.0  # seconds slept here; what takes longer is the caller's to plan
_LEFT_OUT = {"url"}  # addresses of encyclopedia pages, which change without a result changing


@dataclass(frozen=True)
class Asked:
    """One race of an answer: its place in the calendar and its rows, as the API words them."""

    season: int
    round: int
    race_name: str
    rows: list[dict[str, Any]]


class ResultsClient:
    """The questions that the results tier asks. FastF1 must be connected before.

    `tries`: how often a request is sent at most; `deadline`: seconds after which no request is
    tried again as long as none was answered at all.
    """

    def __init__(
        self,
        tries: int = 5,
        deadline: float | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.tries = tries
        self.deadline = deadline
        self.sleep = sleep
        self.answered = False
        self.began = time.monotonic()

    def schedule(self, season: int) -> list[dict[str, Any]]:
        """The races of a season as the API gives them. Raises `NotYetError` for an empty one."""
        races, _ = self._pages("get_race_schedule", len, season=season)
        if not races:
            raise NotYetError(f"there is no calendar of {season} yet.")
        return [_plain(race) for race in races]

    def season(self, kind: str, season: int) -> list[Asked]:
        """Every race of a season that has rows of this kind, in a handful of requests."""
        return self._races(kind, season=season)

    def race(self, kind: str, season: int, round_number: int) -> Asked:
        """One race. Raises `NotYetError` while there is nothing."""
        races = self._races(kind, season=season, round=round_number)
        if not races:
            raise NotYetError(f"there is no {kind} of {season} round {round_number} yet.")
        return races[0]

    def roster(self, kind: str, season: int) -> list[dict[str, Any]]:
        """Drivers or constructors of a season. Raises `NotYetError` while there are none."""
        rows, _ = self._pages(_ROSTERS[kind], len, season=season)
        if not rows:
            raise NotYetError(f"there are no {kind} of {season} yet.")
        return [_plain(row) for row in rows]

    def _races(self, kind: str, **selectors: int) -> list[Asked]:
        method, label = _METHODS[kind]

        def count(races: list[dict[str, Any]]) -> int:
            return sum(len(race[label]) for race in races)

        races, total = self._pages(method, count, **selectors)
        found: dict[int, Asked] = {}
        for race in races:
            season, number = int(race["season"]), int(race["round"])
            asked = found.setdefault(number, Asked(season, number, race["raceName"], []))
            asked.rows.extend(_plain(row) for row in race[label])
        if sum(len(asked.rows) for asked in found.values()) != total:
            # The answer changed between two pages: none of them can be trusted.
            raise BrokenError(f"the pages of {kind} of {selectors['season']} do not add up.")
        return list(found.values())

    def _pages(
        self, method: str, count: Callable[[list[Any]], int], **selectors: int
    ) -> tuple[list[dict[str, Any]], int]:
        """All elements of all pages, and how many rows the API says there are."""
        elements: list[dict[str, Any]] = []
        held, total = 0, 1
        while held < total:
            page = self._ask(method, offset=held, **selectors)
            try:
                total, here = page.total_results, count(page)
            except (KeyError, TypeError, ValueError) as error:
                raise BrokenError(f"the answer to {method} has another form: {error!r}.") from None
            if not here and held < total:
                raise BrokenError(f"a page of {method} of {selectors['season']} is empty.")
            elements += page
            held += here
        return elements, total

    def _ask(self, method: str, **parameters: int) -> Any:
        for attempt in range(1, self.tries + 1):
            try:
                page = _call(method, **parameters)
            except (BrokenError, OverBudgetError) as error:
                wait = error.retry_after or 1.0
                late = self.deadline is not None and not self.answered and self._over(wait)
                if attempt == self.tries or late or wait > _LONGEST_WAIT:
                    raise
                self.sleep(wait)
            else:
                self.answered = True
                return page
        raise AssertionError("the last attempt returns or raises")

    def _over(self, wait: float) -> bool:
        return time.monotonic() + wait - self.began > (self.deadline or 0)


def _call(method: str, **parameters: int) -> Any:
    """One page through FastF1, its faults under this project's names."""
    from fastf1.ergast import Ergast
    from fastf1.exceptions import ErgastError, RateLimitExceededError

    client = Ergast(result_type="raw", auto_cast=False, limit=PAGE)
    try:
        return getattr(client, method)(**parameters)
    except RateLimitExceededError as error:
        raise OverBudgetError(f"FastF1 counts too many requests ({error}).", 600) from None
    except ErgastError as error:
        raise BrokenError(f"FastF1 could not read an answer ({error}).") from None
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise BrokenError(f"the answer to {method} has another form: {error!r}.") from None
    except sqlite3.Error as error:
        raise StorageError(
            f"FastF1's cache cannot be used ({error}): free some space, or delete the folder that "
            "FASTF1_CACHE_DIR names."
        ) from None
    except SystemExit:
        raise BrokenError(f"FastF1 gave up on {method}.") from None


def _plain(value: Any) -> Any:
    """The same without what is no fact of a race."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items() if k not in _LEFT_OUT}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return value
