"""Every operation with two forms: loops and NumPy agree, and loops are as exact.

The plain forms are compared with NumPy's where they stand. With ``NUMBA_DISABLE_JIT=1`` the loops
run as the Python that they are.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.common.kernels import OPERATIONS
from tests.operations import CASES, WRITTEN, outcome

numba = pytest.importorskip("numba", reason="needs the extra: fast")

DISABLED = bool(numba.config.DISABLE_JIT)

ALL = [(name, k) for name, cases in CASES.items() for k in range(len(cases))]
PASSES_ON = ("src.classic_cnn.bias.bias_backward", 0)
"""Its dz is dy itself, where no ReLU stands between them."""

CLOSED = {
    ("src.classic_nn.math.relu_backward", 0),
    ("src.classic_nn.math.relu6_backward", 0),
    ("src.classic_nn.batch_norm.backward.gradient_sums", 1),
    ("src.classic_nn.batch_norm.backward.gradient_sums", 2),
    ("src.classic_nn.batch_norm.backward.input_gradient", 1),
    ("src.classic_nn.batch_norm.backward.input_gradient", 2),
    ("src.classic_cnn.bias.bias_backward", 1),
    ("src.classic_cnn.bias.bias_backward", 2),
}
"""Their loops give 0 where a ReLU is closed, also for a NaN from above, as PyTorch does; NumPy
multiplies by 0."""

TOLERANCE = {np.float32: 2e-5, np.float64: 1e-11}


def test_every_operation_has_cases():
    ours = {name for name in OPERATIONS if name.startswith("src.")}
    assert ours == set(CASES)


def both(name, arguments, dtype):
    operation = OPERATIONS[name]
    expected = outcome(operation.numpy, name, arguments)
    return expected, outcome(operation.loops(dtype), name, arguments)


def assert_equal(expected, found, tolerance):
    assert len(expected) == len(found)
    for one, other in zip(expected, found, strict=True):
        assert one.shape == other.shape
        assert one.dtype == other.dtype
        if one.dtype.kind != "f":
            assert np.array_equal(one, other)
            continue
        scale = max(1.0, float(np.abs(one[np.isfinite(one)]).max(initial=0)))
        assert np.allclose(one, other, rtol=0, atol=tolerance * scale, equal_nan=True)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("name", "case"), ALL)
def test_loops_equal_numpy(name, case, dtype, rng):
    arguments = CASES[name][case](rng, dtype)
    assert_equal(*both(name, arguments, dtype), TOLERANCE[dtype])


@pytest.mark.parametrize(("name", "case"), ALL)
def test_arrays_of_any_layout_are_read_and_left_as_they_are(name, case, rng):
    arguments = CASES[name][case](rng, np.float64)
    written = WRITTEN.get(name, [])

    def awkward(place, value):
        if not isinstance(value, np.ndarray) or place in written:
            return value
        turned = np.asfortranarray(value)  # values of a row apart
        turned.flags.writeable = False
        return turned

    given = [awkward(place, value) for place, value in enumerate(arguments)]
    before = [value.copy() if isinstance(value, np.ndarray) else None for value in given]
    expected = outcome(OPERATIONS[name].numpy, name, arguments)
    copies = [
        v.copy() if place in written and v is not None else v for place, v in enumerate(given)
    ]
    result = OPERATIONS[name].loops(np.float64)(*copies)
    returned = list(result) if isinstance(result, tuple) else [result]
    found = [a for a in [*returned, *(copies[place] for place in written)] if a is not None]
    assert_equal(expected, found, 1e-11)
    for place, value in enumerate(given):
        if isinstance(value, np.ndarray) and place not in written:
            assert np.array_equal(value, before[place])
            shared = any(np.may_share_memory(value, a) for a in returned if a is not None)
            assert not shared or (name, case) == PASSES_ON


@pytest.mark.parametrize(("name", "case"), ALL)
def test_an_empty_shard_is_no_mistake(name, case, rng):
    try:
        arguments = CASES[name][case](rng, np.float32, 0)
    except ZeroDivisionError:
        pytest.skip("no such case")
    with np.errstate(invalid="ignore", divide="ignore"):
        assert_equal(*both(name, arguments, np.float32), 1e-6)


@pytest.mark.parametrize(("name", "case"), ALL)
def test_a_nan_stays_one(name, case, rng):
    arguments = CASES[name][case](rng, np.float64)
    arguments[0].flat[rng.choice(arguments[0].size, 5, replace=False)] = np.nan
    with np.errstate(invalid="ignore"):
        expected, found = both(name, arguments, np.float64)
    if (name, case) in CLOSED:
        arguments[0][...] = np.nan  # some of the positions are open
        with np.errstate(invalid="ignore"):
            expected, found = both(name, arguments, np.float64)
        for one, other in zip(expected, found, strict=True):
            assert np.isnan(other).any()
            assert np.isnan(one[np.isnan(other)]).all()
        return
    # what a value decides, it makes NaN; Winograd's tiles, and windows of several outputs, more
    for one, other, again in zip(*(values(name, case, x) for x in (1e3, 2e3)), found, strict=True):
        if again.dtype.kind == "f":
            assert np.isnan(again[one != other]).all()


def values(name, case, number):
    """NumPy's, with a number where ``test_a_nan_stays_one`` has NaN."""
    rng = np.random.default_rng(20260101)
    arguments = CASES[name][case](rng, np.float64)
    arguments[0].flat[rng.choice(arguments[0].size, 5, replace=False)] = number
    return both(name, arguments, np.float64)[0]


