"""A plugin of pytest: writes the names of all tests that were skipped to the file SKIPPED_TESTS.

They are run again once the extras are installed that they need: ``pytest @FILE``. Of several
processes (pytest-xdist) each writes a file of its own, and the first joins them: what they tell it
of skipped files is not complete.
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
    """Write those of this process."""
    worker = getattr(session.config, "workerinput", {}).get("workerid", "first")
    path = Path(f"{os.environ['SKIPPED_TESTS']}.{worker}")
    path.write_text("".join(f"{name}\n" for name in sorted(names)))


def pytest_unconfigure(config):
    """Join those of all processes."""
    if not hasattr(config, "workerinput"):
        whole = Path(os.environ["SKIPPED_TESTS"])
        parts = whole.parent.glob(f"{whole.name}.*")
        found = {name for part in parts for name in part.read_text().splitlines()}
        whole.write_text("".join(f"{name}\n" for name in sorted(found)))
