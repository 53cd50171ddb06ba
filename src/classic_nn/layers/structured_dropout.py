"""Dropout of whole parts: channels of an image (spatial), or a sample's whole block (depth).

Both are inverted dropout with one draw for everything that is dropped together:

    spatial dropout   y[n, h, w, c] = x[n, h, w, c] * mask[n, c]     (Tompson et al. 2015)
    stochastic depth  y[n, ...]     = x[n, ...] * mask[n]            (Huang et al. 2016)

    mask = (u >= rate) / (1 - rate),   u uniform in [0, 1)

Neighbouring pixels of a channel tell the same, so dropping single ones hides nothing. A block that
is dropped leaves the identity of its residual sum: training meets networks of many depths.
"""

from dataclasses import dataclass

from src.classic_nn.array_types import Shape
from src.classic_nn.layers.dropout import Dropout


@dataclass(eq=False)
class SpatialDropout(Dropout):
    """Drop whole channels while training, pass everything through in evaluation.

    Args:
        rate: probability that a channel of a sample is dropped, in [0, 1).
    """

    def mask_shape(self, shape: Shape) -> Shape:
        """(samples, 1, ..., 1, channels)."""
        return (shape[0], *([1] * (len(shape) - 2)), shape[-1])


@dataclass(eq=False)
class StochasticDepth(Dropout):
    """Drop whole samples while training: the last layer of a residual block's body.

    Args:
        rate: probability that a sample skips the block, in [0, 1).
    """

    def mask_shape(self, shape: Shape) -> Shape:
        """(samples, 1, ..., 1)."""
        return (shape[0], *([1] * (len(shape) - 1)))
