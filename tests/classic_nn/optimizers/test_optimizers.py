import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.classic_nn.optimizers import (
    OPTIMIZERS,
    Adam,
    AdamW,
    clip_by_norm,
    clip_by_value,
    create_optimizer,
)
from src.classic_nn.optimizers.adam import adam_step_plain
from src.classic_nn.optimizers.base import BLOCK
from src.classic_nn.parameters import ParameterVector


def vector(*values, name="W"):
    return ParameterVector.pack({name: np.array(values)}, np.float64)


# The first step from theta = 1 with g = 0.5 and learning rate 0.1, worked out by hand.
FIRST_STEPS = {
    "sgd": 1 - 0.1 * 0.5,
    "momentum": 1 - 0.1 * (0.1 * 0.5),  # v = 0.05
    "nesterov": 1 - 0.1 * (0.9 * 0.05 + 0.05),
    "rms_prop": 1 - 0.1 * 0.5 / (math.sqrt(0.1 * 0.25) + 1e-8),
    "adam": 1 - 0.1 * 0.5 / (0.5 + 1e-8),  # both corrections undo the first average
    "adamw": 1 * (1 - 0.1 * 0.01) - 0.1 * 0.5 / (0.5 + 1e-8),
    "radam": 1 - 0.1 * 0.5,  # too early to trust the divisor: the corrected momentum
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_first_step_by_hand(name):
    theta, g = vector(1.0), vector(0.5)
    create_optimizer(name, learning_rate=0.1).step(theta, g)
    assert theta.vector[0] == pytest.approx(FIRST_STEPS[name], rel=1e-12)
    assert g.vector[0] == 0.5


def scalar_path(name, gradients, lr):
    """The textbook, one number at a time, written apart from the library."""
    theta, v, s = 1.0, 0.0, 0.0
    path = []
    for t, g in enumerate(gradients, start=1):
        if name == "sgd":
            theta = theta - lr * g
        elif name in ("momentum", "nesterov"):
            v = 0.9 * v + 0.1 * g
            theta = theta - lr * (v if name == "momentum" else 0.9 * v + 0.1 * g)
        elif name == "rms_prop":
            s = 0.9 * s + 0.1 * g**2
            theta = theta - lr * g / (math.sqrt(s) + 1e-8)
        else:
            v, s = 0.9 * v + 0.1 * g, 0.999 * s + 0.001 * g**2
            corrected = v / (1 - 0.9**t)
            if name == "radam":
                rho_inf = 2 / (1 - 0.999) - 1
                rho = rho_inf - 2 * t * 0.999**t / (1 - 0.999**t)
                if rho > 5:
                    above = (rho - 4) * (rho - 2) * rho_inf
                    below = (rho_inf - 4) * (rho_inf - 2) * rho
                    adaptive = math.sqrt(1 - 0.999**t) / (math.sqrt(s) + 1e-8)
                    theta -= lr * corrected * math.sqrt(above / below) * adaptive
                else:
                    theta -= lr * corrected
            else:
                if name == "adamw":
                    theta = theta - lr * 0.01 * theta
                theta -= lr * corrected / (math.sqrt(s / (1 - 0.999**t)) + 1e-8)
        path.append(theta)
    return path


@pytest.mark.parametrize("lr", [0.01, 30.0])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_ten_steps_follow_the_textbook(name, lr, rng):
    gradients = rng.normal(size=10)
    theta, optimizer = vector(1.0), create_optimizer(name, learning_rate=lr)
    path = []
    for g in gradients:
        optimizer.step(theta, vector(g))
        path.append(theta.vector[0])
    assert path == pytest.approx(scalar_path(name, gradients, lr), rel=1e-10)


TARGETS = {
    "parabola": (
        lambda x: x - np.array([1.0, -2.0]),
        np.array([4.0, 4.0]),
        np.array([1.0, -2.0]),
    ),
    "rosenbrock": (
        lambda x: np.array(
            [-2 * (1 - x[0]) - 400 * x[0] * (x[1] - x[0] ** 2), 200 * (x[1] - x[0] ** 2)]
        ),
        np.array([0.0, 0.0]),
        np.array([1.0, 1.0]),
    ),
}
RATES = {
    "sgd": (0.1, 1e-3),
    "momentum": (0.1, 1e-3),
    "nesterov": (0.1, 1e-3),
    "rms_prop": (1e-2, 1e-4),
    "adam": (0.1, 1e-2),
    "adamw": (0.1, 1e-2),
    "radam": (0.1, 1e-2),
}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_reaches_the_minimum(name, target):
    gradient, start, minimum = TARGETS[target]
    rate = RATES[name][list(TARGETS).index(target)]
    settings = {"weight_decay": 0.0} if name == "adamw" else {}
    optimizer = create_optimizer(name, learning_rate=rate, **settings)
    theta, g = vector(*start), vector(0.0, 0.0)
    for _ in range(20_000):
        g.vector[...] = gradient(theta.vector)
        optimizer.step(theta, g)
    assert theta.vector == pytest.approx(minimum, abs=0.03)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_blocks_make_no_difference(name, rng):
    """A vector of two and a half blocks, and the same values in a vector of their own."""
    size = BLOCK * 5 // 2
    start, g = rng.normal(size=size), rng.normal(size=(3, size))
    large = ParameterVector.pack({"W": start}, np.float32)
    tail = ParameterVector.pack({"W": start[2 * BLOCK :]}, np.float32)
    together, alone = create_optimizer(name), create_optimizer(name)
    for step in g.astype(np.float32):
        together.step(large, ParameterVector({"W": (size,)}, step))
        alone.step(tail, ParameterVector({"W": tail.vector.shape}, step[2 * BLOCK :].copy()))
    assert large.vector.dtype == np.float32
    assert np.array_equal(large.vector[2 * BLOCK :], tail.vector)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_state_is_saved_under_parameter_names_and_continues(name, rng):
    shapes = {"W1": (2, 3), "b1": (3,)}
    gradients = [ParameterVector(shapes, rng.normal(size=9)) for _ in range(6)]
    whole = ParameterVector(shapes, np.ones(9))
    optimizer = create_optimizer(name)
    for g in gradients:
        optimizer.step(whole, g)

    parts = ParameterVector(shapes, np.ones(9))
    first = create_optimizer(name)
    for g in gradients[:3]:
        first.step(parts, g)
    arrays = first.state_arrays()
    assert set(arrays) == {f"{slot}/{p}" for slot in first.slots for p in shapes}
    second = create_optimizer(name)
    second.load_state(arrays, first.step_count, parts)
    for g in gradients[3:]:
        second.step(parts, g)
    assert np.array_equal(parts.vector, whole.vector)


def test_state_of_another_network_is_refused():
    optimizer = create_optimizer("momentum")
    with pytest.raises(ValueError, match=r"Momentum needs state v/W of shape \(2,\), got nothing"):
        optimizer.load_state({}, 3, vector(1.0, 2.0))


def test_weight_decay_spares_biases_and_batch_norm_unless_asked():
    def decayed(decay_all):
        names = ("W1", "b1", "gamma1", "beta1")
        theta = ParameterVector.pack({name: np.ones(1) for name in names}, np.float64)
        AdamW(0.1, weight_decay=0.5, decay_all=decay_all).step(theta, theta.zeros_like())
        return theta.vector.tolist()

    assert decayed(False) == pytest.approx([0.95, 1, 1, 1])
    assert decayed(True) == pytest.approx([0.95] * 4)


def test_finite_after_extreme_gradients_in_float32():
    for name in OPTIMIZERS:
        theta = ParameterVector.pack({"W": np.ones(3)})
        optimizer = create_optimizer(name)
        for scale in (0.0, 1e-30, 1e15):
            g = ParameterVector({"W": (3,)}, np.full(3, scale, np.float32))
            optimizer.step(theta, g)
        assert np.isfinite(theta.vector).all(), name


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("adma", {}, "unknown optimizer 'adma': did you mean 'adam'"),
        ("adam", {"momentum": 0.9}, "unknown setting of optimizer adam: 'momentum'"),
        ("adam", {"learning_rate": 0}, "learning_rate must be above 0, got 0"),
        ("momentum", {"beta": 1.0}, "beta must be 0 or more and below 1, got 1.0"),
        ("adam", {"beta2": -0.1}, "beta2 must be 0 or more and below 1, got -0.1"),
    ],
)
def test_mistakes_are_explained(name, settings, message):
    with pytest.raises(ValueError, match=message):
        create_optimizer(name, **settings)


