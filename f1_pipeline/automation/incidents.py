"""Which faults hold, which are over, and whom to tell: pure decisions.

A fault is an incident from the look that first found it to the look that finds it gone; in between
it is one and the same, whatever its message says by then. Runs, tables and the webhook are read and
reached elsewhere.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd

from f1_pipeline.automation.sessions import expected
from f1_pipeline.tables import next_event

# A race takes two hours, three with a long interruption, and its result is published within two.
_RESULT_WITHIN = timedelta(hours=6)  # after the earliest end
# Forecasts are made from practice on, which begins on the second day before the race.
_FORECAST_BEFORE = timedelta(days=2)
# An address that refuses (gone, forbidden) does so until somebody mends it.
_REFUSED_FOR = timedelta(days=1)


@dataclass(frozen=True)
class Condition:
    """A fault that holds now. `incident`: what it is about, the same while it lasts."""

    incident: str
    kind: str
    message: str


# By incident what a look found: the fault, or None where all is well. What is not in it was not
# looked at, and stays as it was.
Findings = Mapping[str, Condition | None]


@dataclass(frozen=True)
class Changes:
    """What a look makes of the incidents: new ones, and the names of those that are over."""

    opened: tuple[Condition, ...]
    over: tuple[str, ...]


def changes(found: Findings, is_open: Collection[str]) -> Changes:
    """What is new in `found`, and which of the open incidents are over."""
    opened = (fault for name, fault in found.items() if fault is not None and name not in is_open)
    over = (name for name, fault in found.items() if fault is None and name in is_open)
    return Changes(tuple(opened), tuple(over))


@dataclass(frozen=True)
class EndedRun:
    """A run that failed or succeeded; a cancelled one is none.

    `about`: what the job did it for (an event, a season, a partition). `asked`: the answers that it
    was to take in, which other runs may do in its place.
    """

    job: str
    about: str
    failed: bool
    ended_at: datetime
    message: str = ""
    asked: frozenset[str] = frozenset()

    @property
    def incident(self) -> str:
        return ":".join(filter(None, ("run_failure", self.job, self.about)))


def about(purpose: str) -> str:
    """What a run with this purpose is about: its event, season, or the forecast that is due.

    A forecast that failed is not made up for after its race: the next one ends the incident.
    """
    key, _, items = purpose.partition(":")
    return "forecast" if items.startswith("forecast=") else key


def asked(purpose: str) -> frozenset[str]:
    """The answers that a run with this purpose is to take in, as kind@key.

    `2024-monaco:results=r1` and `tables:results@2024-monaco=r1` ask for the same.
    """
    key, _, items = purpose.partition(":")
    names = (item.partition("=")[0] for item in items.split(",") if "=" in item)
    return frozenset(
        name if "@" in name else f"{name}@{key}" for name in names if name != "forecast"
    )


def run_failures(runs: Iterable[EndedRun]) -> dict[str, Condition | None]:
    """For each job and what it was about: the failure, where its newest run failed.

    It is over when a later run of the same succeeded, or when later runs took in all that it was
    asked for: what a run has fetched before it failed, another job takes in.
    """
    in_time = sorted(runs, key=lambda run: run.ended_at)
    found: dict[str, Condition | None] = {}
    for place, run in enumerate(in_time):
        found[run.incident] = None
        if run.failed:
            later = (other.asked for other in in_time[place + 1 :] if not other.failed)
            taken_in = frozenset[str]().union(*later)
            if not run.asked or not run.asked <= taken_in:
                found[run.incident] = Condition(run.incident, "run_failure", run.message)
    return found


def refused_recipes(
    decisions: pd.DataFrame, promotions: pd.DataFrame, in_words: Callable[[pd.DataFrame], str]
) -> dict[str, Condition | None]:
    """For each recipe that was judged: the refusal, where its newest decision is one.

    It is over when the recipe was accepted or put in force since, or another one got through the
    gate. `decisions`: table gate_decisions; `promotions`: the table; `in_words`: what the rows of
    one decision missed.
    """
    # The same instant, by a clock that stands still: what was accepted counts.
    judged = decisions.drop_duplicates("decision").sort_values(["decided_at", "accepted"])
    passed = judged[judged["accepted"].astype(bool) & judged["kind"].eq("gate")]
    found: dict[str, Condition | None] = {}
    for recipe, rows in judged.groupby("recipe", sort=True):
        last, name = rows.iloc[-1], f"gate:{recipe}"
        of_recipe = promotions.loc[promotions["recipe"].eq(recipe), "promoted_at"]
        # A recipe whose refit is refused was put in force before, one at the gate was not.
        since = of_recipe.ge if last["kind"] == "gate" else of_recipe.gt
        settled = since(last["decided_at"]).any()
        settled |= passed["decided_at"].gt(last["decided_at"]).any()
        found[name] = None
        if not last["accepted"] and not settled:
            missed = in_words(decisions[decisions["decision"].eq(last["decision"])])
            what = "refit of recipe" if last["kind"] == "refit" else "recipe"
            found[name] = Condition(
                name,
                "gate",
                f"The gate refused the {what} {recipe} (fit {last['model_version']}): {missed}. "
                "What was in force stays; table gate_decisions has the numbers.",
            )
    return found


def staleness(
    events: pd.DataFrame,
    race_results: pd.DataFrame,
    forecast: Collection[str],
    now: datetime,
) -> dict[str, Condition | None]:
    """Whether the next race should have a result by now, or a forecast.

    `forecast`: the events that one is published of. The next race is the first of the calendar
    after the newest result: once it has been run, every forecast of it is retrospective.
    """
    found: dict[str, Condition | None] = {"stale_results": None, "no_forecast": None}
    upcoming = next_event(events, race_results)
    if upcoming is None:
        return found
    event = events[events["event_id"].eq(upcoming)]
    starts_at = event["race_starts_at"].iloc[0].to_pydatetime()
    (ends_at,) = (s.ends_at for s in expected(event) if s.kind == "results")
    if now >= ends_at + _RESULT_WITHIN:
        found["stale_results"] = Condition(
            "stale_results",
            "staleness",
            f"No result of {upcoming} is held, which started at {_utc(starts_at)}: the data is "
            "stale. The sensor sessions says what it waits for.",
        )
    if starts_at - _FORECAST_BEFORE <= now < starts_at and upcoming not in forecast:
        found["no_forecast"] = Condition(
            "no_forecast",
            "staleness",
            f"No forecast of {upcoming} is published, which starts at {_utc(starts_at)}: look at "
            "the newest runs of after_race and update_event.",
        )
    return found


def drift(health: pd.DataFrame, events: pd.DataFrame) -> dict[str, Condition | None]:
    """Whether the model still holds, as the newest race's rows of table model_health have it."""
    starts = events.set_index("event_id")["race_starts_at"]
    at = health["event_id"].map(starts)
    newest = health[at.eq(at.max())]
    # Not good at one horizon is not good; poor comes before degraded.
    bad = newest[newest["status"].ne("good")].sort_values("status", ascending=False)
    if bad.empty:
        return {"drift": None}
    worst = bad.iloc[0]
    message = (
        f"The model is {worst['status']} after {worst['event_id']} ({worst['horizon']}): "
        f"{worst['reason']}. Table model_health has the numbers."
    )
    return {"drift": Condition("drift", "drift", message)}


