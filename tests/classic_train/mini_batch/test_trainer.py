import importlib
import math
import sys

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
from src.classic_nn.data_utils import generate_multilabel_dataset
from src.classic_nn.optimizers import Adam
from src.classic_nn.utils import evaluate
from src.classic_train import MiniBatchTrainer, TrainerWithAdam, TrainingDivergedError
from src.classic_train.callbacks import Callback, EarlyStopping
from src.classic_train.mini_batch import DataError
from src.classic_train.mini_batch.metrics import MULTI_LABEL
from src.classic_train.mini_batch.utils import SHUFFLING, random_stream

DATA = generate_multilabel_dataset(150, 12, 3, np.random.default_rng(5))
TRAIN, VALIDATION = (DATA[0][:110], DATA[1][:110]), (DATA[0][110:], DATA[1][110:])


def build(*layers, dtype=np.float32, features=12):
    network = Sequential(list(layers) or [Dense(16), ReLU(), Dense(3)])
    network.build((features,), np.random.default_rng(1), dtype)
    return network


def rich(dtype=np.float32):
    return build(Dense(16), BatchNorm(), ReLU(), Dropout(0.2), Dense(3), dtype=dtype)


def train(network, optimizer="adam", **settings):
    trainer = MiniBatchTrainer(
        network,
        BinaryCrossEntropy(),
        create_optimizer(optimizer),
        **{"batch_size": 16, "epochs": 4, **settings},
    )
    trainer.fit(TRAIN, VALIDATION)
    return trainer


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "nesterov", "rms_prop", "adam", "radam"])
def test_overfits_eight_samples(optimizer):
    x, y = TRAIN[0][:8], TRAIN[1][:8]
    rate = 1.0 if optimizer in ("sgd", "momentum", "nesterov") else 0.01
    network = build(Dense(32), ReLU(), Dense(3))
    trainer = MiniBatchTrainer(
        network,
        BinaryCrossEntropy(),
        create_optimizer(optimizer, learning_rate=rate),
        batch_size=4,
        epochs=300,
    )
    history = trainer.fit((x, y))
    assert history[-1]["cost"] < 0.01 < history[0]["cost"]
    assert evaluate(network, trainer.loss, x, y, MULTI_LABEL)["exact_match"] == 1


def test_overfits_classes_with_softmax(rng):
    x, y = rng.normal(size=(8, 12)), np.arange(8) % 3
    trainer = TrainerWithAdam(build(), SoftmaxCrossEntropy(), 0.02, batch_size=3, epochs=150)
    assert trainer.fit((x, y))[-1]["cost"] < 0.02


@pytest.mark.parametrize("workers", [1, 2])
def test_same_seed_same_history_to_the_last_bit(workers):
    first, second = (train(rich(), workers=workers, seed=3) for _ in range(2))
    assert first.history == second.history
    assert np.array_equal(first.network.parameters.vector, second.network.parameters.vector)
    other = train(rich(), workers=workers, seed=4)
    assert other.history != first.history


@pytest.mark.parametrize("workers", [2, 3, 4])
@pytest.mark.parametrize("weighted", [False, True])
def test_workers_give_the_same_curve_to_rounding(workers, weighted, rng):
    """110 samples in batches of 16: the last has 14, and shares are uneven."""
    weights = (rng.random(110) + 0.5,) if weighted else ()

    def costs(workers):
        trainer = MiniBatchTrainer(
            build(Dense(16), BatchNorm(), ReLU(), Dense(3), dtype=np.float64),
            BinaryCrossEntropy(),
            create_optimizer("momentum"),
            batch_size=16,
            epochs=3,
            l2=L2(0.01),
            workers=workers,
        )
        history = trainer.fit((*TRAIN, *weights), VALIDATION)
        return [record["cost"] for record in history], trainer.network

    (alone, network), (together, other) = costs(1), costs(workers)
    assert together == pytest.approx(alone, rel=1e-9)
    for name, buffer in network.buffers.items():
        assert np.allclose(buffer, other.buffers[name], rtol=1e-9)


def test_batches_smaller_than_the_team_train_too():
    trainer = MiniBatchTrainer(
        build(), BinaryCrossEntropy(), create_optimizer("sgd"), batch_size=2, epochs=1, workers=4
    )
    assert math.isfinite(trainer.fit((TRAIN[0][:5], TRAIN[1][:5]))[0]["cost"])


