"""Load sessions through FastF1, and know what came of it.

FastF1's `load` succeeds whatever happens, and hides faults: what its requests met is witnessed, and
each part is looked for by itself. Its caches are left out of it: a partial session that stays in
one would never be loaded as new, and what is whole lies in the raw store.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from f1_pipeline.sources.aliases import Aliases
from f1_pipeline.sources.timing.recording import Recording
from f1_pipeline.sources.upstream.gate import TIMING
from f1_pipeline.sources.upstream.outcomes import (
    BrokenError,
    GoneError,
    NotYetError,
    OverBudgetError,
    RefusedError,
    UpstreamError,
)
from f1_pipeline.sources.upstream.witness import Witness, witnessed

_KINDS = {
    "Practice 1": "FP1",
    "Practice 2": "FP2",
    "Practice 3": "FP3",
    "Qualifying": "Q",
    "Sprint Shootout": "SQ",
    "Sprint": "S",
    "Race": "R",
}
# Of FastF1's results what live timing says itself: the rest is Jolpica's, and there or not by the
# hour of the load, which would make another recording of the same session.
_OWN = (
    "DriverNumber",
    "BroadcastName",
    "Abbreviation",
    "FirstName",
    "LastName",
    "TeamName",
    "CountryCode",
)
_PARTS_OF_SPRINT_QUALIFYING = ("Q1", "Q2", "Q3")
_SPRINT_QUALIFYING_IS_ONE = 2024  # before that FastF1 calls the race of 2021 so
# Of each part: the property of FastF1's session, and the files that it is made of. Only races have
# a LapCount; without it FastF1 adds no last lap for those who stopped on the road.
_PARTS = {
    "laps": ("laps", ("TimingData", "TimingAppData", "SessionStatus", "LapCount")),
    "results": ("results", ("DriverList",)),
    "weather": ("weather_data", ("WeatherData",)),
    "track_status": ("track_status", ("TrackStatus",)),
    "race_control": ("race_control_messages", ("RaceControlMessages",)),
    "session_status": ("session_status", ("SessionStatus",)),
}


def session_kind(name: str, season: int) -> str | None:
    """FP1, FP2, FP3, Q, SQ, S or R, from FastF1's name of the session; None: no such session."""
    if name == "Sprint Qualifying":
        return "SQ" if season >= _SPRINT_QUALIFYING_IS_ONE else "S"
    return _KINDS.get(name)


@dataclass
class TimingClient:
    """The questions that the timing tier asks. FastF1 must be connected before.

    `account_problem` says what is wrong with the account, for the words of a refusal.
    """

    aliases: Aliases
    account_problem: Callable[[], str | None] = lambda: None
    _schedules: dict[int, Any] = field(default_factory=dict)

    def look(self, event_id: str, season: int, session: str, part: str | None = None) -> None:
        """One request: nothing when the session (or that part of it) is there.

        Raises `NotYetError`, `RefusedError`.
        """
        file = _PARTS[part][1][0] if part in _PARTS else "SessionInfo"
        path = self._session(event_id, season, session).api_path
        with witnessed(tries=1):
            if _ask(f"{path}{file}.jsonStream") != 200:
                self._raise_for_none(event_id, season, session)

    def load(self, event_id: str, season: int, session: str) -> Recording:
        """A session with all that is there of it.

        Raises `NotYetError` (nothing is there), `RefusedError`, and of what a later try may mend
        `OverBudgetError` and `BrokenError`: half a session is not kept for a fault on the way.
        """
        from fastf1.req import Cache

        with witnessed() as witness:
            loaded = self._session(event_id, season, session)
            with Cache.disabled():
                _load(loaded)
        fault = witness.worst()
        if fault is not None:
            raise fault
        if 200 not in _statuses(witness, loaded.api_path).values():
            self._raise_for_none(event_id, season, session)
        frames, missing = _parts(loaded, witness)
        if session == "R" and "laps" in frames and not _has_first_lap(frames["laps"]):
            # The last to arrive: they come with the result, not with the timing.
            missing["first_lap_times"] = "Jolpica has none"
        if "results" in frames and session != "SQ":
            # Jolpica's, if it has them: the results tier asks it itself.
            frames["results"] = frames["results"].drop(columns=list(_PARTS_OF_SPRINT_QUALIFYING))
        return Recording(event_id, season, session, "livetiming", frames, missing)

    def _session(self, event_id: str, season: int, session: str) -> Any:
        event = self._event(event_id, season)
        for number in range(1, 6):
            if session_kind(str(event[f"Session{number}"]), season) == session:
                return event.get_session(number)
        raise GoneError(f"{event_id} has no {session} in FastF1's schedule.")

    def _event(self, event_id: str, season: int) -> Any:
        """An event by its season and Grand Prix: never by a name that is like it."""
        for _, event in self._schedule(season).iterrows():
            grand_prix = self.aliases.grand_prix(str(event["EventName"]), season)
            if f"{season}-{grand_prix}" == event_id:
                return event
        raise NotYetError(f"FastF1's schedule of {season} does not list {event_id} yet.")

    def _schedule(self, season: int) -> Any:
        if season not in self._schedules:
            import fastf1

            with witnessed() as witness:
                try:
                    # Of its three sources only this one has the sessions' names and local dates,
                    # which the addresses of the files are made of.
                    schedule = fastf1.get_event_schedule(
                        season, include_testing=False, backend="fastf1"
                    )
                except (ValueError, UpstreamError) as error:
                    raise (witness.worst() or _no_schedule(season, error)) from None
            self._schedules[season] = schedule
        return self._schedules[season]

    def _raise_for_none(self, event_id: str, season: int, session: str) -> None:
        """Nothing is there: not yet, or not for us? The index of the season tells."""
        if _ask(f"/static/{season}/Index.json") in (401, 403):
            problem = self.account_problem()
            raise RefusedError(
                "F1's live timing refuses to answer (403): "
                + (problem or "this account or address may not read it.")
            )
        raise NotYetError(f"F1's live timing has no {session} of {event_id} yet.")


