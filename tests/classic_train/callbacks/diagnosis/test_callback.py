"""Networks that are built to be sick, trained for real; and healthy ones."""

import json

import numpy as np
import pytest

from src.classic_cnn import Conv2D, GlobalAveragePool
from src.classic_cnn.architectures import small_cnn
from src.classic_nn import (
    BatchNorm,
    BinaryCrossEntropy,
    Dense,
    ReLU,
    Sequential,
    Sigmoid,
    SoftmaxCrossEntropy,
    Tanh,
    create_optimizer,
)
from src.classic_nn.layers import Residual
from src.classic_train.callbacks import Callback, Diagnosis, History, Probe
from src.classic_train.mini_batch import MiniBatchTrainer
from src.classic_train.mini_batch.divergence import TrainingDivergedError
from src.history import TrainingHistoryWriter
from src.history.runs import notes_of


def circle(rng, samples=400, center=(1, 0.5)):
    """Two classes, inside a circle or outside: a line divides them in part, a curve wholly."""
    x = rng.normal(size=(samples, 2))
    y = np.linalg.norm(x - center, axis=1, keepdims=True) > 1.4
    return x.astype(np.float32), y.astype(np.float32)


def diagnose(
    network, rng, optimizer="adam", rate=0.01, epochs=10, train=None, validation=None, loss=None,
    diagnosis=None, callbacks=(), **settings,
):  # fmt: skip
    train = train or circle(rng)
    validation = validation or circle(rng)
    network.build(train[0].shape[1:], np.random.default_rng(1))
    diagnosis = diagnosis or Diagnosis(train[1], report=False)
    trainer = MiniBatchTrainer(
        network,
        loss or BinaryCrossEntropy(),
        create_optimizer(optimizer, learning_rate=rate),
        batch_size=32,
        epochs=epochs,
        callbacks=[Probe(validation[0][:64], [diagnosis.look]), diagnosis, *callbacks],
        **settings,
    )
    trainer.fit(train, validation)
    return diagnosis


def found(diagnosis):
    return {(finding.problem, finding.layer) for finding in diagnosis.findings}


def deep(activation, layers=8, width=16, initialization="he"):
    hidden = [
        layer
        for _ in range(layers)
        for layer in (Dense(width, initialization=initialization), activation())
    ]
    return Sequential([*hidden, Dense(1)])


def test_a_deep_chain_of_sigmoids_loses_its_gradient(rng):
    diagnosis = diagnose(deep(Sigmoid, initialization="xavier"), rng)
    assert ("vanishing gradient", "dense1 (W)") in found(diagnosis)
    (finding,) = [f for f in diagnosis.findings if f.problem == "vanishing gradient"]
    assert finding.epoch == 2
    assert "that of dense9 (W) " in finding.evidence
    assert "vanishing gradient" not in {problem for problem, _ in found(diagnose(deep(ReLU), rng))}


def test_a_deep_chain_with_large_weights_explodes(rng):
    class Large(Sequential):
        """Weights at four times their scale."""

        def build(self, input_shape, rng, dtype=np.float32):
            shape = super().build(input_shape, rng, dtype)
            for name, weight in self.parameters.items():
                weight *= 4 if name.startswith("W") else 1
            return shape

    diagnosis = diagnose(Large(deep(ReLU, layers=10).layers), rng, "sgd", 1e-12, epochs=3)
    assert "exploding gradient" in {problem for problem, _ in found(diagnosis)}


def test_biases_far_below_zero_kill_relus(rng):
    class Drowned(Sequential):
        """The second layer's biases are so low that nothing comes through."""

        def build(self, input_shape, rng, dtype=np.float32):
            shape = super().build(input_shape, rng, dtype)
            self.parameters["b2"][:12] = -100
            return shape

    network = Drowned([Dense(16), ReLU(), Dense(16), ReLU(), Dense(1)])
    assert ("dead ReLU", "relu2") in found(diagnose(network, rng, epochs=3))


