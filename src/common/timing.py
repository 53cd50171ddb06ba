"""How long things take, side by side."""

import time
from collections.abc import Callable, Sequence
from statistics import median

from src.common.product_threads import limited_product_threads

TURNS = 9
"""Calls of each whose median is its time."""


def interleaved_seconds(calls: Sequence[Callable[[], object]], turns: int = TURNS) -> list[float]:
    """Seconds of each call on one core, called in turn, medians; a first call of each makes ready.

    >>> len(interleaved_seconds([list, dict]))
    2
    """
    seconds: list[list[float]] = [[] for _ in calls]
    with limited_product_threads(1):
        for turn in range(turns + 1):
            for own, call in zip(seconds, calls, strict=True):
                start = time.perf_counter()
                call()
                if turn:
                    own.append(time.perf_counter() - start)
    return [median(own) for own in seconds]
