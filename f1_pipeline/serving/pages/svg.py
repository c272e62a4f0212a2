"""Drawing: shapes from numbers, as inline SVG. Not here: which numbers, and the words beside them.

Most drawings have no view box: lengths across are shares of the width they are given, so that they
fit a phone and a desk without being scaled, and text and outlines keep their size. Every drawing
has a title with what it shows; the numbers stand beside it as text as well. Shapes are coloured by
attributes and by classes of the style sheet, so that no element carries a style.
"""

from collections.abc import Sequence
from math import sqrt

from markupsafe import Markup, escape

from f1_pipeline.serving.pages.words import THIN

# Below this no cell of a strip is drawn: it would be thinner than its outline.
_INVISIBLE = 0.0005
# What bars of a spread stand on, as a share of its height; the range is drawn below.
_FLOOR = 84
# The square of `reliability` within its view box.
_LEFT, _TOP, _SIDE = 62, 10, 240


def drawing(kind: str, title: str, shapes: Sequence[Markup]) -> Markup:
    """An image of a kind (a class of the style sheet) that says what it is."""
    return _svg(f'class="{kind}" role="img"', title, shapes)


def swatch(colour: str) -> Markup:
    """A patch of a team's colour beside its name, which says the same."""
    return Markup(
        '<svg class="swatch" aria-hidden="true" focusable="false">'
        '<rect width="100%" height="100%" rx="2" fill="{}"/></svg>'
    ).format(colour)


def chances(win: float, podium: float, points: float, colour: str, title: str) -> Markup:
    """Three nested bars on a scale of 0 to 1: points slim and pale, podium, win full and solid."""
    quarters = [_line(share, share, "0", "100%", "tick") for share in (0.25, 0.5, 0.75)]
    bars = [
        _bar(points, "34%", "32%", colour, "points"),
        _bar(podium, "18%", "64%", colour, "podium"),
        _bar(win, "0", "100%", colour, "win"),
    ]
    return drawing("chances", title, [_track("34%", "32%"), *quarters, *bars])


def shares() -> Markup:
    """The scale over `chances`."""
    marks = [
        Markup('<text x="{0}%" y="80%" text-anchor="{1}">{0}{2}%</text>').format(
            share, {0: "start", 100: "end"}.get(share, "middle"), THIN
        )
        for share in (0, 25, 50, 75, 100)
    ]
    return drawing("shares", "Scale of chances, 0 to 100 %", marks)


def spread(
    distribution: Sequence[float],
    largest: float,
    quantiles: tuple[int, int],
    mean: float,
    colour: str,
    title: str,
    finish: int | None = None,
    counted: bool = True,
) -> Markup:
    """How probable each finishing place is, P1 at the left.

    Bars grow with the root of the probability, or nothing would be seen beside a favourite's; the
    `largest` of the whole field is full. Below them a line from the 5 % to the 95 % quantile; the
    mean is a stroke through all, and where the car `finish`ed a diamond, hollow where it was not
    `counted` among the classified.
    """
    size = len(distribution)
    shapes = [_cell(k, p, largest, size, colour) for k, p in enumerate(distribution)]
    low, high = quantiles
    shapes.append(_line((low - 1) / size, min(high, size) / size, "92%", "92%", "range"))
    centre = (mean - 0.5) / size
    shapes.append(_line(centre, centre, "8%", "88%", "mean"))
    if finish is not None:
        x = _share((min(finish, size) - 0.5) / size)
        kind = "finish" if counted else "finish out"
        shapes.append(
            Markup(
                '<svg x="{}" y="72%" overflow="visible">'
                '<path class="{}" d="M0-7 7 0 0 7-7 0z"/></svg>'
            ).format(x, kind)
        )
    return drawing("spread", title, [_track("92%", "1"), *shapes])


def places(size: int) -> Markup:
    """The scale over `spread`: every fifth place, the first and the last."""
    shown = [1, *(k for k in range(5, size + 1, 5) if size - k > 1), size]
    marks = [
        Markup('<text x="{}" y="80%">P{}</text>').format(_share((k - 0.5) / size), k)
        for k in dict.fromkeys(shown)
    ]
    return drawing("places", f"Scale of finishing positions, 1 to {size}", marks)


def move(before: float, after: float, colour: str, title: str) -> Markup:
    """From a hollow dot to a full one on a scale of 0 to 1."""
    return drawing(
        "move",
        title,
        [
            _line(0, 1, "50%", "50%", "track"),
            _line(before, after, "50%", "50%", "way"),
            Markup('<circle class="before" cx="{}" cy="50%" r="5"/>').format(_share(before)),
            Markup('<circle class="after" cx="{}" cy="50%" r="6" fill="{}"/>').format(
                _share(after), colour
            ),
        ],
    )


