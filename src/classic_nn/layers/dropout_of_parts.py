"""Dropout of whole parts: channels of an image (spatial), or a sample's whole block (depth).

Both are inverted dropout with one draw for everything that is dropped together:

    spatial dropout   y[n, h, w, c] = x[n, h, w, c] * mask[n, c]     (Tompson et al. 2015)
    stochastic depth  y[n, ...]     = x[n, ...] * mask[n]            (Huang et al. 2016)

    mask = (u >= rate) / (1 - rate),   u uniform in [0, 1)

Neighbouring pixels of a channel tell the same, so dropping single ones hides nothing. A block that
is dropped leaves the identity of its residual sum: training meets networks of many depths.
"""

from dataclasses import dataclass

import numpy as np

from src.classic_nn.array_types import Array, Shape
from src.classic_nn.context import EVALUATION, Context
from src.classic_nn.layers.dropout import Dropout


@dataclass(eq=False)
class DropoutOfParts(Dropout):
    """Base of the two: subclasses say what is dropped together."""

    def mask_shape(self, shape: Shape) -> Shape:
        """Shape of the mask for x of this shape: one along the axes that are dropped together."""
        raise NotImplementedError

    def forward(self, x: Array, context: Context = EVALUATION) -> tuple[Array, Array | None]:
        """Any shape to the same shape; the cache is the mask, or None where nothing was dropped."""
        if not context.training or self.rate == 0:
            return x.copy(), None
        uniform = self.generator(context).random(self.mask_shape(x.shape), dtype=np.float32)
        mask = (uniform >= self.rate).astype(x.dtype)
        mask /= 1 - self.rate
        return x * mask, mask


@dataclass(eq=False)
class SpatialDropout(DropoutOfParts):
    """Drop whole channels while training, pass everything through in evaluation.

    Args:
        rate: probability that a channel of a sample is dropped, in [0, 1).
    """

    def mask_shape(self, shape: Shape) -> Shape:
        """(samples, 1, ..., 1, channels)."""
        return (shape[0], *([1] * (len(shape) - 2)), shape[-1])


@dataclass(eq=False)
class StochasticDepth(DropoutOfParts):
    """Drop whole samples while training: the last layer of a residual block's body.

    Args:
        rate: probability that a sample skips the block, in [0, 1).
    """

    def mask_shape(self, shape: Shape) -> Shape:
        """(samples, 1, ..., 1)."""
        return (shape[0], *([1] * (len(shape) - 1)))
