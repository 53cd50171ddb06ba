"""Exercises of notebook 6, *Reading a training run*."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np

from exercises.check import Array, Claim, call, claims, exercise
from src.classic_nn import Dense, ReLU, Sequential
from src.classic_nn.optimizers.clipping import clip_by_norm
from src.classic_train.callbacks import EarlyStopping


@exercise
def dead_fraction(answer: Any) -> Iterator[Claim]:
    """(X, W, b) -> the fraction of the ReLUs that are zero for every sample."""
    rng = np.random.default_rng(12)
    X, W, b = rng.normal(size=(40, 3)), rng.normal(size=(3, 8)), rng.normal(size=8)
    b[[1, 4, 6]] = -50
    b[2] = -np.sort(X @ W[:, 2])[-2:].mean()  # one sample alone keeps this unit alive
    network = Sequential([Dense(8), ReLU()])
    network.build((3,), rng, np.float64)
    for array, value in zip(network.parameters.values(), (W, b), strict=True):
        array[...] = value
    y, caches = network.forward(X)
    _, gradients = network.backward(rng.normal(size=y.shape), caches)
    (db,) = (gradient for gradient in gradients.values() if gradient.ndim == 1)
    hint = f"The fraction of outputs that are zero is {np.mean(y == 0):g}, which is another number"
    source = "the bias gradient of each unit"
    yield Claim("the fraction", call(answer, X, W, b), np.mean(db == 0), source, hint=hint)


@exercise
def clipped_gradients(answer: Any) -> Iterator[Claim]:
    """(dW, db, maximum) -> dW, db, shortened together where they are longer than that."""
    rng = np.random.default_rng(13)
    dW, db = rng.normal(size=(4, 3)), rng.normal(size=3)
    for maximum in (0.5, 100.0):
        together = np.concatenate([dW.ravel(), db])
        norm = clip_by_norm(together, maximum)
        right = {"dW": together[: dW.size].reshape(dW.shape), "db": together[dW.size :]}
        hint = f"Both together have the norm {norm:.4g}, the maximum is {maximum:g}"
        given = call(answer, dW, db, maximum, returns=("dW", "db"))
        yield from claims(given, right, Claim("", None, None, hint=hint))


@exercise
def stopping_epoch(answer: Any) -> Iterator[Claim]:
    """(costs, patience) -> the epoch, counted from 1, after which training stops."""
    # falls again before it is below the lowest, which is not enough; and falls below it later
    costs = np.array([0.9, 0.6, 0.7, 0.65, 0.5, 0.58, 0.56, 0.54, 0.57, 0.45])
    for patience in (2, 3, 6, 1, 20):
        hint = f"The patience is {patience}, and the costs of epochs 1 to 10 are {costs.tolist()}"
        given = call(answer, costs, patience)
        right = _stopped_by_the_library(costs, patience)
        yield Claim("the epoch", given, right, hint=hint)


def _stopped_by_the_library(costs: Array, patience: int) -> int:
    """The last epoch that a trainer would train."""
    stopping = EarlyStopping(patience, restore_best=False)
    trainer: Any = SimpleNamespace(stop_reason=None)
    for trainer.epoch, cost in enumerate(costs, 1):
        trainer.record = {"validation_cost": float(cost)}
        stopping.on_epoch_end(trainer)
        if trainer.stop_reason:
            break
    return int(trainer.epoch)
