"""Layers as modules of PyTorch, one translation for each: ``TRANSLATIONS``.

Images are (samples, channels, height, width) inside, in the memory format "channels last", so the
bytes lie as in (samples, height, width, channels) and nothing is copied at the border. Kernels are
(filters, channels, height, width), weights of dense layers (outputs, inputs). Parameters of a
module have the names that the layer's have (``W``, ``b``, ``gamma``, ...).
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from src.classic_cnn.layers import (
    AveragePool2D,
    Conv2D,
    GlobalAveragePool,
    MaxPool2D,
    Resize2D,
    ZeroPad2D,
)
from src.classic_cnn.pooling.forward import window_counts
from src.classic_cnn.utils import Geometry, geometry, padding_sides
from src.classic_nn.array_types import Array, Shape
from src.classic_nn.layers import (
    BatchNorm,
    Clip,
    Dense,
    Dropout,
    Flatten,
    HardSigmoid,
    HardSwish,
    InstanceNorm,
    LeakyReLU,
    LocalResponseNorm,
    PReLU,
    ReLU,
    ReLU6,
    ScaleShift,
    ShuffleChannels,
    Sigmoid,
    SiLU,
    SliceChannels,
    Softmax,
    SpatialDropout,
    StochasticDepth,
    Tanh,
)
from src.classic_nn.layers.base import Layer
from src.classic_nn.sample_streams import SampleStreams

AS_TORCH = {4: (3, 2, 0, 1), 2: (1, 0)}
"""Axes of ours in PyTorch's order, by their number: kernels and weights of dense layers."""

AS_OURS = {4: (2, 3, 1, 0), 2: (1, 0)}
"""And back."""


class LayerModule(nn.Module):  # type: ignore[misc]
    """Base: a module with the parameters and buffers of one of our layers.

    Args:
        layer: built.
    """

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        self.trainable = layer.trainable
        for name, array in {**layer.frozen, **layer.parameters}.items():
            self.register_parameter(name, nn.Parameter(as_torch(array), layer.trainable))
        for name, array in layer.buffers.items():
            self.register_buffer(name, as_torch(array))

    @property
    def learns(self) -> bool:
        """Whether it computes as in training: a frozen layer does not."""
        return self.training and self.trainable


