"""The one clock. All code that needs the time of day asks `now`; nothing else may.

`F1_NOW` (an instant, or a file that holds one) replaces the time of day, so that a season
can be played forward. It is read at every call: a file may change while a process runs.
"""

import os
from datetime import UTC, datetime
from pathlib import Path

from f1_pipeline.errors import UsageError


def parse_instant(text: str, name: str) -> datetime:
    """An ISO 8601 instant as an aware datetime in UTC; without an offset it is taken as UTC."""
    try:
        instant = datetime.fromisoformat(text.strip())
        return instant.replace(tzinfo=instant.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(
            f"{name}={text.strip()!r} is neither an instant such as 2026-03-01T00:00:00Z "
            "nor a file that holds one."
        ) from None


def now() -> datetime:
    """The present instant in UTC, or the one that `F1_NOW` names.

    Raises `UsageError` when `F1_NOW` is neither an instant nor a readable file with one.
    """
    setting = os.environ.get("F1_NOW", "").strip()
    if not setting:
        return datetime.now(UTC)
    path = Path(setting)
    try:
        text = path.read_text() if path.is_file() else setting
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"F1_NOW={setting!r} cannot be read: {error}.") from None
    return parse_instant(text, "F1_NOW")


def wall() -> datetime:
    """The real time, whatever `F1_NOW` says: for rate limits and signs of life alone.

    A season that is played forward must not make an hour of requests pass in a second.
    """
    return datetime.now(UTC)
