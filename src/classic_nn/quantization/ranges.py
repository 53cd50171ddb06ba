"""Which range of activations the integers should stand for; what lies beyond is cut off.

The whole range loses nothing at its ends and resolution everywhere: one outlier makes every step
larger. A narrower one does the reverse.

- min_max: everything that was seen;
- moving_average: moving averages of the extremes of mini-batches, so a single outlier counts little
  (Jacob et al. 2018, section 3.1);
- percentile: the smallest and the largest of a hundred thousand are cut off;
- least_squares: the least sum of (x - x~)^2;
- entropy: the least Kullback-Leibler divergence of the histogram after rounding from that before
  (Migacz 2017).
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.quantization.affine import Quantization, asymmetric, symmetric
from src.classic_nn.quantization.statistics import BINS, Statistics
from src.common.lookup import lookup

Range = tuple[float, float]

CUT_OFF = 1e-5
"""Fraction of the values at each end that ``percentile`` leaves out."""

CANDIDATES = np.linspace(0.1, 1, 73)
"""Fractions of the whole range that are tried."""


def min_max(seen: Statistics, bits: int = 8, is_symmetric: bool = False) -> Range:
    """Everything that was seen."""
    return seen.low, seen.high


def moving_average(seen: Statistics, bits: int = 8, is_symmetric: bool = False) -> Range:
    """Moving averages of the extremes of mini-batches."""
    return seen.average_low, seen.average_high


def percentile(
    seen: Statistics, bits: int = 8, is_symmetric: bool = False, cut_off: float = CUT_OFF
) -> Range:
    """Without the smallest and the largest ``cut_off`` of the values."""
    total = np.cumsum(seen.counts)
    width = 2 * seen.reach / BINS
    first = int(np.searchsorted(total, cut_off * total[-1], side="right"))
    last = int(np.searchsorted(total, (1 - cut_off) * total[-1], side="left"))
    low, high = (first - BINS / 2) * width, (last + 1 - BINS / 2) * width
    return max(low, seen.low), min(high, seen.high)


def least_squares(seen: Statistics, bits: int = 8, is_symmetric: bool = False) -> Range:
    """The range, of some around zero, with the least sum of squared errors.

    Lower and upper end are cut off by fractions of their own: first the one, then the other, best.
    """
    low, high = min(seen.low, 0.0), max(seen.high, 0.0)
    some = seen.counts > 0
    values, counts = np.clip(seen.centers[some], low, high), seen.counts[some]

    def error(range_: Range) -> float:
        made = quantization(range_, bits, is_symmetric)
        return float(counts @ np.square(values - made.round_trip(values)))

    if is_symmetric:
        return min(((low * k, high * k) for k in CANDIDATES), key=error)
    high = min((high * k for k in CANDIDATES), key=lambda end: error((low, end)))
    low = min((low * k for k in CANDIDATES), key=lambda end: error((end, high)))
    return low, high


def entropy(seen: Statistics, bits: int = 8, is_symmetric: bool = False) -> Range:
    """The range with the least Kullback-Leibler divergence of rounded from exact values.

    The exact histogram has what is cut off added to its last bins; the rounded one spreads each
    step's counts over those of its bins that have any. One limit holds on both sides of zero.
    """
    low, high = min(seen.low, 0.0), max(seen.high, 0.0)
    limits = CANDIDATES * max(-low, high)
    ranges = [(max(low, -limit), min(high, limit)) for limit in limits.tolist()]
    return min(ranges, key=lambda range_: _divergence(seen, range_, bits, is_symmetric))


def _divergence(seen: Statistics, range_: Range, bits: int, is_symmetric: bool) -> float:
    some = seen.counts > 0
    centers, counts = seen.centers[some], seen.counts[some].astype(np.float64)
    inside = (centers >= range_[0]) & (centers <= range_[1])
    if not inside.any():
        return np.inf
    exact = counts[inside]
    exact[0] += counts[centers < range_[0]].sum()
    exact[-1] += counts[centers > range_[1]].sum()
    steps = quantization(range_, bits, is_symmetric).quantize(centers[inside]).astype(np.int64)
    _, step = np.unique(steps, return_inverse=True)
    rounded = (np.bincount(step, counts[inside]) / np.bincount(step))[step]
    p, q = exact / exact.sum(), rounded / rounded.sum()
    return float(np.sum(p * np.log(p / q)))


RANGES: Mapping[str, Callable[[Statistics, int, bool], Range]] = {
    "min_max": min_max,
    "moving_average": moving_average,
    "percentile": percentile,
    "least_squares": least_squares,
    "entropy": entropy,
}
"""From statistics, bits, and whether integers are symmetric, to a range."""


def quantization(range_: Range, bits: int, is_symmetric: bool) -> Quantization:
    """The integers for a range."""
    return (symmetric if is_symmetric else asymmetric)(*range_, bits)


def choose_quantization(
    seen: Statistics, method: str, bits: int = 8, is_symmetric: bool = False
) -> Quantization:
    """The integers for what was seen; ValueError for an unknown method, or nothing seen.

    Args:
        seen: statistics.
        method: one of ``RANGES``.
        bits: of the integers.
        is_symmetric: whether they lie around zero.
    """
    if seen.empty:
        raise ValueError("nothing to choose a range from: no activations were seen")
    range_: Range = lookup("method", method, RANGES)(seen, bits, is_symmetric)
    return quantization(range_, bits, is_symmetric)


def channel_ranges(w: NDArray[np.floating]) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Lowest and highest weight of each channel, (channels,) each, of w (..., channels)."""
    axes = tuple(range(w.ndim - 1))
    return w.min(axis=axes), w.max(axis=axes)
