"""Frozen layers: no gradient, no place in the vector, evaluation mode, no cache before them."""

import numpy as np
import pytest

from src.classic_cnn import Conv2D, GlobalAveragePool, MaxPool2D
from src.classic_nn import (
    BatchNorm,
    Context,
    Dense,
    Dropout,
    Parallel,
    ReLU,
    Residual,
    Sequential,
    SqueezeExcitation,
    Tanh,
    check_layer,
)
from src.classic_nn.context import PREDICTION
from src.classic_nn.layers import copy_network
from src.classic_nn.serialization import (
    SavedModel,
    frozen_digest,
    load_model,
    network_arrays,
    save_model,
    trained_arrays,
)


def conv_block(filters):
    body = Sequential({"conv": Conv2D(filters, bias=False), "bn": BatchNorm(), "tanh": Tanh()})
    branches = Parallel({"1": Conv2D(filters - 1, 1), "3": Conv2D(1, 3)})
    scale = Sequential({"down": Dense(2), "tanh": Tanh(), "up": Dense(filters)})
    return Sequential({"sum": Residual(body), "branches": branches, "se": SqueezeExcitation(scale)})


def network(rng, dtype=np.float64):
    made = Sequential(
        {
            **{"conv1": Conv2D(4), "bn1": BatchNorm(), "relu": ReLU(), "pool1": MaxPool2D()},
            **{"layer1": conv_block(4), "layer2": conv_block(4), "drop": Dropout(0.5)},
            **{"pool": GlobalAveragePool(), "head": Dense(3)},
        }
    )
    made.build((6, 6, 3), rng, dtype)
    for array in made.buffers.values():
        array[...] = rng.uniform(0.5, 1.5, array.shape)
    return made


def test_a_frozen_layer_has_no_place_in_the_vector(rng):
    made = network(rng)
    names, values = list(made.parameters), {k: v.copy() for k, v in made.parameters.items()}
    made.freeze(until="layer1")
    assert list(made.parameters) == [n for n in names if n.startswith(("layer2", "head"))]
    assert list(made.frozen) == [n for n in names if not n.startswith(("layer2", "head"))]
    assert made.parameters.vector.size == sum(a.size for a in made.parameters.values())
    for name, array in {**made.frozen, **made.parameters}.items():
        assert (array == values[name]).all()
    assert list(made.gradient_vector()) == list(made.parameters)
    made["layer1"].unfreeze()
    assert list(made.parameters) == [n for n in names if n.startswith(("layer", "head"))]
    made.unfreeze()
    assert list(made.parameters) == names
    assert all((made.parameters[name] == values[name]).all() for name in names)
    assert np.shares_memory(made["conv1"].parameters["W"], made.parameters.vector)


def test_evaluation_is_the_same_frozen_or_not(rng):
    made, x = network(rng), rng.normal(size=(4, 6, 6, 3))
    before = made.forward(x)[0]
    made.freeze(until="layer1")
    assert (made.forward(x)[0] == before).all()


@pytest.mark.parametrize("until", ["conv1", "layer1", "layer2"])
def test_gradients_of_what_is_trained(until, rng):
    made = network(rng)
    made.freeze(until=until)
    report = check_layer(made, rng.normal(size=(3, 6, 6, 3)), rng)
    assert report.passed, report
    assert {check.name for check in report.checks} == {"x", *made.parameters}


def test_gradients_where_the_middle_is_frozen(rng):
    made = network(rng)
    made["layer1"].freeze()
    made["layer2.sum.body.conv"].freeze()
    report = check_layer(made, rng.normal(size=(3, 6, 6, 3)), rng)
    assert report.passed, report
    assert not any(name.startswith("layer1") for name in made.parameters)
    assert "layer2.sum.body.bn.gamma" in made.parameters


def training(rng, **settings):
    return Context(training=True, rng=np.random.default_rng(1), input_gradient=False, **settings)


def test_training_computes_a_frozen_part_as_in_evaluation(rng):
    made, x = network(rng), rng.normal(size=(4, 6, 6, 3))
    made.freeze(until="drop")
    statistics = {name: array.copy() for name, array in made.buffers.items()}
    y, _ = made.forward(x, training(rng))
    assert (y == made.forward(x)[0]).all()  # neither batch statistics nor dropout
    assert all((made.buffers[name] == array).all() for name, array in statistics.items())


def test_nothing_is_kept_before_the_first_trained_layer(rng):
    made, x = network(rng), rng.normal(size=(4, 6, 6, 3))
    made.freeze(until="layer1")
    context = training(rng)
    y, caches = made.forward(x, context)
    position = [layer.name for layer in made.layers].index("layer2")
    held = {k for k, cache in enumerate(caches) if holds_arrays(cache)}
    assert min(held) == position
    seen = []
    with pytest.MonkeyPatch.context() as patch:
        for layer in made.layers[:position]:
            patch.setattr(layer, "backward", lambda *_: seen.append("frozen"))
        dx, gradients = made.backward(np.ones_like(y), caches, context, input_gradient=False)
    assert dx is None
    assert not seen
    assert np.abs(gradients.vector).max() > 0
    with pytest.raises(ValueError, match="kept nothing for it"):
        made.backward(np.ones_like(y), caches, context)


