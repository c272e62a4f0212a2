"""Drawings of strategy: stints as bars, plans as dots with intervals, wear as curves.

Every bar carries its compound's letter, so that colour is not the only sign; one that is too
short for it is told in the drawing's title. Not here: which stints and plans (`strategy`), and
shapes that say nothing of tyres (`svg`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt

from markupsafe import Markup, escape

from f1_pipeline.serving.pages.svg import drawing

# By compound: the letter, and the class of its colour. Seven slicks were told apart in 2018.
LETTERS = {
    "HYPERSOFT": "HS",
    "ULTRASOFT": "US",
    "SUPERSOFT": "SS",
    "SOFT": "S",
    "MEDIUM": "M",
    "HARD": "H",
    "SUPERHARD": "SH",
    "INTERMEDIATE": "I",
    "WET": "W",
}
UNKNOWN = "?"
COMPOUNDS = {letter: name for name, letter in LETTERS.items()}
CAUTIONS = {
    "safety_car": ("SC", "Safety car"),
    "virtual_safety_car": ("VSC", "Virtual safety car"),
    "red": ("Red", "Red flag"),
}
# A shorter bar has no room for its letter on a phone, where a race is some 220 px wide.
_LETTER = 0.042
# Captions over cautions take so much of the width; those that would meet are left out.
_CAPTION = 0.12
_TICKS = 10
# Beyond this share of the race the last lap is named, and no other.
_NAMED = 0.75
# Of the chart of wear: the field within its view box, and the least distance of two letters.
_LEFT, _TOP, _WIDE, _HIGH, _APART = 46, 12, 300, 190, 16
_DEVIATIONS = 1.2816  # to either end of an 80 % interval


@dataclass(frozen=True)
class Stint:
    """Laps `first` to `last` on a compound's letter."""

    letter: str
    first: int
    last: int

    @property
    def told(self) -> str:
        name = COMPOUNDS.get(self.letter, "tyres not known").lower()
        return f"{name}, laps {self.first} to {self.last}"


@dataclass(frozen=True)
class Caution:
    """A time that a race was neutralised or stopped; `kind`: of CAUTIONS."""

    kind: str
    first: int
    laps: int

    @property
    def last(self) -> int:
        return self.first + self.laps - 1

    @property
    def when(self) -> str:
        if self.kind == "red" or self.laps == 1:
            return str(self.first)
        return f"{self.first}–{self.last}"


@dataclass(frozen=True)
class Curve:
    """A compound's wear in ms: at first, per lap, and the half width of both at 80 %."""

    letter: str
    offset: float
    wear: float
    offset_half: float
    low: float
    high: float

    def at(self, lap: float) -> tuple[float, float, float]:
        """Expected loss after so many laps on the set, and its interval, in seconds."""
        middle = self.offset + self.wear * lap
        below = sqrt(self.offset_half**2 + ((self.wear - self.low) * lap) ** 2)
        above = sqrt(self.offset_half**2 + ((self.high - self.wear) * lap) ** 2)
        return middle / 1000, (middle - below) / 1000, (middle + above) / 1000


def of_plan(plan: str, laps: int) -> list[Stint]:
    """The stints of M-18-H in a race of so many laps."""
    parts = plan.split("-")
    ends = [0, *(int(lap) for lap in parts[1::2]), laps]
    return [
        Stint(letter, before + 1, end)
        for letter, (before, end) in zip(parts[::2], pairwise(ends), strict=True)
    ]


def stints(
    who: str, driven: Sequence[Stint], laps: int, cautions: Sequence[Caution] = ()
) -> Markup:
    """A car's race from lap to lap; what neutralised it runs through from top to bottom."""
    shapes = [_shade(caution, laps) for caution in cautions]
    for stint in driven:
        kind = stint.letter.lower() if stint.letter in COMPOUNDS else "unknown"
        start, share = (stint.first - 1) / laps, (stint.last - stint.first + 1) / laps
        shapes.append(
            Markup('<rect class="tyre {}" x="{}" y="16%" width="{}" height="68%" rx="3"/>').format(
                kind, _share(start), _share(share)
            )
        )
        if share >= _LETTER * len(stint.letter):
            shapes.append(
                Markup('<text class="on {}" x="{}" y="50%" dy=".36em">{}</text>').format(
                    kind, _share(start + share / 2), stint.letter
                )
            )
    shapes += [_stopped(caution, laps) for caution in cautions if caution.kind == "red"]
    return drawing("stints", f"{who}: {'; '.join(s.told for s in driven)}", shapes)


def ruler(laps: int, cautions: Sequence[Caution] = ()) -> Markup:
    """The scale over `stints`: every tenth lap, and what the shaded ones were."""
    marks = [_shade(caution, laps) for caution in cautions]
    free = 0.0
    for caution in sorted(cautions, key=lambda one: one.first):
        middle = (caution.first - 1 + min(caution.laps, laps) / 2) / laps
        middle = min(max(middle, _CAPTION / 2), 1 - _CAPTION / 2)
        if middle - _CAPTION / 2 >= free:
            marks.append(_text("said", middle, "34%", CAUTIONS[caution.kind][0]))
            free = middle + _CAPTION / 2
    for lap in range(_TICKS, int(laps * _NAMED), _TICKS):
        marks.append(_text("", (lap - 0.5) / laps, "88%", str(lap)))
    marks.append(Markup('<text class="end" x="100%" y="88%">{}</text>').format(f"lap {laps}"))
    return drawing("ruler", f"Scale of laps, 1 to {laps}", marks)


