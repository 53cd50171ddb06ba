"""The user's own arrays as the data of a recipe: .npz, .npy, idx files, Sign MNIST's tables."""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from src.classic_train.data.splits import ArrayData, grey_images
from src.classic_train.mini_batch.dataset import DataError, as_dataset
from src.load import ImageArrays, ImageDataset, UnreadableDataError, read_arrays, read_data
from src.load.splits import is_undivided
from src.load.transforms import Compose, Resize, ToFloat, transform_config

FEWEST = 20
"""Samples that can be divided."""

HELD_OUT = 0.15
"""Fraction of the samples in validation and in test each, where they come undivided."""


@lru_cache
def holds_images(path: str) -> bool:
    """Whether an .npz or .npy file holds images, so that it is trained on as photos are."""
    if not path.lower().endswith((".npz", ".npy")):
        return True
    try:
        images = read_arrays(path).images
    except UnreadableDataError:  # reading it says why
        return False
    return isinstance(images, ImageArrays) and images.images


def load_arrays(path: Path, seed: int, dtype: DTypeLike = np.float32) -> ArrayData:
    """Arrays of any kind that ``read_data`` reads, divided into train, validation and test.

    What comes undivided is divided by the seed: 70% for training, 15% each for validation and test.
    Class numbers of which there are two are a question of yes or no. Images of 8 bits are divided
    by 255, other arrays are taken as they are.

    Raises:
        DataError: unreadable, photos in files, NaN, or shapes or labels that do not fit.
    """
    try:
        dataset = read_data(path)
    except UnreadableDataError as error:
        raise DataError(str(error)) from None
    return array_data(dataset, path, seed, dtype)


def array_data(
    dataset: ImageDataset, path: Path, seed: int, dtype: DTypeLike = np.float32
) -> ArrayData:
    """``load_arrays`` of what has been read."""
    if not isinstance(dataset.images, ImageArrays):
        raise DataError(
            f"{path}: holds photos, and this recipe takes arrays; the recipes for photos are "
            "dishes, tomato, produce, grocery, plants"
        )
    x, preprocessing = _inputs(dataset.images)
    y = dataset.targets
    if y.ndim == 1 and len(dataset.class_names) == 2:
        y = y[:, np.newaxis]  # yes or no
    if len(x) < FEWEST:
        raise DataError(
            f"{path}: expected {FEWEST} samples or more, got X {dataset.images.array.shape} and Y "
            f"{dataset.targets.shape}"
        )
    checked = as_dataset((x, y), str(path), dtype)
    if dataset.images.images:
        checked = replace(checked, x=checked.x / np.asarray(255, checked.x.dtype))
    splits = _three_splits(dataset, seed)
    return ArrayData(
        train=checked[splits["train"]],
        validation=checked[splits["validation"]],
        test=checked[splits["test"]],
        class_names=list(dataset.class_names),
        description=str(path),
        preprocessing=preprocessing,
        problems=dataset.problems,
    )


def _inputs(images: ImageArrays) -> tuple[NDArray[Any], dict[str, Any]]:
    """(samples, ...) and what was done to them; images have a last axis of channels."""
    x = images.array
    if not images.images:
        return x, {"input": "as given"}
    if x.ndim == 3:
        x = x[..., np.newaxis]
    text = "levels 0 to 255, divided by 255"
    if x.shape[3] == 1:
        return x, grey_images(text, *x.shape[1:3])
    steps = Compose([Resize(x.shape[1:3]), ToFloat()])
    return x, {"input": text, "transform": transform_config(steps)}


def _three_splits(dataset: ImageDataset, seed: int) -> Mapping[str, NDArray[np.intp]]:
    """Rows of train, validation and test; what is missing is taken out of train."""
    rng = np.random.default_rng(seed)
    if is_undivided(dataset):
        rows = dataset.rows()
        order = rows[rng.permutation(len(rows))]
        held_out = int(len(order) * HELD_OUT)
        ends = [len(order) - 2 * held_out, len(order) - held_out]
        return dict(zip(("train", "validation", "test"), np.split(order, ends), strict=True))
    splits = dict(dataset.splits)
    for missing in {"validation", "test"} - splits.keys():
        order = rng.permutation(splits["train"])
        held_out = max(1, int(len(order) * HELD_OUT))
        splits["train"], splits[missing] = order[held_out:], order[:held_out]
    return splits
