"""A pytest plugin: where CI is set, a skipped test is a failed test."""

import os
from collections.abc import Generator
from typing import Any

import pytest


def _fail_if_skipped(report: Any) -> None:
    expected_failure = hasattr(report, "wasxfail")
    if os.environ.get("CI") and report.skipped and not expected_failure:
        reason = report.longrepr[-1] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{reason} (no test may be skipped where CI is set)"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _fail_if_skipped(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _fail_if_skipped(report)
    return report