def told(cautions: Sequence[Caution]) -> str:
    """Of each kind the laps: Safety car on laps 1–4, 30–33; red flag on lap 5."""
    said = []
    for kind, (_, name) in CAUTIONS.items():
        laps = [one.when for one in cautions if one.kind == kind]
        if laps:
            lap = "laps" if len(laps) > 1 or "–" in laps[0] else "lap"
            said.append(f"{name} on {lap} {', '.join(laps)}")
    return "; ".join(said)


def key(letter: str) -> Markup:
    """A bar of the legend."""
    kind = letter.lower() if letter in COMPOUNDS else "unknown"
    return Markup(
        '<svg class="key" aria-hidden="true" focusable="false"><rect class="tyre {0}" width="100%" '
        'height="100%" rx="3"/><text class="on {0}" x="50%" y="50%" dy=".36em">{1}</text></svg>'
    ).format(kind, letter)


def behind(value: float, low: float, high: float, scale: tuple[float, float], title: str) -> Markup:
    """Places behind the best as a dot with its interval; a stroke stands at no difference."""
    start, end = scale
    size = (end - start) or 1.0

    def at(places: float) -> str:
        return _share((places - start) / size)

    return drawing(
        "behind",
        title,
        [
            Markup('<line class="zero" x1="{0}" x2="{0}" y1="0" y2="100%"/>').format(at(0)),
            Markup('<line class="range" x1="{}" x2="{}" y1="50%" y2="50%"/>').format(
                at(low), at(high)
            ),
            Markup('<circle cx="{}" cy="50%" r="5"/>').format(at(value)),
        ],
    )


def wear(curves: Sequence[Curve], laps: int, title: str) -> Markup:
    """Seconds a lap that each compound loses with its age, in bands of 80 %."""
    bounds = [value for curve in curves for lap in (0, laps) for value in curve.at(lap)]
    bottom, top = min(0.0, *bounds), max(*bounds, 0.1)

    def point(lap: float, seconds: float) -> str:
        x = _LEFT + lap / laps * _WIDE
        return f"{x:.1f} {_TOP + (top - seconds) / (top - bottom) * _HIGH:.1f}"

    ages = [laps * step / 12 for step in range(13)]
    shapes = _axes(laps, bottom, top, point)
    for curve in curves:
        low = [point(age, curve.at(age)[1]) for age in ages]
        high = [point(age, curve.at(age)[2]) for age in reversed(ages)]
        shapes.append(
            Markup('<path class="band {}" d="M{}z"/>').format(
                curve.letter.lower(), "L".join([*low, *high])
            )
        )
    ends: list[float] = []
    for curve in sorted(curves, key=lambda one: -one.at(laps)[0]):
        line = "L".join(point(age, curve.at(age)[0]) for age in (0, laps))
        shapes.append(Markup('<path class="curve {}" d="M{}"/>').format(curve.letter.lower(), line))
        y = float(point(laps, curve.at(laps)[0]).split()[1])
        ends.append(max(y, ends[-1] + _APART) if ends else y)
        shapes.append(
            Markup('<text class="ends" x="{}" y="{:.1f}" dy=".36em">{}</text>').format(
                _LEFT + _WIDE + 8, ends[-1], curve.letter
            )
        )
    box = f"0 0 {_LEFT + _WIDE + 26} {_TOP + _HIGH + 44}"
    return Markup(
        f'<svg class="wear" role="img" viewBox="{box}"><title>{escape(title)}</title>'
        f"{Markup().join(shapes)}</svg>"
    )


def curve_of(letter: str, row: dict[str, float]) -> Curve:
    """Of a row of `tyre_degradation`."""
    half = _DEVIATIONS * row["offset_error_ms"]
    return Curve(letter, row["offset_ms"], row["wear_ms"], half, row["low_ms"], row["high_ms"])


def _axes(
    laps: int, bottom: float, top: float, point: Callable[[float, float], str]
) -> list[Markup]:
    shapes = []
    step = next(s for s in (0.5, 1.0, 2.0, 5.0, 10.0, 1e9) if (top - bottom) / s <= 6)
    for count in range(-20, 21):
        if bottom <= count * step <= top:
            y = point(0, count * step).split()[1]
            shapes.append(Markup('<path class="grid" d="M{} {}h{}"/>').format(_LEFT, y, _WIDE))
            shapes.append(
                Markup('<text class="end" x="{}" y="{}" dy=".36em">{:g}</text>').format(
                    _LEFT - 8, y, count * step
                )
            )
    for lap in range(0, laps + 1, 10):
        x = point(lap, bottom).split()[0]
        shapes.append(
            Markup('<text class="mid" x="{}" y="{}">{}</text>').format(x, _TOP + _HIGH + 18, lap)
        )
    shapes.append(
        Markup('<text class="mid" x="{}" y="{}">laps on the set</text>').format(
            _LEFT + _WIDE / 2, _TOP + _HIGH + 38
        )
    )
    shapes.append(
        Markup('<text class="mid" transform="translate(11 {}) rotate(-90)">s a lap</text>').format(
            _TOP + _HIGH / 2
        )
    )
    return shapes


def _shade(caution: Caution, laps: int) -> Markup:
    return Markup('<rect class="caution {}" x="{}" width="{}" height="100%"/>').format(
        caution.kind, _share((caution.first - 1) / laps), _share(caution.laps / laps)
    )


def _stopped(caution: Caution, laps: int) -> Markup:
    """A red flag is no length of the race but a cut through it."""
    return Markup('<line class="stopped" x1="{0}" x2="{0}" y1="0" y2="100%"/>').format(
        _share((caution.first - 0.5) / laps)
    )


def _text(kind: str, x: float, y: str, text: str) -> Markup:
    return Markup('<text class="{}" x="{}" y="{}">{}</text>').format(kind, _share(x), y, text)


def _share(value: float) -> str:
    return f"{max(0.0, min(1.0, value)) * 100:.2f}%"
