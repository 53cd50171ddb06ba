"""The machine's yardstick: the speed of one large matrix product, single precision."""

from collections.abc import Callable
from typing import Any

import numpy as np

VERSION = f"numpy {np.__version__}"
SIZE = 2048
"""Rows and columns: 2 * 2048^3 = 17 GFLOP a product."""


def build(description: dict[str, Any]) -> Callable[[], object]:
    """A step is one product of two square matrices into a third."""
    rng = np.random.default_rng(0)
    a = rng.standard_normal((SIZE, SIZE), dtype=np.float32)
    b = rng.standard_normal((SIZE, SIZE), dtype=np.float32)
    c = np.empty_like(a)
    return lambda: np.matmul(a, b, out=c)
