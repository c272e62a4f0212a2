"""Play a season forward, session by session, and check what the sensors alone have made of it.

The clocks of the project and of the upstream are moved together to the end of each session; then
the player waits until what that session leads to is there, and touches nothing.
"""

import random
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import dagster as dg
import pandas as pd

from f1_pipeline.defs.outlook import ALIVE
from f1_pipeline.features import LAST_PRACTICE
from f1_pipeline_tests.season.pipeline import Pipeline
from f1_pipeline_tests.season.upstream import Upstream

# After the start of a session: it has ended, and its result is published. P is the last practice
# before the session that sets the race grid.
_AFTER = {
    "P": timedelta(hours=2),
    "Q": timedelta(hours=2),
    "S": timedelta(hours=1, minutes=30),
    "R": timedelta(hours=4),
}
_RECORDED = ("Q", "R")
_BEFORE_SEASON = timedelta(days=5)
PATIENCE = 240.0  # seconds for one session, 900 with faults


@dataclass(frozen=True)
class Step:
    """A session of the season, and the instant to move the clocks to."""

    event_id: str
    session: str
    at: datetime


@dataclass
class Played:
    """How it went: seconds of every step, from the result being there to what it leads to."""

    waits: dict[str, float] = field(default_factory=dict)
    kills: int = 0


@dataclass(frozen=True)
class Wall:
    """Live timing refuses from step `up` on until step `down` (numbers from 0)."""

    up: int
    down: int

    def stands(self, number: int) -> bool:
        """Whether it does at a step."""
        return self.up <= number < self.down


def steps(events: pd.DataFrame, season: int, count: int | None) -> list[Step]:
    """The sessions that have results, of the first `count` events, in the order of time."""
    mine = events[events["season"].eq(season)].sort_values("race_starts_at")
    found = []
    for event in mine.head(count or len(mine)).itertuples():
        practice = getattr(event, f"{LAST_PRACTICE[event.format].lower()}_starts_at")
        starts = {"P": practice, "Q": event.qualifying_starts_at, "R": event.race_starts_at}
        if pd.notna(event.sprint_starts_at):
            starts["S"] = event.sprint_starts_at
        found += [
            Step(event.event_id, session, start.to_pydatetime() + _AFTER[session])
            for session, start in starts.items()
        ]
    return sorted(found, key=lambda step: step.at)


def play(
    pipeline: Pipeline,
    upstream: Upstream,
    sessions: list[Step],
    *,
    first_start: datetime,
    kills: int = 0,
    wall: Wall = Wall(0, 0),
    patience: float = PATIENCE,
    say: Callable[[str], None] = print,
) -> Played:
    """Start the daemon before the season and go through the sessions."""
    played = Played()
    move(pipeline, upstream, first_start - _BEFORE_SEASON)
    pipeline.start()
    first = sessions[0].event_id
    took = pipeline.wait_for(lambda: _lacks_forecast(pipeline, first, "pre_weekend"), patience * 2)
    say(f"before the season: {first} is forecast, {took:.0f} s")
    deadly = set(random.Random(1).sample(range(len(sessions)), min(kills, len(sessions))))
    events = [step.event_id for step in sessions if step.session == "R"]
    for number, step in enumerate(sessions):
        upstream.change(auth_wall=wall.stands(number))
        move(pipeline, upstream, step.at)
        killer = _kill_later(pipeline, played) if number in deadly else None
        after = events[events.index(step.event_id) + 1 :]
        check = still_to_come(pipeline, step, after[0] if after else None, wall.stands(number))
        name = f"{step.event_id} {step.session}"
        # Where the wall falls, everything that was missed is filled in before all is quiet.
        falls = wall.up < wall.down == number
        played.waits[name] = pipeline.wait_for(check, patience * (8 if falls else 1))
        if killer is not None:
            killer.join()
            played.waits.pop(name)
            pipeline.wait_for(check, patience)
        say(f"{number + 1} of {len(sessions)}: {name}, {played.waits.get(name, 0):.0f} s")
    if 0 < wall.down < len(sessions):
        took = pipeline.wait_for(lambda: _lacks_recordings(pipeline, sessions), patience * 4)
        say(f"what was missed behind the wall is filled in, {took:.0f} s")
    return played


def move(pipeline: Pipeline, upstream: Upstream, instant: datetime) -> None:
    """Move both clocks."""
    # The project first: it may look in vain, but never see what its own clock has not reached.
    pipeline.set_clock(instant)
    upstream.change(until=instant.isoformat())


def _kill_later(pipeline: Pipeline, played: Played) -> threading.Thread:
    """Kill the daemon and all its runs at a random moment of the step, and start it again."""
    delay = random.Random(played.kills).uniform(4, 22)

    def kill() -> None:
        time.sleep(delay)
        pipeline.stop(signal.SIGKILL)
        pipeline.start()

    played.kills += 1
    thread = threading.Thread(target=kill)
    thread.start()
    return thread


def still_to_come(
    pipeline: Pipeline, step: Step, after: str | None, walled: bool
) -> Callable[[], str | None]:
    """What is missing of what a session leads to; `after`: the event that is forecast next."""

    def missing() -> str | None:
        warehouse = pipeline.warehouse
        if step.session == "P":
            return None if walled else _lacks_forecast(pipeline, step.event_id, "post_practice")
        if step.session in _RECORDED and not walled:
            lacking = _lacks_recordings(pipeline, [step])
            if lacking:
                return lacking
        if step.session == "Q":
            return _lacks_forecast(pipeline, step.event_id, "post_qualifying")
        if step.session == "S":
            held = warehouse.event_ids("sprint_results")
            return None if step.event_id in held else f"{step.event_id} has no sprint result"
        for table in ("race_results", "pit_stops", "scored_predictions"):
            if step.event_id not in warehouse.event_ids(table):
                return f"{step.event_id} is not in {table}"
        return _lacks_forecast(pipeline, after, "pre_weekend") if after else None

    return lambda: missing() or _under_way(pipeline)


def _lacks_recordings(pipeline: Pipeline, sessions: list[Step]) -> str | None:
    recorded = pipeline.warehouse.read("timing_sessions")
    # A race has been recorded when it was compared with its result.
    recorded = recorded[recorded["compared"] | recorded["session"].ne("R")]
    held = set(zip(recorded["event_id"], recorded["session"], strict=True))
    lacking = [
        s for s in sessions if s.session in _RECORDED and (s.event_id, s.session) not in held
    ]
    if lacking:
        return f"{lacking[0].session} of {lacking[0].event_id} is not recorded"
    return _under_way(pipeline)


def _under_way(pipeline: Pipeline) -> str | None:
    alive = pipeline.instance.get_runs(dg.RunsFilter(statuses=list(ALIVE)), limit=1)
    return f"{alive[0].job_name} is under way" if alive else None


def _lacks_forecast(pipeline: Pipeline, event_id: str, horizon: str) -> str | None:
    known = pipeline.warehouse.event_ids("race_predictions", horizon=horizon)
    return None if event_id in known else f"{event_id} has no forecast {horizon}"
