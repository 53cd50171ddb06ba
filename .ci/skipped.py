"""A plugin of pytest: writes the names of all tests that were skipped to the file SKIPPED_TESTS.

They are run again once the extras are installed that they need: ``pytest @FILE``.
"""

import os
from pathlib import Path

names: set[str] = set()


def pytest_runtest_logreport(report):
    """Of a test."""
    if report.skipped and not hasattr(report, "wasxfail"):
        names.add(report.nodeid)


def pytest_collectreport(report):
    """Of a whole file."""
    if report.skipped:
        names.add(report.nodeid)


def pytest_sessionfinish(session):
    """Write them."""
    if not hasattr(session.config, "workerinput"):  # of several processes the first
        Path(os.environ["SKIPPED_TESTS"]).write_text("".join(f"{n}\n" for n in sorted(names)))
