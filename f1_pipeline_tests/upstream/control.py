"""The settings of a running server, what was asked of it, and the report on both."""

import re
import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from f1_pipeline_tests.upstream.answers import Answers, View
from f1_pipeline_tests.upstream.edits import check_amendment, check_edit
from f1_pipeline_tests.upstream.facts import facts
from f1_pipeline_tests.upstream.faults import KINDS, Faults
from f1_pipeline_tests.upstream.names import Json


class Control:
    """One for all requests of a server; every method may be called from any thread."""

    def __init__(self, archive: Path, **settings: Any) -> None:
        self._lock = threading.RLock()
        self._answers = Answers(facts(archive))
        self._faults = Faults(0)
        self._counts = _new_counts()
        self._settings: Json = dict(_DEFAULTS)
        self.change(**settings)

    def change(self, **settings: Any) -> Json:
        """Change settings and give the report. Raises `ValueError`, and then changes nothing."""
        with self._lock:
            forget = bool(settings.pop("reset_counts", False))
            changed = {name: self._read(name, value) for name, value in settings.items()}
            self._settings |= changed
            if forget:
                self._counts = _new_counts()
            if "seed" in changed:
                self._faults = Faults(changed["seed"])
            if _VIEW & changed.keys():
                self._answers.show(self._view())
            return self.report()

    def report(self) -> Json:
        """Settings, and counts since the start or the last reset."""
        with self._lock:
            counts = {name: dict(sorted(found.items())) for name, found in self._counts.items()}
            requests = sum(counts["by_host"].values())
            return {"settings": dict(self._settings), "requests": requests} | counts

    def setting(self, name: str) -> Any:
        with self._lock:
            return self._settings[name]

    def asked(self, host: str, path: str) -> str | None:
        """Count a request; gives the fault that it is to meet."""
        with self._lock:
            last = path.rstrip("/").rpartition("/")[2].removesuffix(".json")
            self._counts["by_host"][host] += 1
            self._counts["by_endpoint"][f"{host} {last}"] += 1
            fault = self._faults.choose(self._settings, f"{host}/{path}")
            if fault is not None:
                self._counts["faults"][fault] += 1
            return fault

    def answered(self, status: int) -> None:
        with self._lock:
            self._counts["by_status"][str(status)] += 1

    def document(self, path: str, query: dict[str, str]) -> Json:
        """As `Answers.document`."""
        with self._lock:
            return self._answers.document(path, query)

    def _read(self, name: str, value: Any) -> Any:
        if name in _CHECKS:
            return self._added(name, value)
        if name not in _READERS:
            raise ValueError(f"there is no setting {name!r}")
        try:
            return _READERS[name](_DEFAULTS[name] if value is None else value)
        except (TypeError, ValueError, re.error) as error:
            raise ValueError(f"{name}: {error}") from None

    def _added(self, name: str, value: Any) -> list[Json]:
        """Changes add up; nothing at all undoes them."""
        if value is None:
            return []
        new = value if isinstance(value, list) else [value]
        try:
            return [*self._settings[name], *(_CHECKS[name](self._answers.facts, n) for n in new)]
        except TypeError as error:
            raise ValueError(f"{name}: {error}") from None

    def _view(self) -> View:
        until = self._settings["until"]
        return View(
            until=None if until is None else _instant(until),
            lag=timedelta(minutes=self._settings["ergast_lag_min"]),
            amend=self._settings["amend"],
            edit_calendar=self._settings["edit_calendar"],
        )


def _new_counts() -> dict[str, Counter[str]]:
    return {name: Counter() for name in ("by_host", "by_endpoint", "by_status", "faults")}


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    return instant.replace(tzinfo=instant.tzinfo or UTC)


def _until(value: Any) -> str | None:
    if not value:
        return None
    _instant(str(value))
    return str(value)


def _pattern(value: Any) -> str:
    return re.compile(str(value)).pattern


def _kinds(value: Any) -> list[str]:
    kinds = [str(v) for v in (value.split(",") if isinstance(value, str) else value)]
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown or not kinds:
        raise ValueError(f"{', '.join(unknown) or 'nothing'} is no kind of fault")
    return kinds


_DEFAULTS: Json = {
    "until": None,
    "ergast_lag_min": 0.0,
    "latency_ms": 0.0,
    "fail": 0.0,
    "fail_kinds": ["500"],
    "fail_match": "",
    "fail_next": 0,
    "seed": 0,
    "timeout_s": 8.0,
    "max_age": 600,
    "amend": [],
    "edit_calendar": [],
}
_READERS: dict[str, Callable[[Any], Any]] = {
    "until": _until,
    "ergast_lag_min": float,
    "latency_ms": float,
    "fail": float,
    "fail_kinds": _kinds,
    "fail_match": _pattern,
    "fail_next": int,
    "seed": int,
    "timeout_s": float,
    "max_age": int,
}
_CHECKS = {"amend": check_amendment, "edit_calendar": check_edit}
_VIEW = {"until", "ergast_lag_min", "amend", "edit_calendar"}
