"""The option ``--check-gradients``: the network's backward pass against finite differences."""

import numpy as np

from src.classic_nn.gradient_check import check_network
from src.classic_nn.layers import Sequential
from src.classic_nn.layers.copying import copy_network
from src.classic_nn.loss import Loss
from src.classic_train.data.splits import RecipeData
from src.classic_train.run.directory import Run


class GradientCheckFailedError(ArithmeticError):
    """The backward pass of a network disagrees with finite differences."""


def check_gradients(network: Sequential, loss: Loss, data: RecipeData, run: Run) -> None:
    """Prove the network's gradients in float64 on four training samples; print the table.

    The copy that is checked has its parameters moved a little: where a whole layer is silent,
    biases of exactly zero would put the next one on ReLU's kink, where there is no derivative. So
    would max pooling be in a region of one colour, therefore the samples are moved a little too.
    """
    rng = np.random.default_rng(0)
    exact = copy_network(network, np.float64)
    exact.parameters.vector += rng.normal(0, 0.01, exact.parameters.vector.shape)
    x, y = data.examples(4)
    x = x + rng.normal(0, 0.01, x.shape)
    y = y if data.task == "multi_class" else y.astype(np.float64)
    report = check_network(exact, loss, x, y, rng)
    run.log(f"gradients against finite differences, in float64:\n{report}\n")
    if not report.passed:
        wrong = ", ".join(check.name for check in report.checks if not check.passed)
        raise GradientCheckFailedError(
            f"the gradients of {wrong} disagree with finite differences; nothing was trained"
        )
