"""How often things happened that were given a chance: bins with intervals, and the track record.

Not here: single races (`past`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import sqrt
from operator import itemgetter

from markupsafe import Markup

from f1_pipeline.serving.pages import svg, words
from f1_pipeline.serving.pages.evidence import MODEL, Variant
from f1_pipeline.storage.reader import Row, Snapshot

BINS = 8
_Z = 1.959963984540054
_TARGETS: tuple[tuple[str, str, Callable[[Row], bool]], ...] = (
    ("p_win", "Win", lambda row: row["finish_order"] == 1),
    ("p_podium", "Podium", lambda row: row["finish_order"] <= 3),
    ("p_points", "Points", lambda row: bool(row["classified"]) and row["finish_order"] <= 10),
)
# Of the track record: what is told, what is good, with how many digits.
_METRICS = (
    ("win_ll", "Win log-loss", "lower", 2),
    ("points_ll", "Points log-loss", "lower", 3),
    ("rps", "Ranked probability score", "lower", 3),
    ("spearman", "Rank correlation", "higher", 2),
)


@dataclass(frozen=True)
class Bin:
    """Rows of about the same chance: its mean, the share that happened, and its interval."""

    said: float
    seen: float
    low: float
    high: float
    rows: int


@dataclass(frozen=True)
class Panel:
    name: str
    bins: tuple[Bin, ...]

    @property
    def picture(self) -> Markup:
        points = [(b.said, b.seen, b.low, b.high) for b in self.bins]
        within = sum(b.low <= b.said <= b.high for b in self.bins)
        title = (
            f"{self.name}: what was said against what was seen in {len(self.bins)} groups; "
            f"in {within} of them the chance lies within the 95 % interval"
        )
        return svg.reliability(points, title)


@dataclass(frozen=True)
class Reliability:
    panels: tuple[Panel, ...]
    races: int
    first_season: int
    last_season: int


@dataclass(frozen=True)
class Measure:
    """A line of the track record, in words."""

    name: str
    good: str
    value: str
    reference: str
    difference: str
    interval: str
    verdict: str


@dataclass(frozen=True)
class Record:
    measures: tuple[Measure, ...]
    races: int
    first_season: int
    last_season: int


def read_reliability(snapshot: Snapshot, variant: Variant | None) -> Reliability | None:
    """None where the backtest has no such rows."""
    if variant is None:
        return None
    rows = snapshot.rows(
        "backtest_predictions",
        ("event_id", "season", "p_win", "p_podium", "p_points", "finish_order", "classified"),
        model=MODEL,
        **variant.where,
    )
    if not rows:
        return None
    seasons = {row["season"] for row in rows}
    panels = tuple(
        Panel(name, tuple(bins([(row[column], happened(row)) for row in rows])))
        for column, name, happened in _TARGETS
    )
    races = len({row["event_id"] for row in rows})
    return Reliability(panels, races, min(seasons), max(seasons))


def read_record(snapshot: Snapshot, variant: Variant | None) -> Record | None:
    """Of the seasons that the recipe was not chosen on; None where they are not scored."""
    if variant is None:
        return None
    rows = snapshot.rows("track_record", period="reported", against="baseline", **variant.where)
    by_metric = {row["metric"]: row for row in rows}
    measures = [
        _measure(by_metric[metric], name, good, digits)
        for metric, name, good, digits in _METRICS
        if metric in by_metric and by_metric[metric]["difference"] is not None
    ]
    if not measures:
        return None
    first = rows[0]
    return Record(tuple(measures), first["races"], first["first_season"], first["last_season"])


def bins(pairs: Sequence[tuple[float, bool]], most: int = BINS) -> list[Bin]:
    """Quantile groups of chance and outcome, the smallest chance first; equal ones stay together.

    The quantiles are weighed by p(1-p), what a chance leaves open. Groups of the same number of
    rows would spend seven of eight on cars that never win.
    """
    whole = sum(chance * (1 - chance) for chance, _ in pairs)
    groups: list[list[tuple[float, bool]]] = [[] for _ in range(most)]
    passed = 0.0
    for chance, equal in groupby(sorted(pairs), key=itemgetter(0)):
        alike = list(equal)
        weight = len(alike) * chance * (1 - chance)
        at = (passed + weight / 2) / whole if whole else 0.0
        groups[min(int(at * most), most - 1)] += alike
        passed += weight
    return [_bin(group) for group in groups if group]


def wilson(happened: int, rows: int) -> tuple[float, float]:
    """The 95 % interval of a share."""
    share, square = happened / rows, _Z * _Z
    centre = (share + square / (2 * rows)) / (1 + square / rows)
    spread = share * (1 - share) / rows + square / (4 * rows * rows)
    half = _Z * sqrt(spread) / (1 + square / rows)
    return max(0.0, centre - half), min(1.0, centre + half)


def _bin(group: list[tuple[float, bool]]) -> Bin:
    rows, happened = len(group), sum(outcome for _, outcome in group)
    low, high = wilson(happened, rows)
    return Bin(sum(chance for chance, _ in group) / rows, happened / rows, low, high, rows)


def _measure(row: Row, name: str, good: str, digits: int) -> Measure:
    low, high = row["low"], row["high"]
    known = low is not None and high is not None
    return Measure(
        name=name,
        good=good,
        value=f"{row['value']:.{digits}f}",
        reference=f"{row['reference']:.{digits}f}",
        difference=words.signed(row["difference"], digits),
        interval=f"{words.signed(low, digits)} to {words.signed(high, digits)}" if known else "",
        verdict=_verdict(low, high, good) if known else "",
    )


def _verdict(low: float, high: float, good: str) -> str:
    if low <= 0 <= high:
        return "no clear difference"
    return "better" if (low > 0) == (good == "higher") else "worse"