@pytest.mark.parametrize("optimizer", ["momentum", "adam", "radam"])
@pytest.mark.parametrize("workers", [1, 2])
def test_resumed_training_equals_uninterrupted_training(optimizer, workers):
    """Weights, running statistics, optimizer, plateau schedule, early stopping, history."""

    def trainer(epochs):
        return MiniBatchTrainer(
            rich(),
            BinaryCrossEntropy(),
            create_optimizer(optimizer),
            batch_size=16,
            epochs=epochs,
            schedule=create_schedule("plateau", learning_rate=0.02, factor=0.5, patience=0),
            l2=L2(1e-3),
            metrics=MULTI_LABEL,
            callbacks=[EarlyStopping(patience=None)],
            seed=11,
            workers=workers,
        )

    whole = trainer(8)
    whole.fit(TRAIN, VALIDATION)
    last = []

    class KeepState(Callback):
        order = 100

        def on_epoch_end(self, trainer):
            arrays, metadata = trainer.state()
            last[:] = [{name: array.copy() for name, array in arrays.items()}, metadata]

    stopped = trainer(5)
    stopped.callbacks.append(KeepState())
    stopped.fit(TRAIN, VALIDATION)
    resumed = trainer(8)
    resumed.load_state(*last)
    resumed.fit(TRAIN, VALIDATION)
    assert resumed.history == whole.history
    assert np.array_equal(resumed.network.parameters.vector, whole.network.parameters.vector)
    for name, buffer in whole.network.buffers.items():
        assert np.array_equal(buffer, resumed.network.buffers[name])


def test_the_last_short_batch_is_weighted_right():
    """With a rate too small to move, the epoch's cost is the mean over all samples."""
    network = build(dtype=np.float64)
    trainer = MiniBatchTrainer(
        network,
        BinaryCrossEntropy(),
        create_optimizer("sgd", learning_rate=1e-12),
        batch_size=100,
        epochs=1,
    )
    cost = trainer.fit(TRAIN)[0]["cost"]
    assert cost == pytest.approx(evaluate(network, trainer.loss, *TRAIN, {})["cost"], rel=1e-9)


def test_sample_weights_of_zero_leave_samples_out():
    weights = np.zeros(110)
    weights[:40] = 1
    settings = {"batch_size": 200, "epochs": 3}
    some = MiniBatchTrainer(
        build(dtype=np.float64), BinaryCrossEntropy(), create_optimizer("adam"), **settings
    )
    few = MiniBatchTrainer(
        build(dtype=np.float64), BinaryCrossEntropy(), create_optimizer("adam"), **settings
    )
    weighted = some.fit((*TRAIN, weights))
    left_out = few.fit((TRAIN[0][:40], TRAIN[1][:40]))
    assert [r["cost"] for r in weighted] == pytest.approx([r["cost"] for r in left_out], rel=1e-9)


def test_regularization_is_shown_in_both_costs():
    network = build()
    trainer = MiniBatchTrainer(
        network,
        BinaryCrossEntropy(),
        create_optimizer("sgd", learning_rate=1e-12),
        batch_size=200,
        epochs=1,
        l2=L2(0.5),
    )
    record = trainer.fit(TRAIN, VALIDATION)[0]
    penalty = L2(0.5).penalty(network.parameters)
    plain = evaluate(network, trainer.loss, *VALIDATION, {})["cost"]
    assert record["validation_cost"] == pytest.approx(plain + penalty)
    assert record["cost"] > penalty > 1


@pytest.mark.parametrize(
    ("setting", "size"),
    [({"clip_norm": 0.01}, np.linalg.norm), ({"clip_value": 0.001}, lambda g: np.abs(g).max())],
)
def test_gradients_are_clipped_before_the_step(setting, size):
    sizes = []

    class Watch(Callback):
        def after_backward(self, trainer):
            sizes.append(size(trainer.gradients.vector))

    train(build(), callbacks=[Watch()], **setting)
    assert max(sizes) <= next(iter(setting.values())) * (1 + 1e-5)