def test_dead_channels_of_a_convolution_inside_a_block_are_named_by_their_path(rng):
    x = rng.random((64, 8, 8, 3), dtype=np.float32)
    y = rng.integers(0, 2, 64)

    class Drowned(Sequential):
        def build(self, input_shape, rng, dtype=np.float32):
            shape = super().build(input_shape, rng, dtype)
            self.parameters["residual1.body.b1"][:] = -100
            return shape

    block = Residual(Sequential([Conv2D(3), ReLU(), Conv2D(3)]))
    network = Drowned([block, GlobalAveragePool(), Dense(2)])
    diagnosis = diagnose(
        network, rng, epochs=2, train=(x, y), validation=(x, y), loss=SoftmaxCrossEntropy()
    )
    assert ("dead ReLU", "residual1.body.relu1") in found(diagnosis)


@pytest.mark.parametrize("activation", [Sigmoid, Tanh])
def test_large_inputs_saturate(rng, activation):
    x, y = circle(rng)
    network = Sequential([Dense(16), activation(), Dense(1)])
    diagnosis = diagnose(network, rng, train=(500 * x, y), validation=(500 * x, y), epochs=2)
    assert ("saturated activation", f"{activation.__name__.lower()}1") in found(diagnosis)


def test_rates_far_too_high_and_far_too_low(rng):
    network = Sequential([Dense(16), ReLU(), Dense(1)])
    high = diagnose(network, rng, rate=1.0, epochs=2)
    assert "large updates" in {problem for problem, _ in found(high)}
    network = Sequential([Dense(16), ReLU(), Dense(1)])
    low = diagnose(network, rng, "sgd", rate=1e-9, epochs=10)
    assert [finding.problem for finding in low.findings] == ["small updates", "loss plateau"]
    small = low.findings[0]
    assert {small.layer, *small.others} == {"dense1 (W)", "dense2 (W)"}


def test_noise_that_is_learned_by_heart_is_overfitting(rng):
    x = rng.normal(size=(64, 20)).astype(np.float32)
    y = rng.integers(0, 2, (64, 1)).astype(np.float32)
    other = rng.normal(size=(200, 20)).astype(np.float32)
    network = Sequential([Dense(64), ReLU(), Dense(1)])
    diagnosis = diagnose(
        network, rng, train=(x, y), validation=(other, np.resize(y, (200, 1))), epochs=40
    )
    assert ("overfitting", "") in found(diagnosis)


def test_rare_labels_are_known_before_the_first_epoch(rng, capsys):
    y = np.zeros((200, 1), np.float32)
    y[:4] = 1
    diagnosis = Diagnosis(y, ["other", "plant"])
    trainer = MiniBatchTrainer(
        built(Sequential([Dense(1)])), BinaryCrossEntropy(), create_optimizer("sgd"), epochs=1,
        callbacks=[diagnosis],
    )  # fmt: skip
    trainer.fit((circle(rng, 200)[0], y))
    assert found(diagnosis) == {("label imbalance", "")}
    line = capsys.readouterr().err
    assert line.startswith("diagnosis: data: label imbalance: rare classes: plant 4; ")
    assert line.count("\n") == 1


def built(network):
    network.build((2,), np.random.default_rng(0))
    return network


HEALTHY = {
    "relu": lambda: Sequential([Dense(32), ReLU(), Dense(16), ReLU(), Dense(1)]),
    "deep relu": lambda: deep(ReLU),
    "tanh": lambda: Sequential([Dense(32, initialization="xavier"), Tanh(), Dense(1)]),
    "batch norm": lambda: Sequential(
        [Dense(32, bias=False), BatchNorm(), ReLU(), Dense(16), BatchNorm(), ReLU(), Dense(1)]
    ),
}


@pytest.mark.parametrize("name", HEALTHY)
@pytest.mark.parametrize(
    ("optimizer", "rate"), [("adam", 0.003), ("sgd", 0.1), ("momentum", 0.03), ("rms_prop", 0.001)]
)
def test_healthy_networks_are_left_in_peace(rng, name, optimizer, rate):
    assert found(diagnose(HEALTHY[name](), rng, optimizer, rate, epochs=15)) == set()