def _load(session: Any) -> None:
    from fastf1.exceptions import RateLimitExceededError

    try:
        session.load(telemetry=False)
    except RateLimitExceededError as error:
        raise OverBudgetError(f"FastF1 counts too many requests ({error}).", 600) from None
    except SystemExit:
        raise BrokenError(f"FastF1 gave up on {session}.") from None
    except UpstreamError:
        raise
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        # FastF1 trips over data of another form; which part is at fault it does not say.
        raise BrokenError(f"FastF1 could not read {session} ({error!r}).", 3600) from None


def _ask(path: str) -> int:
    """The status of a file at the first host that has it."""
    from fastf1.req import Cache

    addresses = [f"https://{host}{path}" for host in TIMING]
    # An index that was cached an hour ago would hide that live timing refuses by now.
    with Cache.disabled():
        return int(Cache.requests_get(addresses).status_code)


def _parts(session: Any, witness: Witness) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    frames: dict[str, pd.DataFrame] = {}
    missing: dict[str, str] = {}
    statuses = _statuses(witness, session.api_path)
    for part, (name, files) in _PARTS.items():
        frame = _part(session, name)
        # What FastF1 did not ask for is not wanted, or is after a file that is absent itself.
        asked = {file: statuses[file] for file in files if file in statuses}
        absent = [f"{file} is not there ({s})" for file, s in asked.items() if s != 200]
        if frame is not None and len(frame):
            frames[part] = _of_its_own(part, frame)
        if absent or part not in frames:
            missing[part] = ", ".join(absent) or "nothing of it can be read"
    return frames, missing


def _part(session: Any, name: str) -> pd.DataFrame | None:
    from fastf1.exceptions import DataNotLoadedError

    try:
        return pd.DataFrame(getattr(session, name)).reset_index(drop=True)
    except DataNotLoadedError:
        return None


def _of_its_own(part: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Laps and drivers in an order that depends on nothing but the session."""
    if part == "laps":
        return frame.sort_values(["DriverNumber", "LapNumber"], ignore_index=True)
    if part == "results":
        listed = frame["BroadcastName"].fillna("").ne("")
        drivers = frame[listed] if listed.any() else frame
        columns = [*_OWN, *_PARTS_OF_SPRINT_QUALIFYING]
        return drivers[columns].sort_values("DriverNumber", ignore_index=True)
    return frame


def _statuses(witness: Witness, api_path: str) -> dict[str, int]:
    """By file of the session the last status that it was answered with."""
    return {
        path.removeprefix(api_path).removesuffix(".jsonStream"): status
        for path, status in witness.statuses.items()
        if path.startswith(api_path)
    }


def _has_first_lap(laps: pd.DataFrame) -> bool:
    return bool(laps.loc[laps["LapNumber"].eq(1), "LapTime"].notna().any())


def _no_schedule(season: int, error: Exception) -> UpstreamError:
    return BrokenError(f"FastF1's schedule of {season} cannot be read ({error}).", 60)