class Function(nn.Module):  # type: ignore[misc]
    """A function without parameters.

    Args:
        compute: of a tensor.
    """

    def __init__(self, compute: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self._compute = compute

    def forward(self, x: Tensor) -> Tensor:
        """The function of x."""
        return self._compute(x)


def as_torch(array: Array) -> Tensor:
    """A parameter of ours in PyTorch's order of axes, in memory of its own."""
    turned = array.transpose(AS_TORCH[array.ndim]) if array.ndim in AS_TORCH else array
    return torch.from_numpy(np.ascontiguousarray(turned).copy())


def as_ours(tensor: Tensor) -> Array:
    """And back."""
    array: Array = tensor.detach().cpu().numpy()
    return array.transpose(AS_OURS[array.ndim]) if array.ndim in AS_OURS else array


def per_channel(values: Tensor, x: Tensor) -> Tensor:
    """(channels,) with axes of one for the pixels of x (samples, channels, ...)."""
    return values.reshape(1, -1, *[1] * (x.ndim - 2))


class DenseModule(LayerModule):
    """x W^T + b."""

    def forward(self, x: Tensor) -> Tensor:
        """(samples, inputs) -> (samples, outputs)."""
        return F.linear(x, self.W, getattr(self, "b", None))


class ConvModule(LayerModule):
    """Convolution. What padding PyTorch cannot say (another at the end) is added before."""

    def __init__(self, layer: Conv2D, shape: Shape) -> None:
        super().__init__(layer)
        W = {**layer.frozen, **layer.parameters}["W"]
        where = geometry(
            (shape[0], shape[1]), W.shape[:2], layer.stride, layer.padding, layer.dilation
        )
        self._before, self._padding = split_padding(where)
        self._stride, self._dilation = where.stride, where.dilation
        self._groups = layer.groups

    def forward(self, x: Tensor) -> Tensor:
        """(samples, channels, height, width) -> (samples, filters, OH, OW)."""
        if self._before is not None:
            x = F.pad(x, self._before)
        b = getattr(self, "b", None)
        return F.conv2d(x, self.W, b, self._stride, self._padding, self._dilation, self._groups)


def split_padding(where: Geometry) -> tuple[list[int] | None, tuple[int, int]]:
    """Padding to be added before (as ``F.pad`` takes it), and that of the operation itself."""
    (top, bottom), (left, right) = where.padding
    if (top, left) == (bottom, right):
        return None, (top, left)
    return [left, right, top, bottom], (0, 0)


class BatchNormModule(LayerModule):
    """Batch normalization; the running variance is the unbiased one, there as here."""

    def __init__(self, layer: BatchNorm) -> None:
        super().__init__(layer)
        self._step, self._epsilon = 1 - layer.momentum, layer.epsilon

    def forward(self, x: Tensor) -> Tensor:
        """Of x (samples, channels, ...)."""
        mean, variance = self.running_mean, self.running_variance
        if self.learns and x.numel() == x.shape[1]:  # PyTorch refuses one value of a channel
            with torch.no_grad():
                mean.lerp_(x.flatten(), self._step)
            return 0 * x * per_channel(self.gamma, x) + per_channel(self.beta, x)
        return F.batch_norm(
            x, mean, variance, self.gamma, self.beta, self.learns, self._step, self._epsilon
        )


class InstanceNormModule(LayerModule):
    """Instance normalization."""

    def __init__(self, layer: InstanceNorm) -> None:
        super().__init__(layer)
        self._epsilon = layer.epsilon

    def forward(self, x: Tensor) -> Tensor:
        """Of x (samples, channels, ...)."""
        return F.instance_norm(x, weight=self.gamma, bias=self.beta, eps=self._epsilon)


class ScaleShiftModule(LayerModule):
    """gamma x + beta."""

    def forward(self, x: Tensor) -> Tensor:
        """Of x (samples, channels, ...)."""
        return x * per_channel(self.gamma, x) + per_channel(self.beta, x)


class PReLUModule(LayerModule):
    """ReLU with a slope that is learned."""

    def forward(self, x: Tensor) -> Tensor:
        """Of x (samples, channels, ...)."""
        return F.prelu(x, self.slope)


class DropoutModule(nn.Module):  # type: ignore[misc]
    """Dropout of values, channels or samples.

    Args:
        layer: ours, which says what is dropped together.

    Attributes:
        streams: where the random numbers come from: those that our layer draws; None for
            PyTorch's own generator, which needs no copying to a GPU.
    """

    def __init__(self, layer: Dropout) -> None:
        super().__init__()
        self._layer = layer
        self.streams: SampleStreams | None = None

    def forward(self, x: Tensor) -> Tensor:
        """x, some of it 0 and the rest larger, while training."""
        layer = self._layer
        if not (self.training and layer.trainable and layer.rate):
            return x
        shape = layer.mask_shape(_channels_last(x.shape))
        if self.streams is None:
            u = torch.rand(shape, dtype=x.dtype, device=x.device)
        else:
            u = torch.from_numpy(self.streams.uniform(layer, shape)).to(x.device)
        mask = (u.permute(0, 3, 1, 2) if x.ndim == 4 else u) >= layer.rate
        return x * mask / (1 - layer.rate)


def _channels_last(shape: torch.Size) -> Shape:
    samples, *rest = shape
    return (samples, *rest[1:], *rest[:1])


def _max_pool(layer: MaxPool2D, shape: Shape) -> nn.Module:
    where = layer.geometry((shape[0], shape[1]))
    before, padding = split_padding(where)
    small = 2 * padding[0] <= where.kernel[0] and 2 * padding[1] <= where.kernel[1]
    if before is None and not small:  # more than PyTorch takes
        before, padding = [padding[1]] * 2 + [padding[0]] * 2, (0, 0)

    def compute(x: Tensor) -> Tensor:
        padded = x if before is None else F.pad(x, before, value=-torch.inf)
        return F.max_pool2d(padded, where.kernel, where.stride, padding, where.dilation)

    return Function(compute)


class AveragePoolModule(nn.Module):  # type: ignore[misc]
    """Sums of windows, divided by the counts of their values."""

    def __init__(self, layer: AveragePool2D, shape: Shape) -> None:
        super().__init__()
        where = layer.geometry((shape[0], shape[1]))
        (top, bottom), (left, right) = where.padding
        self._where, self._pads = where, [left, right, top, bottom]
        counts = window_counts((shape[0], shape[1]), where, layer.count_padding)[..., 0]
        self.register_buffer("counts", torch.from_numpy(counts), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """(samples, channels, height, width) -> (samples, channels, OH, OW)."""
        where = self._where
        x = F.pad(x, self._pads) if any(self._pads) else x
        if where.dilation == (1, 1):
            sums = F.avg_pool2d(x, where.kernel, where.stride, divisor_override=1)
        else:
            ones = torch.ones(x.shape[1], 1, *where.kernel, dtype=x.dtype, device=x.device)
            sums = F.conv2d(x, ones, None, where.stride, 0, where.dilation, x.shape[1])
        return sums / self.counts.to(x.dtype)


def _zero_pad(layer: ZeroPad2D, shape: Shape) -> nn.Module:
    (top, bottom), (left, right) = padding_sides(layer.padding)
    return Function(lambda x: F.pad(x, [left, right, top, bottom]))


def _resize(layer: Resize2D, shape: Shape) -> nn.Module:
    size = layer.output_shape(shape)[:2]
    if layer.mode == "nearest":
        return Function(lambda x: F.interpolate(x, size, mode="nearest"))
    return Function(lambda x: F.interpolate(x, size, mode="bilinear", align_corners=False))


def _flatten(x: Tensor) -> Tensor:
    """In the order height, width, channels."""
    return (x.permute(0, 2, 3, 1) if x.ndim == 4 else x).flatten(1)


def _shuffle(groups: int) -> Callable[[Tensor], Tensor]:
    def compute(x: Tensor) -> Tensor:
        rows = x.reshape(len(x), groups, -1, *x.shape[2:])
        return rows.transpose(1, 2).reshape(x.shape)

    return compute


def function(compute: Callable[[Tensor], Tensor]) -> Callable[[Any, Shape], nn.Module]:
    """A translation of layers without settings."""
    return lambda layer, shape: Function(compute)


TRANSLATIONS: dict[type[Layer], Callable[[Any, Shape], nn.Module]] = {
    Layer: function(lambda x: x),
    Dense: lambda layer, shape: DenseModule(layer),
    Conv2D: ConvModule,
    BatchNorm: lambda layer, shape: BatchNormModule(layer),
    InstanceNorm: lambda layer, shape: InstanceNormModule(layer),
    ScaleShift: lambda layer, shape: ScaleShiftModule(layer),
    MaxPool2D: _max_pool,
    AveragePool2D: AveragePoolModule,
    GlobalAveragePool: function(lambda x: x.mean((2, 3))),
    Flatten: function(_flatten),
    ZeroPad2D: _zero_pad,
    Resize2D: _resize,
    ReLU: function(F.relu),
    ReLU6: function(F.relu6),
    LeakyReLU: lambda layer, shape: Function(lambda x: F.leaky_relu(x, layer.slope)),
    PReLU: lambda layer, shape: PReLUModule(layer),
    Clip: lambda layer, shape: Function(lambda x: x.clamp(layer.low, layer.high)),
    Sigmoid: function(torch.sigmoid),
    Tanh: function(torch.tanh),
    SiLU: function(F.silu),
    HardSwish: function(F.hardswish),
    HardSigmoid: lambda layer, shape: Function(
        lambda x: (layer.alpha * x + layer.beta).clamp(0, 1)
    ),
    Softmax: function(lambda x: F.softmax(x, 1)),
    LocalResponseNorm: lambda layer, shape: Function(
        lambda x: F.local_response_norm(x, layer.size, layer.alpha, layer.beta, layer.k)
    ),
    SliceChannels: lambda layer, shape: Function(lambda x: x[:, layer.start : layer.stop]),
    ShuffleChannels: lambda layer, shape: Function(_shuffle(layer.groups)),
    Dropout: lambda layer, shape: DropoutModule(layer),
    SpatialDropout: lambda layer, shape: DropoutModule(layer),
    StochasticDepth: lambda layer, shape: DropoutModule(layer),
}
"""By type of layer: from a layer and the shape of the samples that it meets to a module."""


def translate_layer(layer: Layer, shape: Shape, path: str) -> nn.Module:
    """A layer as a module. ValueError for one that has no translation."""
    translation = TRANSLATIONS.get(type(layer))
    if translation is None:
        raise ValueError(f"{path}: there is no module of PyTorch for a {type(layer).__name__}")
    return translation(layer, shape)
