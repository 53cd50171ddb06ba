"""Exercises of notebook 8, *Fewer multiplications*."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from exercises.check import Array, Claim, call, claims, differences, exercise
from src.classic_cnn import Conv2D, conv_forward
from src.classic_cnn.utils import geometry
from src.classic_cnn.winograd import AT, BT, G, _tiles


@dataclass
class _Number:
    """A number that counts the products of two such numbers, not those with constants."""

    value: float
    products: list[int]

    def __add__(self, other: Any) -> "_Number":
        return _Number(self.value + getattr(other, "value", other), self.products)

    def __mul__(self, other: Any) -> "_Number":
        self.products[0] += isinstance(other, _Number)
        return _Number(self.value * getattr(other, "value", other), self.products)

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self) -> "_Number":
        return _Number(-self.value, self.products)

    def __sub__(self, other: Any) -> "_Number":
        return self + -other

    def __rsub__(self, other: Any) -> "_Number":
        return -self + other

    def __truediv__(self, other: float) -> "_Number":
        return self * (1 / other)


@exercise
def three_products(answer: Any) -> Iterator[Claim]:
    """(a0, a1, b0, b1) -> c0, c1, c2 of (a0 + a1 t)(b0 + b1 t), in three multiplications."""
    rng = np.random.default_rng(8)
    a0, a1, b0, b1 = rng.normal(size=4).tolist()
    right = np.polynomial.polynomial.polymul([a0, a1], [b0, b1])
    names = ("c0", "c1", "c2")
    given = call(answer, a0, a1, b0, b1, returns=names)
    yield from claims(given, dict(zip(names, right)), Claim("", None, None, "NumPy's polymul"))
    products = [0]
    call(answer, *(_Number(x, products) for x in (a0, a1, b0, b1)), returns=names)
    hint = "The coefficients are right; now find c1 from the value at t = 1, and c0 and c2"
    yield Claim("the number of multiplications", products[0], 3, "the question", hint=hint)


@exercise
def map_multiplications(answer: Any) -> Iterator[Claim]:
    """(height, width, channels, filters) -> direct, winograd: their multiplications."""
    for shape in ((4, 4, 1, 1), (16, 8, 3, 5), (9, 11, 2, 7), (2, 2, 32, 16)):
        height, width, channels, filters = shape
        where = geometry((height, width), (3, 3), 1, "same")
        tiles = _tiles(np.zeros((1, height, width, channels)), where)
        right = {
            "direct": Conv2D(filters, 3).multiply_adds((height, width, channels)),
            "winograd": tiles.size * filters,
        }
        hint = f"That is for height, width, channels, filters = {shape}"
        given = call(answer, *shape, returns=tuple(right))
        yield from claims(given, right, Claim("", None, None, hint=hint))


@exercise
def tile_gradients(answer: Any) -> Iterator[Claim]:
    """(dy, d, g, BT, G, AT) -> dd, dg of a tile."""
    rng = np.random.default_rng(9)
    dy, d, g = rng.normal(size=(4, 4)), rng.normal(size=(6, 6)), rng.normal(size=(3, 3))

    def loss(d: Array, g: Array) -> float:
        y, _ = conv_forward(d[None, :, :, None], g[:, :, None, None])
        return float((dy * y[0, :, :, 0]).sum())

    right = {
        "dd": differences(lambda at: loss(at, g), d),
        "dg": differences(lambda at: loss(d, at), g),
    }
    given = call(answer, dy, d, g, BT, G, AT, returns=("dd", "dg"))
    yield from claims(given, right, Claim("", None, None, "finite differences"))
