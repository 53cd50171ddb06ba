"""How the workers that share a mini-batch add up their parts.

Training is written as the step of one worker on its shard of the mini-batch. Where a quantity
belongs to the whole mini-batch (a loss, a gradient, a batch-normalization statistic), the worker
computes the sum over its shard and calls ``all_reduce``. With one worker that does nothing, so
the same program runs alone, on threads and on several processes.
"""

from typing import Protocol

from src.classic_nn.array_types import Array


class Communicator(Protocol):
    """One worker's view of the group: its number, the group's size, and sums over the group."""

    @property
    def rank(self) -> int:
        """Number of this worker, from 0 to size - 1."""

    @property
    def size(self) -> int:
        """Number of workers."""

    @property
    def is_local_leader(self) -> bool:
        """Whether this worker, among those that share one network's memory, is the one that writes
        there: running statistics are updated once in each process."""

    def all_reduce(self, array: Array) -> Array:
        """Replace ``array`` in place by its sum over all workers, and return it.

        Every worker must make the same calls in the same order with arrays of the same shape.
        """


class Solo:
    """The communicator of a worker that has the whole mini-batch to itself."""

    rank = 0
    size = 1
    is_local_leader = True

    def all_reduce(self, array: Array) -> Array:
        """Return ``array`` as it is: the sum over one worker."""
        return array


SOLO = Solo()
