import io

import numpy as np
import pytest

from src.classic_train.cli.options import TrainingOptions
from src.classic_train.data.generated import (
    HELD_OUT,
    blobs,
    digit_canvases,
    digit_strips,
    load_npz,
    moons,
)
from src.classic_train.mini_batch import DataError

OPTIONS = TrainingOptions(train_samples=50)


@pytest.mark.parametrize("make", [digit_strips, digit_canvases, blobs, moons])
def test_generated_data_have_the_sizes_asked_for_and_are_seeded(make):
    data, again = make(OPTIONS), make(OPTIONS)
    assert (len(data.train), len(data.validation), len(data.test)) == (50, HELD_OUT, HELD_OUT)
    assert data.train.y.shape == (50, len(data.class_names))
    assert np.array_equal(data.test.x, again.test.x)
    assert not np.array_equal(data.train.x, make(TrainingOptions(train_samples=50, seed=1)).train.x)


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
    return str(path)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "own.npz"


def test_the_users_arrays_are_split_without_overlap(path):
    x = np.arange(300.0).reshape(100, 3)
    save(path, X=x, Y=np.eye(2)[np.arange(100) % 2], class_names=np.array(["left", "right"]))
    data = load_npz(str(path), seed=0)
    parts = [data.train.x, data.validation.x, data.test.x]
    assert [len(part) for part in parts] == [70, 15, 15]
    assert sorted(np.concatenate(parts)[:, 0]) == sorted(x[:, 0])
    assert data.class_names == ["left", "right"]
    assert data.task != "binary"


def test_one_column_of_labels_is_a_question_of_yes_or_no(path):
    data = load_npz(save(path, X=np.ones((40, 2)), Y=np.arange(40) % 2), seed=0)
    assert data.task == "binary"
    assert data.train.y.shape == (28, 1)


X, Y = np.ones((40, 2)), np.zeros((40, 3))


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"X": X}, "expected arrays X and Y, found X"),
        ({"X": X, "Y": Y[:30]}, r"got x \(40, 2\) and y \(30, 3\)"),
        ({"X": np.where(X, np.nan, 0), "Y": Y}, r"own\.npz x: expected finite numbers, got nan"),
        ({"X": X, "Y": Y + 2}, "Y: expected 0 and 1 only, got 2"),
        ({"X": X[:, 0], "Y": Y}, r"expected X \(samples, features\) .* got X \(40,\)"),
        ({"X": X[:9], "Y": Y[:9]}, "20 samples or more"),
        ({"X": X[:, :0], "Y": Y}, r"got X \(40, 0\)"),
        ({"X": X, "Y": Y[:, :0]}, r"Y \(40, 0\)"),
        ({"X": X * 1j, "Y": Y}, "x: expected real numbers, got values of type complex128"),
        ({"X": X, "Y": Y, "class_names": np.array("a")}, r"class_names: expected shape \(3,\)"),
        (
            {"X": X, "Y": Y, "class_names": np.array(["a"])},
            r"class_names: expected shape \(3,\), got \(1,\)",
        ),
        ({"X": np.array([object()] * 40), "Y": Y}, "cannot be read as an .npz file"),
    ],
)
def test_mistakes_say_which_array_got_and_expected(path, arrays, message):
    with pytest.raises(DataError, match=message):
        load_npz(save(path, **arrays), seed=0)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 torn", b"no archive", encrypted_archive()])
def test_an_unreadable_file_is_named(path, content):
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"own\.npz: cannot be read"):
        load_npz(str(path), seed=0)


def test_a_missing_file_is_named(path):
    with pytest.raises(DataError, match=r"own\.npz: cannot be read"):
        load_npz(str(path), seed=0)


def test_the_seed_divides_and_the_dtype_is_kept(path):
    x = np.random.default_rng(0).normal(size=(40, 2))
    save(path, X=x, Y=np.arange(40) % 2)
    first, second = (load_npz(str(path), seed, np.float64) for seed in (0, 1))
    assert not np.array_equal(first.test.x, second.test.x)
    assert set(first.test.x[:, 0]) <= set(x[:, 0])  # no digit was lost
