"""What every method of explanation returns."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Attribution:
    """How much each part of an input speaks for the score, or against it.

    Attributes:
        values: of the input's shape, or (height, width) where a method knows no channels.
        figures: what the method says of its own accuracy, by name.
    """

    values: NDArray[np.float64]
    figures: dict[str, Any] = field(default_factory=dict)


def over_channels(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(height, width) of (height, width, channels): the sum; anything else stays as it is."""
    return values.sum(axis=2) if values.ndim == 3 else values
