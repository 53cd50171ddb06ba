"""Convolution as a layer."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import DTypeLike

from src.classic_cnn.backward import conv_backward, conv_input_gradient
from src.classic_cnn.forward import ConvCache, check_channels, conv_forward
from src.classic_cnn.utils import Padding, Pair, geometry, image_shape, pair
from src.classic_nn.array_types import Array, Shape
from src.classic_nn.context import EVALUATION, Context
from src.classic_nn.initializers import initialize_weights
from src.classic_nn.layers.base import Layer
from src.classic_nn.parameters import ParameterVector
from src.common.checks import check_number


@dataclass(eq=False)
class Conv2D(Layer):
    """Convolution of samples (height, width, channels); ``build`` learns them from the input.

    Args:
        out_channels: number of filters.
        kernel_size: one number or (height, width).
        stride: one number or (vertical, horizontal).
        padding: "valid", "same", "same_tf", "ceil", or numbers of pixels; see ``utils.geometry``.
        dilation: pixels from one kernel element to the next.
        groups: parts into which channels and filters are divided.
        bias: whether to add b; leave it out before batch normalization, which removes it.
        initialization: of W, see ``initialize_weights``; b starts at 0.
    """

    weight_name: ClassVar[str] = "W"

    out_channels: int
    kernel_size: int | Pair = 3
    stride: int | Pair = 1
    padding: Padding = "same"
    dilation: int | Pair = 1
    groups: int = 1
    bias: bool = True
    initialization: str = "he"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("out_channels", self.out_channels, 1, whole=True)
        check_number("groups", self.groups, 1, whole=True)

    def build(
        self, input_shape: Shape, rng: np.random.Generator | None, dtype: DTypeLike = np.float32
    ) -> Shape:
        """Draw W (KH, KW, channels / groups, out_channels) and set b (out_channels,) to zero."""
        output_shape = self.output_shape(input_shape)
        shape = (*pair(self.kernel_size), input_shape[2] // self.groups, self.out_channels)
        check_channels(input_shape[2], shape, self.groups)
        parameters = {"W": initialize_weights(shape, self.initialization, rng, dtype)}
        if self.bias:
            parameters["b"] = np.zeros(self.out_channels, dtype)
        self.parameters = ParameterVector.pack(parameters, dtype)
        return output_shape

    def output_shape(self, input_shape: Shape) -> Shape:
        """(OH, OW, out_channels)."""
        image, kernel = image_shape(input_shape), pair(self.kernel_size)
        where = geometry(image, kernel, self.stride, self.padding, self.dilation)
        return (*where.output, self.out_channels)

    def forward(self, x: Array, context: Context = EVALUATION) -> tuple[Array, ConvCache]:
        """(samples, height, width, channels) -> (samples, OH, OW, out_channels)."""
        return self._forward(x)

    def forward_with_relu(
        self, x: Array, context: Context, ceiling: float
    ) -> tuple[Array, ConvCache]:
        """The layer and the ReLU that follows, with this upper end, in one."""
        return self._forward(x, ceiling)

    def _forward(self, x: Array, relu: float | None = None) -> tuple[Array, ConvCache]:
        parameters = self.frozen or self.parameters
        W, b = parameters["W"], parameters.get("b")
        if x.ndim != 4 or x.shape[3] != W.shape[2] * self.groups:
            raise ValueError(
                f"{self.name}: expected x of shape (samples, height, width, "
                f"{W.shape[2] * self.groups}), got {x.shape}"
            )
        return conv_forward(x, W, b, self.stride, self.padding, self.dilation, self.groups, relu)

    def backward(
        self,
        dy: Array,
        cache: ConvCache,
        context: Context = EVALUATION,
        out: ParameterVector | None = None,
        input_gradient: bool = True,
    ) -> tuple[Array | None, ParameterVector]:
        """dx (samples, height, width, channels) and the gradients of W and b."""
        out = self.gradient_vector(out)
        if not (self.parameters and context.parameter_gradients):
            return (conv_input_gradient(dy, cache) if input_gradient else None), out
        dx, _, _ = conv_backward(dy, cache, out["W"], out.get("b"), input_gradient)
        return dx, out

    def multiply_adds(self, input_shape: Shape) -> int:
        """OH * OW * out_channels * KH * KW * channels / groups."""
        height, width, filters = self.output_shape(input_shape)
        kh, kw = pair(self.kernel_size)
        return height * width * filters * kh * kw * (input_shape[2] // self.groups)