def test_the_schedule_sets_the_rate():
    trainer = train(build(), schedule=create_schedule("exponential", learning_rate=1.0, base=0.1))
    rates = [record["learning_rate"] for record in trainer.history]
    assert rates == pytest.approx([1, 0.1, 0.01, 0.001])


def test_float32_stays_float32_and_float64_float64():
    for dtype in (np.float32, np.float64):
        trainer = train(rich(dtype), epochs=1)
        assert trainer.network.parameters.vector.dtype == dtype
        assert trainer.gradients.vector.dtype == dtype
        assert all(v.vector.dtype == dtype for v in trainer.optimizer.state.values())


EVENTS = [
    *("on_fit_begin", "on_epoch_begin", "on_batch_begin", "after_backward", "on_batch_end"),
    *("on_epoch_end", "on_fit_end", "on_fit_failed"),
]


class Recorder(Callback):
    def __init__(self):
        self.events = []

    def __getattribute__(self, name):
        if name in EVENTS:
            return lambda trainer: self.events.append(name)
        return super().__getattribute__(name)


def test_events_come_in_their_order():
    recorder = Recorder()
    train(build(), epochs=2, batch_size=60, callbacks=[recorder])
    batch = ["on_batch_begin", "after_backward", "on_batch_end"]
    epoch = ["on_epoch_begin", *batch, *batch, "on_epoch_end"]
    assert recorder.events == ["on_fit_begin", *epoch, *epoch, "on_fit_end"]


def test_a_failure_is_an_event_and_is_raised():
    class Fails(Callback):
        def on_batch_end(self, trainer):
            raise RuntimeError("the disk is on fire")

    recorder = Recorder()
    with pytest.raises(RuntimeError, match="on fire"):
        train(build(), callbacks=[recorder, Fails()])
    assert recorder.events[-1] == "on_fit_failed"


def test_divergence_names_epoch_batch_rate_and_layer_and_spares_the_weights():
    network = build(Dense(8), ReLU(), Dense(8), ReLU(), Dense(3))
    optimizer = create_optimizer("sgd", learning_rate=1e30)
    trainer = MiniBatchTrainer(network, BinaryCrossEntropy(), optimizer, batch_size=16)
    message = (
        r"the cost is (nan|inf) in epoch 1, batch \d+ \(learning rate 1e\+30\); first layer whose "
        r"output is not finite: dense\d; first layer, from the loss, whose gradient is not finite: "
        r"dense3 \(W\)"
    )
    with pytest.raises(TrainingDivergedError, match=message):
        trainer.fit(TRAIN)
    assert np.isfinite(network.parameters.vector).all()  # stopped before the bad step


def test_weights_broken_by_the_last_step_of_an_epoch_are_noticed():
    """The cost of the only batch is finite; the step that follows it is not."""

    class Break(Callback):
        def on_batch_end(self, trainer):
            trainer.network.parameters.vector[0] = np.nan

    for data in ((TRAIN, VALIDATION), (TRAIN,)):
        trainer = MiniBatchTrainer(
            build(),
            BinaryCrossEntropy(),
            create_optimizer("sgd"),
            batch_size=200,
            epochs=1,
            callbacks=[Break()],
        )
        with pytest.raises(TrainingDivergedError, match="training diverged"):
            trainer.fit(*data)
        assert trainer.history == []


@pytest.mark.parametrize("setting", ["batch_size", "epochs", "workers"])
def test_counts_must_be_positive(setting):
    with pytest.raises(ValueError, match=f"{setting} must be 1 or more, got 0"):
        MiniBatchTrainer(build(), BinaryCrossEntropy(), create_optimizer("sgd"), **{setting: 0})


def test_a_state_of_another_network_is_refused():
    arrays, metadata = train(build(), epochs=1).state()
    other = MiniBatchTrainer(build(Dense(3)), BinaryCrossEntropy(), create_optimizer("adam"))
    with pytest.raises(
        ValueError, match=r"expected parameters/W1 of shape \(12, 3\), got \(12, 16"
    ):
        other.load_state(arrays, metadata)


def test_trainer_with_adam_is_the_trainer_with_adam():
    trainer = TrainerWithAdam(build(), BinaryCrossEntropy(), 0.02, beta1=0.8, epochs=2)
    assert trainer.optimizer == Adam(0.02, beta1=0.8)
    assert len(trainer.fit(TRAIN)) == 2


