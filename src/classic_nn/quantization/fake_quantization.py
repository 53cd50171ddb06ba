"""Fake quantization: numbers that are rounded as integers would be, so that training knows of it.

    forward    x~ = s (clamp(round(x / s) + z) - z)
    backward   dx = dy where x lies inside the range, 0 where it was cut off

Rounding has the derivative 0 almost everywhere, which would end all training. The straight-through
estimator takes it for the identity (Bengio, Leonard and Courville 2013): a smooth line through the
stairs. (Jacob et al. 2018, section 3; Krishnamoorthi 2018, equation 13.)
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.array_types import Array
from src.classic_nn.quantization.affine import Quantization


class FakeQuantizationCache(NamedTuple):
    """Where x was inside the range, of its shape."""

    inside: NDArray[np.bool_]


def fake_quantize(x: Array, quantization: Quantization) -> tuple[Array, FakeQuantizationCache]:
    """x~ of the shape and type of x (..., channels), and the cache.

    >>> from src.classic_nn.quantization import symmetric
    >>> y, cache = fake_quantize(np.array([-3.0, 0.4, 0.9]), symmetric(-2, 2, bits=3))
    >>> y.round(3).tolist(), fake_quantize_backward(np.ones(3), cache).tolist()
    ([-2.0, 0.667, 0.667], [0.0, 1.0, 1.0])
    """
    steps = np.rint(x / quantization.scale) + quantization.zero_point
    inside = (steps >= quantization.lowest) & (steps <= quantization.highest)
    return quantization.round_trip(x), FakeQuantizationCache(inside)


def fake_quantize_backward(dy: Array, cache: FakeQuantizationCache) -> Array:
    """dx of the shape of dy."""
    return np.where(cache.inside, dy, dy.dtype.type(0))
