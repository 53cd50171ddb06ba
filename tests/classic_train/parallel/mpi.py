"""Processes of MPI in a test."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.paths import ROOT

MPIEXEC = Path(sys.executable).parent / "mpiexec"

needs_mpi = pytest.mark.skipif(
    importlib.util.find_spec("mpi4py") is None or not MPIEXEC.exists(),
    reason="needs the extra distributed",
)


def environment(**more):
    """Of a process: one thread for each, and the project where it can be imported."""
    return {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), **more}


def mpiexec(count, *arguments, timeout=120, **settings):
    """Run Python on ``count`` processes; what subprocess.run returns."""
    return subprocess.run(
        [MPIEXEC, "-n", str(count), sys.executable, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=timeout,
        env=environment(),
        **settings,
    )
