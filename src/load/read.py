"""One function that reads every kind of data set, by what lies in the given place."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from src.load.arrays import read_arrays
from src.load.dataset import ImageDataset
from src.load.errors import UnreadableDataError
from src.load.idx import read_idx_folder
from src.load.image_folder import read_image_folder
from src.load.lists import Labels, read_grocery, read_image_csv
from src.load.problems import Problems
from src.load.sign_mnist import class_names as sign_names
from src.load.sign_mnist import read_sign_mnist
from src.load.sources import ImageArrays
from src.load.yolo import read_yolo, yaml_files

KINDS = (
    "folders of classes (perhaps below train, val, test), a YOLO .yaml file, Grocery Store lists, "
    "a CSV file of path,label, Sign MNIST CSVs, idx files, .npz, or X.npy and Y.npy"
)


def read_data(
    path: str | Path,
    *,
    objects: bool = True,
    labels: Labels = "both",
    problems: Problems | None = None,
) -> ImageDataset:
    """Read a data set of any known kind; nothing is decoded yet.

    Args:
        path: a file or a folder; see ``KINDS``.
        objects: of YOLO data sets, one sample an object; else whole images with labels.
        labels: of Grocery Store: "both", "fine" or "coarse".
        problems: where to file what cannot be used.

    Raises:
        UnreadableDataError: there is no data set of a known kind, or it is damaged.
    """
    path, problems = Path(path), problems if problems is not None else Problems()
    if not path.exists():
        raise UnreadableDataError(f"{path}: no such file or folder")
    if path.is_file():
        match path.suffix.lower():
            case ".yaml" | ".yml":
                return read_yolo(path, objects, problems)
            case ".csv":
                return read_image_csv(path, problems)
            case ".npz" | ".npy":
                return read_arrays(path)
        raise UnreadableDataError(f"{path}: expected {KINDS}")
    if (path / "classes.csv").is_file() and any(path.glob("*.txt")):
        return read_grocery(path, labels, problems)
    if yaml_files(path):
        return read_yolo(path, objects, problems)
    if (path / "X.npy").is_file():
        return read_arrays(path)
    if any(path.glob("sign_mnist_train.csv*")):
        splits = read_sign_mnist(path)
        present = np.unique(np.concatenate([labels for _, labels in splits.values()]))
        numbered = {
            split: (images, np.searchsorted(present, labels))
            for split, (images, labels) in splits.items()
        }
        return _from_arrays(path, numbered, sign_names(present), problems)
    if any(path.glob("train-images-idx3-ubyte*")):
        splits = read_idx_folder(path)
        classes = 1 + max(int(labels.max()) for _, labels in splits.values())
        return _from_arrays(path, splits, [str(k) for k in range(classes)], problems)
    return read_image_folder(path, problems)


def _from_arrays(
    path: Path,
    splits: dict[str, tuple[NDArray[np.uint8], NDArray[np.int64]]],
    names: list[str],
    problems: Problems,
) -> ImageDataset:
    """Splits in arrays as one data set."""
    images = np.concatenate([images for images, _ in splits.values()])
    targets = np.concatenate([labels for _, labels in splits.values()])
    ends = np.cumsum([0, *(len(labels) for _, labels in splits.values())])
    rows = {split: np.arange(ends[k], ends[k + 1]) for k, split in enumerate(splits)}
    return ImageDataset(ImageArrays(images, str(path)), targets, names, rows, problems)