def test_the_old_module_name_warns_and_works():
    name = "src.classic_train.mini_batch_generic"
    sys.modules.pop(name, None)
    with pytest.warns(DeprecationWarning, match=r"is now src\.classic_train\.mini_batch"):
        module = importlib.import_module(name)
    assert module.MiniBatchTrainer is MiniBatchTrainer
    sys.modules.pop(name)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_second_fit_goes_on(workers):
    """Four epochs at once, or two and two: the same weights."""
    whole, parts = train(rich(), workers=workers), train(rich(), workers=workers, epochs=2)
    parts.epochs, parts.stop_reason = 4, "asked to stop in the first fit"
    parts.fit(TRAIN, VALIDATION)
    assert parts.history == whole.history
    assert np.array_equal(parts.network.parameters.vector, whole.network.parameters.vector)


def test_mini_batches_whose_samples_do_not_count_are_passed_over():
    weights = np.zeros(110)
    weights[[3, 50]] = 1
    trainer = MiniBatchTrainer(
        build(), BinaryCrossEntropy(), create_optimizer("sgd"), batch_size=2, epochs=2
    )
    trainer.fit((*TRAIN, weights))
    assert trainer.optimizer.step_count <= 4
    assert math.isfinite(trainer.history[-1]["cost"])


def test_validation_weights_count():
    weights = np.zeros(40)
    weights[7] = 1
    trainer = MiniBatchTrainer(
        build(), BinaryCrossEntropy(), create_optimizer("sgd"), batch_size=200, epochs=1
    )
    record = trainer.fit(TRAIN, (*VALIDATION, weights))[0]
    one = VALIDATION[0][7:8], VALIDATION[1][7:8]
    alone = evaluate(trainer.network, trainer.loss, *one, {})["cost"]
    assert record["validation_cost"] == pytest.approx(alone, rel=1e-6)


def test_seed_and_learning_rate_are_part_of_the_state():
    arrays, metadata = train(build(), epochs=1, seed=5).state()
    metadata["learning_rate"] = 0.125
    other = MiniBatchTrainer(build(), BinaryCrossEntropy(), create_optimizer("adam"), seed=9)
    other.load_state(arrays, metadata)
    assert other.seed == 5
    assert other.optimizer.learning_rate == 0.125


@pytest.mark.parametrize(
    ("train_data", "validation", "message"),
    [
        (
            TRAIN,
            (VALIDATION[0][:, :5], VALIDATION[1]),
            r"validation x: expected shape \(samples, 12",
        ),
        (
            TRAIN,
            (VALIDATION[0], VALIDATION[1][:, :2]),
            r"validation y: expected shape \(samples, 3",
        ),
        ((TRAIN[0], TRAIN[1][:, 0]), None, r"train y: expected shape \(samples, 3\), got \(110,\)"),
    ],
)
def test_shapes_are_checked_before_the_first_epoch(train_data, validation, message):
    trainer = MiniBatchTrainer(build(), BinaryCrossEntropy(), create_optimizer("sgd"), epochs=2)
    with pytest.raises(DataError, match=message):
        trainer.fit(train_data, validation)
    assert trainer.epoch == 0


def test_a_diverged_validation_cost_is_called_by_its_name():
    trainer = MiniBatchTrainer(
        build(),
        BinaryCrossEntropy(),
        create_optimizer("sgd"),
        metrics=MULTI_LABEL,
        epochs=1,
    )
    with pytest.raises(TrainingDivergedError, match=r"the validation cost is (nan|inf) in epoch 1"):
        trainer.fit(TRAIN, (np.full_like(VALIDATION[0], 3e38), VALIDATION[1]))


def test_an_interruption_is_told_to_the_callbacks():
    class Interrupt(Callback):
        def on_batch_begin(self, trainer):
            raise KeyboardInterrupt

    recorder = Recorder()
    with pytest.raises(KeyboardInterrupt):
        train(build(), callbacks=[recorder, Interrupt()])
    assert recorder.events[-1] == "on_fit_failed"


