import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.classic_nn import (
    BinaryCrossEntropy,
    MeanSquaredError,
    SoftmaxCrossEntropy,
    check_loss,
)
from src.classic_nn.context import Context
from src.classic_nn.loss import (
    binary_cross_entropy,
    binary_cross_entropy_backward,
    one_hot,
    softmax_cross_entropy,
    softmax_cross_entropy_backward,
)
from tests.teams import on_team

OUTPUTS = 4

# name -> (loss, kind of targets)
CASES = {
    "binary": (BinaryCrossEntropy(), "labels"),
    "binary, class weights": (BinaryCrossEntropy((1.0, 2.0, 0.5, 3.0)), "labels"),
    "binary, soft targets": (BinaryCrossEntropy(), "probabilities"),
    "binary, misses weighted": (BinaryCrossEntropy(pos_weight=3), "labels"),
    "binary, soft, weights per label": (
        BinaryCrossEntropy((1.0, 2.0, 0.5, 3.0), (3.0, 1.0, 0.2, 5.0)),
        "probabilities",
    ),
    "softmax": (SoftmaxCrossEntropy(), "classes"),
    "softmax, distributions": (SoftmaxCrossEntropy(), "distribution"),
    "softmax, smoothed": (SoftmaxCrossEntropy(0.1), "classes"),
    "softmax, smoothed, class weights": (
        SoftmaxCrossEntropy(0.2, (1.0, 2.0, 0.5, 3.0)),
        "classes",
    ),
    "mean squared error": (MeanSquaredError(), "numbers"),
}


def draw(kind, samples, rng):
    return {
        "labels": lambda: (rng.random((samples, OUTPUTS)) < 0.4).astype(np.float64),
        "probabilities": lambda: rng.random((samples, OUTPUTS)),
        "classes": lambda: rng.integers(OUTPUTS, size=samples),
        "distribution": lambda: rng.dirichlet(np.ones(OUTPUTS), samples),
        "numbers": lambda: rng.normal(size=(samples, OUTPUTS)),
    }[kind]()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_gradient_agrees_with_finite_differences(name, weighted, rng):
    loss, kind = CASES[name]
    weights = rng.random(6) + 0.1 if weighted else None
    logits = 2 * rng.normal(size=(6, OUTPUTS))
    check_loss(loss, logits, draw(kind, 6, rng), rng, weights).raise_if_failed()


@pytest.mark.parametrize("name", CASES)
def test_a_weight_of_two_counts_like_two_samples(name, rng):
    loss, kind = CASES[name]
    logits, y = rng.normal(size=(3, OUTPUTS)), draw(kind, 3, rng)
    weighted, _ = loss.forward(logits, y, np.array([2.0, 1.0, 0.0]))
    rows = [0, 0, 1]
    repeated, _ = loss.forward(logits[rows], y[rows])
    assert weighted == pytest.approx(repeated, rel=1e-12)


@pytest.mark.parametrize("workers", [2, 4])
@pytest.mark.parametrize("name", CASES)
def test_workers_compute_the_loss_of_the_whole_mini_batch(name, workers, rng):
    loss, kind = CASES[name]
    logits, y, weights = rng.normal(size=(7, OUTPUTS)), draw(kind, 7, rng), rng.random(7)
    whole, cache = loss.forward(logits, y, weights)

    def one_worker(worker, *shard):
        value, cache = loss.forward(*shard, Context(communicator=worker))
        return value, loss.backward(cache)

    results = on_team(workers, one_worker, logits, y, weights)
    assert [value for value, _ in results] == pytest.approx([whole] * workers, rel=1e-12)
    gradient = np.concatenate([gradient for _, gradient in results])
    assert np.allclose(gradient, loss.backward(cache), rtol=1e-12)


@pytest.mark.parametrize("name", CASES)
def test_float32_is_kept_and_nothing_is_modified(name, rng):
    loss, kind = CASES[name]
    logits, y = rng.normal(size=(5, OUTPUTS)).astype(np.float32), draw(kind, 5, rng)
    before = logits.copy(), y.copy()
    _, cache = loss.forward(logits, y)
    assert loss.backward(cache).dtype == np.float32
    assert loss.probabilities(logits).dtype == np.float32
    assert np.array_equal(logits, before[0])
    assert np.array_equal(y, before[1])


@pytest.mark.parametrize("name", [name for name in CASES if "squared" not in name])
def test_stable_at_plus_minus_1000_in_float32(name, rng):
    loss, kind = CASES[name]
    logits = np.array([[1000, -1000, 100, 0], [-1000, 1000, 0, -100]], np.float32)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        value, cache = loss.forward(logits, draw(kind, 2, rng))
        gradient = loss.backward(cache)
    assert math.isfinite(value)
    assert np.isfinite(gradient).all()


