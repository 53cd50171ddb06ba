"""Layers that take integers and give integers; between them no number is anything else.

An array x of the network stands for s_x x_hat, with x_hat = q - z: the integer without its zero
point, in float32, which holds integers of this size exactly. So padding and the zeros of a ReLU are
zeros, and a layer is

    convolution, dense   y_hat = clamp( round( m (sum of x_hat w_hat + b_hat) ) )
                         m = s_x s_w / s_y, one for each filter;  b_hat = round(b / (s_x s_w))
    sum                  y_hat = clamp( round( (s_1 a_hat + s_2 b_hat) / s_y ) )
    product              y_hat = clamp( round( (s_1 s_2 / s_y) a_hat b_hat ) )
    concatenation        each part by  clamp( round( (s_k / s_y) x_hat ) )
    mean                 y_hat = clamp( round( (s_x / s_y) mean of x_hat ) )

and what layers of other kinds make of integers is in ``wrapped_layers``.

``clamp`` cuts off at the ends of the integers, and where a ReLU or ReLU6 follows, at those of its
outputs. Rounding is half to even. These are ONNX's QLinearConv, QLinearMatMul and their like (Jacob
et al. 2018, sections 2.2 to 2.4).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from src.classic_cnn.layers.convolution import Conv2D
from src.classic_cnn.quantized.convolution import integer_convolution
from src.classic_cnn.quantized.rounding import round_clamped, round_sums
from src.classic_cnn.quantized.weights import empty_weights, integers_of
from src.classic_cnn.utils import geometry, pair
from src.classic_nn.array_types import Array, Shape
from src.classic_nn.context import EVALUATION, Context
from src.classic_nn.layers.base import Layer
from src.classic_nn.parameters import ParameterVector
from src.classic_nn.quantization.integer_products import (
    EXACT,
    exact_matmul,
    exact_parts,
    largest_sum,
)


@dataclass(eq=False)
class IntegerLayer(Layer):
    """Base of the layers of an ``IntegerNetwork``.

    Args:
        scale: s_y of the output; 0 where the output is numbers.
        zero_point: z_y.
        low, high: ends of y_hat.
    """

    scale: float = 1.0
    zero_point: int = 0
    low: int = 0
    high: int = 255

    def output_of(self, shapes: Sequence[Shape]) -> Shape:
        """Shape of the output for inputs of these shapes."""
        return shapes[0]

    def make(self, shapes: Sequence[Shape], dtype: DTypeLike) -> None:
        """Make the arrays for inputs of these shapes."""
        self.parameters = ParameterVector({}, dtype=dtype)

    def compute(self, *inputs: Array) -> Array:
        """y_hat of x_hat."""
        raise NotImplementedError

    def forward(self, x: Array, context: Context = EVALUATION) -> tuple[Array, Any]:
        """Of one input; there is no backward pass."""
        return self.compute(x), None

    def clamp(self, y: Array) -> Array:
        """y rounded, and cut off at the ends; in place."""
        round_clamped(y, self.low, self.high)
        return y


@dataclass(eq=False)
class ToIntegers(IntegerLayer):
    """x_hat of numbers x: round(x / s) cut off."""

    def compute(self, *inputs: Array) -> Array:
        """(samples, ...) to the same shape."""
        if not np.isfinite(inputs[0]).all():
            raise ValueError(f"{self.name}: numbers that are not finite have no integers")
        return self.clamp(inputs[0].astype(np.float32) / np.float32(self.scale))


@dataclass(eq=False)
class ToNumbers(IntegerLayer):
    """y = s_x x_hat: where a network ends with integers."""

    input_scale: float = 1.0

    def compute(self, *inputs: Array) -> Array:
        """(samples, ...) to the same shape."""
        return inputs[0] * np.float32(self.input_scale)


@dataclass(eq=False)
class _Weighted(IntegerLayer):
    """Convolution and dense layer: products of integers, a bias, a multiplier.

    Args:
        input_scale: s_x.
        largest: absolute value of x_hat, at most.
        bits, per_channel: of the weights.

    With a ``scale`` of 0 the output is numbers, y = s_x s_w (sum + b_hat): of a last layer.
    """

    input_scale: float = 1.0
    largest: int = 255
    bits: int = 8
    per_channel: bool = True

    def _make(self, shape: Shape, dtype: DTypeLike) -> None:
        self.parameters = ParameterVector({}, dtype=dtype)
        self._shape = shape
        self.buffers = empty_weights(shape, self.bits, self.per_channel)
        self.buffers["b"] = np.zeros(shape[-1], np.int32)

    def integers(self) -> Array:
        """w_hat, of the shape of the weights."""
        return integers_of(self.buffers, self._shape, self.bits)

    def finish(self, sums: Array) -> None:
        """y_hat, or y, of sums (..., filters) that float32 holds, in place."""
        if self.scale:
            round_sums(sums, self._plan.b, self._plan.multiplier, self.low, self.high)
        else:
            sums += self._plan.b
            sums *= self._plan.multiplier

    def finished(self, sums: NDArray[Any]) -> Array:
        """y_hat, or y, of sums that float32 does not hold with their bias."""
        y = (sums.astype(np.int32) + self.buffers["b"]).astype(np.float32)
        y *= self._plan.multiplier
        return self.clamp(y) if self.scale else y

    @cached_property
    def _plan(self) -> "_Plan":
        w, scale = self.integers(), self.buffers["W_scale"]
        b: NDArray[Any] = self.buffers["b"]
        product = np.float32(self.input_scale) * np.broadcast_to(scale, b.shape)
        return _Plan(
            exact_parts(w, self.largest),
            largest_sum(w, self.largest, b) <= EXACT,
            b.astype(np.float32),
            product / np.float32(self.scale) if self.scale else product.copy(),
        )


class _Plan(NamedTuple):
    """What the arrays of a layer decide.

    Attributes:
        parts: of the inputs, whose sums float32 holds.
        is_exact: whether it holds the sums of all with the bias; then there is one part.
        b: (filters,), b_hat in float32.
        multiplier: (filters,), m.
    """

    parts: list[slice]
    is_exact: bool
    b: Array
    multiplier: Array


@dataclass(eq=False)
class IntegerConv2D(_Weighted):
    """Convolution of integers; see ``Conv2D`` for its settings."""

    out_channels: int = 1
    kernel_size: Any = 3
    stride: Any = 1
    padding: Any = "same"
    dilation: Any = 1
    groups: int = 1

    def _plain(self) -> Conv2D:
        settings = (self.out_channels, self.kernel_size, self.stride, self.padding)
        return Conv2D(*settings, self.dilation, self.groups)

    def output_of(self, shapes: Sequence[Shape]) -> Shape:
        """(OH, OW, out_channels)."""
        return self._plain().output_shape(shapes[0])

    def make(self, shapes: Sequence[Shape], dtype: DTypeLike) -> None:
        """Arrays for weights (KH, KW, channels / groups, out_channels)."""
        kernel = pair(self.kernel_size)
        self._make((*kernel, shapes[0][2] // self.groups, self.out_channels), dtype)

    def compute(self, *inputs: Array) -> Array:
        """(samples, height, width, channels) -> (samples, OH, OW, out_channels)."""
        (x,) = inputs
        w = self.integers()
        image, kernel = (x.shape[1], x.shape[2]), (w.shape[0], w.shape[1])
        where = geometry(image, kernel, self.stride, self.padding, self.dilation)
        plan = self._plan
        if plan.is_exact:
            return integer_convolution(x, w, where, self.groups, plan.parts, self.finish)
        return self.finished(integer_convolution(x, w, where, self.groups, plan.parts))


@dataclass(eq=False)
class IntegerDense(_Weighted):
    """A dense layer of integers, out_features wide."""

    out_features: int = 1

    def output_of(self, shapes: Sequence[Shape]) -> Shape:
        """(out_features,)."""
        return (self.out_features,)

    def make(self, shapes: Sequence[Shape], dtype: DTypeLike) -> None:
        """Arrays for weights (in_features, out_features)."""
        self._make((shapes[0][0], self.out_features), dtype)

    def compute(self, *inputs: Array) -> Array:
        """(samples, in_features) -> (samples, out_features)."""
        sums = exact_matmul(inputs[0], self.integers(), self._plan.parts)
        if not self._plan.is_exact:
            return self.finished(sums)
        self.finish(sums)
        return sums


@dataclass(eq=False)
class IntegerAdd(IntegerLayer):
    """The sum of several inputs of scales of their own."""

    input_scales: Sequence[float] = ()

    def compute(self, *inputs: Array) -> Array:
        """Arrays of one shape to the same shape."""
        total = inputs[0] * np.float32(self.input_scales[0] / self.scale)
        for x, scale in zip(inputs[1:], self.input_scales[1:], strict=True):
            total += x * np.float32(scale / self.scale)
        return self.clamp(total)


@dataclass(eq=False)
class IntegerMultiply(IntegerLayer):
    """The product of (samples, ..., channels) and one number for each sample and channel."""

    input_scales: Sequence[float] = ()

    def compute(self, *inputs: Array) -> Array:
        """To the shape of the first."""
        x, weights = inputs
        per_pixel = weights.reshape(len(x), *[1] * (x.ndim - 2), x.shape[-1])
        first, second = self.input_scales
        return self.clamp(x * per_pixel * np.float32(first * second / self.scale))


@dataclass(eq=False)
class IntegerConcatenate(IntegerLayer):
    """Inputs side by side along the last axis, each brought to the one scale."""

    input_scales: Sequence[float] = ()

    def output_of(self, shapes: Sequence[Shape]) -> Shape:
        """The last axes are added up."""
        return (*shapes[0][:-1], sum(shape[-1] for shape in shapes))

    def compute(self, *inputs: Array) -> Array:
        """(samples, ..., channels) each."""
        parts = [
            self.clamp(x * np.float32(scale / self.scale))
            for x, scale in zip(inputs, self.input_scales, strict=True)
        ]
        return np.concatenate(parts, axis=-1)


@dataclass(eq=False)
class IntegerMean(IntegerLayer):
    """The mean over all pixels: (samples, ..., channels) -> (samples, channels)."""

    input_scale: float = 1.0

    def output_of(self, shapes: Sequence[Shape]) -> Shape:
        """(channels,)."""
        return shapes[0][-1:]

    def compute(self, *inputs: Array) -> Array:
        """The sum of integers is exact in float64."""
        (x,) = inputs
        mean = x.mean(axis=tuple(range(1, x.ndim - 1)), dtype=np.float64)
        return self.clamp((mean * (self.input_scale / self.scale)).astype(np.float32))
