"""Layers that train knowing that they will become integers (Jacob et al. 2018, section 3).

    weights       W~ = s round(W / s), s for each filter by its largest weight, in every pass
    activations   x~ = s (clamp(round(x / s) + z) - z), the range a moving average over mini-batches

The loss sees what the integers will compute; gradients go straight through the rounding, to the
weights behind it, which stay float32 and take small steps.

Batch normalization after a convolution multiplies each filter by a number, and a filter's scale
takes that in: the integers are the same whether W is rounded before or after it is folded. So it is
trained as ever, with the statistics of the mini-batch, and folded when the integers are made.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import DTypeLike

from src.classic_cnn.forward import ConvCache, conv_forward
from src.classic_cnn.layers.convolution import Conv2D
from src.classic_cnn.quantized.weights import weight_quantization
from src.classic_nn.array_types import Array, Shape
from src.classic_nn.communicator import Communicator
from src.classic_nn.context import EVALUATION, Context
from src.classic_nn.layers.base import Layer
from src.classic_nn.layers.dense import Dense, LinearCache, linear_forward
from src.classic_nn.parameters import ParameterVector
from src.classic_nn.quantization.affine import Quantization, asymmetric, check_bits
from src.classic_nn.quantization.fake_quantization import (
    FakeQuantizationCache,
    fake_quantize,
    fake_quantize_backward,
)
from src.common.checks import check_number


@dataclass(eq=False)
class FakeQuantization(Layer):
    """Rounds activations as integers would be.

    The buffer ``range`` (2,) has the ends of what the integers stand for, a moving average of the
    extremes of mini-batches; until the first one, activations pass as they are.

    Args:
        bits: of the integers.
        momentum: fraction of the old range that remains at each step.
    """

    bits: int = 8
    momentum: float = 0.95

    def __post_init__(self) -> None:
        super().__post_init__()
        check_bits(self.bits)
        check_number("momentum", self.momentum, 0, below=1)

    def build(
        self, input_shape: Shape, rng: np.random.Generator | None, dtype: DTypeLike = np.float32
    ) -> Shape:
        """A range of nothing."""
        self.parameters = ParameterVector({}, dtype=dtype)
        self.buffers = {"range": np.zeros(2, dtype)}
        return input_shape

    @property
    def quantization(self) -> Quantization | None:
        """The integers for the range; None where none was seen."""
        ends = self.buffers["range"]
        return asymmetric(ends[0], ends[1], self.bits) if ends.any() else None

    def observe(self, x: Array, communicator: Communicator) -> Quantization:
        """Move the range towards the extremes of a mini-batch; returns the integers for it."""
        old = self.buffers["range"].copy()
        ends = extremes(x, communicator)  # after it, everybody has read the old range
        new = ends if not old.any() else self.momentum * old + (1 - self.momentum) * ends
        if communicator.is_local_leader:
            self.buffers["range"][...] = new
        if communicator.size > 1:
            communicator.all_reduce(np.zeros(1))  # nobody reads before it is written
        new = new.astype(old.dtype)
        return asymmetric(new[0], new[1], self.bits)

    def forward(
        self, x: Array, context: Context = EVALUATION
    ) -> tuple[Array, FakeQuantizationCache | None]:
        """(samples, ...) to the same shape."""
        made = self.observe(x, context.communicator) if context.training else self.quantization
        return (x.copy(), None) if made is None else fake_quantize(x, made)

    def backward(
        self,
        dy: Array,
        cache: FakeQuantizationCache | None,
        context: Context = EVALUATION,
        out: ParameterVector | None = None,
        input_gradient: bool = True,
    ) -> tuple[Array | None, ParameterVector]:
        """dx: dy where x was inside the range."""
        out = self.gradient_vector(out)
        if not input_gradient:
            return None, out
        return (dy.copy() if cache is None else fake_quantize_backward(dy, cache)), out


def extremes(x: Array, communicator: Communicator) -> Array:
    """(2,): the least and the largest value of the mini-batch, of all workers, and zero."""
    own = np.zeros((communicator.size, 2))
    own[communicator.rank] = (x.min(initial=0), x.max(initial=0))
    ends = communicator.all_reduce(own)
    return np.array([ends[:, 0].min(), ends[:, 1].max()])


@dataclass(eq=False)
class AwareConv2D(Conv2D):
    """A convolution whose weights are rounded in every pass; see ``Conv2D``.

    Args:
        bits: of the weights.
    """

    kind_name: ClassVar[str] = "conv2d"

    bits: int = 8

    def _forward(self, x: Array, relu: float | None = None) -> tuple[Array, ConvCache]:
        parameters = self.frozen or self.parameters
        W = rounded(parameters["W"], self.bits)
        settings = (self.stride, self.padding, self.dilation, self.groups)
        return conv_forward(x, W, parameters.get("b"), *settings, relu)


@dataclass(eq=False)
class AwareDense(Dense):
    """A dense layer whose weights are rounded in every pass; see ``Dense``.

    Args:
        bits: of the weights.
    """

    kind_name: ClassVar[str] = "dense"

    bits: int = 8

    def forward(self, x: Array, context: Context = EVALUATION) -> tuple[Array, LinearCache]:
        """(samples, in_features) -> (samples, out_features)."""
        parameters = self.frozen or self.parameters
        self.check_input(x, parameters["W"].shape[:1])
        return linear_forward(x, rounded(parameters["W"], self.bits), parameters.get("b"))


def rounded(w: Array, bits: int) -> Array:
    """W~ of weights (..., filters). All lie inside the range, so their gradient is that of W~."""
    return weight_quantization(w, bits).round_trip(w)
