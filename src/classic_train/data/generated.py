"""The data of the recipes that are generated."""

from collections.abc import Sequence

import numpy as np

from src.classic_nn.data_utils import (
    generate_binary_classification_data,
    generate_digit_scenes,
    generate_multilabel_dataset,
)
from src.classic_train.cli.options import TrainingOptions
from src.classic_train.data.splits import ArrayData, grey_images
from src.classic_train.mini_batch.dataset import ArrayDataset

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