def holds_arrays(cache):
    if isinstance(cache, np.ndarray):
        return True
    return isinstance(cache, tuple | list) and any(map(holds_arrays, cache))


@pytest.mark.parametrize(
    "frozen",
    [
        *(["layer1.sum.body"], ["layer1.sum.body.conv"], ["layer1.sum", "layer1.branches.1"]),
        *(["layer1.sum", "layer1.branches"], ["layer1.sum", "layer1.branches.3", "layer1.se"]),
        ["layer1.sum", "layer1.branches", "layer1.se.excitation.down"],
    ],
)
def test_the_first_trained_layer_may_be_a_part_of_a_branch(frozen, rng):
    """The gradients of a training step are those of the pass to the input, which are checked."""
    made, x = network(rng), rng.normal(size=(4, 6, 6, 3))
    made.freeze(until="pool1")
    for name in frozen:
        made[name].freeze()
    whole = Context(training=True, rng=np.random.default_rng(1))
    y, caches = made.forward(x, whole)
    dy = rng.normal(size=y.shape)
    expected = made.backward(dy, caches, whole)[1]
    y, caches = made.forward(x, training(rng))
    found = made.backward(dy, caches, training(rng), input_gradient=False)[1]
    assert np.allclose(found.vector, expected.vector, rtol=1e-10, atol=1e-12)
    assert check_layer(made, x[:2], rng, max_elements=4).passed


def test_prediction_keeps_no_caches(rng):
    made, x = network(rng), rng.normal(size=(4, 6, 6, 3))
    y, caches = made.forward(x, PREDICTION)
    assert not holds_arrays(caches)
    assert (y == made.forward(x)[0]).all()
    with pytest.raises(ValueError, match="kept nothing for it"):
        made.backward(np.ones_like(y), caches, PREDICTION)


def test_a_model_file_is_complete(rng, tmp_path):
    made = network(rng, np.float32)
    whole = {name: array.copy() for name, array in network_arrays(made).items()}
    made.freeze(until="layer2")
    save_model(tmp_path / "m.safetensors", SavedModel(made, "multi_class"))
    again = load_model(tmp_path / "m.safetensors").network
    assert set(network_arrays(again)) == set(whole)
    assert all((network_arrays(again)[name] == array).all() for name, array in whole.items())
    assert again.trainable


def test_what_is_trained_and_a_digest_of_the_rest(rng):
    made = network(rng)
    assert frozen_digest(made) == ""
    assert set(trained_arrays(made)) == set(network_arrays(made))
    made.freeze(until="layer1")
    trained = set(trained_arrays(made))
    assert "buffers/bn1.running_mean" not in trained
    assert "buffers/layer2.sum.body.bn.running_mean" in trained
    digest = frozen_digest(made)
    made.parameters.vector += 1
    made["layer2.sum.body.bn"].buffers["running_mean"] += 1
    assert frozen_digest(made) == digest
    made["bn1"].buffers["running_mean"][0] += 1e-9
    assert frozen_digest(made) != digest


def test_a_copy_is_frozen_alike(rng):
    made, x = network(rng), rng.normal(size=(4, 6, 6, 3))
    made.freeze(until="layer1")
    made["layer2.sum"].freeze()
    copied = copy_network(made)
    assert list(copied.parameters) == list(made.parameters)
    assert list(copied.frozen) == list(made.frozen)
    assert (copied.forward(x)[0] == made.forward(x)[0]).all()


def test_freezing_before_the_network_is_built(rng):
    made = Sequential({"a": Dense(3), "b": Dense(2)})
    made.freeze(until="a")
    made.build((4,), rng)
    assert list(made.parameters) == ["b.W", "b.b"]
    assert made["a"].frozen["W"].any()
    made.build((5,), rng)  # anew
    assert made.frozen["a.W"].shape == (5, 3)


def test_a_part_freezes_the_network_that_it_belongs_to(rng):
    made = network(rng)
    made["layer1":].freeze()
    assert all(name.startswith(("conv1", "bn1")) for name in made.parameters)


def test_all_frozen(rng):
    made = network(rng)
    made.freeze()
    assert not made.trainable
    assert made.parameters.vector.dtype == np.float64
    y, caches = made.forward(rng.normal(size=(2, 6, 6, 3)), training(rng))
    dx, gradients = made.backward(np.ones_like(y), caches, training(rng), input_gradient=False)
    assert dx is None
    assert not gradients.vector.size


def test_a_layer_inside_is_frozen_by_itself(rng):
    with pytest.raises(KeyError, match=r"layer1\.sum is inside of a layer"):
        network(rng).freeze(until="layer1.sum")


def test_an_unknown_name(rng):
    with pytest.raises(KeyError, match="did you mean 'layer2' or 'layer1'"):
        network(rng).freeze(until="layer3")


def test_a_summary_says_what_is_trained(rng):
    made = network(rng)
    assert "trained" not in made.summary()
    whole = made.parameters.vector.size
    made.freeze(until="layer2")
    total = made.summary().splitlines()[-1].split()
    assert (total[1], total[-1]) == (f"{whole:,}", "15")