def test_binary_cross_entropy_by_hand():
    """Two labels with p = 1/2 and p = 3/4: -(log 1/2 + log 1/4) / 2."""
    logits, y = np.array([[0.0, math.log(3)]]), np.array([[1.0, 0.0]])
    value, cache = BinaryCrossEntropy().forward(logits, y)
    assert value == pytest.approx((math.log(2) + math.log(4)) / 2)
    assert BinaryCrossEntropy().backward(cache) == pytest.approx(np.array([[-0.25, 0.375]]))


@given(logit=st.floats(-20, 20), label=st.sampled_from([0.0, 1.0]), weight=st.floats(0.1, 10))
def test_misses_cost_three_times_more_and_false_alarms_do_not(logit, label, weight):
    logits, y = np.array([[logit]]), np.array([[label]])
    plain, _ = BinaryCrossEntropy((weight,)).forward(logits, y)
    costly, _ = BinaryCrossEntropy((weight,), pos_weight=3).forward(logits, y)
    assert costly == pytest.approx(plain * (3 if label == 1 else 1), rel=1e-9)


def test_the_positive_weight_is_that_of_the_formula():
    """p = 3/4 and y = 1/3: -3 (1/3) log(3/4) - (2/3) log(1/4)."""
    value, _ = BinaryCrossEntropy(pos_weight=3).forward(
        np.array([[math.log(3)]]), np.array([[1 / 3]])
    )
    assert value == pytest.approx(-math.log(3 / 4) - 2 / 3 * math.log(1 / 4))


@pytest.mark.parametrize("weight", [0, -1.0, math.nan, (1.0, 0.0)])
def test_a_positive_weight_is_above_zero(weight):
    with pytest.raises(ValueError, match="pos_weight must be"):
        BinaryCrossEntropy(pos_weight=weight)


@pytest.mark.parametrize(
    ("loss", "y", "message"),
    [
        (BinaryCrossEntropy(), [[0.0], [1.0], [255.0]], r"0 or 1.*got 255\.0 in sample 2 \(1 of 3"),
        (BinaryCrossEntropy(), [[1], [2], [2]], r"got 2 in sample 1 \(2 of 3"),
        (BinaryCrossEntropy(), [[-1.0], [1.0], [1.0]], r"got -1\.0 in sample 0"),
        (BinaryCrossEntropy(), [[0.0], [math.nan], [1.0]], "got nan in sample 1"),
        (SoftmaxCrossEntropy(), [0, 1, 2], r"in 0 \.\.\. 1, got 2 in sample 2"),
        (SoftmaxCrossEntropy(), [0, -1, 1], "got -1 in sample 1"),
        (SoftmaxCrossEntropy(), [0.0, 0.5, 1.0], r"whole numbers, got 0\.5 in sample 1"),
        (SoftmaxCrossEntropy(), [0.0, math.nan, 1.0], "got nan in sample 1"),
        (SoftmaxCrossEntropy(), [[1.0, 0.0], [0.0, 255.0], [1.0, 0.0]], "got 255.0 in sample 1"),
        (MeanSquaredError(), [[0.0], [math.nan], [1.0]], "finite numbers, got nan in sample 1"),
        (MeanSquaredError(), [[0.0], [1.0], [math.inf]], "got inf in sample 2"),
    ],
)
def test_targets_that_a_loss_is_not_defined_for_are_named(loss, y, message):
    """Once 0 and 255 trained to a cost of -40,689 without a word."""
    y = np.array(y)
    outputs = 2 if isinstance(loss, SoftmaxCrossEntropy) else 1
    with pytest.raises(ValueError, match=message):
        loss.check_targets(y, outputs)
    with pytest.raises(ValueError, match=message):
        loss.forward(np.zeros((3, outputs)), y)


def test_softmax_cross_entropy_by_hand():
    """Probabilities 1/4, 3/4; the true class is the first: -log 1/4, gradient p - onehot."""
    logits = np.array([[0.0, math.log(3)]])
    value, cache = SoftmaxCrossEntropy().forward(logits, np.array([0]))
    assert value == pytest.approx(math.log(4))
    assert SoftmaxCrossEntropy().backward(cache) == pytest.approx(np.array([[-0.75, 0.75]]))


def test_one_hot_rows_and_class_numbers_are_the_same_targets(rng):
    logits, y = rng.normal(size=(5, OUTPUTS)), rng.integers(OUTPUTS, size=5)
    loss = SoftmaxCrossEntropy(0.1, (1.0, 2.0, 3.0, 4.0))
    assert loss.forward(logits, y)[0] == loss.forward(logits, one_hot(y, OUTPUTS, np.float64))[0]


