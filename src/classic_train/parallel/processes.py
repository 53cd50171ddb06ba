"""Processes that train together: on one machine or on many, through MPI.

Every process runs the same program on its part of every mini-batch. What belongs to all of them is
added up by MPI's own all-reduce; nothing of it is written again here. ``ALONE`` is the group of one
process, which needs no MPI.
"""

import math
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from typing import Any, NoReturn, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.array_types import Array

T = TypeVar("T")


class DivergedElsewhereError(ArithmeticError):
    """Training has left the finite numbers, and another process reports it."""


PATIENCE = 5
"""Seconds that the end of all processes may take."""


class Processes(Protocol):
    """One process's view of the group. All must make the same calls in the same order."""

    @property
    def rank(self) -> int:
        """Number of this process, from 0 to size - 1."""

    @property
    def size(self) -> int:
        """Number of processes."""

    def on_this_machine(self) -> int:
        """How many of the processes share this machine's cores."""

    def all_reduce(self, array: Array) -> Array:
        """Replace a contiguous array in place by its sum over all processes, and return it."""

    def begin_all_reduce(self, array: Array) -> Callable[[], None]:
        """Begin an all-reduce that goes on in the background; returns what waits for its end."""

    def bandwidth(self) -> float:
        """Bytes a second of a large all-reduce, measured; the same number for all processes."""

    def all_rows(self, array: NDArray[Any]) -> NDArray[Any]:
        """The rows of all processes, in the order of ranks."""

    def all_values(self, value: T) -> list[T]:
        """The values of all processes, in the order of ranks."""

    def from_first(self, value: T) -> T:
        """The value of process 0."""

    def array_from_first(self, array: NDArray[Any]) -> None:
        """Replace an array in place by that of process 0."""

    def abort(self, status: int) -> NoReturn:
        """End all processes at once, with this exit status."""


class Alone:
    """The group of one process."""

    rank = 0
    size = 1

    def on_this_machine(self) -> int:
        """This one."""
        return 1

    def all_reduce(self, array: Array) -> Array:
        """The array as it is."""
        return array

    def begin_all_reduce(self, array: Array) -> Callable[[], None]:
        """Nothing to wait for."""
        return lambda: None

    def bandwidth(self) -> float:
        """Nothing is sent."""
        return math.inf

    def all_rows(self, array: NDArray[Any]) -> NDArray[Any]:
        """The array as it is."""
        return array

    def all_values(self, value: T) -> list[T]:
        """Its own value."""
        return [value]

    def from_first(self, value: T) -> T:
        """Its own value."""
        return value

    def array_from_first(self, array: NDArray[Any]) -> None:
        """Nothing to do."""

    def abort(self, status: int) -> NoReturn:
        """End this process."""
        os._exit(status)


ALONE = Alone()


class MPIProcesses:
    """The processes of an MPI communicator.

    Args:
        communicator: of mpi4py; all processes that ``mpirun`` has started if None.

    Raises:
        ImportError: mpi4py or the MPI library is missing; the text names the extra.
    """

    def __init__(self, communicator: Any = None) -> None:
        try:
            from mpi4py import MPI
        except (ImportError, RuntimeError) as error:  # no package, or no library that it can load
            raise ImportError(
                f"training on several processes needs MPI ({error}); "
                "pip install 'classic-nn[distributed]'"
            ) from None
        self._mpi = MPI
        self.communicator = MPI.COMM_WORLD if communicator is None else communicator
        self.rank: int = self.communicator.Get_rank()
        self.size: int = self.communicator.Get_size()
        self._background: tuple[Any, ThreadPoolExecutor] | None = None

    def on_this_machine(self) -> int:
        """How many of the processes share this machine's cores."""
        here = self.communicator.Split_type(self._mpi.COMM_TYPE_SHARED)
        number: int = here.Get_size()
        here.Free()
        return number

    def all_reduce(self, array: Array) -> Array:
        """Replace a contiguous array in place by its sum over all processes, and return it."""
        self.communicator.Allreduce(self._mpi.IN_PLACE, array)
        return array

    def begin_all_reduce(self, array: Array) -> Callable[[], None]:
        """Begin an all-reduce in a thread of its own, which makes MPI go on in the background.

        It has a communicator of its own, so that its messages do not mix with those of others.
        """
        if self._background is None:
            self._background = self.communicator.Dup(), ThreadPoolExecutor(1, "all-reduce")
        communicator, pool = self._background
        return pool.submit(communicator.Allreduce, self._mpi.IN_PLACE, array).result

    def bandwidth(self) -> float:
        """Bytes a second of an all-reduce of 4 MiB, measured; the same number for all processes."""
        array = np.zeros(1 << 20, np.float32)
        self.all_reduce(array)  # connections are made by the first
        seconds = []
        for _ in range(3):
            start = time.perf_counter()
            self.all_reduce(array)
            seconds.append(time.perf_counter() - start)
        return self.from_first(array.nbytes / median(seconds))

    def all_rows(self, array: NDArray[Any]) -> NDArray[Any]:
        """The rows of all processes, in the order of ranks."""
        return np.concatenate(self.communicator.allgather(array))

    def all_values(self, value: T) -> list[T]:
        """The values of all processes, in the order of ranks."""
        values: list[T] = self.communicator.allgather(value)
        return values

    def from_first(self, value: T) -> T:
        """The value of process 0."""
        first: T = self.communicator.bcast(value)
        return first

    def array_from_first(self, array: NDArray[Any]) -> None:
        """Replace an array in place by that of process 0."""
        self.communicator.Bcast(array)

    def abort(self, status: int) -> NoReturn:
        """End all processes at once, wherever they are, with this exit status."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what is wrong has been said
        signal.alarm(PATIENCE)  # ends this one if the library cannot reach the launcher
        self.communicator.Abort(status)
        os._exit(status)