def _utc(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"


@dataclass
class Telling:
    """What the sensor remembers of the telling, its cursor.

    `since`: from when on somebody is told, by the project's clock; None while no address is set.
    `refused`: a hash of the address that refused, and when, in real time.
    """

    since: datetime | None = None
    refused: tuple[str, datetime] | None = None

    @classmethod
    def parse(cls, text: str | None) -> "Telling":
        """The cursor that was stored; one that cannot be read is an empty one."""
        try:
            stored = json.loads(text or "{}")
            since, refused = stored.get("since"), stored.get("refused")
            return cls(
                None if since is None else _instant(since),
                None if refused is None else (str(refused[0]), _instant(refused[1])),
            )
        except (ValueError, TypeError, AttributeError, LookupError):
            return cls()

    def dump(self) -> str:
        refused = self.refused and [self.refused[0], self.refused[1].isoformat()]
        return json.dumps({"since": self.since and self.since.isoformat(), "refused": refused})

    def begin(self, address: str, now: datetime) -> None:
        """Remember since when there is an address: what was over before is told to nobody."""
        self.since = (self.since or now) if address else None

    def may_tell(self, address: str, wall: datetime) -> bool:
        """Whether to send: to an address that refused, not for a day."""
        if self.refused is None or self.refused[0] != _hash(address):
            return bool(address)
        return wall - self.refused[1] >= _REFUSED_FOR

    def refuse(self, address: str, wall: datetime) -> None:
        self.refused = (_hash(address), wall)


def _hash(address: str) -> str:
    """The address is a secret, and the cursor shows in the UI."""
    return hashlib.sha256(address.encode()).hexdigest()[:16]


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"an instant without a time zone: {text}")
    return instant
