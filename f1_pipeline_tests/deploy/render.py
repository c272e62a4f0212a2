"""What is wrong with a blueprint for Render.

Render publishes a schema that no registry brings. So this checks the names of the fields that are
used here against its reference, and that what is referred to is there.
"""

from pathlib import Path
from typing import Any

import yaml

_SERVICE = {
    *("type", "name", "runtime", "plan", "dockerfilePath", "dockerContext", "dockerCommand"),
    *("preDeployCommand", "healthCheckPath", "maxShutdownDelaySeconds", "disk", "envVars"),
}
_TYPES = {"web", "pserv", "worker"}
_DATABASE = {"name", "databaseName", "plan", "postgresMajorVersion", "ipAllowList"}
_OF_DATABASE = {"connectionString", "host", "port", "user", "password", "database"}
_OF_SERVICE = {"host", "port", "hostport", "connectionString"}
_VALUES = {"value", "generateValue", "sync", "fromDatabase", "fromService"}


def faults(path: Path) -> list[str]:
    """All that is wrong with it."""
    blueprint = yaml.safe_load(path.read_text())
    found = [
        f"unknown field {name}"
        for name in blueprint.keys() - {"services", "databases", "envVarGroups"}
    ]
    services = blueprint["services"]
    types = {service["name"]: service["type"] for service in services}
    databases = {database["name"] for database in blueprint["databases"]}
    groups = {group["name"] for group in blueprint["envVarGroups"]}
    for service in services:
        found += _service(service, path)
    for database in blueprint["databases"]:
        found += [f"unknown field {name}" for name in database.keys() - _DATABASE]
        if database.get("ipAllowList") != []:
            found.append(f"{database['name']}: the internet reaches it")
    for owner in [*services, *blueprint["envVarGroups"]]:
        for entry in owner["envVars"]:
            found += _entry(entry, types, databases, groups)
    return found


def _service(service: dict[str, Any], path: Path) -> list[str]:
    name = service["name"]
    found = [f"{name}: unknown field {field}" for field in service.keys() - _SERVICE]
    if service["type"] not in _TYPES:
        found.append(f"{name}: unknown type {service['type']}")
    if service.get("runtime") != "docker":
        found.append(f"{name}: another runtime")
    if not (path.parents[1] / service.get("dockerfilePath", "?")).is_file():
        found.append(f"{name}: no Dockerfile there")
    if "disk" in service and service["disk"].keys() != {"name", "mountPath", "sizeGB"}:
        found.append(f"{name}: not the fields of a disk")
    if "dagster-webserver" in service["dockerCommand"] and service["type"] == "web":
        found.append(f"{name}: the Dagster UI would be open to everybody")
    return found


def _entry(
    entry: dict[str, Any], types: dict[str, str], databases: set[str], groups: set[str]
) -> list[str]:
    if "fromGroup" in entry:
        return [] if entry["fromGroup"] in groups else [f"no group {entry['fromGroup']}"]
    key = entry.get("key", "?")
    kinds = entry.keys() - {"key"}
    if len(kinds) != 1 or not kinds <= _VALUES:
        return [f"{key}: not one value but {sorted(kinds)}"]
    if "value" in kinds and not isinstance(entry["value"], str):
        return [f"{key}: a value is a text"]
    if of := entry.get("fromDatabase"):
        known = of.get("name") in databases and of.get("property") in _OF_DATABASE
        return [] if known else [f"{key}: no such database or property"]
    if of := entry.get("fromService"):
        known = types.get(of.get("name")) == of.get("type") and of.get("property") in _OF_SERVICE
        return [] if known else [f"{key}: no such service or property"]
    return []
