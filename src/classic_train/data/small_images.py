"""Data sets of small grey images, one class each: digits, clothes, hand signs."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.data_utils import handwritten_digits
from src.classic_train.cli.options import TrainingOptions
from src.classic_train.data.splits import ArrayData, grey_images
from src.classic_train.mini_batch import ArrayDataset, DataError
from src.load import UnreadableDataError, read_idx_folder, read_sign_mnist
from src.load.sign_mnist import class_names as sign_names

FASHION_DIRECTORIES = (
    Path("assets/fashion_mnist"),
    Path("/usr/share/datasets/fashion-mnist"),  # Debian's package dataset-fashion-mnist
)
FASHION_NAMES = (
    *("T-shirt", "trousers", "pullover", "dress", "coat"),
    *("sandal", "shirt", "sneaker", "bag", "boot"),
)

FEWEST = 20
"""Images of which a validation part can be taken."""

SIGN_DIRECTORY = Path("assets/mnist/signs")


def digits(options: TrainingOptions) -> ArrayData:
    """scikit-learn's 1,797 handwritten digits, 8 x 8; no handwriting stands in two splits."""
    splits = {
        split: ArrayDataset(images[..., np.newaxis], names)
        for split, (images, names) in handwritten_digits().items()
    }
    return ArrayData(
        train=splits["train"],
        validation=splits["validation"],
        test=splits["test"],
        class_names=[str(digit) for digit in range(10)],
        description="handwritten digits, 8 x 8",
        preprocessing=grey_images("grey levels 0 to 16, divided by 16", 8, 8),
    )


def fashion_mnist(options: TrainingOptions) -> ArrayData:
    """Fashion-MNIST from the place where it is usually found.

    Raises DataError that says where to get it.
    """
    for directory in FASHION_DIRECTORIES:
        if directory.is_dir():
            return fashion_mnist_directory(directory, options)
    raise DataError(
        f"Fashion-MNIST is not in {' or '.join(map(str, FASHION_DIRECTORIES))}: install Debian's "
        "package dataset-fashion-mnist, or give the directory of its four idx files as --data DIR"
    )


def fashion_mnist_directory(directory: Path, options: TrainingOptions) -> ArrayData:
    """Fashion-MNIST (Xiao et al. 2017) from a directory of four idx files."""
    try:
        splits = read_idx_folder(directory)
    except UnreadableDataError as error:
        raise DataError(str(error)) from None
    return _with_validation(splits, FASHION_NAMES, "Fashion-MNIST, 28 x 28", options)


def signs(options: TrainingOptions) -> ArrayData:
    """Sign Language MNIST from where the user keeps it.

    Raises DataError that says where to get it.
    """
    if SIGN_DIRECTORY.is_dir():
        return signs_directory(SIGN_DIRECTORY, options)
    raise DataError(
        f"Sign Language MNIST is not in {SIGN_DIRECTORY}: fetch it with python -m src.load "
        "sign_mnist, or give the directory of sign_mnist_train.csv and sign_mnist_test.csv, plain "
        "or gzipped, as --data DIR"
    )


def signs_directory(directory: Path, options: TrainingOptions) -> ArrayData:
    """Sign Language MNIST from a directory of two CSV files.

    The classes keep the files' labels in their names; inside, they are numbered without gaps.
    """
    try:
        splits = read_sign_mnist(directory)
    except UnreadableDataError as error:
        raise DataError(str(error)) from None
    labels = np.unique(splits["train"][1])
    unknown = np.setdiff1d(splits["test"][1], labels)
    if len(unknown):
        raise DataError(f"{directory}: label {unknown[0]} is in the test file only")
    numbered = {
        split: (images, np.searchsorted(labels, names)) for split, (images, names) in splits.items()
    }
    return _with_validation(numbered, sign_names(labels), "hand signs, 28 x 28", options)


def _with_validation(
    splits: dict[str, tuple[NDArray[np.uint8], NDArray[np.int64]]],
    names: tuple[str, ...] | list[str],
    description: str,
    options: TrainingOptions,
) -> ArrayData:
    """A tenth of the training images of each class, chosen by the seed, for validation."""
    from sklearn.model_selection import train_test_split

    images, classes = splits["train"]
    if classes.max() >= len(names) or splits["test"][1].max() >= len(names):
        raise DataError(f"{description}: expected class numbers below {len(names)}")
    if len(classes) < FEWEST:
        raise DataError(
            f"{description}: too few images for a validation part: expected {FEWEST} or more, got "
            f"{len(classes)}"
        )
    counts = np.unique(classes, return_counts=True)[1]
    each = counts.min() > 1 and len(classes) >= 10 * len(counts)  # every class can have its part
    train, validation = train_test_split(
        np.arange(len(classes)),
        test_size=0.1,
        stratify=classes if each else None,
        random_state=options.seed,
    )
    return ArrayData(
        train=_scaled(images[train], classes[train], options),
        validation=_scaled(images[validation], classes[validation], options),
        test=_scaled(*splits["test"], options),
        class_names=list(names),
        description=description,
        preprocessing=grey_images("grey levels 0 to 255, divided by 255", *images.shape[1:3]),
    )


def _scaled(
    images: NDArray[np.uint8], classes: NDArray[np.int64], options: TrainingOptions
) -> ArrayDataset:
    """(samples, height, width, 1) in [0, 1]."""
    x = images[..., np.newaxis].astype(options.dtype)
    x /= 255
    return ArrayDataset(x, classes)
