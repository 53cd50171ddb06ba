"""Mini-batches whose gradients make one update are one large mini-batch."""

from copy import deepcopy

import numpy as np
import pytest

from src.classic_nn import (
    L2,
    BatchNorm,
    BinaryCrossEntropy,
    Dense,
    Dropout,
    ReLU,
    Sequential,
    SoftmaxCrossEntropy,
    create_optimizer,
    create_schedule,
)
from src.classic_train.callbacks import Callback
from src.classic_train.mini_batch import MiniBatchTrainer


def network(*layers):
    built = Sequential(list(layers))
    built.build((5,), np.random.default_rng(0), np.float64)
    return built


def data(rng, weighted):
    x = rng.normal(size=(75, 5))
    weights = rng.random(75) * (rng.random(75) < 0.7) if weighted else None
    return x, (x[:, :2] > x[:, 2:3]) * 1.0, weights


def curve(batch_size, accumulate, arrays, layers, loss=None, **settings):
    trainer = MiniBatchTrainer(
        network(*deepcopy(layers)),
        loss or BinaryCrossEntropy(),
        create_optimizer("momentum", learning_rate=0.1),
        schedule=create_schedule("cosine", learning_rate=0.5, epochs=3),
        batch_size=batch_size,
        accumulate=accumulate,
        epochs=3,
        l2=L2(0.01),
        clip_norm=1.0,
        **settings,
    )
    x, y, weights = arrays
    costs = [record["cost"] for record in trainer.fit((x, y, weights), (x, y))]
    return costs, trainer


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("weighted", [False, True])
def test_it_equals_the_large_mini_batch(weighted, workers, rng):
    """75 samples: the last large mini-batch has 11, the last small one of these 3."""
    arrays, layers = data(rng, weighted), (Dense(8), ReLU(), Dropout(0.3), Dense(2))
    large, _ = curve(32, 1, arrays, layers)
    small, trainer = curve(8, 4, arrays, layers, workers=workers)
    assert small == pytest.approx(large, rel=1e-9)
    assert trainer.batches == 3


def test_class_weights_count_over_all_of_it(rng):
    x, y, _ = data(rng, False)
    arrays, loss = (x, y[:, 0].astype(int), None), SoftmaxCrossEntropy(0.1, (1.0, 5.0))
    large, _ = curve(32, 1, arrays, (Dense(2),), loss)
    small, _ = curve(8, 4, arrays, (Dense(2),), loss)
    assert small == pytest.approx(large, rel=1e-9)


def test_callbacks_hear_of_updates(rng):
    class Counter(Callback):
        def __init__(self):
            self.heard = []

        def on_batch_end(self, trainer):
            self.heard.append((trainer.epoch, trainer.batch))

    counter = Counter()
    arrays = data(rng, False)
    curve(8, 4, arrays, (Dense(2),), callbacks=[counter])
    assert counter.heard == [(epoch, batch) for epoch in (1, 2, 3) for batch in range(3)]


def test_statistics_of_batch_normalization_are_of_each_mini_batch(rng):
    arrays, layers = data(rng, False), (Dense(8), BatchNorm(), ReLU(), Dense(2))
    large, _ = curve(32, 1, arrays, layers)
    small, _ = curve(8, 4, arrays, layers)
    assert small != pytest.approx(large, rel=1e-6)
    assert small == pytest.approx(large, rel=0.5)


def test_mini_batches_without_any_weight_are_passed_over(rng):
    x, y, _ = data(rng, False)
    weights = np.zeros(75)
    weights[:3] = 1
    costs, _ = curve(1, 2, (x, y, weights), (Dense(2),))
    assert np.isfinite(costs).all()
