import numpy as np
import pytest

from src.classic_nn.parameters import ParameterVector, is_batch_norm, is_weight


def test_named_arrays_are_views_of_one_vector_in_order():
    p = ParameterVector.pack({"W1": np.arange(6.0).reshape(2, 3), "b1": np.array([7.0, 8, 9])})
    assert p.vector.dtype == np.float32
    assert p.vector.tolist() == [0, 1, 2, 3, 4, 5, 7, 8, 9]
    p["b1"][0] = -1
    assert p.vector[6] == -1
    p["W1"] = np.zeros((2, 3))
    assert p.vector[:6].tolist() == [0] * 6
    assert all(np.shares_memory(array, p.vector) for array in p.values())


def test_zeros_like_has_the_layout_and_its_own_memory():
    p = ParameterVector.pack({"W1": np.ones((2, 3)), "b1": np.ones(3)}, np.float64)
    z = p.zeros_like()
    assert list(z) == ["W1", "b1"]
    assert z["W1"].shape == (2, 3)
    assert z.vector.dtype == np.float64
    assert not z.vector.any()
    assert not np.shares_memory(z.vector, p.vector)


def test_a_vector_of_the_wrong_size_is_refused():
    with pytest.raises(ValueError, match=r"vector must have shape \(6,\), got \(5,\)"):
        ParameterVector({"W": (2, 3)}, np.zeros(5))


def test_a_scalar_parameter_takes_one_place():
    p = ParameterVector({"temperature": (), "b": (2,)})
    p["temperature"] = np.float32(3)
    assert p.vector.tolist() == [3, 0, 0]


@pytest.mark.parametrize(
    ("name", "weight", "norm"),
    [
        ("W1", True, False),
        ("b1", False, False),
        ("gamma2", False, True),
        ("beta2", False, True),
        ("block1.W3", True, False),
        ("Wide.b1", False, False),
    ],
)
def test_names_say_what_a_parameter_is(name, weight, norm):
    assert is_weight(name) == weight
    assert is_batch_norm(name) == norm