@pytest.mark.parametrize("setting", ["clip_norm", "clip_value"])
def test_limits_of_gradients_must_be_positive(setting):
    with pytest.raises(ValueError, match=f"{setting} must be above 0, got -1"):
        MiniBatchTrainer(build(), BinaryCrossEntropy(), create_optimizer("sgd"), **{setting: -1})


class Doubled:
    """An augmentation whose effect can be computed: x times a random number."""

    def draw(self, samples, rng):
        return rng.integers(1, 3, samples)

    def apply(self, x, params):
        return x * params[:, np.newaxis].astype(x.dtype)


@pytest.mark.parametrize("workers", [2, 3])
def test_augmentation_does_not_depend_on_the_number_of_workers(workers):
    networks = [build(dtype=np.float64) for _ in range(3)]
    curves = [
        train(network, workers=count, augmentation=augmentation, epochs=3).history
        for network, count, augmentation in zip(
            networks, (1, workers, 1), (Doubled(), Doubled(), None), strict=True
        )
    ]
    alone, shared, plain = ([record["cost"] for record in curve] for curve in curves)
    assert shared == pytest.approx(alone, rel=1e-9)
    assert plain != pytest.approx(alone, rel=1e-3)


def test_augmentation_differs_from_epoch_to_epoch_and_is_not_the_shuffling():
    samples_drawn = []

    class Drawing(Doubled):
        def draw(self, samples, rng):
            samples_drawn.append(rng.random(samples))
            return np.ones(samples, int)

    train(build(), augmentation=Drawing(), epochs=2, batch_size=200)
    assert not np.allclose(samples_drawn[0], samples_drawn[1])
    assert not np.allclose(
        samples_drawn[0], random_stream(0, SHUFFLING, 1).random(len(samples_drawn[0]))
    )


def test_a_loaded_state_starts_the_randomness_of_layers_anew():
    x, y = TRAIN[0][:16], TRAIN[1][:16]
    trainer = MiniBatchTrainer(rich(), BinaryCrossEntropy(), create_optimizer("sgd"))
    arrays, metadata = trainer.state()
    arrays = {name: array.copy() for name, array in arrays.items()}
    with trainer.team:
        first = trainer.train_on_batch(x, y)
        trainer.load_state(arrays, metadata)
        assert trainer.train_on_batch(x, y) == first


@pytest.mark.parametrize("threads", [{"workers": 2}, {"product_threads": 2}])
def test_updates_that_overflow_warn_on_no_thread(threads):
    network = build(*deep())
    trainer = MiniBatchTrainer(network, BinaryCrossEntropy(), create_optimizer("adam"), **threads)
    assert trainer.team.threads == 2
    trainer.gradients.vector[...] = 1e25
    with trainer.team, np.errstate(over="ignore"):
        trainer.optimizer.step(network.parameters, trainer.gradients, trainer.team.parallel_for)


def test_validation_data_are_not_augmented():
    class Forbidden(Doubled):
        def apply(self, x, params):
            assert len(x) <= 16  # a mini-batch, never the 40 validation samples
            return x

    train(build(), augmentation=Forbidden(), epochs=1)


@pytest.mark.parametrize("workers", [1, 2])
def test_steps_one_by_one_equal_those_of_fit(workers):
    x, y = TRAIN[0][:16], TRAIN[1][:16]
    fitted, stepped = build(), build()
    for network in (fitted, stepped):
        trainer = MiniBatchTrainer(
            network,
            BinaryCrossEntropy(),
            create_optimizer("adam"),
            batch_size=16,
            epochs=3,
            workers=workers,
        )
        if network is fitted:
            trainer.fit((x, y))
        else:
            with trainer.team:
                costs = [trainer.train_on_batch(x, y) for _ in range(3)]
    assert costs[2] < costs[0]
    # the order of samples in a batch differs, so sums round differently
    assert np.allclose(fitted.parameters.vector, stepped.parameters.vector, atol=1e-5)


def deep():
    return Dense(600), ReLU(), Dense(500), ReLU(), Dense(3)


def test_threads_of_products_and_updates_change_nothing():
    results = [
        train(build(*deep(), dtype=np.float64), product_threads=threads, epochs=2)
        for threads in (1, 2)
    ]
    first, second = (result.network.parameters.vector for result in results)
    assert first.size > 1 << 18  # so that updates are divided
    assert np.allclose(first, second, atol=1e-9)
