"""What is explained: one number that a network gives to an input.

    f(x) = sum over outputs k of w_k z_k(x)        z the outputs before probabilities (logits)

With w = (0, .., 1, .., 0) it is the logit of a class; with 1 and -1, how much more one class has
than another; with -1 for the one output of a binary model, the answer "no". Logits add up where
probabilities saturate: what moves a probability from 0.999 to 0.9999 moves its logit by 2.3.

Inputs go through the network some at a time, as the memory for a backward pass allows, and by
several threads. How many go together does not depend on the number of threads, so results don't.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.array_types import Array
from src.classic_nn.context import EXPLANATION, PREDICTION
from src.classic_nn.layers.container import Container
from src.classic_nn.layers.trace import trace_network
from src.common.ahead import results_ahead
from src.common.product_threads import limited_product_threads

MEMORY = 256 << 20
"""Bytes that the passes of one thread may take, about."""

MOST = 64
"""Inputs that go through the network together, at most."""

KEPT = 2.0
"""Bytes of a forward and a backward pass, by those of the outputs of all layers."""

T = TypeVar("T")


@dataclass(frozen=True)
class Score:
    """A weighted sum of a network's outputs.

    Args:
        network: built.
        weights: (outputs,), w of the formula.
        threads: that compute at the same time.
        memory: bytes that the passes of one thread may take, about.
    """

    network: Container
    weights: NDArray[np.float64]
    threads: int = 2
    memory: int = MEMORY

    def of_logits(self, logits: Array) -> NDArray[np.float64]:
        """f (samples,) of z (samples, outputs)."""
        return logits.astype(np.float64) @ self.weights

    def logits(self, inputs: Callable[[slice], Array], count: int) -> Array:
        """z (count, outputs) of inputs that are made when they are needed.

        Args:
            inputs: makes those of some numbers, (samples, *input_shape).
            count: how many there are.
        """
        parts = self._computed(inputs, count, lambda x: self.network.forward(x, PREDICTION)[0])
        return np.concatenate([logits for _, logits in parts])

    def values(self, inputs: Callable[[slice], Array], count: int) -> NDArray[np.float64]:
        """f (count,), as ``logits``."""
        return self.of_logits(self.logits(inputs, count))

    def of(self, x: Array) -> float:
        """f of one input."""
        return float(self.values(lambda some: x[np.newaxis], 1)[0])

    def gradients(
        self, inputs: Callable[[slice], Array], count: int
    ) -> Iterator[tuple[slice, NDArray[np.float64], Array]]:
        """f (samples,) and df/dx (samples, *input_shape) of some inputs after the others."""
        for some, (values, dx) in self._computed(inputs, count, self._gradient):
            yield some, values, dx

    def _gradient(self, x: Array) -> tuple[NDArray[np.float64], Array]:
        logits, cache = self.network.forward(x, EXPLANATION)
        dx, _ = self.network.backward(self.upstream(logits), cache, EXPLANATION)
        assert dx is not None
        return self.of_logits(logits), dx

    def upstream(self, logits: Array) -> Array:
        """df/dz (samples, outputs): the weights, for each sample."""
        return np.broadcast_to(self.weights.astype(logits.dtype), logits.shape).copy()

    @cached_property
    def together(self) -> int:
        """Inputs that go through the network together."""
        values = sum(int(np.prod(node.shape)) for node in trace_network(self.network))
        each = KEPT * values * self.network.parameters.vector.dtype.itemsize
        return int(np.clip(self.memory // each, 1, MOST))

    def _computed(
        self, inputs: Callable[[slice], Array], count: int, compute: Callable[[Array], T]
    ) -> Iterator[tuple[slice, T]]:
        """What is computed of the inputs, in their order, a few parts ahead."""
        parts = [slice(k, min(k + self.together, count)) for k in range(0, count, self.together)]
        with limited_product_threads(1):
            yield from results_ahead(
                parts,
                lambda some: (some, compute(inputs(some))),
                threads=self.threads,
                ahead=self.threads,
                name="explanation",
            )
