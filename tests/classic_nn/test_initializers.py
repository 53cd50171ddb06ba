import numpy as np
import pytest

from src.classic_nn.initializers import fans, initialize_weights


@pytest.mark.parametrize(
    ("name", "variance"),
    [("he", 2 / 300), ("xavier", 2 / 500), ("lecun", 1 / 300), ("torch", 1 / 900), ("zeros", 0)],
)
def test_variance_is_that_of_the_paper(name, variance, rng):
    weights = initialize_weights((300, 200), name, rng, np.float64)
    assert weights.var() == pytest.approx(variance, rel=0.03)
    assert abs(weights.mean()) <= 4 * np.sqrt(variance / weights.size)


def test_kernel_positions_count_as_inputs_and_outputs():
    assert fans((5, 3, 16, 32)) == (240, 480)


def test_precisions_start_from_the_same_numbers():
    single = initialize_weights((4, 3), "he", np.random.default_rng(1), np.float32)
    double = initialize_weights((4, 3), "he", np.random.default_rng(1), np.float64)
    assert single.dtype == np.float32
    assert np.array_equal(single, double.astype(np.float32))


def test_unknown_name_is_answered_with_the_nearest(rng):
    with pytest.raises(ValueError, match="unknown initialization 'xaver': did you mean 'xavier'"):
        initialize_weights((2, 2), "xaver", rng)
