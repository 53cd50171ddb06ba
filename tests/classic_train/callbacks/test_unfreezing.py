"""What is trained follows from the epoch: also in a run that was stopped and goes on."""

import numpy as np
import pytest

from src.classic_nn import BatchNorm, BinaryCrossEntropy, Dense, Sequential, Tanh
from src.classic_nn.optimizers import Adam
from src.classic_nn.serialization import network_arrays, trained_arrays
from src.classic_train import MiniBatchTrainer
from src.classic_train.callbacks import Callback, EarlyStopping, Unfreezing


def network():
    made = Sequential(
        {
            **{"stem": Dense(4), "bn": BatchNorm(), "tanh": Tanh()},
            **{"layer1": Dense(4), "tanh1": Tanh(), "head": Dense(1)},
        }
    )
    made.build((3,), np.random.default_rng(1), np.float64)
    made.freeze(until="tanh1")
    return made


class Seen(Callback):
    def __init__(self):
        self.trained = {}
        self.arrays = {}

    def on_epoch_end(self, trainer):
        self.trained[trainer.epoch] = sorted({n.split(".")[0] for n in trainer.gradients})
        self.arrays[trainer.epoch] = {
            name: array.copy() for name, array in network_arrays(trainer.network).items()
        }


PLAN = {"layer1": 3, "stem": 5}


def trainer_for(made, epochs, *callbacks, workers=1):
    optimizer = Adam(0.02)
    optimizer.rate_factors = {"stem.": 0.1}
    return MiniBatchTrainer(
        made,
        BinaryCrossEntropy(),
        optimizer,
        batch_size=8,
        epochs=epochs,
        seed=3,
        workers=workers,
        callbacks=[*callbacks, Unfreezing(PLAN)],
    )


@pytest.fixture
def data(rng):
    x = rng.normal(size=(30, 3))
    return x, (x[:, :1] > 0) * 1.0


def test_layers_are_trained_from_their_epoch_on(data):
    made, seen = network(), Seen()
    before = {name: array.copy() for name, array in network_arrays(made).items()}
    trainer_for(made, 6, seen).fit(data, data)
    late = ["bn", "head", "layer1", "stem"]
    assert seen.trained == {
        **{1: ["head"], 2: ["head"], 3: ["head", "layer1"], 4: ["head", "layer1"]},
        **{5: late, 6: late},
    }
    for epoch, arrays in seen.arrays.items():
        for name, array in arrays.items():
            layer = name.partition("/")[2].partition(".")[0]
            moved = not (array == before[name]).all()
            assert moved == (layer in seen.trained[epoch]), (epoch, name)


@pytest.mark.parametrize("stop", [1, 2, 3, 4, 5])
def test_a_resumed_run_is_the_uninterrupted_one(data, stop):
    whole, seen = network(), Seen()
    history = trainer_for(whole, 6, seen).fit(data, data)
    first = trainer_for(network(), stop)
    first.fit(data, data)
    arrays, metadata = first.state()
    assert {n for n in arrays if n.startswith(("parameters/", "buffers/"))} == set(
        trained_arrays(first.network)
    )
    arrays = {name: array.copy() for name, array in arrays.items()}
    second = trainer_for(network(), 6)
    for callback in second.callbacks:
        if isinstance(callback, Unfreezing):
            callback.apply(second, stop)
    second.load_state(arrays, metadata)
    assert second.fit(data, data) == history
    for name, array in network_arrays(second.network).items():
        assert (array == network_arrays(whole)[name]).all()


def test_workers_agree(data):
    one, two = network(), network()
    a = trainer_for(one, 6).fit(data, data)
    b = trainer_for(two, 6, workers=2).fit(data, data)
    assert np.allclose([r["cost"] for r in a], [r["cost"] for r in b], rtol=1e-9)


def test_the_best_epoch_before_unfreezing_comes_back_whole(data):
    made, seen = network(), Seen()
    stopping = EarlyStopping(None)
    trainer = trainer_for(made, 6, seen, stopping)
    stopping.best.see = lambda t: t.epoch == 2  # of all epochs
    trainer.fit(data, data)
    for name, array in network_arrays(made).items():
        assert (array == seen.arrays[2][name]).all(), name


def test_other_frozen_weights_are_noticed(data):
    first = trainer_for(network(), 1)
    first.fit(data, data)
    other = network()
    other["stem"].frozen["W"][0, 0] += 1e-6
    with pytest.raises(ValueError, match="the frozen layers have other weights"):
        trainer_for(other, 2).load_state(*first.state())
