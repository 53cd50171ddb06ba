"""The range test: it finds a rate that trains, and leaves no trace."""

import numpy as np
import pytest

from src.classic_nn import BatchNorm, Dense, Dropout, ReLU, Sequential, SoftmaxCrossEntropy
from src.classic_nn.optimizers import create_optimizer
from src.classic_nn.serialization import network_arrays
from src.classic_nn.utils import save_figure
from src.classic_train import MiniBatchTrainer
from src.classic_train.mini_batch.batches import ArrayBatches
from src.classic_train.mini_batch.dataset import ArrayDataset
from src.classic_train.run.rate_finder import HIGHEST, LOWEST, plot_range_test, range_test


@pytest.fixture
def data(rng):
    y = rng.integers(0, 3, 240)
    x = (rng.normal(size=(240, 6)) + 2 * np.eye(6)[y]).astype(np.float32)
    return ArrayDataset(x, y)


def network(seed=0):
    made = Sequential([Dense(16), BatchNorm(), ReLU(), Dropout(0.2), Dense(3)])
    made.build((6,), np.random.default_rng(seed))
    return made


def final_cost(data, optimizer):
    trainer = MiniBatchTrainer(network(), SoftmaxCrossEntropy(), optimizer, batch_size=32, epochs=6)
    return trainer.fit(data)[-1]["cost"]


@pytest.mark.parametrize("name", ["adam", "sgd", "momentum"])
def test_the_rate_trains_better_than_a_tenth_or_a_hundredth(name, data):
    optimizer = create_optimizer(name)
    found = range_test(network(), SoftmaxCrossEntropy(), optimizer, ArrayBatches(data, 32, 0), 0)
    assert LOWEST < found.suggested < HIGHEST
    assert found.rates == sorted(found.rates)
    cost = final_cost(data, create_optimizer(name, learning_rate=found.suggested))
    slow = final_cost(data, create_optimizer(name, learning_rate=found.suggested / 100))
    assert cost < slow
    assert np.isfinite(cost)


def test_nothing_is_left_of_it(data):
    made, optimizer = network(), create_optimizer("adam")
    made.freeze()
    made.layers[-1].unfreeze()
    before = {name: array.copy() for name, array in network_arrays(made).items()}
    settings = optimizer.settings()
    batches = ArrayBatches(data, 32, 0)
    first = [array.copy() for array in next(batches.epoch(1))]
    found = range_test(made, SoftmaxCrossEntropy(), optimizer, batches, 0)
    again = range_test(made, SoftmaxCrossEntropy(), optimizer, batches, 0)
    assert again == found
    assert all((network_arrays(made)[name] == array).all() for name, array in before.items())
    assert (optimizer.settings(), optimizer.step_count, optimizer.state) == (settings, 0, {})
    assert all((a == b).all() for a, b in zip(first, next(batches.epoch(1)), strict=True))


def test_the_picture(data, tmp_path):
    optimizer = create_optimizer("adam")
    found = range_test(network(), SoftmaxCrossEntropy(), optimizer, ArrayBatches(data, 32, 0), 0)
    save_figure(plot_range_test(found), tmp_path / "rate.png")
    assert (tmp_path / "rate.png").stat().st_size > 5000