@given(case=st.sampled_from(ALL), seed=st.integers(0, 2**32 - 1))
def test_loops_are_as_exact_as_numpy(case, seed):
    name, number = case
    check_errors(name, CASES[name][number](np.random.default_rng(seed), np.float32))


def check_errors(name, single):
    """In float32, against float64: at most four times NumPy's error, and its last digit.

    The largest error of an array, but of convolutions the root of the mean square: Winograd's is
    2.3 to 3.5 times NumPy's in any draw, while its largest one goes from 1.5 to 5.4 times.
    """
    double = [
        value.astype(np.float64) if getattr(value, "dtype", None) == np.float32 else value
        for value in single
    ]
    exact = outcome(OPERATIONS[name].numpy, name, double)
    numpy, loops = both(name, single, np.float32)
    size = root_mean_square if "convolve" in name else largest
    for true, theirs, ours in zip(exact, numpy, loops, strict=True):
        if true.dtype.kind == "f" and true.size:
            floor = np.finfo(np.float32).eps * size(true)
            assert size(ours - true) <= 4 * max(size(theirs - true), floor)


def largest(array):
    return float(np.abs(array).max())


def root_mean_square(array):
    return float(np.sqrt(np.square(array, dtype=np.float64).mean()))


SUMS = {
    "src.classic_nn.batch_norm.forward.shard_statistics": [0],
    "src.classic_nn.batch_norm.backward.gradient_sums": [0, 1, 2],
    "src.classic_cnn.bias.bias_backward": [1, 2],
    "src.classic_cnn.depthwise.depthwise_backward": [0, 2],
}
"""Operations that add up over all positions, and some of their cases. Not Winograd: its transforms
take differences of neighbours, and over 50,000 positions the error of the kernel's gradient is five
times NumPy's (eight times where dy has a mean of three deviations), 1e-6 to 3e-6 of the largest."""


@pytest.mark.skipif(DISABLED, reason="large arrays, one value at a time")
@pytest.mark.parametrize(
    ("name", "case"), [(name, k) for name, cases in SUMS.items() for k in cases]
)
def test_long_sums_are_as_exact_as_numpy(name, case):
    """20,000 samples, 300,000 to 2 million positions, whose values have a mean."""
    single = CASES[name][case](np.random.default_rng(7), np.float32, 20_000)
    single[0] += 3
    check_errors(name, single)
