"""Several processes from the command line: how they are started, and how they end together.

``--mpi N`` starts ``mpiexec -n N``, which starts this program N times with ``--distributed``. If
one process fails, it says why and leaves with a status that is not 0; the MPI launcher then stops
all others, wherever they are, even in the middle of an all-reduce that will never be complete.

A mistake that all processes make (a wrong path, data that cannot be trained on) is printed once.
So all but the first wait a moment before they speak, and by then are stopped.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import TextIO

from src.classic_train.cli.parsers import OptionError
from src.classic_train.parallel.processes import DivergedElsewhereError, Processes
from src.common.cli import fail

PATIENCE, STEP = 0.5, 0.02
"""Seconds that the second process waits before it speaks, and each further one more."""

HEARD_WITHIN = 0.2
"""Seconds that the launcher is given to hand on what was said, before it hears of the end."""

STOPPED_WITHIN = 10.0
"""Seconds after which processes that do not end are killed."""

SIZE_VARIABLES = ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "SLURM_STEP_NUM_TASKS")
"""Variables in which launchers tell the number of processes: of MPICH, Open MPI, Slurm."""


def processes_of_launcher() -> int:
    """How many processes were started together with this one; 1 where nobody says."""
    sizes = [os.environ.get(name, "") for name in SIZE_VARIABLES]
    return max([1, *(int(number) for number in sizes if number.isdigit())])


def launch(command: str, count: int, arguments: Sequence[str]) -> int:
    """Run this command line on several processes of this machine; returns the exit status.

    Args:
        command: the program and its command, as the user called them.
        count: number of processes.
        arguments: of the command line, without those that ask for processes.

    Raises OptionError where there is no MPI.
    """
    program = [sys.executable, "-m", "src.classic_train", *arguments, "--distributed"]
    process = subprocess.Popen(
        [_mpiexec(), "-n", str(count), *program],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="backslashreplace",
        start_new_session=True,  # Ctrl-C comes to this process, which hands it on once
    )
    assert process.stdout is not None
    assert process.stderr is not None
    with process, ThreadPoolExecutor(2) as pool:
        readers = [
            pool.submit(_hand_on, process.stdout, sys.stdout),
            pool.submit(_hand_on, process.stderr, sys.stderr),
        ]
        try:
            status = process.wait()
        except KeyboardInterrupt:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(STOPPED_WITHIN)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
            status = 130
        killed = next((number for number in (one.result() for one in readers) if number), None)
    if killed is None or status == 130:
        return status
    name = signal.Signals(killed).name if killed in set(signal.Signals) else str(killed)
    return fail(
        command,
        128 + killed,
        f"a process was ended from outside by {name}, and so were the others; if an epoch was "
        "complete, go on with --resume and the run's directory",
    )


def _mpiexec() -> str:
    """The launcher of this environment, or that of the system."""
    installed = Path(sys.executable).parent / "mpiexec"
    found = str(installed) if installed.exists() else shutil.which("mpiexec")
    if found is None:
        raise OptionError(
            "--mpi: there is no mpiexec here; pip install 'classic-nn[distributed]', or give "
            "--workers for threads of one process"
        )
    return found


def _hand_on(lines: Iterable[str], output: TextIO) -> int | None:
    """Copy what the processes say, without what MPICH's launcher adds to it.

    Returns the number of the signal that ended a process, if one did.
    """
    killed, banner = None, False
    for line in lines:
        banner = banner or "BAD TERMINATION OF ONE OF YOUR APPLICATION PROCESSES" in line
        if banner:
            found = re.search(r"\(signal (\d+)\)", line)
            killed = int(found[1]) if found else killed
        elif not re.match(r"={60,}$|\[mpiexec@\S+\] (Sending Ctrl-C|Press Ctrl-C)", line):
            output.write(line)
            output.flush()
    return killed


def run_together(command: str, processes: Processes, work: Callable[[], int]) -> int:
    """Do the work of one process among several, and end so that all others end too.

    Args:
        command: the program, its command and the rank, for messages.
        processes: the group.
        work: returns the exit status, after it has said what is wrong.

    Returns 0, or does not return.
    """
    signal.signal(signal.SIGINT, _interrupt_once)
    if processes.rank:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115  # until the process ends
        sys.stderr = _Late(sys.stderr, PATIENCE + STEP * processes.rank)
        warnings.simplefilter("ignore")  # the first process has them too
    try:
        status = work()
    except DivergedElsewhereError:
        time.sleep(STOPPED_WITHIN / 2)
        status = 1
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else 1
    except BaseException as error:
        traceback.print_exc()
        status = fail(command, 1, f"{type(error).__name__}: {error}; all processes are stopped")
    if status:  # an orderly end would wait for the other processes
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        time.sleep(HEARD_WITHIN)
        processes.abort(status)
    return 0


def _interrupt_once(number: int, frame: FrameType | None) -> None:
    """The launcher hands on Ctrl-C, and so may the terminal."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt


class _Late:
    """A stream that waits before it is first written to."""

    def __init__(self, stream: TextIO, seconds: float) -> None:
        self._stream = stream
        self._seconds = seconds

    def write(self, text: str) -> int:
        time.sleep(self._seconds)
        self._seconds = 0.0
        return self._stream.write(text)

    def flush(self) -> None:
        self._stream.flush()

    def isatty(self) -> bool:
        return False
