"""Numbers in a few bits: an integer q stands for s (q - z).

With b bits and a range from min to max, widened so that it holds zero:

    symmetric    s = max(|min|, |max|) / (2^(b-1) - 1),   z = 0,
                 q = clamp(round(x / s), -(2^(b-1) - 1), 2^(b-1) - 1)
    asymmetric   s = (max - min) / (2^b - 1),             z = clamp(round(-min / s), 0, 2^b - 1)
                 q = clamp(round(x / s) + z, 0, 2^b - 1)
    back         x~ = s (q - z)

so |x - x~| <= s / 2 inside the range (asymmetric: of a range that begins at a multiple of s; else
the zero point's own rounding moves the ends by as much). Zero is exact: padding and ReLU's zeros
stay zeros. Rounding is half to even, as in IEEE 754 and ONNX. (Jacob et al. 2018, section 2.1;
Krishnamoorthi 2018, section 2.)

The linear form keeps the range's lower end instead of a zero point, and zero is not exact:

    q = round((x - min) / s),   x~ = q s + min

One scale for a whole array is "per tensor"; one for each index of the last axis (the filters of a
convolution, the outputs of a dense layer) is "per channel".
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from src.classic_nn.array_types import Array
from src.common.checks import check_number

Integers = NDArray[np.integer]

MOST_BITS = 16


@dataclass(frozen=True)
class Quantization:
    """Which numbers the integers stand for.

    Attributes:
        scale: s, float32: a number, or (channels,) for the last axis.
        zero_point: z, int32, of the same shape.
        bits: b, from 2 to 16.
        signed: symmetric integers, from -(2^(b-1) - 1) to 2^(b-1) - 1; else 0 to 2^b - 1.
    """

    scale: NDArray[np.float32]
    zero_point: NDArray[np.int32]
    bits: int = 8
    signed: bool = False

    @property
    def lowest(self) -> int:
        """The smallest integer."""
        return -(2 ** (self.bits - 1) - 1) if self.signed else 0

    @property
    def highest(self) -> int:
        """The largest integer."""
        return 2 ** (self.bits - 1) - 1 if self.signed else 2**self.bits - 1

    @property
    def dtype(self) -> np.dtype[np.integer]:
        """The smallest type of NumPy that holds the integers."""
        width = 8 if self.bits <= 8 else 16
        return np.dtype(f"{'int' if self.signed else 'uint'}{width}")

    def quantize(self, x: Array) -> Integers:
        """q of x (..., channels); NaN becomes the zero point."""
        steps = np.rint(x / self.scale)
        shifted = np.clip(
            np.nan_to_num(steps, nan=0.0) + self.zero_point, self.lowest, self.highest
        )
        return shifted.astype(self.dtype)

    def dequantize(self, q: Integers) -> NDArray[np.float32]:
        """x~ of q (..., channels)."""
        return (q.astype(np.int32) - self.zero_point).astype(np.float32) * self.scale

    def round_trip(self, x: Array) -> Array:
        """x~ of x, in the type of x: what a network sees that computes with integers."""
        return self.dequantize(self.quantize(x)).astype(x.dtype)


def symmetric(low: ArrayLike, high: ArrayLike, bits: int = 8) -> Quantization:
    """z = 0, and as many integers below it as above.

    Args:
        low: lower end of the range, a number, or (channels,).
        high: upper end, likewise.
        bits: from 2 to 16.

    >>> q = symmetric(-0.8, 0.6)
    >>> round(float(q.scale), 6), *q.quantize(np.array([-0.8, 0.6])).tolist()
    (0.006299, -127, 95)
    """
    low, high = _range(low, high, bits)
    scale = np.maximum(-low, high) / (2 ** (bits - 1) - 1)
    return Quantization(_usable(scale), np.zeros(scale.shape, np.int32), bits, signed=True)


def asymmetric(low: ArrayLike, high: ArrayLike, bits: int = 8) -> Quantization:
    """All integers for the range from low to high.

    Args:
        low: lower end of the range, a number, or (channels,).
        high: upper end, likewise.
        bits: from 2 to 16.

    >>> q = asymmetric(-0.8, 0.6)  # s = 1.4 / 255
    >>> round(float(q.scale), 4), int(q.zero_point)
    (0.0055, 146)
    >>> q.quantize(np.array([-0.8, 0.0, 0.6])).tolist()
    [0, 146, 255]
    """
    low, high = (end.astype(np.float32) for end in _range(low, high, bits))  # as ONNX computes
    scale = _usable((high - low) / np.float32(2**bits - 1))
    zero_point = np.clip(np.rint(-low / scale), 0, 2**bits - 1).astype(np.int32)
    return Quantization(scale, zero_point, bits)


def linear(x: Array, low: float, high: float, bits: int = 8) -> tuple[Integers, float]:
    """q and s of the linear form; the way back is ``q * s + low``.

    >>> q, s = linear(np.array([-0.8, 0.0, 0.6]), -0.8, 0.6)
    >>> q.tolist(), (q * s - 0.8).round(4).tolist()
    ([0, 146, 255], [-0.8, 0.0016, 0.6])
    """
    check_bits(bits)
    steps = 2**bits - 1
    s = (high - low) / steps or 1.0
    q = np.clip(np.rint((x - low) / s), 0, steps)
    return q.astype(np.uint8 if bits <= 8 else np.uint16), s


def check_bits(bits: int) -> None:
    """Raise ValueError for a number of bits that is not from 2 to 16."""
    check_number("bits", bits, 2, MOST_BITS, whole=True)


def _range(low: ArrayLike, high: ArrayLike, bits: int) -> tuple[Array, Array]:
    """Ends of a range that holds zero; ValueError where they are no range."""
    check_bits(bits)
    low, high = np.asarray(low, np.float64), np.asarray(high, np.float64)
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        raise ValueError("expected a range of finite numbers: are there NaNs in the activations?")
    if (low > high).any():
        raise ValueError(f"expected a range from low to high, got {low} to {high}")
    return np.minimum(low, 0), np.maximum(high, 0)


def _usable(scale: Array) -> NDArray[np.float32]:
    """float32; 1 where the range is one value, zero, or too small to divide by."""
    small = scale.astype(np.float32)
    return np.where(small >= np.finfo(np.float32).tiny, small, np.float32(1)).astype(np.float32)
