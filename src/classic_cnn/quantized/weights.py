"""Weights in a few bits, as arrays that a layer keeps and a file holds.

W         integers around zero: int8 or int16; of 4 bits or fewer two in a byte
W_scale   s, float32, (1,), or one for each filter
"""

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.array_types import Array, Shape
from src.classic_nn.quantization.affine import Quantization, symmetric
from src.classic_nn.quantization.ranges import channel_ranges

Arrays = dict[str, NDArray[Any]]


def weight_quantization(w: Array, bits: int, per_channel: bool = True) -> Quantization:
    """The integers around zero for weights (..., filters): their whole range."""
    low, high = channel_ranges(w) if per_channel else (w.min(keepdims=True), w.max(keepdims=True))
    return symmetric(low.reshape(-1), high.reshape(-1), bits)  # files have no arrays without axes


def empty_weights(shape: Shape, bits: int, per_channel: bool) -> Arrays:
    """The arrays for weights of a shape, to be filled."""
    if bits <= 4:
        stored = np.zeros((prod(shape) + 1) // 2, np.uint8)
    else:
        stored = np.zeros(shape, np.int8 if bits <= 8 else np.int16)
    return {"W": stored, "W_scale": np.ones(shape[-1:] if per_channel else (1,), np.float32)}


def fill_weights(arrays: Mapping[str, NDArray[Any]], w: Array, quantization: Quantization) -> None:
    """Write weights (..., filters) into the arrays, as the integers of a quantization."""
    q = quantization.quantize(w)
    arrays["W"][...] = q if quantization.bits > 4 else pack(q, quantization.lowest)
    arrays["W_scale"][...] = quantization.scale


def integers_of(arrays: Mapping[str, NDArray[Any]], shape: Shape, bits: int) -> NDArray[np.float32]:
    """q of the shape of the weights: float32 that holds integers."""
    stored = arrays["W"]
    if bits <= 4:
        stored = unpack(stored, prod(shape), 1 - 2 ** (bits - 1)).reshape(shape)
    return stored.astype(np.float32)


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
