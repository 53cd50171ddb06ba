"""What the trainer asks of an augmentation."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class Augmentation(Protocol):
    """Changes training inputs, each time otherwise: first draws how, then does it.

    Drawing is done once for a whole mini-batch and the work by each worker for its own share, so
    the result does not depend on how many workers there are.
    """

    def draw(self, samples: int, rng: np.random.Generator) -> NDArray[Any]:
        """(samples, ...): how each sample will be changed."""

    def apply(self, x: NDArray[Any], drawn: NDArray[Any]) -> NDArray[Any]:
        """New inputs of the shape and dtype of x (samples, ...)."""
