"""The sum of the gradients of all workers, made while the backward pass still goes on.

The backward pass completes the gradients from the last layer to the first, that is from the end of
the gradient vector to its beginning. A part of the vector that is complete can be on its way to the
other processes while the layers before it are computed (Li et al. 2020, section 3.2.3). Parts are
large, since every one costs a round of messages.
"""

from collections.abc import Callable

from src.classic_nn.array_types import Array
from src.classic_nn.parameters import ParameterVector
from src.classic_train.parallel.processes import Processes
from src.classic_train.parallel.workers import Worker

PART = 4 << 20
"""Bytes of a part at least; PyTorch's parts have 25 MB."""

LARGE, SLOW = 16 << 20, 0.5e9
"""Bytes of a gradient from which on, and bytes a second of the network below which, it pays: the
thread that makes MPI go on takes time from the products (``benchmarks/NOTES.md`` has the times)."""


def overlap_pays(processes: Processes, gradients: Array) -> bool:
    """Whether to sum up these gradients while the backward pass goes on; the same for all."""
    large = processes.size > 1 and gradients.nbytes >= LARGE
    return large and processes.bandwidth() < SLOW


class GradientSum:
    """The sum of one step.

    Args:
        gradients: (parameters,), of this worker, being written by its backward pass; of the first
            worker of a process it becomes the sum of all workers.
        worker: which one.
    """

    def __init__(self, gradients: Array, worker: Worker) -> None:
        self._gradients = gradients
        self._worker = worker
        self._complete = self._sent = gradients.size  # from these places on
        self._waiting: list[Callable[[], None]] = []

    def finished(self, part: ParameterVector) -> None:
        """Hear that the gradients before those heard of last are complete."""
        self._complete -= part.vector.size
        if (self._sent - self._complete) * self._gradients.itemsize >= PART:
            self._send(self._complete)

    def wait(self) -> None:
        """Send what is left, and wait for everything."""
        self._send(0)
        for wait in self._waiting:
            wait()

    def _send(self, start: int) -> None:
        if start < self._sent:
            part = self._gradients[start : self._sent]
            self._waiting.append(self._worker.begin_all_reduce(part))
        self._sent = start
