"""A team of workers that share every mini-batch: threads of this process, and of others with it.

NumPy releases Python's lock inside its kernels, so threads run them at the same time. Each worker
takes its shard of the mini-batch, with the matrix library limited to one thread, since two
layers of threads would fight for the same cores.

Where a network is mostly parameters, sharing the samples does not pay: every worker reads all the
weights for a few samples, and adding up the gradients costs as much as the products. Then one
worker takes the whole mini-batch and the threads go into the products (``product_threads``).
Updates of parameters are divided among all threads either way.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from itertools import pairwise
from types import TracebackType
from typing import Self, TypeVar

from src.classic_nn.array_types import Array
from src.classic_train.parallel.memory import keep_freed_memory
from src.classic_train.parallel.processes import ALONE, Processes
from src.common.product_threads import limited_product_threads

T = TypeVar("T")

PARALLEL_FROM = 1 << 18
"""Values from which on a vector is divided among threads: half a millisecond of an update."""

SMALL = 1 << 13
"""Values up to which every thread adds up the whole array: sums of a batch normalization."""


class Worker:
    """One worker's end of the team: a thread of a process.

    Workers are counted over all processes; the sum over all is made in two steps, over the threads
    of each process and then over processes, by the first thread of each.

    Args:
        thread: number in its process.
        slots: where the threads of the process lay out their arrays.
        copies: where they lay out copies of small ones, in two turns.
        barrier: at which they meet.
        processes: that train together.

    Attributes:
        turn: which of the copies the last small sum has used, 0 or 1; the same for all threads.
    """

    def __init__(
        self,
        thread: int,
        slots: list[Array | None],
        copies: tuple[list[Array | None], list[Array | None]],
        barrier: threading.Barrier,
        processes: Processes = ALONE,
    ) -> None:
        self.thread = thread
        self.threads = len(slots)
        self.rank = processes.rank * self.threads + thread
        self.size = processes.size * self.threads
        self.is_local_leader = thread == 0
        self._slots = slots
        self._copies = copies
        self.turn = 0
        self._barrier = barrier
        self._processes = processes

    def all_reduce(self, array: Array) -> Array:
        """Replace ``array`` by its sum over all workers.

        Raises:
            ValueError: the array is not contiguous.
            threading.BrokenBarrierError: another worker of the process failed.
        """
        if self.size == 1:
            return array
        if not array.flags.c_contiguous:
            raise ValueError("all_reduce needs a contiguous array")
        if self.threads > 1:
            self._sum_over_threads(array)
        if self._processes.size > 1:
            if self.thread == 0:
                self._processes.all_reduce(array)
            if self.threads > 1:
                self._copy_from_first_thread(array)
        return array

    def begin_all_reduce(self, array: Array) -> Callable[[], None]:
        """Begin a sum over all workers that goes on in the background; returns what waits for it.

        The threads of a process are added up at once; what is between processes goes on. The sum
        is in the array of the first thread of each process. Until then, nobody may touch it.
        """
        if self.threads > 1:
            self._sum_over_threads(array)
        if self.thread == 0:
            return self._processes.begin_all_reduce(array)
        return _nothing

    def _sum_over_threads(self, array: Array) -> None:
        """Every thread adds up one slice of all arrays, always in the order of ranks, so the result
        does not depend on which thread was first."""
        self._slots[self.thread] = array.reshape(-1)
        if array.size <= SMALL:
            self._sum_small(array)
            return
        self._barrier.wait()
        start = array.size * self.thread // self.threads
        stop = array.size * (self.thread + 1) // self.threads
        total, *others = [slot[start:stop] for slot in self._slots if slot is not None]
        for part in others:
            total += part
        for part in others:
            part[...] = total
        self._barrier.wait()

    def _sum_small(self, array: Array) -> None:
        """Every thread adds up copies of all arrays: the threads meet once instead of twice.

        A thread may still read the copies of one sum while another has come to the next, so there
        are two places for them, in turn.
        """
        self.turn = 1 - self.turn
        copies = self._copies[self.turn]
        copies[self.thread] = array.copy()
        self._barrier.wait()
        total, *others = [copy for copy in copies if copy is not None]
        array[...] = total
        for part in others:
            array += part

    def _copy_from_first_thread(self, array: Array) -> None:
        self._barrier.wait()
        if self.thread and self._slots[0] is not None:
            array.reshape(-1)[...] = self._slots[0]
        self._barrier.wait()


def _nothing() -> None:
    """Wait for nothing."""


class WorkerTeam:
    """Runs the same task on every worker of this process; the calling thread is the first.

    Args:
        size: number of workers.
        product_threads: threads that the matrix library may use in each worker.
        processes: that train together, each with such a team.

    Use it as a context manager: inside, the matrix library keeps to its limit.

    Raises:
        ValueError: size or product_threads is below 1.
    """

    def __init__(
        self, size: int = 1, product_threads: int = 1, processes: Processes = ALONE
    ) -> None:
        for name, number in (("workers", size), ("product_threads", product_threads)):
            if number < 1:
                raise ValueError(f"{name} must be 1 or more, got {number}")
        self.size = size
        self.product_threads = product_threads
        self.processes = processes
        self.threads = max(size, product_threads)
        self._barrier = threading.Barrier(size)
        slots: list[Array | None] = [None] * size
        copies: tuple[list[Array | None], list[Array | None]] = [None] * size, [None] * size
        self.workers = [Worker(k, slots, copies, self._barrier, processes) for k in range(size)]

    def __enter__(self) -> Self:
        self._barrier.reset()  # the end of an earlier use has broken it
        for worker in self.workers:  # one that failed may have stopped in the middle of a sum
            worker.turn = 0
        keep_freed_memory()
        self._limits = limited_product_threads(self.product_threads)
        self._limits.__enter__()
        self._pool = ThreadPoolExecutor(max(self.threads - 1, 1), thread_name_prefix="worker")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._barrier.abort()
        self._pool.shutdown()
        self._limits.__exit__(kind, error, trace)

    def run(self, task: Callable[[Worker], T]) -> list[T]:
        """Run ``task(worker)`` on every thread's worker; returns the results in their order.

        If one worker fails, the others stop at their next all_reduce, and its error is raised. The
        other threads see the caller's context variables: NumPy keeps its error state there.
        """
        if self.size == 1:
            return [task(self.workers[0])]
        futures = [
            self._pool.submit(copy_context().run, self._run_one, task, worker)
            for worker in self.workers[1:]
        ]
        results, failures = [], []
        try:
            results.append(self._run_one(task, self.workers[0]))
        except Exception as error:
            failures.append(error)
        for future in futures:
            try:
                results.append(future.result())
            except Exception as error:
                failures.append(error)
        if failures:
            causes = [e for e in failures if not isinstance(e, threading.BrokenBarrierError)]
            raise (causes or failures)[0]
        return results

    def parallel_for(self, task: Callable[[int, int], None], total: int) -> None:
        """Run ``task(start, stop)`` on every thread, with ranges that divide range(total).

        A short range stays with the calling thread: handing it over would take longer.
        """
        if self.threads == 1 or total < PARALLEL_FROM:
            task(0, total)
            return
        ends = [total * k // self.threads for k in range(self.threads + 1)]
        futures = [
            self._pool.submit(copy_context().run, task, start, stop)
            for start, stop in pairwise(ends[1:])
        ]
        try:
            task(0, ends[1])
        finally:
            for future in futures:
                future.result()

    def _run_one(self, task: Callable[[Worker], T], worker: Worker) -> T:
        try:
            return task(worker)
        except BaseException:
            self._barrier.abort()
            raise
