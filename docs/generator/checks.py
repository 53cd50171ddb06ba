"""Gradient checks for the pages: each takes a generator and returns its table."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.classic_nn import math
from src.classic_nn.gradient_check import check_function, check_layer, check_loss
from src.classic_nn.gradient_report import GradientReport
from src.classic_nn.layers import Layer
from src.classic_nn.loss import Loss

Array = NDArray[np.float64]
Check = Callable[[np.random.Generator], GradientReport]
Checks = dict[str, Check]
"""Checks by what is checked."""

SAMPLES = 4


def of_layer(title: str, make: Callable[[], Layer], *shape: int) -> Checks:
    """Checks of a layer on samples of a shape, while training and in evaluation."""

    def check(training: bool) -> Check:
        def run(rng: np.random.Generator) -> GradientReport:
            layer = make()
            layer.build(shape, rng, np.float64)
            x = rng.normal(size=(SAMPLES, *shape))
            return check_layer(layer, x + np.copysign(1e-3, x), rng, training)  # away from 0's kink

        return run

    return {f"{title}, training": check(True), f"{title}, evaluation": check(False)}


def of_loss(title: str, loss: Loss, y: NDArray[Any]) -> Checks:
    """The check of a loss for these targets, with weights of samples."""

    def run(rng: np.random.Generator) -> GradientReport:
        outputs = int(y.max()) + 1 if y.ndim == 1 else y.shape[1]
        logits = rng.normal(size=(len(y), outputs))
        return check_loss(loss, logits, y, rng, rng.uniform(0.5, 2, len(y)))

    return {title: run}


def of_function(name: str) -> Checks:
    """The check of an activation function, whose backward reads its input z or its output y."""
    forward, backward = getattr(math, name), getattr(math, f"{name}_backward")
    reads_output = "y" in inspect.signature(backward).parameters

    def with_cache(z: Array) -> tuple[Array, Array]:
        y = forward(z)
        return y, y if reads_output else z

    def run(rng: np.random.Generator) -> GradientReport:
        return check_function(with_cache, backward, {"z": rng.normal(size=(5, 4))}, rng)

    return {name: run}
