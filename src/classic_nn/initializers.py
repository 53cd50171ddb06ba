"""Random weights whose scale keeps the variance of signals from layer to layer.

With W drawn with variance s / fan_in, the output z = a @ W has s times the mean square of its
input a. ReLU halves the mean square, so He et al. 2015 (eq. 10) take s = 2; LeCun et al. 1998
(section 4.6) take s = 1 for units that are near linear; Glorot and Bengio 2010 (eq. 12) divide by
the mean of fan_in and fan_out, a compromise between the forward and the backward signal. PyTorch's
own layers draw uniformly from -1 / sqrt(fan_in) to 1 / sqrt(fan_in), which is s = 1 / 3. Zeros suit
a last layer: its first logits are 0, and the layers below it are not driven by noise.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import DTypeLike

from src.classic_nn.array_types import Array, Shape
from src.common.lookup import lookup

VARIANCES: dict[str, Callable[[int, int], float]] = {
    "he": lambda fan_in, fan_out: 2 / fan_in,
    "xavier": lambda fan_in, fan_out: 2 / (fan_in + fan_out),
    "lecun": lambda fan_in, fan_out: 1 / fan_in,
    "torch": lambda fan_in, fan_out: 1 / (3 * fan_in),
    "zeros": lambda fan_in, fan_out: 0.0,
}
"""Variance of a weight by the name of its initialization."""


def fans(shape: Shape) -> tuple[int, int]:
    """Inputs and outputs of one unit: (fan_in, fan_out).

    The last two axes of a weight are its inputs and outputs; the axes before them are the kernel
    of a convolution, and every kernel position is one more input and one more output.

    >>> fans((3, 3, 16, 32))
    (144, 288)
    """
    *kernel, inputs, outputs = shape
    positions = int(np.prod(kernel))
    return positions * inputs, positions * outputs


def initialize_weights(
    shape: Shape,
    initialization: str,
    rng: np.random.Generator | None,
    dtype: DTypeLike = np.float32,
) -> Array:
    """Normal random weights of the given shape, (..., in_features, out_features).

    ``initialization`` is "he" (variance 2 / fan_in), "xavier" (2 / (fan_in + fan_out)), "lecun"
    (1 / fan_in), "torch" (1 / (3 fan_in), that of PyTorch's layers) or "zeros". They are drawn in
    float64 and then rounded to ``dtype``, so a float32 network and a float64 network of one seed
    start from the same numbers. Without ``rng`` nothing is drawn and all are zero: values that are
    read from a file replace them.

    Raises ValueError for an unknown name.
    """
    variance = lookup("initialization", initialization, VARIANCES)(*fans(shape))
    if rng is None:
        return np.zeros(shape, dtype)
    return rng.normal(0.0, np.sqrt(variance), shape).astype(dtype)
