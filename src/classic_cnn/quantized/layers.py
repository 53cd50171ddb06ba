"""Layers with weights in a few bits whose inputs and outputs stay float32.

Weights only: W = s q is made anew in every pass; the layer then computes as ever. It saves
memory and disk.

Dynamic: the inputs of each sample are rounded too, to 8 bits of the sample's own range, and the
sums are sums of integers:

    x~ = s_x (x_q - z_x)        y = s_x s_w sum (x_q - z_x) w_q + b

No calibration is needed, and each sample is computed by itself.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from src.classic_cnn.forward import ConvCache, conv_forward
from src.classic_cnn.layers.convolution import Conv2D
from src.classic_cnn.quantized.convolution import integer_convolution
from src.classic_cnn.quantized.weights import empty_weights, integers_of
from src.classic_cnn.utils import Geometry, geometry, pair
from src.classic_nn.array_types import Array, Shape
from src.classic_nn.context import EVALUATION, Context
from src.classic_nn.layers.base import Layer
from src.classic_nn.layers.dense import Dense, LinearCache, linear_forward
from src.classic_nn.parameters import ParameterVector
from src.classic_nn.quantization.affine import Quantization, asymmetric, check_bits
from src.classic_nn.quantization.integer_products import exact_matmul, exact_parts

ACTIVATION_BITS, LARGEST = 8, 255
"""Of inputs that are rounded: their bits, and the largest integer."""


@dataclass(eq=False)
class QuantizedWeights(Layer):
    """What layers with such weights share: they are buffers, and nothing is trained.

    Args:
        bits: of the weights.
        per_channel: whether every filter has a scale of its own.
        dynamic: whether inputs are rounded to 8 bits too.
    """

    bits: int = 8
    per_channel: bool = True
    dynamic: bool = False

    def make(self, shape: Shape, bias: bool, dtype: DTypeLike) -> None:
        """Make arrays for weights of a shape (..., filters), to be filled, and b (filters,)."""
        check_bits(self.bits)
        self._shape = shape
        self.parameters = ParameterVector({}, dtype=dtype)
        self.buffers = empty_weights(shape, self.bits, self.per_channel)
        if bias:
            self.buffers["b"] = np.zeros(shape[-1], dtype)

    def integers(self) -> Array:
        """q, of the shape of the weights: float32 that holds integers."""
        return integers_of(self.buffers, self._shape, self.bits)

    def weights(self) -> Array:
        """s q."""
        return self.integers() * self.buffers["W_scale"]


@dataclass(eq=False)
class QuantizedConv2D(QuantizedWeights, Conv2D):
    """Convolution with weights in a few bits; backward takes rounding for the identity."""

    def build(
        self, input_shape: Shape, rng: np.random.Generator | None, dtype: DTypeLike = np.float32
    ) -> Shape:
        """Make arrays for the weights; nothing is drawn."""
        shape = (*pair(self.kernel_size), input_shape[2] // self.groups, self.out_channels)
        self.make(shape, self.bias, dtype)
        return self.output_shape(input_shape)

    def _forward(self, x: Array, relu: float | None = None) -> tuple[Array, ConvCache]:
        b = self.buffers.get("b")
        settings = (self.stride, self.padding, self.dilation)
        if not self.dynamic:
            return conv_forward(x, self.weights(), b, *settings, self.groups, relu)
        w = self.integers()
        where = geometry((x.shape[1], x.shape[2]), (w.shape[0], w.shape[1]), *settings)
        parts = exact_parts(w, LARGEST)
        samples = [self._of_sample(x[k : k + 1], w, where, parts) for k in range(len(x))]
        shape = (0, *where.output, self.out_channels)
        y = np.concatenate([np.zeros(shape, x.dtype), *samples])
        if relu is not None:
            np.clip(y, 0, relu, out=y)
        return y, ConvCache(x, self.weights(), where, self.groups, y if relu else None, relu or 0)

    def _of_sample(self, x: Array, w: Array, where: Geometry, parts: list[slice]) -> Array:
        integers, scale = rounded_input(x)
        sums = integer_convolution(integers, w, where, self.groups, parts)
        return with_scale(sums, scale * self.buffers["W_scale"], self.buffers.get("b"))


@dataclass(eq=False)
class QuantizedDense(QuantizedWeights, Dense):
    """A dense layer with weights in a few bits; backward takes rounding for the identity."""

    def build(
        self, input_shape: Shape, rng: np.random.Generator | None, dtype: DTypeLike = np.float32
    ) -> Shape:
        """Make arrays for the weights; nothing is drawn."""
        self.make((input_shape[0], self.out_features), self.bias, dtype)
        return self.output_shape(input_shape)

    def forward(self, x: Array, context: Context = EVALUATION) -> tuple[Array, LinearCache]:
        """(samples, in_features) -> (samples, out_features)."""
        self.check_input(x, self._shape[:1])
        b = self.buffers.get("b")
        if not self.dynamic:
            return linear_forward(x, self.weights(), b)
        w = self.integers()
        parts = exact_parts(w, LARGEST)
        y = np.empty((len(x), self.out_features), x.dtype)
        for k in range(len(x)):
            integers, scale = rounded_input(x[k : k + 1])
            sums = exact_matmul(integers, w, parts)
            y[k] = with_scale(sums, scale * self.buffers["W_scale"], b)[0]
        return y, LinearCache(x, self.weights())


def input_quantization(x: Array) -> Quantization:
    """The 8 bits for the range of x, as ONNX's DynamicQuantizeLinear chooses them."""
    return asymmetric(x.min(initial=0), x.max(initial=0), ACTIVATION_BITS)


def rounded_input(x: Array) -> tuple[Array, np.float32]:
    """x_q - z_x, float32 that holds integers, and s_x.

    Raises ValueError for values that are not finite.
    """
    quantization = input_quantization(x)
    integers = quantization.quantize(x).astype(np.float32) - np.float32(quantization.zero_point)
    return integers, np.float32(quantization.scale)


def with_scale(sums: NDArray[Any], scale: Array, b: Array | None) -> Array:
    """y = s sums + b, float32."""
    y = sums.astype(np.float32) * scale
    if b is not None:
        y += b
    return y
