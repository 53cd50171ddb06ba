"""L2 regularization: a term of the loss that keeps weights small.

    cost = loss + strength / 2 * sum_w w^2,      gradient of w grows by strength * w

Applied to weights; with ``batch_norm`` to the scale and shift of batch normalization as well; to
biases never. The strength does not depend on the size of the mini-batch (some courses divide it
by the number of samples m: their lambda is m times this strength).
"""

from dataclasses import dataclass

import numpy as np

from src.classic_nn.parameters import ParameterVector, is_batch_norm, is_weight
from src.common.checks import check_number


@dataclass(frozen=True)
class L2:
    """L2 regularization of the parameters of a network.

    Args:
        strength: lambda, 0 or more.
        batch_norm: regularize gamma and beta too.
    """

    strength: float
    batch_norm: bool = False

    def __post_init__(self) -> None:
        check_number("L2 strength", self.strength, 0)

    def applies_to(self, name: str) -> bool:
        """Whether the parameter of this name is regularized."""
        return is_weight(name) or (self.batch_norm and is_batch_norm(name))

    def penalty(self, parameters: ParameterVector) -> float:
        """strength / 2 * sum of squares, the term that the cost shows."""
        squares = (np.vdot(w, w) for name, w in parameters.items() if self.applies_to(name))
        return 0.5 * self.strength * float(sum(squares))

    def add_gradients(self, parameters: ParameterVector, gradients: ParameterVector) -> None:
        """Add strength * w to the gradients, in place."""
        for name, w in parameters.items():
            if self.applies_to(name):
                gradient = gradients[name]
                gradient += self.strength * w
