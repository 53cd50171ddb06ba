import gzip
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from src.load import UnreadableDataError, read_idx, read_idx_folder
from src.load.idx import TYPES


def idx_bytes(array):
    code = {np.dtype(name).newbyteorder("="): code for code, name in TYPES.items()}[array.dtype]
    header = bytes([0, 0, code, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


@given(
    array=st.sampled_from(sorted(TYPES.values())).flatmap(
        lambda name: arrays(np.dtype(name).newbyteorder("="), array_shapes(max_dims=3, max_side=4))
    ),
    zipped=st.booleans(),
)
def test_what_was_written_is_read(array, zipped, tmp_path_factory):
    path = tmp_path_factory.mktemp("idx") / ("a.gz" if zipped else "a")
    content = idx_bytes(array)
    path.write_bytes(gzip.compress(content) if zipped else content)
    back = read_idx(path)
    assert back.dtype == array.dtype
    assert np.array_equal(back, array, equal_nan=array.dtype.kind == "f")


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for prefix, count in (("train", 30), ("t10k", 10)):
        images = rng.integers(0, 256, (count, 5, 4)).astype(np.uint8)
        labels = (np.arange(count) % 10).astype(np.uint8)
        (tmp_path / f"{prefix}-images-idx3-ubyte").write_bytes(idx_bytes(images))
        with gzip.open(tmp_path / f"{prefix}-labels-idx1-ubyte.gz", "wb") as file:
            file.write(idx_bytes(labels))
    return tmp_path


def test_a_folder_is_two_splits(folder):
    splits = read_idx_folder(folder)
    assert splits["train"][0].shape == (30, 5, 4)
    assert splits["test"][1].tolist() == list(range(10))


def test_every_cut_of_a_file_is_refused(tmp_path):
    content = idx_bytes(np.arange(12, dtype=np.uint8).reshape(3, 2, 2))
    for length in range(len(content)):
        (tmp_path / "a").write_bytes(content[:length])
        with pytest.raises(UnreadableDataError, match=r"/a: (expected|is cut short)"):
            read_idx(tmp_path / "a")


USER_ERRORS = {
    "other format": (b"PK\x03\x04 and so on", "expected an idx file"),
    "unknown type": (b"\0\0\x0a\x01\0\0\0\1\0", "expected an idx file"),
    "more axes than NumPy has": (bytes([0, 0, 8, 70]) + b"\0\0\0\1" * 70 + b"\0", "dimension"),
    "none of too many": (bytes([0, 0, 8, 5]) + b"\0" * 4 + b"\xff" * 16, "/a: "),
    "more than it says": (idx_bytes(np.zeros(3, np.uint8)) + b"\0", "expected 11 bytes"),
}


@pytest.mark.parametrize("name", USER_ERRORS)
def test_mistakes_are_one_line(name, tmp_path):
    content, message = USER_ERRORS[name]
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(UnreadableDataError, match=message):
        read_idx(tmp_path / "a")


def test_missing_and_unequal_files_are_named(folder):
    with pytest.raises(UnreadableDataError, match="cannot be read"):
        read_idx(folder / "none")
    (folder / "t10k-labels-idx1-ubyte.gz").unlink()
    labels = folder / "t10k-labels-idx1-ubyte"
    for wrong in (np.zeros(9, np.uint8), -np.ones(10, np.int8), np.zeros(10, np.float32)):
        labels.write_bytes(idx_bytes(wrong))
        with pytest.raises(UnreadableDataError, match="a byte for each as its label"):
            read_idx_folder(folder)
    labels.write_bytes(idx_bytes(np.zeros(0, np.uint8)))
    (folder / "t10k-images-idx3-ubyte").write_bytes(idx_bytes(np.zeros((0, 5, 4), np.uint8)))
    with pytest.raises(UnreadableDataError, match="one or more images"):
        read_idx_folder(folder)
    (folder / "train-images-idx3-ubyte").unlink()
    with pytest.raises(UnreadableDataError, match="expected train-images-idx3-ubyte or"):
        read_idx_folder(folder)
