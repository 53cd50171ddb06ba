"""Weights in a few bits, as arrays that a layer keeps and a file holds.

W         integers: int8 or uint8; of 4 bits or fewer two in a byte
W_scale   s, float32, (1,), or one for each filter
W_zero    z, int32, likewise
"""

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.array_types import Array, Shape
from src.classic_nn.quantization.affine import Quantization, asymmetric, symmetric
from src.classic_nn.quantization.ranges import channel_ranges

Arrays = dict[str, NDArray[Any]]


def weight_quantization(
    w: Array, bits: int, per_channel: bool = True, is_symmetric: bool = True
) -> Quantization:
    """The integers for weights (..., filters): their whole range."""
    low, high = channel_ranges(w) if per_channel else (w.min(keepdims=True), w.max(keepdims=True))
    low, high = low.reshape(-1), high.reshape(-1)  # files have no arrays without an axis
    return (symmetric if is_symmetric else asymmetric)(low, high, bits)


def empty_weights(shape: Shape, bits: int, per_channel: bool, is_symmetric: bool) -> Arrays:
    """The arrays for weights of a shape, to be filled."""
    scales = (shape[-1],) if per_channel else (1,)
    size = prod(shape)
    dtype = np.int8 if is_symmetric and bits > 4 else np.uint8
    stored = np.zeros(shape if bits > 4 else ((size + 1) // 2,), dtype)
    return {
        "W": stored,
        "W_scale": np.ones(scales, np.float32),
        "W_zero": np.zeros(scales, np.int32),
    }


def fill_weights(arrays: Mapping[str, NDArray[Any]], w: Array, quantization: Quantization) -> None:
    """Write weights (..., filters) into the arrays, as the integers of a quantization."""
    q = quantization.quantize(w)
    arrays["W"][...] = q if quantization.bits > 4 else pack(q, quantization.lowest)
    arrays["W_scale"][...] = quantization.scale
    arrays["W_zero"][...] = quantization.zero_point


def integers_of(
    arrays: Mapping[str, NDArray[Any]], shape: Shape, bits: int, is_symmetric: bool
) -> NDArray[np.float32]:
    """q - z of the shape of the weights: float32 that holds integers."""
    stored = arrays["W"]
    if bits <= 4:
        lowest = -(2 ** (bits - 1) - 1) if is_symmetric else 0
        stored = unpack(stored, prod(shape), lowest).reshape(shape)
    integers = stored.astype(np.float32)
    if not is_symmetric:
        integers -= arrays["W_zero"]
    return integers


def pack(q: NDArray[np.integer], lowest: int) -> NDArray[np.uint8]:
    """Two integers of 4 bits in a byte, the first in its lower half.

    >>> pack(np.array([-7, 7, 0], np.int8), -7).tolist()
    [224, 7]
    """
    flat = (q.ravel().astype(np.int16) - lowest).astype(np.uint8)
    padded = np.append(flat, np.uint8(0)) if flat.size % 2 else flat
    return (padded[0::2] | (padded[1::2] << 4)).astype(np.uint8)


def unpack(packed: NDArray[np.uint8], count: int, lowest: int) -> NDArray[np.int8]:
    """The integers of ``pack``.

    >>> unpack(np.array([224, 7], np.uint8), 3, -7).tolist()
    [-7, 7, 0]
    """
    flat = np.stack([packed & 15, packed >> 4], axis=1).ravel()[:count]
    return flat.astype(np.int8) + np.int8(lowest)
