"""Training on PyTorch goes the way that training with NumPy goes, to rounding in float64."""

import numpy as np
import pytest

from src.classic_cnn import Conv2D, GlobalAveragePool, MaxPool2D
from src.classic_nn import BatchNorm, Dense, Dropout, ReLU, Sequential, SoftmaxCrossEntropy
from src.classic_nn.layers.registry import layer_from_config
from src.classic_nn.optimizers import create_optimizer
from src.classic_nn.regularization import L2
from src.classic_nn.schedules import create_schedule
from src.classic_train import MiniBatchTrainer
from src.classic_train.mini_batch.callback import Callback
from src.classic_train.mini_batch.metrics import METRICS

torch = pytest.importorskip("torch", reason="needs the extra 'torch'")

from src.torch_train.trainer import TorchTrainer  # noqa: E402


def network(dropout=0.3):
    layers = {"conv": Conv2D(4, bias=False), "bn": BatchNorm(), "relu": ReLU(), "pool": MaxPool2D()}
    made = Sequential(
        {**layers, "mean": GlobalAveragePool(), "drop": Dropout(dropout), "head": Dense(3)}
    )
    made.build((6, 6, 2), np.random.default_rng(0), np.float64)
    return made


def data(seed=0, samples=45):
    rng = np.random.default_rng(seed)
    y = rng.integers(3, size=samples)
    x = rng.normal(size=(samples, 6, 6, 2)) + y[:, None, None, None]
    return x, y


class Seen(Callback):
    def __init__(self):
        self.costs, self.norms, self.sums = [], [], []

    def after_backward(self, trainer):
        self.costs.append(trainer.batch_cost)
        self.norms.append(float(np.linalg.norm(trainer.gradients.vector)))

    def on_batch_end(self, trainer):
        self.sums.append(float(np.abs(trainer.network.parameters.vector).sum()))


def trained(kind, optimizer="adam", epochs=3, train=None, made=None, **settings):
    made = made or network()
    seen = Seen()
    trainer = kind(
        made,
        SoftmaxCrossEntropy(),
        create_optimizer(optimizer, learning_rate=0.02),
        batch_size=8,
        epochs=epochs,
        metrics=METRICS["multi_class"],
        seed=3,
        callbacks=[seen],
        **({"same_masks": True} if kind is TorchTrainer else {}),
        **settings,
    )
    trainer.fit(train or data(), data(1, 20))
    return trainer, seen


SETTINGS = {
    "plain": {},
    "regularized": {"l2": L2(0.05)},
    "clipped by norm": {"clip_norm": 0.3},
    "clipped by value": {"clip_value": 0.02},
    "accumulated": {"accumulate": 3},
    "scheduled": {"schedule": create_schedule("cosine", learning_rate=0.03, epochs=3)},
}


@pytest.mark.parametrize("name", SETTINGS)
def test_both_go_the_same_way(name):
    (ours, mine), (theirs, other) = (
        trained(kind, **SETTINGS[name]) for kind in (MiniBatchTrainer, TorchTrainer)
    )
    np.testing.assert_allclose(other.costs, mine.costs, rtol=1e-8)
    np.testing.assert_allclose(other.norms, mine.norms, rtol=1e-7)
    np.testing.assert_allclose(other.sums, mine.sums, rtol=1e-8)
    for one, two in zip(ours.history, theirs.history, strict=True):
        assert two == pytest.approx(one, rel=1e-8)
    np.testing.assert_allclose(
        theirs.validation_outputs[0], ours.validation_outputs[0], rtol=1e-6, atol=1e-9
    )
    for key, array in ours.network.buffers.items():
        np.testing.assert_allclose(theirs.network.buffers[key], array, rtol=1e-8)


def test_samples_have_weights():
    x, y = data()
    weights = np.random.default_rng(5).random(len(y))
    _, mine = trained(MiniBatchTrainer, train=(x, y, weights))
    _, other = trained(TorchTrainer, train=(x, y, weights))
    np.testing.assert_allclose(other.costs, mine.costs, rtol=1e-8)


def test_frozen_layers_and_factors_of_rates():
    networks = [network(), network()]
    for made in networks:
        made.freeze(until="bn")
    (ours, mine), (theirs, other) = (
        trained(kind, made=made)
        for kind, made in zip((MiniBatchTrainer, TorchTrainer), networks, strict=True)
    )
    np.testing.assert_allclose(other.costs, mine.costs, rtol=1e-8)
    for key, array in ours.network.frozen.items():
        np.testing.assert_array_equal(theirs.network.frozen[key], array)


class Halve(Callback):
    def on_epoch_end(self, trainer):
        trainer.network.parameters.vector *= 0.5


def test_a_callback_may_set_parameters():
    found = []
    for kind in (MiniBatchTrainer, TorchTrainer):
        seen = Seen()
        settings = {"same_masks": True} if kind is TorchTrainer else {}
        optimizer = create_optimizer("momentum", learning_rate=0.02)
        trainer = kind(
            network(), SoftmaxCrossEntropy(), optimizer, callbacks=[Halve(), seen], **settings
        )
        trainer.epochs = 3
        trainer.fit(data())
        found.append(seen.costs)
    np.testing.assert_allclose(found[1], found[0], rtol=1e-8)


class LookBeforeTheStep(Callback):
    """As a callback may that compares weights with gradients; one that also shrinks them."""

    def __init__(self, factor):
        self.factor = factor

    def after_backward(self, trainer):
        trainer.network.parameters.vector *= self.factor


