"""What is remembered of activations while a network is calibrated: extremes, and a histogram.

Activations of many photos do not fit in memory, so they are counted as they come. Bins are equal
and lie around zero, from -R to R. Where a value lies beyond, R is doubled until it does not, and
bins are joined in pairs: counts stay exact. So statistics of two workers can be added, whatever
each of them has seen, and the sum is what one worker would have counted.
"""

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.array_types import Array
from src.classic_nn.communicator import Communicator

BINS = 4096
"""Of the histogram; an even number on each side of zero stays even when bins are joined."""

MOMENTUM = 0.9
"""Fraction of the old moving average that remains with each mini-batch."""


class Statistics:
    """Statistics of one array of a network, over mini-batches.

    Attributes:
        low, high: extremes; infinite where nothing was seen.
        average_low, average_high: moving averages of the extremes of mini-batches.
        reach: R, a power of two.
        counts: (BINS,), int64; bin k holds values from (k - BINS / 2) to (k + 1 - BINS / 2), times
            the width 2 R / BINS.
    """

    def __init__(self) -> None:
        self.low, self.high = np.inf, -np.inf
        self.average_low, self.average_high = np.nan, np.nan
        self.reach = 2.0**-20
        self.counts = np.zeros(BINS, np.int64)

    @property
    def empty(self) -> bool:
        """Whether nothing was seen."""
        return self.low > self.high

    @property
    def centers(self) -> NDArray[np.float64]:
        """(BINS,): the middle of each bin."""
        return (np.arange(BINS) + 0.5 - BINS / 2) * 2 * self.reach / BINS

    def update(self, x: Array) -> None:
        """Count the values of one mini-batch; raises ValueError for NaN and infinities."""
        if not x.size:
            return
        low, high = float(x.min()), float(x.max())
        if not (np.isfinite(low) and np.isfinite(high)):
            raise ValueError("activations that are not finite: NaN or infinity")
        if self.empty:
            self.average_low, self.average_high = low, high
        self.average_low += (1 - MOMENTUM) * (low - self.average_low)
        self.average_high += (1 - MOMENTUM) * (high - self.average_high)
        self.low, self.high = min(self.low, low), max(self.high, high)
        self._reach_to(max(abs(low), abs(high)))
        bins = x.ravel() * x.dtype.type(BINS / (2 * self.reach)) + BINS // 2
        numbers = np.clip(bins.astype(np.int64), 0, BINS - 1)
        self.counts += np.bincount(numbers, minlength=BINS)

    def _reach_to(self, value: float) -> None:
        """Double the reach until a value lies inside; bins are joined in pairs."""
        while self.reach < value:
            pairs = self.counts.reshape(-1, 2).sum(axis=1)
            self.counts = np.zeros(BINS, np.int64)
            self.counts[BINS // 4 : 3 * BINS // 4] = pairs
            self.reach *= 2

    def merge(self, communicator: Communicator) -> None:
        """Add up what all workers have seen; every worker has the sum then."""
        own = np.zeros((communicator.size, 5))
        averages = (self.average_low, self.average_high)
        own[communicator.rank] = (self.low, self.high, self.reach, *averages)
        ends = communicator.all_reduce(own)
        self._reach_to(float(ends[:, 2].max()))
        seen = np.isfinite(ends[:, 0])
        self.low, self.high = float(ends[:, 0].min()), float(ends[:, 1].max())
        if seen.any():
            self.average_low, self.average_high = ends[seen, 3:].mean(axis=0).tolist()
        self.counts = communicator.all_reduce(self.counts.astype(np.float64)).astype(np.int64)