def test_a_healthy_cnn_is_left_in_peace(rng):
    x = rng.random((256, 12, 12, 1), dtype=np.float32)
    y = rng.integers(0, 3, 256)
    for k in range(3):
        x[y == k, 3 * k : 3 * k + 4] += 1
    network = small_cnn(3, ((8,), (16,)), (32,), 0.2)
    loss = SoftmaxCrossEntropy()
    diagnosis = diagnose(
        network, rng, rate=0.002, train=(x, y), validation=(x, y), loss=loss, epochs=12
    )
    assert found(diagnosis) == set()


def test_every_finding_is_said_once_and_survives_a_resume(rng, capsys):
    x, y = circle(rng)
    network = Sequential([Dense(16), Sigmoid(), Dense(1)])
    diagnosis = diagnose(network, rng, train=(500 * x, y), validation=(500 * x, y), epochs=6)
    said = [(f.problem, f.layer) for f in diagnosis.findings]
    assert len(said) == len(set(said)) > 0
    arrays, metadata = diagnosis.state()
    other = Diagnosis()
    other.load_state(arrays, json.loads(json.dumps(metadata)))
    assert other.findings == diagnosis.findings
    assert other.measurements == diagnosis.measurements


def test_measuring_changes_nothing(rng):
    data = circle(rng)

    def weights(callbacks):
        network = built(Sequential([Dense(8), ReLU(), Dense(1)]))
        MiniBatchTrainer(
            network, BinaryCrossEntropy(), create_optimizer("adam"), epochs=3, callbacks=callbacks
        ).fit(data, data)
        return network.parameters.vector

    diagnosis = Diagnosis(report=False)
    watched = weights([Probe(data[0][:32], [diagnosis.look]), diagnosis])
    assert np.array_equal(watched, weights([]))
    step = diagnosis.measurements[0]
    weights = {"dense1 (W)", "dense2 (W)"}
    assert set(step.updates) == set(step.gradients) == set(step.weights) == weights
    assert 0 < step.updates["dense1 (W)"] < 1


class Drown(Callback):
    """Sets biases of dense layers so low that nothing comes through, at the end of an epoch."""

    def __init__(self, biases, epoch=1):
        self.biases = biases
        self.epoch = epoch

    def on_epoch_end(self, trainer):
        if trainer.epoch == self.epoch:
            for name, units in self.biases.items():
                trainer.network.parameters[name][:units] = -100


def three_relus():
    return Sequential([Dense(16), ReLU(), Dense(16), ReLU(), Dense(16), ReLU(), Dense(1)])


def dead(diagnosis):
    findings = [finding for finding in diagnosis.findings if finding.problem == "dead ReLU"]
    return [(finding.epoch, finding.layer, finding.others) for finding in findings]


def test_a_problem_of_several_layers_is_one_finding_which_survives_a_resume(rng, capsys):
    diagnosis = Diagnosis()
    drown = Drown({"b1": 9, "b2": 12, "b3": 15})
    diagnose(three_relus(), rng, epochs=5, diagnosis=diagnosis, callbacks=[drown])
    assert dead(diagnosis) == [(3, "relu3", ("relu2", "relu1"))]
    said = [line for line in capsys.readouterr().err.splitlines() if "dead ReLU" in line]
    assert len(said) == 1
    assert "; also in relu2, relu1. What usually helps" in said[0]
    arrays, metadata = diagnosis.state()
    other = Diagnosis(report=False)
    other.load_state(arrays, json.loads(json.dumps(metadata)))
    assert other.findings == diagnosis.findings
    assert other.measurements == diagnosis.measurements


def test_a_layer_that_falls_ill_later_is_a_finding_of_its_own(rng):
    drown = [Drown({"b1": 12, "b2": 12}), Drown({"b3": 12}, epoch=3)]
    diagnosis = diagnose(three_relus(), rng, epochs=6, callbacks=drown)
    assert [(epoch, {layer, *others}) for epoch, layer, others in dead(diagnosis)] == [
        (3, {"relu1", "relu2"}),
        (5, {"relu3"}),
    ]


