"""From files to arrays: readers of data sets, mini-batches, and changes of images.

Readers are imported when one is asked for: who only predicts needs none of them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from src.load.batch_affine import BatchRandomAffine
from src.load.dataset import ImageDataset
from src.load.errors import UnreadableDataError
from src.load.images import open_image
from src.load.loader import BatchLoader
from src.load.prepared import PreparedImages
from src.load.problems import Problems
from src.load.sources import ImageArrays, ImageFiles

if TYPE_CHECKING:
    from src.load.arrays import read_arrays, read_npz
    from src.load.fingerprints import Fingerprints, fingerprint_photos
    from src.load.grocery import read_grocery
    from src.load.idx import read_idx, read_idx_folder
    from src.load.image_folder import read_image_folder
    from src.load.listed.reader import read_image_csv
    from src.load.prepare import load_dataset, load_with_fingerprints
    from src.load.read import read_data
    from src.load.sign_mnist import read_sign_mnist, read_sign_rows
    from src.load.splits import complete_splits, k_fold, split_by_content
    from src.load.statistics import mean_and_std
    from src.load.yolo import read_yolo

LATE = {
    "arrays": (
        "read_arrays",
        "read_npz",
    ),
    "fingerprints": (
        "Fingerprints",
        "fingerprint_photos",
    ),
    "grocery": ("read_grocery",),
    "idx": (
        "read_idx",
        "read_idx_folder",
    ),
    "image_folder": ("read_image_folder",),
    "listed.reader": ("read_image_csv",),
    "prepare": (
        "load_dataset",
        "load_with_fingerprints",
    ),
    "read": ("read_data",),
    "sign_mnist": (
        "read_sign_mnist",
        "read_sign_rows",
    ),
    "splits": (
        "complete_splits",
        "k_fold",
        "split_by_content",
    ),
    "statistics": ("mean_and_std",),
    "yolo": ("read_yolo",),
}
"""Names that are imported when they are asked for, by the modules that have them."""

__all__ = [
    "BatchLoader",
    "BatchRandomAffine",
    "Fingerprints",
    "ImageArrays",
    "ImageDataset",
    "ImageFiles",
    "PreparedImages",
    "Problems",
    "UnreadableDataError",
    "complete_splits",
    "fingerprint_photos",
    "k_fold",
    "load_dataset",
    "load_with_fingerprints",
    "mean_and_std",
    "open_image",
    "read_arrays",
    "read_data",
    "read_grocery",
    "read_idx",
    "read_idx_folder",
    "read_image_csv",
    "read_image_folder",
    "read_npz",
    "read_sign_mnist",
    "read_sign_rows",
    "read_yolo",
    "split_by_content",
]


def __getattr__(name: str) -> Any:
    """A name of ``LATE`` (PEP 562)."""
    for module, names in LATE.items():
        if name in names:
            return getattr(import_module(f"src.load.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
