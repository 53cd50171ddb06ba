"""Named parameters that live in one contiguous vector.

A layer reads its weights as ``parameters["W1"]``, an array of the right shape; an optimizer sees
``parameters.vector``, one flat array. Both are the same memory: every named array is a view. So
an optimizer is a formula on vectors, the norm of a gradient is one dot product, and a checkpoint
is one array.

What a parameter is, its name says: names that begin with ``W`` are weights, ``b`` biases,
``gamma`` and ``beta`` the scale and shift of batch normalization. In nested networks the name
comes after the last dot (``block1.W1``).
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from src.classic_nn.array_types import Array, Shape


class ParameterVector(dict[str, Array]):
    """A dictionary from names to arrays, all of them views of ``vector``, in order.

    Assigning to a name copies values into its array, which stays where it is; names cannot be added
    or removed.

    Args:
        shapes: shape of each named array; their order is the order in the vector.
        vector: (total size,), the memory to use; zeros of ``dtype`` where it is not given.
        parts: the same memory as the layers of a network see it, one ParameterVector a layer.

    >>> p = ParameterVector({"W1": (2, 3), "b1": (3,)})
    >>> p["b1"] += 1
    >>> p.vector
    array([0., 0., 0., 0., 0., 0., 1., 1., 1.], dtype=float32)
    """

    def __init__(
        self,
        shapes: Mapping[str, Shape],
        vector: Array | None = None,
        parts: Sequence["ParameterVector"] = (),
        dtype: DTypeLike = np.float32,
    ) -> None:
        size = sum(math.prod(shape) for shape in shapes.values())
        self.vector: Array = np.zeros(size, dtype) if vector is None else vector
        if self.vector.shape != (size,):
            raise ValueError(f"vector must have shape {(size,)}, got {self.vector.shape}")
        self.shapes = dict(shapes)
        self.parts = tuple(parts)
        start = 0
        for name, shape in self.shapes.items():
            stop = start + math.prod(shape)
            super().__setitem__(name, self.vector[start:stop].reshape(shape))
            start = stop

    @classmethod
    def pack(cls, arrays: Mapping[str, Array], dtype: DTypeLike = np.float32) -> "ParameterVector":
        """Copy named arrays into a new vector of the given dtype."""
        packed = cls({name: array.shape for name, array in arrays.items()}, dtype=dtype)
        for name, array in arrays.items():
            packed[name][...] = array
        return packed

    def __setitem__(self, name: str, value: Array) -> None:
        """Copy values into the named array; it stays where it is. KeyError for another name."""
        self[name][...] = value

    def _fixed(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("names of a ParameterVector are fixed: assign to one, p[name] = values")

    __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _fixed

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and pickles keep one vector for all names."""
        return ParameterVector, (self.shapes, self.vector, self.parts)

    def __repr__(self) -> str:
        arrays = ", ".join(f"{name} {shape}" for name, shape in self.shapes.items())
        return f"ParameterVector({arrays}; {self.vector.size} values of {self.vector.dtype})"

    def zeros_like(self) -> "ParameterVector":
        """A vector of zeros with the same names and shapes, without the layers' parts."""
        return ParameterVector(self.shapes, np.zeros_like(self.vector))


def is_weight(name: str) -> bool:
    """Whether a parameter of this name is a weight: the kind that regularization applies to."""
    return local_name(name).startswith("W")


def is_batch_norm(name: str) -> bool:
    """Whether a parameter of this name is a scale or shift of batch normalization."""
    return local_name(name).startswith(("gamma", "beta"))


def local_name(name: str) -> str:
    """The name inside its own network: what follows the last dot."""
    return name.rpartition(".")[2]
