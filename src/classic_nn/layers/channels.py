"""Layers that choose or move channels.

    slice     y[..., k] = x[..., start + k],         dx = dy there, 0 elsewhere
    shuffle   y[..., k g + i] = x[..., i n + k]      g groups of n channels

Shuffling writes channels in ``groups`` rows and reads them by columns (Zhang et al. 2018, section
3.1).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from src.classic_nn.array_types import Array, Shape
from src.classic_nn.context import EVALUATION, Context
from src.classic_nn.layers.base import Layer
from src.classic_nn.parameters import ParameterVector
from src.common.checks import check_number


@dataclass(eq=False)
class SliceChannels(Layer):
    """Some channels, or features, in a row.

    Args:
        start: the first.
        stop: the one behind the last.
    """

    start: int = 0
    stop: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("start", self.start, 0, whole=True)
        check_number("stop", self.stop, self.start + 1, whole=True)

    def output_shape(self, input_shape: Shape) -> Shape:
        """(..., stop - start); ValueError where there are not as many channels."""
        if self.stop > input_shape[-1]:
            raise ValueError(
                f"{self.name}: channels {self.start} to {self.stop} of {input_shape[-1]}"
            )
        return (*input_shape[:-1], self.stop - self.start)

    def forward(self, x: Array, context: Context = EVALUATION) -> tuple[Array, Any]:
        """(samples, ..., channels) -> (samples, ..., stop - start); the cache is a shape."""
        return x[..., self.start : self.stop].copy(), x.shape

    def backward(
        self,
        dy: Array,
        cache: Any,
        context: Context = EVALUATION,
        out: ParameterVector | None = None,
        input_gradient: bool = True,
    ) -> tuple[Array | None, ParameterVector]:
        """dx of the shape of x; there are no parameters."""
        out = self.gradient_vector(out)
        if not input_gradient:
            return None, out
        dx = np.zeros(cache, dy.dtype)
        dx[..., self.start : self.stop] = dy
        return dx, out


@dataclass(eq=False)
class ShuffleChannels(Layer):
    """Deal channels out, so that each group of what follows sees all groups of what came before.

    Args:
        groups: of the channels.
    """

    groups: int = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("groups", self.groups, 1, whole=True)

    def output_shape(self, input_shape: Shape) -> Shape:
        """That of the input; ValueError where groups do not divide the channels."""
        if input_shape[-1] % self.groups:
            raise ValueError(f"{self.name}: {self.groups} groups of {input_shape[-1]} channels")
        return input_shape

    def forward(self, x: Array, context: Context = EVALUATION) -> tuple[Array, None]:
        """(samples, ..., channels) to the same shape."""
        return _dealt(x, self.groups), None

    def backward(
        self,
        dy: Array,
        cache: None,
        context: Context = EVALUATION,
        out: ParameterVector | None = None,
        input_gradient: bool = True,
    ) -> tuple[Array | None, ParameterVector]:
        """dx: dealt back, in as many groups as a group had channels."""
        dx = _dealt(dy, dy.shape[-1] // self.groups) if input_gradient else None
        return dx, self.gradient_vector(out)


def _dealt(x: Array, groups: int) -> Array:
    """Channels in rows of groups, read by columns.

    >>> _dealt(np.arange(6.0), 2).tolist()
    [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]
    """
    rows = x.reshape(*x.shape[:-1], groups, x.shape[-1] // groups)
    return np.ascontiguousarray(rows.swapaxes(-1, -2)).reshape(x.shape)
