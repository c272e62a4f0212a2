"""What to ask for, and in which way: answers of events and seasons, ready to be kept.

Many events of a season are asked for by the season, few by the race. One answer that fails does not
take the others with it: a `Collected` says what came, what is not there yet, and what failed.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from f1_pipeline.sources.aliases import Aliases
from f1_pipeline.sources.results.client import Asked, ResultsClient
from f1_pipeline.sources.results.frames import event_id
from f1_pipeline.sources.upstream.outcomes import (
    NotYetError,
    Outcome,
    OverBudgetError,
    UpstreamError,
)
from f1_pipeline.storage.answers import Answer

# A season's results are six pages: from so many races on, the season is asked for as a whole.
_WHOLE_SEASON = 4
BY_SEASON = ("results", "qualifying", "sprint")


@dataclass(frozen=True)
class Event:
    """A race weekend as the calendar has it."""

    event_id: str
    season: int
    round: int
    has_sprint: bool = True


@dataclass
class Collected:
    """What came of asking: `failed` holds (kind, key, error) of what a later try may give."""

    answers: list[Answer] = field(default_factory=list)
    not_yet: list[tuple[str, str]] = field(default_factory=list)
    failed: list[tuple[str, str, UpstreamError]] = field(default_factory=list)

    def outcome(self, kind: str, key: str) -> Outcome:
        """What became of one question."""
        if any((a.kind, a.key) == (kind, key) for a in self.answers):
            return Outcome.COMPLETE
        errors = [error for k, e, error in self.failed if (k, e) == (kind, key)]
        return errors[0].outcome if errors else Outcome.NOT_YET


class SpentError(OverBudgetError):
    """The budget ran out on the way; `collected` is what came before."""

    def __init__(self, error: OverBudgetError, collected: Collected) -> None:
        super().__init__(str(error), error.retry_after or 0.0)
        self.collected = collected


def schedule(client: ResultsClient, season: int) -> Answer:
    """The calendar of a season. Raises `UpstreamError`; `NotYetError` for an empty one."""
    races = client.schedule(season)
    return Answer("schedule", str(season), season, races, len(races))


def roster(client: ResultsClient, kind: str, season: int) -> Answer:
    """Drivers or constructors of a season. Raises `UpstreamError`."""
    rows = client.roster(kind, season)
    return Answer(kind, str(season), season, rows, len(rows))


def race(client: ResultsClient, kind: str, event: Event, aliases: Aliases) -> Answer:
    """One session's answer. Raises `UpstreamError`, `NotYetError` while there is nothing.

    The round must still be that event's: after a renumbering it would be another's result.
    """
    asked = client.race(kind, event.season, event.round)
    answer = _answer(kind, asked, aliases)
    if answer.key != event.event_id:
        raise NotYetError(
            f"round {event.round} of {event.season} is {answer.key} now, no longer "
            f"{event.event_id}: the calendar has to be read again."
        )
    return answer


def events(
    client: ResultsClient,
    kinds: Iterable[str],
    wanted: list[Event],
    aliases: Aliases,
    progress: Callable[[str], None] = lambda text: None,
) -> Collected:
    """The answers of these kinds for the events wanted. Raises `SpentError` alone."""
    collected = Collected()
    for season in sorted({event.season for event in wanted}):
        of_season = [event for event in wanted if event.season == season]
        for kind in kinds:
            progress(f"{kind} of {season}, {len(of_season)} events")
            try:
                if kind in BY_SEASON and len(of_season) >= _WHOLE_SEASON:
                    _by_season(client, kind, season, of_season, aliases, collected)
                else:
                    _by_race(client, kind, of_season, aliases, collected)
            except OverBudgetError as error:
                raise SpentError(error, collected) from None
    return collected


def _by_season(
    client: ResultsClient,
    kind: str,
    season: int,
    wanted: list[Event],
    aliases: Aliases,
    collected: Collected,
) -> None:
    try:
        found = {a.key: a for a in (_answer(kind, r, aliases) for r in client.season(kind, season))}
    except OverBudgetError:
        raise
    except UpstreamError as error:
        collected.failed += [(kind, event.event_id, error) for event in wanted]
        return
    for event in wanted:
        if event.event_id in found:
            collected.answers.append(found[event.event_id])
        else:
            collected.not_yet.append((kind, event.event_id))


def _by_race(
    client: ResultsClient,
    kind: str,
    wanted: list[Event],
    aliases: Aliases,
    collected: Collected,
) -> None:
    for event in wanted:
        try:
            collected.answers.append(race(client, kind, event, aliases))
        except OverBudgetError:
            raise
        except NotYetError:
            collected.not_yet.append((kind, event.event_id))
        except UpstreamError as error:
            collected.failed.append((kind, event.event_id, error))


def _answer(kind: str, asked: Asked, aliases: Aliases) -> Answer:
    key = event_id(asked.season, asked.race_name, aliases)
    content = {"season": asked.season, "race_name": asked.race_name, "rows": asked.rows}
    return Answer(kind, key, asked.season, content, len(asked.rows))