class Costs(Callback):
    """Looks at no weights, unlike ``Seen``."""

    def __init__(self):
        self.values = []

    def on_batch_end(self, trainer):
        self.values.append(trainer.batch_cost)


@pytest.mark.parametrize("factor", [1.0, 0.9])
def test_who_looks_between_backward_and_step_undoes_nothing(factor):
    found = []
    for kind in (MiniBatchTrainer, TorchTrainer):
        costs = Costs()
        settings = {"same_masks": True} if kind is TorchTrainer else {}
        optimizer = create_optimizer("adam", learning_rate=0.02)
        callbacks = [LookBeforeTheStep(factor), costs]
        trainer = kind(
            network(),
            SoftmaxCrossEntropy(),
            optimizer,
            callbacks=callbacks,
            batch_size=8,
            **settings,
        )
        trainer.epochs = 3
        trainer.fit(data())
        found.append(costs.values)
    assert found[0][-1] != found[0][0]
    np.testing.assert_allclose(found[1], found[0], rtol=1e-8)


class Unfreeze(Callback):
    def on_epoch_begin(self, trainer):
        if trainer.epoch == 2:
            trainer.unfreeze("bn")


def test_a_layer_is_unfrozen_on_the_way():
    found = []
    for kind in (MiniBatchTrainer, TorchTrainer):
        made = network()
        made.freeze(until="bn")
        settings = {"same_masks": True} if kind is TorchTrainer else {}
        seen = Seen()
        trainer = kind(
            made,
            SoftmaxCrossEntropy(),
            create_optimizer("adam", learning_rate=0.02),
            batch_size=8,
            epochs=3,
            callbacks=[Unfreeze(), seen],
            **settings,
        )
        trainer.fit(data())
        found.append(seen.costs)
    np.testing.assert_allclose(found[1], found[0], rtol=1e-8)


@pytest.mark.parametrize("second", [MiniBatchTrainer, TorchTrainer])
@pytest.mark.parametrize("first", [MiniBatchTrainer, TorchTrainer])
@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "nesterov", "rms_prop", "adam", "radam"])
def test_training_goes_on_from_either_one(first, second, optimizer):
    whole, _ = trained(MiniBatchTrainer, optimizer, epochs=4)
    half, _ = trained(first, optimizer, epochs=2)
    arrays, metadata = half.state()
    other = second(
        network(),
        SoftmaxCrossEntropy(),
        create_optimizer(optimizer, learning_rate=0.02),
        batch_size=8,
        epochs=4,
        metrics=METRICS["multi_class"],
        **({"same_masks": True} if second is TorchTrainer else {}),
    )
    other.load_state(arrays, metadata)
    other.fit(data(), data(1, 20))
    assert other.history[-1] == pytest.approx(whole.history[-1], rel=1e-8)


@pytest.mark.parametrize("optimizer", ["momentum", "rms_prop", "adam", "adamw", "radam"])
def test_a_resumed_run_takes_the_same_way_to_the_last_bit(optimizer):
    """Where a run saves its state after each epoch, as all do."""

    class Saved(Callback):
        def on_epoch_end(self, trainer):
            arrays, self.metadata = trainer.state()
            self.arrays = {name: array.copy() for name, array in arrays.items()}

    def trainer(epochs, callback):
        return TorchTrainer(
            as_float32(network(0)),
            SoftmaxCrossEntropy(),
            create_optimizer(optimizer, learning_rate=0.02),
            batch_size=8,
            epochs=epochs,
            callbacks=[callback],
        )

    train = tuple(array.astype(np.float32) if array.ndim > 1 else array for array in data())
    whole = trainer(3, Saved())
    whole.fit(train)
    saved = Saved()
    trainer(1, saved).fit(train)
    resumed = trainer(3, Saved())
    resumed.load_state(saved.arrays, saved.metadata)
    assert resumed.fit(train) == whole.history
    np.testing.assert_array_equal(
        resumed.network.parameters.vector, whole.network.parameters.vector
    )


def test_masks_of_its_own_are_the_same_for_the_same_seed():
    runs = []
    for seed in (0, 0, 1):
        trainer = TorchTrainer(
            network(0.5), SoftmaxCrossEntropy(), create_optimizer("adam"), epochs=2, seed=seed
        )
        runs.append([record["cost"] for record in trainer.fit(data())])
    assert runs[0] == runs[1] != runs[2]


def test_mixed_precision_is_close_and_not_the_same():
    _, exact = trained(TorchTrainer, made=as_float32(network(0)))
    _, mixed = trained(TorchTrainer, made=as_float32(network(0)), amp=True)
    assert mixed.costs != exact.costs
    np.testing.assert_allclose(mixed.costs, exact.costs, rtol=0.1)


def as_float32(made):
    other = layer_from_config(made.config())
    other.build((6, 6, 2), np.random.default_rng(0), np.float32)
    return other


def test_a_cost_that_is_not_finite_ends_training():
    from src.classic_train.mini_batch import TrainingDivergedError

    made = Sequential([Dense(8), ReLU(), Dense(3)])
    made.build((4,), np.random.default_rng(0))
    x, y = np.random.default_rng(0).normal(size=(40, 4)).astype(np.float32), np.arange(40) % 3
    optimizer = create_optimizer("sgd", learning_rate=1e25)
    trainer = TorchTrainer(made, SoftmaxCrossEntropy(), optimizer, batch_size=8, epochs=3)
    with pytest.raises(TrainingDivergedError, match=r"not finite|the cost is"):
        trainer.fit((x, y))
