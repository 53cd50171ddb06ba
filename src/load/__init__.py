"""From files to arrays: readers of data sets, and augmentation of images."""

from src.load.affine import RandomAffine
from src.load.errors import UnreadableDataError
from src.load.idx import read_idx, read_idx_folder
from src.load.sign_mnist import read_sign_mnist, read_sign_rows

__all__ = [
    "RandomAffine",
    "UnreadableDataError",
    "read_idx",
    "read_idx_folder",
    "read_sign_mnist",
    "read_sign_rows",
]