@pytest.mark.parametrize(
    "loss", [BinaryCrossEntropy(), MeanSquaredError(), BinaryCrossEntropy(pos_weight=3)]
)
def test_targets_are_never_stretched(loss):
    """(samples, 1) against (samples,) would broadcast to (samples, samples)."""
    with pytest.raises(ValueError, match=r"outputs' shape \(3, 1\), got \(3,\)"):
        loss.forward(np.ones((3, 1)), np.ones(3))


@pytest.mark.parametrize("number", [-1, OUTPUTS])
def test_class_numbers_out_of_range_are_refused(number):
    with pytest.raises(ValueError, match=r"class numbers must be in 0 \.\.\. 3"):
        SoftmaxCrossEntropy().forward(np.ones((1, OUTPUTS)), np.array([number]))


def test_weights_that_sum_to_zero_have_no_mean():
    with pytest.raises(ValueError, match="sum to 0"):
        MeanSquaredError().forward(np.ones((2, 1)), np.ones((2, 1)), np.zeros(2))


def test_weights_of_another_shape_are_never_stretched():
    logits, y = np.ones((3, 2)), np.ones((3, 2))
    with pytest.raises(ValueError, match=r"sample weights must have shape \(3,\), got \(3, 1\)"):
        BinaryCrossEntropy().forward(logits, y, np.ones((3, 1)))


@pytest.mark.parametrize("function", [binary_cross_entropy, softmax_cross_entropy])
def test_weights_in_double_precision_do_not_widen_the_gradient(function):
    logits, y = np.ones((3, 2), np.float32), np.ones((3, 2), np.float32)
    weights, samples = np.array([0.1, 0.2]), np.array([0.1, 0.2, 0.3])
    if function is binary_cross_entropy:
        _, cache = function(logits, y, weights, samples)
        assert binary_cross_entropy_backward(cache).dtype == np.float32
    else:
        _, cache = function(logits, y, 0.1, weights, samples)
        assert softmax_cross_entropy_backward(cache).dtype == np.float32


def test_the_mean_over_many_samples_keeps_its_digits():
    """Summed in float32, a million losses of 0.1 would be off in the fourth digit."""
    y = np.full((1_000_000, 1), np.sqrt(0.1), np.float32)
    loss, _ = MeanSquaredError().forward(np.zeros_like(y), y)
    assert loss == pytest.approx(float(y[0, 0]) ** 2, rel=1e-7)


@pytest.mark.parametrize("smoothing", [-0.1, 1.0, 2.0])
def test_label_smoothing_must_be_a_fraction(smoothing):
    with pytest.raises(ValueError, match="label_smoothing must be 0 or more and below 1"):
        SoftmaxCrossEntropy(smoothing)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_losses_of_parts_join_by_what_they_are_divided_by(name, weighted, rng):
    loss, kind = CASES[name]
    logits, y = rng.normal(size=(7, OUTPUTS)), draw(kind, 7, rng)
    weights = rng.random(7) if weighted else None
    whole, _ = loss.forward(logits, y, weights)
    total = 0.0
    for rows in (slice(0, 3), slice(3, 7)):
        part = None if weights is None else weights[rows]
        value, _ = loss.forward(logits[rows], y[rows], part)
        total += value * loss.total_weight(y[rows], part)
    assert total / loss.total_weight(y, weights) == pytest.approx(whole, rel=1e-12)


@pytest.mark.parametrize(
    ("loss", "y", "message"),
    [
        (BinaryCrossEntropy(), np.zeros(4, int), r"expected shape \(samples, 3\), got \(4,\)"),
        (MeanSquaredError(), np.zeros((4, 2)), r"expected shape \(samples, 3\), got \(4, 2\)"),
        (SoftmaxCrossEntropy(), np.ones((4, 2)) / 2, r"expected shape \(samples, 3\)"),
        (
            SoftmaxCrossEntropy(),
            np.array([0, 1.5, 2]),
            "must be whole numbers, got 1.5 in sample 1",
        ),
        (
            SoftmaxCrossEntropy(),
            np.array([[0.5, 0.5, 0], [0.9, 0.9, 0.9]]),
            "must add up to 1, got 2.7 in sample 1",
        ),
        (
            SoftmaxCrossEntropy(class_weights=(1.0, 2.0)),
            np.zeros(4, int),
            "class_weights: expected a value for each of 3 outputs, got 2",
        ),
        (
            BinaryCrossEntropy(pos_weight=(1.0, 2.0)),
            np.zeros((4, 3)),
            "pos_weight: expected a value for each of 3 outputs, got 2",
        ),
    ],
)
def test_what_does_not_fit_the_outputs_is_refused(loss, y, message):
    with pytest.raises(ValueError, match=message):
        loss.check_targets(y, 3)
