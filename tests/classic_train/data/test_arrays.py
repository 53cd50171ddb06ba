import io

import numpy as np
import pytest

from src.classic_train.data.arrays import load_arrays
from src.classic_train.mini_batch import DataError
from tests.load.photos import folder_of


def encrypted_archive():
    """An archive whose members are marked as encrypted."""
    file = io.BytesIO()
    np.savez(file, X=np.ones(3), Y=np.ones(3))
    data = bytearray(file.getvalue())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        position = data.find(signature)
        while position >= 0:
            data[position + offset] |= 1
            position = data.find(signature, position + 1)
    return bytes(data)


def save(path, **arrays):
    np.savez(path, **arrays)
    return path


@pytest.fixture
def path(tmp_path):
    return tmp_path / "own.npz"


def test_the_users_arrays_are_split_without_overlap(path):
    x = np.arange(300.0).reshape(100, 3)
    save(path, X=x, Y=np.eye(2)[np.arange(100) % 2], class_names=np.array(["left", "right"]))
    data = load_arrays(path, seed=0)
    parts = [data.train.x, data.validation.x, data.test.x]
    assert [len(part) for part in parts] == [70, 15, 15]
    assert sorted(np.concatenate(parts)[:, 0]) == sorted(x[:, 0])
    assert data.class_names == ["left", "right"]
    assert data.task != "binary"


def test_one_column_of_labels_is_a_question_of_yes_or_no(path):
    data = load_arrays(save(path, X=np.ones((40, 2)), Y=np.arange(40) % 2), seed=0)
    assert data.task == "binary"
    assert data.train.y.shape == (28, 1)


X, Y = np.ones((40, 2)), np.zeros((40, 3))


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"X": X}, "expected arrays X and Y, or x_train, y_train and so on, found X"),
        ({"X": X, "Y": Y[:30]}, r"got X \(40, 2\) of float64 and Y \(30, 3\)"),
        ({"X": np.where(X, np.nan, 0), "Y": Y}, r"own\.npz: X: expected finite numbers, got nan"),
        ({"X": X, "Y": Y + 2}, "labels of 0 and 1, got 2"),
        ({"X": X[:, 0], "Y": Y}, r"expected X \(samples, ...\) .* got X \(40,\)"),
        ({"X": X[:9], "Y": Y[:9]}, "20 samples or more"),
        ({"X": X[:, :0], "Y": Y}, r"got X \(40, 0\)"),
        ({"X": X, "Y": Y[:, :0]}, r"Y \(40, 0\)"),
        ({"X": X * 1j, "Y": Y}, r"expected X \(samples, ...\) of numbers .* of complex128"),
        ({"X": X, "Y": Y, "class_names": np.array("a")}, "class_names: expected 3"),
        (
            {"X": X, "Y": Y, "class_names": np.array(["a"])},
            r"class_names: expected 3, got \(1,\)",
        ),
        ({"X": np.array([object()] * 40), "Y": Y}, "cannot be read as an .npz file"),
    ],
)
def test_mistakes_say_which_array_got_and_expected(path, arrays, message):
    with pytest.raises(DataError, match=message):
        load_arrays(save(path, **arrays), seed=0)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 torn", b"no archive", encrypted_archive()])
def test_an_unreadable_file_is_named(path, content):
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"own\.npz: cannot be read"):
        load_arrays(path, seed=0)


def test_a_missing_file_is_named(path):
    with pytest.raises(DataError, match=r"own\.npz: no such file"):
        load_arrays(path, seed=0)


def test_the_seed_divides_and_the_dtype_is_kept(path):
    x = np.random.default_rng(0).normal(size=(40, 2))
    save(path, X=x, Y=np.arange(40) % 2)
    first, second = (load_arrays(path, seed, np.float64) for seed in (0, 1))
    assert not np.array_equal(first.test.x, second.test.x)
    assert set(first.test.x[:, 0]) <= set(x[:, 0])  # no digit was lost


def test_class_numbers_images_and_splits(path):
    images = np.random.default_rng(0).integers(0, 256, (60, 6, 5), dtype=np.uint8)
    classes = np.arange(60) % 3
    data = load_arrays(save(path, X=images, Y=classes[:, np.newaxis]), seed=0)
    assert data.task == "multi_class"
    assert list(data.class_names) == ["class 0", "class 1", "class 2"]
    assert data.train.x.shape == (42, 6, 5, 1)
    assert data.train.x.max() == 1
    assert data.preprocessing["transform"]
    sizes = {"x_train": images[:40], "y_train": classes[:40]}
    divided = load_arrays(save(path, **sizes, x_test=images[40:], y_test=classes[40:]), seed=0)
    assert [len(part) for part in (divided.train, divided.validation, divided.test)] == [34, 6, 20]
    assert np.array_equal(divided.test.y, classes[40:])


def test_photos_are_no_arrays(tmp_path):
    folder_of(tmp_path, {"a": 1, "b": 1})
    with pytest.raises(DataError, match="the recipes for photos are dishes"):
        load_arrays(tmp_path, seed=0)
