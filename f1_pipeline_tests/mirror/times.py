"""Times as the services word them, and instants as the settings word them."""

from datetime import UTC, datetime


def clock(milliseconds: int) -> str:
    """A duration: `1:23.456`, with hours where there are any."""
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    text = f"{minutes}:{rest // 1000:02d}.{rest % 1000:03d}"
    return f"{hours}:{text.rjust(9, '0')}" if hours else text


def brief(milliseconds: int) -> str:
    """A duration without minutes where there are none: `23.456`, as sectors are."""
    return clock(milliseconds) if milliseconds >= 60_000 else f"{milliseconds / 1000:.3f}"


def stamp(milliseconds: int) -> str:
    """A moment on a session's clock: `00:15:00.000`. FastF1 takes twelve characters for it."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{rest:03d}"


def instant(text: str | None) -> datetime | None:
    """A setting's instant, in UTC."""
    if not text:
        return None
    parsed = datetime.fromisoformat(text)
    return parsed.replace(tzinfo=parsed.tzinfo or UTC)
