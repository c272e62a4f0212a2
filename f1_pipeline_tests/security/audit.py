"""`python -m f1_pipeline_tests.security.audit`: no dependency of a lock has a known fault.

pip-audit asks a database of advisories (OSV) for each pin. Where that cannot be reached, as on a
machine that knows a package registry alone, one line says so and nothing fails, unless `--strict`
is given. A finding fails: take a version without it, or accept it below with a reason.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests

LOCK = Path(__file__).parents[2] / "requirements.lock"
SERVICE = "https://api.osv.dev/v1/query"
# By advisory why it does not matter here, and until when that is believed.
ACCEPTED: dict[str, str] = {}
_SECONDS = 10


def main(arguments: list[str] | None = None, accepted: Mapping[str, str] = ACCEPTED) -> int:
    parser = argparse.ArgumentParser(prog="python -m f1_pipeline_tests.security.audit")
    parser.add_argument("--lock", type=Path, default=LOCK)
    parser.add_argument("--service", default=SERVICE, help="an address that answers as OSV does")
    parser.add_argument("--strict", action="store_true", help="fail where it cannot be reached")
    given = parser.parse_args(arguments)
    reason = why_unreachable(given.service)
    if reason:
        print(f"Dependencies were not audited: {given.service} cannot be reached ({reason}).")
        return int(given.strict)
    dependencies, ended = asked(given.lock, given.service)
    if dependencies is None:
        print(f"pip-audit did not come to an end: {ended}", file=sys.stderr)
        return 1
    faults = in_words(dependencies, accepted)
    for fault in faults:
        print(fault, file=sys.stderr)
    if not faults:
        print(f"{len(dependencies)} dependencies of {given.lock.name} have no known fault.")
    return int(bool(faults))


def why_unreachable(service: str) -> str:
    """Why a service gives no answer at all, or '' when it does."""
    question: dict[str, Any] = {"package": {"name": "pip", "ecosystem": "PyPI"}, "version": "0"}
    try:
        answer = requests.post(service, json=question, timeout=_SECONDS)
    except requests.RequestException as error:
        return type(error).__name__
    return "" if answer.ok else f"status {answer.status_code}"


def asked(lock: Path, service: str) -> tuple[list[dict[str, Any]] | None, str]:
    """What pip-audit says of each pin, or None and the last line of what it said instead."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "found.json"
        ended = subprocess.run(
            [
                *(sys.executable, "-m", "pip_audit", "--requirement", str(lock)),
                *("--require-hashes", "--no-deps", "--disable-pip", "--progress-spinner", "off"),
                *("--vulnerability-service", "osv", "--osv-url", service),
                *("--timeout", str(_SECONDS), "--cache-dir", str(Path(folder) / "cache")),
                *("--format", "json", "--output", str(out)),
            ],
            env=os.environ | {"PYTHONWARNINGS": "ignore"},
            capture_output=True,
            text=True,
            check=False,
        )
        # It ends with 1 for a finding as for a fault of its own: the file tells them apart.
        try:
            return json.loads(out.read_text())["dependencies"], ""
        except (OSError, ValueError, KeyError):
            return None, (ended.stderr.strip().splitlines() or [f"status {ended.returncode}"])[-1]


def in_words(dependencies: list[dict[str, Any]], accepted: Mapping[str, str]) -> list[str]:
    """A line for each finding that is not accepted, and for each that no pin has any more."""
    lines, seen = [], set()
    for one in dependencies:
        if "skip_reason" in one:
            lines.append(f"{one['name']} was not audited: {one['skip_reason']}")
        for finding in one.get("vulns", []):
            names = {finding["id"], *finding["aliases"]}
            seen |= names
            if names.isdisjoint(accepted):
                better = ", ".join(finding["fix_versions"]) or "no version yet"
                known = " ".join(sorted(names))
                lines.append(f"{one['name']} {one['version']}: {known}, mended in {better}")
    lines += [f"{name} is accepted, and no pin has it" for name in sorted(set(accepted) - seen)]
    return lines


if __name__ == "__main__":
    sys.exit(main())
