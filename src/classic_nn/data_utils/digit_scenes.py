"""Scenes of real handwritten digits: a multi-label task that comes with scikit-learn.

A scene shows one to three digits, and its label says which of the ten are present. The digits
are the 1,797 handwritten ones of scikit-learn's ``load_digits`` (8 x 8 pixels, from the UCI set
of Alpaydin and Kaynak). They are divided into training, validation and test digits before any
scene is made, so no handwriting of a test scene was seen in training.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.array_types import Array
from src.common.lookup import lookup

DIGIT = 8
"""Height and width of one digit in pixels."""

FRACTIONS = {"train": 0.7, "validation": 0.1, "test": 0.2}
"""Fraction of the handwritten digits in each split."""

CANVASES = {"strip": (DIGIT, 3 * DIGIT), "canvas": (20, 20)}
"""Height and width of a scene by the way digits are placed."""


def generate_digit_scenes(
    samples: int = 10_000,
    rng: np.random.Generator | None = None,
    split: str = "train",
    placement: str = "strip",
    split_seed: int = 0,
) -> tuple[Array, Array]:
    """Scenes of one to three digits and which digits they show.

    Args:
        samples: number of scenes.
        rng: random generator; seeded with 0 if None.
        split: whose handwriting: "train", "validation" or "test".
        placement: "strip" puts digits on three places side by side, 8 x 24 pixels; "canvas" puts
            them anywhere on 20 x 20 pixels without overlap.
        split_seed: divides the handwritten digits; must be the same for all splits.

    Returns:
        X (samples, height, width, 1) with values in [0, 1], and Y (samples, 10) of 0 and 1,
        float32.

    Raises:
        ValueError: unknown split or placement, or a negative number of samples.
    """
    if samples < 0:
        raise ValueError(f"samples must be 0 or more, got {samples}")
    rng = np.random.default_rng(0) if rng is None else rng
    digits, names = lookup("split", split, handwritten_digits(split_seed))
    height, width = lookup("placement", placement, CANVASES)
    count = rng.integers(1, 4, samples)
    corners = _strip_corners(count, rng) if placement == "strip" else _canvas_corners(count, rng)
    chosen = rng.integers(len(digits), size=(samples, 3))
    x = np.zeros((samples, height, width, 1), np.float32)
    y = np.zeros((samples, 10), np.float32)
    for k in range(3):  # the k-th digit of all scenes that have one
        scenes = np.flatnonzero(count > k)
        rows = corners[scenes, k, 0, np.newaxis] + np.arange(DIGIT)
        columns = corners[scenes, k, 1, np.newaxis] + np.arange(DIGIT)
        pixels = digits[chosen[scenes, k]]
        x[scenes[:, None, None], rows[:, :, None], columns[:, None, :], 0] = pixels
        y[scenes, names[chosen[scenes, k]]] = 1
    return x, y


@lru_cache(maxsize=4)
def handwritten_digits(
    split_seed: int = 0,
) -> dict[str, tuple[Array, NDArray[np.int64]]]:
    """{split: (images (digits, 8, 8) in [0, 1], their names (digits,))}, each digit in one split.

    Every split has the same fraction of each of the ten digits.
    """
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    data = load_digits()
    images, names = (data.images / 16).astype(np.float32), data.target.astype(np.int64)
    rest, test = train_test_split(
        np.arange(len(names)), test_size=FRACTIONS["test"], stratify=names, random_state=split_seed
    )
    train, validation = train_test_split(
        rest,
        test_size=FRACTIONS["validation"] / (1 - FRACTIONS["test"]),
        stratify=names[rest],
        random_state=split_seed,
    )
    chosen = {"train": train, "validation": validation, "test": test}
    return {split: (images[index], names[index]) for split, index in chosen.items()}


def _strip_corners(count: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """(samples, 3, 2): row and column of the corners of three digits, on shuffled places."""
    places = rng.permuted(np.tile(np.arange(3), (len(count), 1)), axis=1)
    return np.stack([np.zeros_like(places), places * DIGIT], axis=2)


def _canvas_corners(count: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """(samples, 3, 2): corners of squares of which the first ``count`` do not overlap.

    Drawn uniformly, and drawn again where two that are shown overlap.
    """
    height, width = CANVASES["canvas"]
    limits = np.array([height - DIGIT + 1, width - DIGIT + 1])
    corners = np.zeros((len(count), 3, 2), np.int64)
    first, second = np.array([0, 0, 1]), np.array([1, 2, 2])  # the three pairs
    pending = np.arange(len(count))
    while len(pending):
        candidates = rng.integers(limits, size=(len(pending), 3, 2))
        corners[pending] = candidates
        apart = np.abs(candidates[:, first] - candidates[:, second]).max(axis=2) >= DIGIT
        hidden = second >= count[pending, np.newaxis]
        pending = pending[~(apart | hidden).all(axis=1)]
    return corners
