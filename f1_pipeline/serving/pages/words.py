"""Numbers, instants and states in words. Not here: sentences that only one section says."""

from datetime import datetime

# A space that is narrow and does not break, between a number and its unit.
THIN = "\u202f"
MINUS = "\u2212"
NONE = "–"

HORIZONS = {
    "pre_weekend": "Before the weekend",
    "post_practice": "After practice",
    "post_qualifying": "After qualifying",
}
STATUS = {
    "open": "Open: made before the race, it will be locked at the start.",
    "locked": "Locked: made before the race and not changed since its start.",
    "retrospective": "Retrospective: made after the start, so it is no forecast.",
    "backtest": "Walk-forward: nothing was published; by a fit on the races before it.",
}
TIERS = {
    "results": "results of sessions",
    "timing": "results of sessions and what laps have shown",
}
GRIDS = {
    "official": "given the official grid",
    "qualifying": "given the order of qualifying as the grid",
    None: "before any grid is known",
}
PLAN_GRIDS = {
    "official": "from the official grid",
    "qualifying": "from the order of qualifying",
    "forecast": "from the forecast, as no grid is known",
}
OUTCOMES = {
    "retired": "retired",
    "not_classified": "not classified",
    "disqualified": "disqualified",
    "did_not_start": "did not start",
    "did_not_qualify": "did not qualify",
}
_ALMOST_NONE, _ALMOST_ALL = 0.001, 0.999


def percent(chance: float) -> str:
    """A chance with as many digits as it bears: <0.1 %, 3.4 %, 34 %, 99.2 %, >99.9 %."""
    if chance < _ALMOST_NONE:
        return f"<0.1{THIN}%"
    if chance > _ALMOST_ALL:
        return f">99.9{THIN}%"
    digits = 0 if 0.0995 <= chance < 0.985 else 1
    return f"{chance * 100:.{digits}f}{THIN}%"


def change_of_chance(before: float, after: float) -> str:
    """In percentage points, with its sign: +12.3 or −0.4; ±0 where no digit is left of it."""
    return signed((after - before) * 100, 1)


def signed(value: float, digits: int) -> str:
    """With its sign, and no sign where nothing is left of it."""
    text = f"{abs(value):.{digits}f}"
    if not text.strip("0."):
        return f"±{text}"
    return f"{'+' if value > 0 else MINUS}{text}"


def times(factor: float) -> str:
    """What odds are multiplied with: ×220, ×2.2, ×0.47."""
    digits = 0 if factor >= 10 else 1 if factor >= 1 else 2
    return f"×{factor:.{digits}f}"


def place(number: int) -> str:
    return f"P{number}"


def day(instant: datetime) -> str:
    return f"{instant.day} {instant:%B %Y}"


def moment(instant: datetime) -> str:
    return f"{day(instant)}, {instant:%H:%M} UTC"


def start(instant: datetime, time_known: bool) -> str:
    """The weekday, the date, and the time where one is known."""
    known = f"{instant:%A} {day(instant)}"
    return f"{known}, {instant:%H:%M} UTC" if time_known else f"{known}, time not known"


def titled(slug: str) -> str:
    """What an id says when no name is known of it: aston-martin, Aston Martin."""
    return slug.replace("-", " ").replace("_", " ").title()


def often(number: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(number, f"{number} times")


def counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
