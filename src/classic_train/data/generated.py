"""The data of the recipes: generated ones and the user's own arrays."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike

from src.classic_nn.data_utils import (
    generate_binary_classification_data,
    generate_digit_scenes,
    generate_multilabel_dataset,
)
from src.classic_train.cli.options import TrainingOptions
from src.classic_train.data.splits import ArrayData, grey_images
from src.classic_train.mini_batch.dataset import ArrayDataset, DataError, as_dataset
from src.load import UnreadableDataError, read_npz

HELD_OUT = 2000
"""Samples of generated validation and test data each."""


def digit_strips(options: TrainingOptions) -> ArrayData:
    """Scenes of one to three handwritten digits on three places side by side."""
    return _digit_scenes(options, "strip")


def digit_canvases(options: TrainingOptions) -> ArrayData:
    """Scenes of one to three handwritten digits anywhere on a canvas, without overlap."""
    return _digit_scenes(options, "canvas")


def _digit_scenes(options: TrainingOptions, placement: str) -> ArrayData:
    """Scenes of three splits, which share no handwriting; the labels are the digits."""
    sizes = {"train": options.train_samples, "validation": HELD_OUT, "test": HELD_OUT}
    splits = {
        split: ArrayDataset(*generate_digit_scenes(size, _rng(options, number), split, placement))
        for number, (split, size) in enumerate(sizes.items())
    }
    names = [str(digit) for digit in range(10)]
    train, validation, test = splits.values()
    height, width = train.x.shape[1:3]
    return ArrayData(
        *(train, validation, test, names, f"handwritten digits on a {placement}"),
        grey_images("grey levels from 0 to 1", height, width),
    )


def blobs(options: TrainingOptions) -> ArrayData:
    """scikit-learn's generated multi-label data: 20 features, 5 labels."""
    x, y = generate_multilabel_dataset(options.train_samples + 2 * HELD_OUT, rng=_rng(options, 0))
    return _split(ArrayDataset(x, y), [f"label {k}" for k in range(5)], "generated blobs", options)


def moons(options: TrainingOptions) -> ArrayData:
    """Two interleaved half circles with noise."""
    total = options.train_samples + 2 * HELD_OUT
    x, y = generate_binary_classification_data(total, rng=_rng(options, 0))
    return _split(ArrayDataset(x, y), ["second moon"], "two moons", options)


def load_npz(path: str, seed: int, dtype: DTypeLike = np.float32) -> ArrayData:
    """The user's own arrays: X (samples, ...) and Y (samples, labels) of 0 and 1, or (samples,).

    An array ``class_names`` may name the labels. The samples are divided by the seed: 70% for
    training, 15% each for validation and test.

    Raises:
        DataError: unreadable file, missing arrays, NaN, or shapes or labels that do not fit.
    """
    try:
        arrays = read_npz(path)
    except UnreadableDataError as error:
        raise DataError(str(error)) from None
    x, y = arrays["X"], arrays["Y"]
    y = y[:, np.newaxis] if y.ndim == 1 else y
    if x.ndim < 2 or y.ndim != 2 or min(*x.shape[1:], y.shape[1]) < 1 or len(x) < 20:
        raise DataError(
            f"{path}: expected X (samples, features) and Y (samples, labels) with 20 samples or "
            f"more, got X {x.shape} and Y {arrays['Y'].shape}"
        )
    checked = as_dataset((x, y), path, dtype)
    if not np.isin(checked.y, (0, 1)).all():
        other = checked.y[~np.isin(checked.y, (0, 1))][0]
        raise DataError(f"{path}: Y: expected 0 and 1 only, got {other:g}")
    names = arrays.get("class_names", np.array([f"label {k}" for k in range(y.shape[1])]))
    if names.shape != y.shape[1:]:
        raise DataError(f"{path}: class_names: expected shape {y.shape[1:]}, got {names.shape}")
    order = np.random.default_rng(seed).permutation(len(checked))
    held_out = len(checked) * 15 // 100
    parts = np.split(order, [len(order) - 2 * held_out, len(order) - held_out])
    train, validation, test = (checked[part] for part in parts)
    return ArrayData(train, validation, test, [str(name) for name in names], path)


def _rng(options: TrainingOptions, number: int) -> np.random.Generator:
    """One generator for each thing that is drawn."""
    return np.random.default_rng([options.seed, number])


def _split(
    data: ArrayDataset, names: Sequence[str], description: str, options: TrainingOptions
) -> ArrayData:
    """Generated samples are independent: the first train, then validation, then test."""
    ends = (options.train_samples, options.train_samples + HELD_OUT)
    train, validation, test = data[: ends[0]], data[ends[0] : ends[1]], data[ends[1] :]
    return ArrayData(train, validation, test, names, description)