def test_clipping_by_norm_keeps_the_direction(rng):
    g = rng.normal(size=50)
    direction, norm = g / np.linalg.norm(g), np.linalg.norm(g)
    assert clip_by_norm(g, 0.5) == pytest.approx(norm)
    assert np.linalg.norm(g) == pytest.approx(0.5)
    assert np.allclose(g / np.linalg.norm(g), direction)
    short = g.copy()
    clip_by_norm(short, 10.0)
    assert np.array_equal(short, g)


def test_clipping_by_value_limits_every_component():
    g = np.array([-3.0, 0.2, 5.0])
    clip_by_value(g, 1.0)
    assert g.tolist() == [-1.0, 0.2, 1.0]


def test_clipping_survives_norms_beyond_float32():
    g = np.full(4, 1e20, np.float32)
    assert clip_by_norm(g, 1.0) == pytest.approx(2e20, rel=1e-6)
    assert g == pytest.approx([0.5] * 4, rel=1e-6)


def test_weight_decay_knows_weights_in_nested_networks():
    theta = ParameterVector.pack({"block1.W1": np.ones(1), "Wide.b1": np.ones(1)}, np.float64)
    AdamW(0.1, weight_decay=0.5).step(theta, theta.zeros_like())
    assert theta.vector.tolist() == pytest.approx([0.95, 1])


@pytest.mark.parametrize(
    ("name", "setting", "value"),
    [("adam", "epsilon", 0), ("rms_prop", "epsilon", -1), ("adamw", "weight_decay", -3)],
)
def test_settings_out_of_range_are_refused(name, setting, value):
    with pytest.raises(ValueError, match=f"{setting} must be .*, got {value}"):
        create_optimizer(name, **{setting: value})


def test_a_state_from_before_the_first_step_is_empty():
    optimizer, theta = create_optimizer("adam"), vector(1.0)
    optimizer.load_state({}, 0, theta)
    optimizer.step(theta, vector(0.5))
    assert theta.vector[0] != 1


@given(st.integers(0), st.floats(1e-4, 1), st.floats(0, 0.99), st.floats(0.5, 0.9999))
def test_adam_is_its_plain_form(seed, learning_rate, beta1, beta2):
    rng = np.random.default_rng(seed)
    parameters = ParameterVector({"W1": (4,)}, rng.normal(size=4))
    theta, m, v = parameters.vector.copy(), np.zeros(4), np.zeros(4)
    optimizer = Adam(learning_rate, beta1, beta2)
    for t in range(1, 6):
        g = rng.normal(size=4)
        optimizer.step(parameters, ParameterVector({"W1": (4,)}, g))
        theta, m, v = adam_step_plain(theta, g, m, v, t, learning_rate, beta1, beta2)
        assert np.allclose(parameters.vector, theta, rtol=1e-9, atol=1e-12)
