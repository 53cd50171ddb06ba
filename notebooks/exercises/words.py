"""What is wrong with an array, in words: the usual mistakes leave marks in their numbers."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def difference_in_words(
    name: str, answer: Any, expected: Any, source: str, tolerance: float = 1e-6, samples: int = 0
) -> str | None:
    """Say how an answer differs from what is expected; None if it does not.

    Args:
        name: of the array, as the exercise calls it.
        answer: what was answered: anything.
        expected: the right array.
        source: where that comes from, "finite differences" or "the library".
        tolerance: of the largest difference, relative to the largest expected value.
        samples: number of samples, to recognize a sum in the place of a mean; 0 if there are none.
    """
    expected = np.asarray(expected, dtype=np.float64)
    try:
        given = np.asarray(answer, dtype=np.float64)
    except (TypeError, ValueError):
        return f"{name} is no array of numbers but a {type(answer).__name__}"
    allowed = tolerance * max(float(np.abs(expected).max(initial=0)), 1e-12)

    def equal(a: Array, b: Array) -> bool:
        return a.shape == b.shape and bool((np.abs(a - b) <= allowed).all())

    if given.shape != expected.shape:
        if equal(given.T, expected):
            return f"{name} is transposed: expected shape {expected.shape}, got {given.shape}"
        if given.size == expected.size and equal(given.reshape(expected.shape), expected):
            return f"{name} has the right numbers in shape {given.shape}, expected {expected.shape}"
        return f"{name} has shape {given.shape}, expected {expected.shape}"
    if equal(given, expected):
        return None
    if not np.isfinite(given).all():
        return f"{name} has values that are not finite (inf or nan), as after a division by 0"
    if given.ndim and not given.any():
        return f"{name} is zero everywhere, which is not what {source} gave"
    if equal(given, -expected):
        return f"{name} has the opposite sign everywhere"
    if equal(given.T, expected):
        return f"{name} is transposed"
    factor = float(np.vdot(given, expected)) / max(float(np.vdot(expected, expected)), 1e-300)
    if given.size > 1 and np.allclose(given, factor * expected, rtol=1e-4, atol=allowed):
        return (
            f"{name} is {factor:.4g} times what it should be, everywhere{_cause(factor, samples)}"
        )
    offset = float((given - expected).mean())
    if given.size > 1 and equal(given - offset, expected):
        return f"{name} is off by {offset:.4g} everywhere: a term is missing, or one too many"
    return _first_wrong(name, given, expected, source, allowed)


def _cause(factor: float, samples: int) -> str:
    """What such a factor usually comes from."""
    if samples > 1 and np.isclose(factor, samples):
        return f": there are {samples} samples, so a sum stands where a mean is expected"
    if samples > 1 and np.isclose(factor, 1 / samples):
        return f": there are {samples} samples, so a mean stands where a sum is expected"
    if np.isclose(factor, 2) or np.isclose(factor, 0.5):
        return ": a factor of 2, as the derivative of a square has it, or the 1/2 before one"
    return ""


def _first_wrong(name: str, given: Array, expected: Array, source: str, allowed: float) -> str:
    """Where the first difference is, and how many there are."""
    if given.ndim == 0:
        return f"{name} is {given:.6g}; by {source} it is {expected:.6g}"
    wrong = np.abs(given - expected) > allowed
    place = tuple(int(i) for i in np.argwhere(wrong)[0])
    where = ", ".join(map(str, place))
    return (
        f"{wrong.sum()} of the {wrong.size} values of {name} are wrong; the first at "
        f"{name}[{where}]: {given[place]:.6g}; by {source} it is {expected[place]:.6g}"
    )
