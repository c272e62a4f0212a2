"""What is wrong with a file for Prometheus or Grafana.

Expressions are parsed, and every series that they read has to be one that the read API gives, with
the labels that it has. Structure: the fields that Prometheus' documents name, and for a dashboard
those that Grafana's own models keep.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard
from prometheus_client.metrics import MetricWrapperBase

from f1_pipeline.serving import metrics

register_default_plugins()
# By type of a metric what its series are called, and the labels that they have besides.
_SAMPLES: dict[str, dict[str, set[str]]] = {
    "counter": {"_total": set()},
    "gauge": {"": set()},
    "histogram": {"_bucket": {"le"}, "_count": set(), "_sum": set()},
}
# Prometheus' own, of a target.
_OF_PROMETHEUS = {"up": {"job", "instance"}}
_TARGET = {"job", "instance"}
_RULE = {"alert", "expr", "for", "labels", "annotations"}
_SCRAPE = {"job_name", "metrics_path", "static_configs"}
_TOP = {"global", "rule_files", "scrape_configs"}


def series() -> dict[str, set[str]]:
    """By name of each series that the read API's /metrics may hold, its labels."""
    found: dict[str, set[str]] = {}
    for metric in vars(metrics).values():
        if not isinstance(metric, MetricWrapperBase):
            continue
        [family] = metric.describe()
        labels = set(metric._labelnames)
        for suffix, more in _SAMPLES[family.type].items():
            found[family.name + suffix] = labels | more
    return found


def expression(text: str) -> list[str]:
    """What is wrong with an expression: its grammar, a series or a label that nothing gives."""
    try:
        parsed = promql_parser.parse(text)
    except ValueError as error:
        return [f"{text}: {error}"]
    selectors: list[Any] = []

    def visit(node: Any) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            selectors.append(node)

    promql_parser.walk(parsed, visit)
    faults = [] if selectors else [f"{text}: reads nothing"]
    known = series() | _OF_PROMETHEUS
    for selector in selectors:
        if selector.name not in known:
            faults.append(f"{selector.name} is given by nobody")
            continue
        named = {matcher.name for matcher in selector.matchers.matchers}
        faults += [
            f"{selector.name} has no label {name}"
            for name in sorted(named - known[selector.name] - _TARGET)
        ]
    return faults


def scraping(path: Path) -> list[str]:
    """prometheus.yml: known fields, durations that can be read, rule files that are there."""
    file = yaml.safe_load(path.read_text())
    faults = [f"unknown field {name}" for name in file.keys() - _TOP]
    for value in file.get("global", {}).values():
        faults += _duration(value)
    faults += [
        f"{name} is not there"
        for name in file.get("rule_files", [])
        if not path.with_name(name).is_file()
    ]
    for scrape in file.get("scrape_configs", []):
        faults += [f"unknown field {name}" for name in scrape.keys() - _SCRAPE]
        targets = [one for group in scrape.get("static_configs", []) for one in group["targets"]]
        if not targets:
            faults.append(f"{scrape.get('job_name')}: no target")
    return faults


def alerts(path: Path) -> list[str]:
    """Alert rules: known fields, an expression that holds, words for who is woken."""
    faults = []
    names = []
    for group in yaml.safe_load(path.read_text())["groups"]:
        faults += [f"unknown field {name}" for name in group.keys() - {"name", "rules", "interval"}]
        for rule in group["rules"]:
            name = rule.get("alert", "?")
            names.append(name)
            faults += [f"{name}: unknown field {field}" for field in rule.keys() - _RULE]
            faults += [f"{name}: no {field}" for field in _RULE - rule.keys()]
            faults += expression(rule.get("expr", "")) + _duration(rule.get("for", "0s"))
            if rule.get("labels", {}).get("severity") not in ("warning", "critical"):
                faults.append(f"{name}: no severity")
            if rule.get("annotations", {}).keys() != {"summary", "description"}:
                faults.append(f"{name}: no summary and description")
    return faults + [f"{name} is there twice" for name in set(names) if names.count(name) > 1]


def dashboard(path: Path) -> list[str]:
    """A dashboard that Grafana's models read without losing a field, panels that do not overlap."""
    board = json.loads(path.read_text())
    try:
        kept = json.loads(json.dumps(Dashboard.from_json(board), cls=JSONEncoder))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        return [f"Grafana's models cannot read it: {error!r}"]
    faults = [f"no such field: {field}" for field in _lost(board, kept)]
    taken: dict[tuple[int, int], str] = {}
    for panel in board["panels"]:
        for target in panel.get("targets", []):
            faults += expression(target.get("expr", ""))
        place = panel.get("gridPos", {"x": 0, "y": 0, "w": 99, "h": 1})
        if place["x"] + place["w"] > 24:
            faults.append(f"{panel['title']} is wider than the page")
        for cell in _cells(place):
            if cell in taken:
                faults.append(f"{panel['title']} lies on {taken[cell]}")
                break
            taken[cell] = panel["title"]
    ids = [panel["id"] for panel in board["panels"]]
    return faults + (["two panels have one id"] if len(set(ids)) < len(ids) else [])


def _cells(place: dict[str, int]) -> Iterator[tuple[int, int]]:
    for x in range(place["x"], place["x"] + place["w"]):
        for y in range(place["y"], place["y"] + place["h"]):
            yield x, y


def _lost(given: Any, kept: Any, at: str = "") -> Iterator[str]:
    """Where what was written is not what the models hold: they pass over a misspelt field."""
    if isinstance(given, dict) and isinstance(kept, dict):
        for key, value in given.items():
            if key in kept:
                yield from _lost(value, kept[key], f"{at}.{key}")
            else:
                yield f"{at}.{key}"
    elif isinstance(given, list) and isinstance(kept, list) and len(given) == len(kept):
        for index, (one, other) in enumerate(zip(given, kept, strict=True)):
            yield from _lost(one, other, f"{at}[{index}]")
    elif given != kept:
        yield at


def datasources(path: Path) -> list[str]:
    """Provisioned sources: the documented fields, and no password in them."""
    fields = {"name", "uid", "type", "access", "url", "isDefault", "editable"}
    return _provisioned(path, "datasources", fields)


def providers(path: Path) -> list[str]:
    """Where dashboards are read from."""
    fields = {"name", "type", "disableDeletion", "allowUiUpdates", "updateIntervalSeconds"}
    return _provisioned(path, "providers", fields | {"options"})


def _provisioned(path: Path, what: str, fields: set[str]) -> list[str]:
    file = yaml.safe_load(path.read_text())
    faults = [] if file.get("apiVersion") == 1 else ["apiVersion is not 1"]
    faults += [f"unknown field {name}" for name in file.keys() - {"apiVersion", what}]
    for entry in file.get(what) or [{}]:
        faults += [f"unknown field {name}" for name in entry.keys() - fields]
        faults += [f"no {name}" for name in {"name", "type"} - entry.keys()]
    return faults


def _duration(text: Any) -> list[str]:
    try:
        promql_parser.parse_duration(text)
    except (TypeError, ValueError) as error:
        return [f"{text}: {error}"]
    return []
