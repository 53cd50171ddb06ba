"""Activation layers: the functions of ``classic_nn.math`` as layers without parameters.

Each keeps, as its cache, the one array that its derivative is written in: the output (ReLU,
ReLU6, sigmoid, tanh, softmax) or the input (leaky ReLU, SiLU, hard-swish).
"""

from dataclasses import dataclass
from math import inf
from typing import ClassVar

from src.classic_nn import math
from src.classic_nn.array_types import Array
from src.classic_nn.context import EVALUATION, Context
from src.classic_nn.layers.base import Layer
from src.classic_nn.parameters import ParameterVector


@dataclass(eq=False)
class Activation(Layer):
    """Base of the activation layers: subclasses give ``activate`` and ``derive``."""

    def activate(self, x: Array) -> tuple[Array, Array]:
        """Return the output and the array that ``derive`` needs, both of the shape of x."""
        raise NotImplementedError

    def derive(self, dy: Array, saved: Array) -> Array:
        """Return dx, given dy and what ``activate`` saved."""
        raise NotImplementedError

    def forward(self, x: Array, context: Context = EVALUATION) -> tuple[Array, Array]:
        """Any shape to the same shape."""
        return self.activate(x)

    def backward(
        self,
        dy: Array,
        cache: Array,
        context: Context = EVALUATION,
        out: ParameterVector | None = None,
        input_gradient: bool = True,
    ) -> tuple[Array | None, ParameterVector]:
        """dx of the shape of x; there are no parameters."""
        return (self.derive(dy, cache) if input_gradient else None), self.gradient_vector(out)


@dataclass(eq=False)
class ReLU(Activation):
    """y = max(x, 0); slope 0 at x = 0."""

    ceiling: ClassVar[float] = inf
    """Largest output."""

    def activate(self, x: Array) -> tuple[Array, Array]:
        """Keep the output."""
        y = math.relu(x)
        return y, y

    def derive(self, dy: Array, saved: Array) -> Array:
        """dx = dy where y > 0, else 0."""
        return math.relu_backward(dy, saved)


@dataclass(eq=False)
class LeakyReLU(Activation):
    """y = x where x > 0, else slope * x."""

    slope: float = 0.01

    def activate(self, x: Array) -> tuple[Array, Array]:
        """Keep the input."""
        return math.leaky_relu(x, self.slope), x

    def derive(self, dy: Array, saved: Array) -> Array:
        """dx = dy where x > 0, else slope * dy."""
        return math.leaky_relu_backward(dy, saved, self.slope)


@dataclass(eq=False)
class Sigmoid(Activation):
    """y = 1 / (1 + exp(-x))."""

    def activate(self, x: Array) -> tuple[Array, Array]:
        """Keep the output."""
        y = math.sigmoid(x)
        return y, y

    def derive(self, dy: Array, saved: Array) -> Array:
        """dx = dy * y * (1 - y)."""
        return math.sigmoid_backward(dy, saved)


@dataclass(eq=False)
class Tanh(Activation):
    """y = tanh(x)."""

    def activate(self, x: Array) -> tuple[Array, Array]:
        """Keep the output."""
        y = math.tanh(x)
        return y, y

    def derive(self, dy: Array, saved: Array) -> Array:
        """dx = dy * (1 - y^2)."""
        return math.tanh_backward(dy, saved)


@dataclass(eq=False)
class SiLU(Activation):
    """y = x * sigmoid(x), also called swish."""

    def activate(self, x: Array) -> tuple[Array, Array]:
        """Keep the input."""
        return math.silu(x), x

    def derive(self, dy: Array, saved: Array) -> Array:
        """dx = dy * s * (1 + x * (1 - s)) with s = sigmoid(x)."""
        return math.silu_backward(dy, saved)


@dataclass(eq=False)
class ReLU6(Activation):
    """y = min(max(x, 0), 6)."""

    ceiling: ClassVar[float] = 6.0
    """Largest output."""

    def activate(self, x: Array) -> tuple[Array, Array]:
        """Keep the output."""
        y = math.relu6(x)
        return y, y

    def derive(self, dy: Array, saved: Array) -> Array:
        """dx = dy where 0 < y < 6, else 0."""
        return math.relu6_backward(dy, saved)


@dataclass(eq=False)
class HardSwish(Activation):
    """y = x * relu6(x + 3) / 6."""

    def activate(self, x: Array) -> tuple[Array, Array]:
        """Keep the input."""
        return math.hard_swish(x), x

    def derive(self, dy: Array, saved: Array) -> Array:
        """dx = dy * (2 x + 3) / 6 between -3 and 3, 0 below, dy above."""
        return math.hard_swish_backward(dy, saved)


@dataclass(eq=False)
class Softmax(Activation):
    """y_k = exp(x_k) / sum_j exp(x_j) along the last axis.

    For training, leave it out and use the loss on logits, which is exact where this rounds.
    """

    def activate(self, x: Array) -> tuple[Array, Array]:
        """Keep the output."""
        y = math.softmax(x)
        return y, y

    def derive(self, dy: Array, saved: Array) -> Array:
        """dx_k = y_k * (dy_k - sum_j dy_j y_j)."""
        return math.softmax_backward(dy, saved)


ACTIVATIONS: dict[str, type[Activation]] = {
    "relu": ReLU,
    "relu6": ReLU6,
    "leaky_relu": LeakyReLU,
    "sigmoid": Sigmoid,
    "tanh": Tanh,
    "silu": SiLU,
    "swish": SiLU,
    "hard_swish": HardSwish,
    "softmax": Softmax,
}
"""Activation layers by the names that a user types."""
