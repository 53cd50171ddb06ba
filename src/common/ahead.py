"""Work that is done in threads while its earlier results are used."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

S = TypeVar("S")
T = TypeVar("T")


def results_ahead(
    items: Iterable[S], work: Callable[[S], T], threads: int, ahead: int, name: str
) -> Iterator[T]:
    """The results of work on each item, in order; what it raises is raised in its turn.

    Args:
        items: are taken as they are needed.
        work: runs in a thread.
        threads: that work at the same time.
        ahead: items that are worked on, or done, before their results are asked for.
        name: of the threads.

    >>> list(results_ahead([3, 4], lambda item: item**2, threads=2, ahead=2, name="squares"))
    [9, 16]
    """
    rest = iter(items)
    waiting: deque[Future[T]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
    try:
        waiting.extend(pool.submit(work, item) for item in islice(rest, ahead))
        while waiting:
            result = waiting.popleft().result()
            waiting.extend(pool.submit(work, item) for item in islice(rest, 1))
            yield result
    finally:  # also when the caller stops in the middle
        pool.shutdown(cancel_futures=True)
