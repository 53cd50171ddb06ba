"""The learning-rate range test (Smith 2017, section 3.3): ``--learning-rate auto``.

A copy of the network is trained for a few dozen mini-batches while the learning rate grows from
one mini-batch to the next by the same factor. The cost first stays, then falls, then explodes. The
rate is taken where the smoothed cost falls steepest over the logarithm of the rate: well before
the lowest cost, which is already at the edge. Nothing of it is left in the network that will be
trained, nor in any generator.
"""

import math
from contextlib import closing
from itertools import count, islice
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

from src.classic_nn.layers import Sequential, copy_network
from src.classic_nn.loss import Loss
from src.classic_nn.optimizers import Optimizer
from src.classic_nn.utils.plots import new_figure
from src.classic_train.mini_batch import MiniBatchTrainer
from src.classic_train.mini_batch.batches import Batches

RATE_PICTURE = "learning_rate.png"
"""Picture of a range test, in the directory of a run."""

LOWEST, HIGHEST = 1e-6, 10.0
"""Ends of the rates that are tried."""

STEPS = 100
"""Mini-batches, at most: less where the cost explodes before."""

SMOOTHING = 0.9
"""Fraction of the old mean cost that remains at each step, to see an explosion by."""

FIRST = 8
"""Mini-batches on each side of one that its smoothed cost is the mean of: that of the first ones is
of fewer, and says little yet."""

FALLS = 0.98
"""Fraction of the first cost below which the smoothed cost counts as fallen."""

EXPLODED = 4.0
"""Times the lowest smoothed cost at which the test ends."""


class RangeTest(NamedTuple):
    """Rates, their smoothed costs, the rate that is suggested, and whether the cost ever fell.

    If it did not, there is nothing to go by, and the suggestion is the optimizer's default.
    """

    rates: list[float]
    costs: list[float]
    suggested: float
    falls: bool


def range_test(
    network: Sequential, loss: Loss, optimizer: Optimizer, batches: Batches, seed: int
) -> RangeTest:
    """Find a learning rate.

    Args:
        network: built; it stays as it is.
        loss: of training.
        optimizer: of training; it stays as it is, of its settings a new one is made.
        batches: of training.
        seed: of the layers' randomness.
    """
    settings = {**optimizer.settings(), "learning_rate": LOWEST}
    fresh = type(optimizer)(**settings)
    fresh.rate_factors = dict(optimizer.rate_factors)
    copied = copy_network(network)
    assert isinstance(copied, Sequential)
    trainer = MiniBatchTrainer(copied, loss, fresh, seed=seed)
    rates: list[float] = []
    costs: list[float] = []
    mean = lowest = 0.0
    with trainer.team, np.errstate(over="ignore", invalid="ignore"):
        for k, batch in enumerate(islice(_repeated(batches), STEPS)):
            fresh.learning_rate = LOWEST * (HIGHEST / LOWEST) ** (k / (STEPS - 1))
            try:
                cost = trainer.train_on_batch(*batch)
            except ArithmeticError:
                break
            mean = SMOOTHING * mean + (1 - SMOOTHING) * cost
            smoothed = mean / (1 - SMOOTHING ** (k + 1))
            if not math.isfinite(smoothed) or (costs and smoothed > EXPLODED * lowest):
                break
            lowest = min(lowest, smoothed) if costs else smoothed
            rates.append(fresh.learning_rate)
            costs.append(cost)
    costs = _smooth(costs)
    falls = len(costs) > 2 * FIRST and min(costs[FIRST:]) < FALLS * costs[0]
    suggested = _steepest(rates, costs) if falls else type(optimizer)().learning_rate
    return RangeTest(rates, costs, suggested, falls)


def _repeated(batches: Batches) -> Any:
    """Mini-batches of one epoch after another, without end."""
    for number in count(1):
        with closing(batches.epoch(number)) as epoch:
            yield from epoch


def _smooth(costs: list[float]) -> list[float]:
    """Means over the mini-batches around each one, fewer at the ends."""
    around = range(-FIRST, FIRST + 1)
    return [
        float(np.mean([costs[k + j] for j in around if 0 <= k + j < len(costs)]))
        for k in range(len(costs))
    ]


def _steepest(rates: list[float], costs: list[float]) -> float:
    """Where the cost falls fastest over log(rate), and at most a tenth of where it is lowest."""
    lowest = FIRST + int(np.argmin(costs[FIRST:]))
    slopes = np.gradient(costs, np.log(rates))[FIRST : lowest + 1]
    return max(min(rates[FIRST + int(np.argmin(slopes))], rates[lowest] / 10), rates[FIRST])


def plot_range_test(found: RangeTest) -> Figure:
    """Cost over rate, with the suggestion."""
    figure = new_figure()
    axes = figure.add_subplot()
    axes.plot(found.rates, found.costs, color="C0")
    axes.axvline(found.suggested, color="C1", linestyle="--", label=f"{found.suggested:.2g}")
    axes.set_xscale("log")
    axes.set_xlabel("learning rate, growing from one mini-batch to the next")
    axes.set_ylabel("cost, smoothed")
    axes.set_title("Learning-rate range test: taken where the cost falls steepest")
    axes.legend(title="suggested")
    return figure
