import contextlib
import zipfile

import numpy as np
import pytest
from PIL import Image

from src.load import UnreadableDataError, read_data
from src.load.arrays import read_arrays

X = np.arange(6 * 4 * 5 * 3, dtype=np.uint8).reshape(6, 4, 5, 3)
Y = np.array([0, 1, 2, 0, 1, 2])


def test_an_npz_file_of_images(tmp_path):
    np.savez(tmp_path / "a.npz", X=X, Y=Y, class_names=np.array(["a", "b", "c"]))
    dataset = read_data(tmp_path / "a.npz")
    assert list(dataset.class_names) == ["a", "b", "c"]
    assert isinstance(dataset.images[2], Image.Image)
    assert np.array_equal(np.asarray(dataset.images[2]), X[2])


def test_npy_files_are_mapped_not_read(tmp_path):
    np.save(tmp_path / "X.npy", X.astype(np.float32))
    np.save(tmp_path / "Y.npy", np.eye(3)[Y])
    dataset = read_data(tmp_path)
    assert isinstance(dataset.images.array, np.memmap)
    assert dataset.multi_label
    assert np.array_equal(dataset.images[3], X[3].astype(np.float32))
    assert len(read_data(tmp_path / "X.npy")) == 6


def test_grey_images_have_one_channel_or_none(tmp_path):
    for x in (X[..., 0], X[..., :1]):
        np.savez(tmp_path / "a.npz", X=x, Y=Y)
        image = read_arrays(tmp_path / "a.npz").images[1]
        assert image.mode == "L"
        assert np.array_equal(np.asarray(image), X[1, ..., 0])


def test_targets_in_the_forms_that_people_have(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, X=X, Y=Y[:, np.newaxis])
    assert read_arrays(path).targets.tolist() == Y.tolist()
    np.savez(path, X=X, Y=np.array(["pear", "apple"] * 3))
    named = read_arrays(path)
    assert list(named.class_names) == ["apple", "pear"]
    assert named.targets.tolist() == [1, 0] * 3
    np.savez(path, X=X, Y=Y % 2, class_names=np.array(["ripe"]))
    assert list(read_arrays(path).class_names) == ["not ripe", "ripe"]
    np.savez(path, X=X, Y=Y, class_names=np.array(["crane", "crane", "tabby"]))
    assert list(read_arrays(path).class_names) == ["crane (0)", "crane (1)", "tabby"]


def test_arrays_that_come_in_splits(tmp_path):
    np.savez(tmp_path / "a.npz", x_train=X, y_train=Y, x_test=X[:2], y_test=Y[:2])
    dataset = read_arrays(tmp_path / "a.npz")
    assert {split: len(rows) for split, rows in dataset.splits.items()} == {"train": 6, "test": 2}
    assert np.array_equal(dataset.images.array[6:], X[:2])
    np.savez(tmp_path / "a.npz", x_train=X, y_train=Y, x_test=X[:2, :3], y_test=Y[:2])
    with pytest.raises(UnreadableDataError, match="of one shape"):
        read_arrays(tmp_path / "a.npz")


USER_ERRORS = {
    "no Y": ({"X": X}, "expected arrays X and Y, or x_train, y_train and so on, found X"),
    "other lengths": ({"X": X, "Y": Y[:5]}, "expected X .samples"),
    "no samples": ({"X": X[:0], "Y": Y[:0]}, "expected X .samples"),
    "fractions": ({"X": X, "Y": Y + 0.5}, "expected Y of class numbers"),
    "not a number": ({"X": X, "Y": np.full(6, np.nan)}, "expected Y of class numbers"),
    "infinite": ({"X": X, "Y": np.array([0, 1, 2, 0, 1, np.inf])}, "expected Y of class numbers"),
    "huge": ({"X": X, "Y": np.full(6, 2**64 - 1, np.uint64)}, "expected Y of class numbers"),
    "no labels": ({"X": X, "Y": np.zeros((6, 0))}, "expected X .samples"),
    "X of text": ({"X": X[..., 0].astype(str), "Y": Y}, "expected X .samples, ....* of numbers"),
    "X without pixels": ({"X": X[:, :0], "Y": Y}, "expected X .samples"),
    "negative": ({"X": X, "Y": Y - 1}, "expected Y of class numbers"),
    "labels of 2": ({"X": X, "Y": np.full((6, 2), 2)}, "expected Y of class numbers"),
    "blank names": ({"X": X, "Y": np.array(["a", " "] * 3)}, "expected a name for each sample"),
    "too many names": (
        {"X": X, "Y": np.eye(3)[Y], "class_names": np.array(list("abcd"))},
        "class_names: expected 3",
    ),
    "names": ({"X": X, "Y": Y, "class_names": np.array(["a"])}, "class_names: expected 3"),
}


@pytest.mark.parametrize("name", USER_ERRORS)
def test_mistakes_are_one_line(name, tmp_path):
    arrays, message = USER_ERRORS[name]
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(UnreadableDataError, match=message):
        read_arrays(tmp_path / "a.npz")


def test_damaged_files_and_pickles_are_refused(tmp_path):
    np.savez(tmp_path / "a.npz", X=X, Y=Y)
    content = (tmp_path / "a.npz").read_bytes()
    for length in range(0, len(content), 37):
        (tmp_path / "a.npz").write_bytes(content[:length])
        with pytest.raises(UnreadableDataError, match=r"a\.npz: "):
            read_arrays(tmp_path / "a.npz")
    np.savez(tmp_path / "a.npz", X=np.array([{}, {}], object), Y=Y[:2])
    with pytest.raises(UnreadableDataError, match="cannot be read"):
        read_arrays(tmp_path / "a.npz")
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as file:
        file.writestr("X", "no array")
        file.writestr("Y", "no array")
    with pytest.raises(UnreadableDataError, match="expected arrays X and Y"):
        read_arrays(tmp_path / "a.npz")
    np.save(tmp_path / "X.npy", X)
    sound = (tmp_path / "X.npy").read_bytes()
    for place in range(128):
        damaged = bytearray(sound)
        damaged[place] ^= 0x55
        (tmp_path / "X.npy").write_bytes(damaged)
        with contextlib.suppress(UnreadableDataError):  # and nothing else
            read_data(tmp_path)
    (tmp_path / "X.npy").write_bytes(b"x")
    with pytest.raises(UnreadableDataError, match=r"X\.npy: cannot be read"):
        read_data(tmp_path)
