"""What Prometheus may count. Workers of one server share the counts through files."""

import os

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)

REQUESTS = Histogram(
    "f1_request_seconds",
    "Time to the whole answer, by route.",
    ("route", "method", "status"),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
LOOKUPS = Counter("f1_cache_lookups_total", "Answers that were kept already, or not.", ("found",))
HITS, MISSES = LOOKUPS.labels("yes"), LOOKUPS.labels("no")
# Of the misses: what another worker had read.
SHARED = LOOKUPS.labels("shared")
STALE = Counter("f1_stale_answers_total", "Answers that were kept and could not be checked.")
REFUSED = Counter("f1_refused_total", "Requests refused, by code.", ("code",))
_GAUGE = {"multiprocess_mode": "mostrecent"}
AGE = Gauge("f1_age_seconds", "Age of the newest of a kind.", ("of",), **_GAUGE)  # type: ignore[arg-type]
SCORE = Gauge(
    "f1_last_score",
    "Scores of the newest race's published forecast, by horizon.",
    ("horizon", "metric"),
    **_GAUGE,  # type: ignore[arg-type]
)
DATABASE = Gauge("f1_database_up", "Whether the database can be read.", **_GAUGE)  # type: ignore[arg-type]


def exposition() -> bytes:
    """All of it in Prometheus' text format."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest()
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
