"""Type aliases for the arrays of the whole project."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
"""A floating-point array: float32 by default, float64 by request."""

Shape = tuple[int, ...]
"""The shape of one sample or of one parameter, without the samples axis unless it says so."""