@pytest.mark.parametrize(("samples", "layers"), [(31, set()), (32, {"relu1", "relu2"})])
def test_of_few_samples_no_unit_is_called_dead(rng, samples, layers):
    network = Sequential([Dense(16), ReLU(), Dense(16), ReLU(), Dense(1)])
    diagnosis = diagnose(network, rng, epochs=2, validation=circle(rng, samples))
    assert [set(figures.dead) for figures in diagnosis.measurements] == [layers, layers]


@pytest.mark.parametrize(("side", "layers"), [(5, set()), (6, {"relu1"})])
def test_positions_of_an_image_count_as_samples(rng, side, layers):
    x, y = rng.random((8, side, side, 3), dtype=np.float32), np.arange(8) % 2
    network = Sequential([Conv2D(3), ReLU(), GlobalAveragePool(), Dense(2)])
    diagnosis = diagnose(
        network, rng, epochs=1, train=(x, y), validation=(x[:1], y[:1]), loss=SoftmaxCrossEntropy()
    )
    assert set(diagnosis.measurements[0].dead) == layers


def test_weights_are_named_by_their_layers_inside_blocks_too(rng):
    network = Sequential([Residual(Dense(2)), Dense(8, bias=False), BatchNorm(), Dense(1)])
    diagnosis = diagnose(network, rng, epochs=1)
    expected = {"residual1.body (W)", "dense1 (W)", "dense2 (W)"}
    assert set(diagnosis.measurements[0].gradients) == expected


def test_training_that_leaves_the_finite_numbers_is_diagnosed_and_recorded(rng, tmp_path, capsys):
    x, y = circle(rng)
    writer = TrainingHistoryWriter(tmp_path / "run")
    diagnosis = Diagnosis(writer=writer)
    network = Sequential([Dense(16), ReLU(), Dense(16), ReLU(), Dense(1)])
    with pytest.raises(TrainingDivergedError):
        diagnose(
            network, rng, "sgd", rate=1e30, diagnosis=diagnosis, callbacks=[History(writer)],
            train=(x, y), validation=(x, y),
        )  # fmt: skip
    (finding,) = diagnosis.findings
    assert (finding.problem, finding.epoch) == ("exploding gradient", 1)
    assert finding.layer in {"dense1 (W)", "dense2 (W)", "dense3 (W)"}
    assert finding.evidence.startswith("the numbers left the finite ones, up to ")
    assert finding.evidence.endswith(" before; training ended")
    assert capsys.readouterr().err.splitlines() == [f"diagnosis: {finding}"]
    assert notes_of(tmp_path / "run").findings == [str(finding)]


@pytest.mark.parametrize("when", [(1, 0), (2, 1)], ids=["before any cost", "later"])
def test_a_run_that_is_interrupted_has_not_diverged(rng, when):
    class Interrupt(Callback):
        def on_batch_begin(self, trainer):
            if (trainer.epoch, trainer.batch) == when:
                raise KeyboardInterrupt

    diagnosis = Diagnosis(report=False)
    with pytest.raises(KeyboardInterrupt):
        diagnose(three_relus(), rng, diagnosis=diagnosis, callbacks=[Interrupt()])
    assert diagnosis.findings == []


def test_the_history_has_all_findings_so_far_from_the_epoch_that_found_one(rng, tmp_path):
    y = np.zeros((400, 1), np.float32)
    y[:4] = 1
    read = {}

    class Look(Callback):
        def on_epoch_end(self, trainer):
            read[trainer.epoch] = notes_of(tmp_path).findings

    writer = TrainingHistoryWriter(tmp_path)
    diagnosis = Diagnosis(y, ["other", "plant"], report=False, writer=writer)
    diagnose(
        three_relus(), rng, epochs=4, train=(circle(rng)[0], y), diagnosis=diagnosis,
        callbacks=[Drown({"b1": 12}), History(writer), Look()],
    )  # fmt: skip
    lines = [str(finding) for finding in diagnosis.findings]
    assert [finding.problem for finding in diagnosis.findings][:2] == [
        *("label imbalance", "dead ReLU")
    ]
    assert (read[1], read[2], read[4]) == (lines[:1], lines[:1], lines)
    assert lines[1] in read[3]
