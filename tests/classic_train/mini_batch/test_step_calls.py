"""A training step does only its work: the Python functions of ours that it calls, counted.

On small networks a step is mostly such calls, about half a microsecond each. The count, unlike the
clock, is the same on every machine; so what makes a step slower fails here. Where a step has to do
more, the number is raised, with the reason in the commit; where it does less, it is lowered.
"""

import sys
from collections import Counter

import numpy as np
import pytest

from src.classic_cnn import Conv2D, GlobalAveragePool, MaxPool2D
from src.classic_nn import (
    BatchNorm,
    BinaryCrossEntropy,
    Dense,
    Dropout,
    ReLU,
    Residual,
    Sequential,
    SoftmaxCrossEntropy,
    create_optimizer,
)
from src.classic_train.mini_batch import MiniBatchTrainer
from src.common.kernels import KERNELS
from tests.paths import ROOT


def mlp():
    """The smallest workload of the benchmarks, W2."""
    hidden = [layer for units in (64, 32, 16, 8) for layer in (Dense(units), ReLU())]
    return Sequential([*hidden, Dense(3)]), (10,), SoftmaxCrossEntropy(), "momentum"


def regularized():
    layers = [Dense(16), BatchNorm(), ReLU(), Dropout(0.5), Dense(3)]
    return Sequential(layers), (10,), BinaryCrossEntropy(), "adam"


def residual_cnn():
    def block():
        body = Sequential([Conv2D(4), BatchNorm(), ReLU(), Conv2D(4), BatchNorm()])
        return [Residual(body), ReLU()]

    layers = [Conv2D(4), *block(), MaxPool2D(), *block(), GlobalAveragePool(), Dense(3)]
    return Sequential(layers), (8, 8, 3), SoftmaxCrossEntropy(), "adam"


def calls_of_a_step(make):
    network, shape, loss, optimizer = make()
    rng = np.random.default_rng(0)
    network.build(shape, rng)
    trainer = MiniBatchTrainer(network, loss, create_optimizer(optimizer), batch_size=16)
    x = rng.normal(size=(16, *shape)).astype(np.float32)
    y = rng.integers(3, size=16)
    if isinstance(loss, BinaryCrossEntropy):
        y = np.eye(3, dtype=np.float32)[y]
    calls = Counter()
    ours = str(ROOT / "src")

    def count(frame, event, argument):
        if event == "call" and frame.f_code.co_filename.startswith(ours):
            calls[frame.f_code.co_qualname] += 1

    with trainer.team:
        trainer.train_on_batch(x, y)  # what the first step prepares
        sys.setprofile(count)
        try:
            trainer.train_on_batch(x, y)
        finally:
            sys.setprofile(None)
    return calls


@pytest.mark.parametrize(
    ("make", "numpy", "numba"),
    [(mlp, 98, 103), (regularized, 119, 119), (residual_cnn, 641, 711)],
)
def test_a_step_calls_no_more_functions_than_it_did(make, numpy, numba):
    """Compiled, an operation is three calls more: choosing the form, its function, the loop."""
    calls = calls_of_a_step(make)
    assert calls.total() <= {"numpy": numpy, "numba": numba}[KERNELS], calls.most_common()


def test_the_count_is_the_same_for_every_step():
    assert calls_of_a_step(mlp) == calls_of_a_step(mlp)


def test_no_view_of_a_vector_is_made_in_a_step():
    """``view_of`` in every step took half of its time, and 22 ms of a ResNet50's."""
    for make in (mlp, regularized, residual_cnn):
        names = " ".join(calls_of_a_step(make))
        assert "view_of" not in names
        assert "ParameterVector.__init__" not in names
