"""Which runs follow from what is there: one for each event, session and content revision.

Level-triggered: what is missing is wanted, whoever lost it. A run that failed is asked for again
after a growing pause, under a new key, since a key that was used is never launched again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from f1_pipeline.automation.sessions import RECORDED

# After a failed run for the same thing: 1, 2, 4 … minutes, at most six hours.
_FIRST_PAUSE = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(hours=6)
# A session of these kinds sets the race grid or the field: a forecast follows.
_OPENS_A_HORIZON = {"qualifying", "sprint"}
_BY_EVENT = ("qualifying", "sprint", "results", "pit_stops")
_OF_AN_EVENT = ("update_event", "after_race")
_ORDER = ("schedule", "drivers", "constructors", *_BY_EVENT, *RECORDED)


@dataclass(frozen=True)
class Attempts:
    """What became of the runs that were asked for one thing, and when the newest ended."""

    failed: int = 0
    succeeded: bool = False
    last_ended: datetime | None = None
    alive: bool = False

    @property
    def name(self) -> str:
        """What the next attempt is called: another name after every end, never one again."""
        if self.last_ended is None:
            return "first"
        return f"after {self.last_ended:%Y-%m-%dT%H:%M:%S.%f}"

    def may_try(self, now: datetime) -> bool:
        """Whether another run may be asked for."""
        if self.alive or self.last_ended is None:
            return not self.alive
        pause = min(_FIRST_PAUSE * 2 ** min(max(self.failed - 1, 0), 12), _LONGEST_PAUSE)
        return now - self.last_ended >= pause


@dataclass(frozen=True)
class State:
    """What is there. `found`: revisions that a look saw, by (kind, key); `kept`: those that are
    kept; `unpublished`: those of them that the tables have not taken in; `recorded`: those whose
    raw asset says so. `needs_forecast`: the next race, when nothing in force forecasts it from all
    that is held. `open_events`: events whose race has not started. `lacking`: those of them whose
    practice is known and that have no forecast from it.
    """

    found: Mapping[tuple[str, str], str]
    unpublished: Mapping[tuple[str, str], str]
    recorded: Mapping[tuple[str, str], str]
    kept: Mapping[tuple[str, str], str] = field(default_factory=dict)
    needs_forecast: str | None = None
    forecast_of: str = ""
    open_events: frozenset[str] = frozenset()
    lacking: frozenset[str] = frozenset()
    attempts: Mapping[str, Attempts] = field(default_factory=dict)

    def is_busy(self, key: str) -> bool:
        """Whether a run for the same key is alive: it may be about to give what is missing."""
        return any(
            a.alive for purpose, a in self.attempts.items() if purpose.partition(":")[0] == key
        )


@dataclass(frozen=True)
class Wanted:
    """A run to ask for. `raw`: kinds to fetch; `purpose` groups the attempts at one thing;
    `results`: the tables of results and the features follow, and not those of recordings alone.
    """

    job: str
    purpose: str
    run_key: str
    event_id: str | None
    season: int | None
    raw: tuple[str, ...] = ()
    forecast: bool = False
    results: bool = True


def wanted(state: State, now: datetime) -> list[Wanted]:
    """The runs to ask for, at most one for an event; the next forecast when all is quiet.

    `now` is the real time, as that of the failures is: a season played forward waits as long.
    """
    # What a look found of recordings has runs of its own (`recordings`).
    found = {k: revision for k, revision in state.found.items() if k[0] not in RECORDED}
    missing = unfinished(state.attempts, state.kept) | _not_taken_in(state) | found
    by_key: dict[str, dict[str, str]] = {}
    for (kind, key), revision in missing.items():
        by_key.setdefault(key, {})[kind] = revision
    runs: list[Wanted | None] = []
    kept: dict[tuple[str, str], str] = {}
    for key, revisions in sorted(by_key.items()):
        if state.is_busy(key):
            continue
        raw, opens = _to_fetch(key, revisions, state), _opens_a_horizon(key, revisions, state)
        job = "update_calendar" if ("schedule", key) in state.found else "update_event"
        if job == "update_calendar" or raw or opens:
            items = ",".join(f"{k}={revisions[k]}" for k in _ORDER if k in revisions)
            runs.append(_run(job, key, items, state, now, raw=raw, forecast=opens))
        else:
            kept |= {(kind, key): revision for kind, revision in revisions.items()}
    if kept:
        # All of it lies there and is to be taken in: one run does so, whatever it is of.
        all_kept = [f"{kind}@{key}={revision}" for (kind, key), revision in sorted(kept.items())]
        runs.append(_run("update_tables", "tables", ",".join(all_kept), state, now))
    runs += [
        _run("update_event", event, "forecast=post_practice", state, now, forecast=True)
        for event in sorted(state.lacking - set(by_key))
        if not state.is_busy(f"{event}/timing")
    ]
    if not by_key and state.needs_forecast is not None:
        items = f"forecast={state.forecast_of}"
        runs.append(_run("after_race", state.needs_forecast, items, state, now, forecast=True))
    return [run for run in runs if run is not None]


def _not_taken_in(state: State) -> dict[tuple[str, str], str]:
    """What is kept and not in the tables, but for recordings whose run is about to do so."""
    return {
        (kind, key): revision
        for (kind, key), revision in state.unpublished.items()
        if not (kind in RECORDED and state.is_busy(f"{key}/timing"))
    }


def unfinished(
    attempts: Mapping[str, Attempts], kept: Mapping[tuple[str, str], str]
) -> dict[tuple[str, str], str]:
    """Revisions that are kept, but whose runs all failed: tables may have them, the rest not."""
    done, lost = set(), set()
    for purpose, runs in attempts.items():
        if runs.succeeded:
            done |= _revisions(purpose)
        elif runs.failed:
            lost |= _revisions(purpose)
    return {(k, e): revision for k, e, revision in lost - done if kept.get((k, e)) == revision}


def _revisions(purpose: str) -> set[tuple[str, str, str]]:
    """Kind, key and revision of all that a run was asked for."""
    of_all, _, items = purpose.partition(":")
    found = set()
    for item in items.split(","):
        name, _, revision = item.partition("=")
        kind, _, key = name.partition("@")
        found.add((kind, key or of_all, revision))
    return found


def _to_fetch(key: str, revisions: dict[str, str], state: State) -> tuple[str, ...]:
    """The kinds whose raw asset does not say yet that it holds this revision."""
    return tuple(
        kind
        for kind in _BY_EVENT
        if kind in revisions and state.recorded.get((kind, key)) != revisions[kind]
    )


def _opens_a_horizon(key: str, revisions: dict[str, str], state: State) -> bool:
    return bool(_OPENS_A_HORIZON & set(revisions)) and key in state.open_events


def _run(
    job: str,
    key: str,
    items: str,
    state: State,
    now: datetime,
    *,
    raw: tuple[str, ...] = (),
    forecast: bool = False,
) -> Wanted | None:
    """The run, unless one for the same key is alive or the last one failed just now."""
    purpose = f"{key}:{items}"
    attempts = state.attempts.get(purpose, Attempts())
    if state.is_busy(key) or not attempts.may_try(now):
        return None
    if items.startswith("forecast=") and attempts.succeeded:
        return None  # it was made, or cannot be: the reason is with the event
    return Wanted(
        job=job,
        purpose=purpose,
        run_key=f"{purpose}#{attempts.name}",
        event_id=key if job in _OF_AN_EVENT else None,
        season=int(key[:4]) if job != "update_tables" else None,
        raw=raw,
        forecast=forecast,
    )