def leaning(value: float, largest: float, title: str) -> Markup:
    """A bar from the middle: to the right what speaks for, to the left what speaks against."""
    length = abs(value) / (largest or 1) / 2
    start = 0.5 if value >= 0 else 0.5 - length
    kind = "for" if value >= 0 else "against"
    bar = Markup('<rect class="{}" x="{}" y="15%" width="{}" height="70%" rx="2"/>').format(
        kind, _share(start), _share(length)
    )
    return drawing("leaning", title, [bar, _line(0.5, 0.5, "0", "100%", "zero")])


def reliability(points: Sequence[tuple[float, float, float, float]], title: str) -> Markup:
    """Forecast chance across, observed share up, each with its interval; on the line: as said.

    `points`: forecast, observed, low, high, all from 0 to 1. A square with its scales, so it has a
    view box.
    """
    shapes = _square()
    for said, seen, low, high in points:
        shapes.append(
            Markup('<path class="interval" d="M{} {}V{}"/>').format(_x(said), _y(low), _y(high))
        )
        shapes.append(Markup('<circle cx="{}" cy="{}" r="5"/>').format(_x(said), _y(seen)))
    box = f"0 0 {_LEFT + _SIDE + 24} {_TOP + _SIDE + 42}"
    return _svg(f'class="reliability" role="img" viewBox="{box}"', title, shapes)


def _square() -> list[Markup]:
    """What `reliability` is drawn on: quarters, the line of agreement, scales and their names."""
    bottom, right = _TOP + _SIDE, _LEFT + _SIDE
    quarters = [
        f"M{_x(share)} {_TOP}V{bottom}M{_LEFT} {_y(share)}H{right}"
        for share in (0, 0.25, 0.5, 0.75, 1)
    ]
    shapes = [
        Markup('<path class="grid" d="{}"/>').format("".join(quarters)),
        Markup('<path class="ideal" d="M{} {}L{} {}"/>').format(_x(0), _y(0), _x(1), _y(1)),
        Markup('<text x="{}" y="{}" text-anchor="middle">said</text>').format(_x(0.5), bottom + 36),
        Markup(
            '<text transform="translate(12 {}) rotate(-90)" text-anchor="middle">seen</text>'
        ).format(_y(0.5)),
    ]
    for share in (0, 0.5, 1):
        label = f"{share * 100:.0f}{THIN}%"
        below = Markup('<text x="{}" y="{}" text-anchor="middle">{}</text>')
        beside = Markup('<text x="{}" y="{}" text-anchor="end" dy="4">{}</text>')
        shapes.append(below.format(_x(share), bottom + 18, label))
        shapes.append(beside.format(_LEFT - 8, _y(share), label))
    return shapes


def _x(share: float) -> str:
    return f"{_LEFT + share * _SIDE:.1f}"


def _y(share: float) -> str:
    return f"{_TOP + (1 - share) * _SIDE:.1f}"


def _svg(attributes: str, title: str, shapes: Sequence[Markup]) -> Markup:
    # Not through format(): the attributes are this module's own.
    return Markup(f"<svg {attributes}><title>{escape(title)}</title>{Markup().join(shapes)}</svg>")


def _bar(share: float, y: str, height: str, colour: str, kind: str) -> Markup:
    return Markup('<rect class="{}" y="{}" width="{}" height="{}" rx="2" fill="{}"/>').format(
        kind, y, _share(share), height, colour
    )


def _cell(index: int, chance: float, largest: float, size: int, colour: str) -> Markup:
    if chance < _INVISIBLE:
        return Markup()
    height = _FLOOR * sqrt(chance / largest)
    return Markup('<rect x="{}" y="{}" width="{}" height="{}" rx="1" fill="{}"/>').format(
        _share((index + 0.06) / size),
        f"{_FLOOR - height:.1f}%",
        _share(0.88 / size),
        f"{height:.1f}%",
        colour,
    )


def _track(y: str, height: str) -> Markup:
    return Markup('<rect class="track" y="{}" width="100%" height="{}" rx="2"/>').format(y, height)


def _line(x1: float, x2: float, y1: str, y2: str, kind: str) -> Markup:
    return Markup('<line class="{}" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(
        kind, _share(x1), _share(x2), y1, y2
    )


def _share(value: float) -> str:
    """A length across, as a share of the width; 17 digits of it would help nobody."""
    return f"{max(0.0, min(1.0, value)) * 100:.2f}%"
