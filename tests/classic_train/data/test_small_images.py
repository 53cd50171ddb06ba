import numpy as np
import pytest

from src.classic_train.cli.options import TrainingOptions
from src.classic_train.data import small_images
from src.classic_train.mini_batch import DataError
from tests.load.test_idx import folder, idx_bytes  # noqa: F401 - a fixture
from tests.load.test_sign_mnist import rows, text

OPTIONS = TrainingOptions()


@pytest.fixture
def sign_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for split, seed in (("train", 0), ("test", 1)):
        table = rows(90, seed)
        table[:, 0] += 1 + (table[:, 0] >= 8)  # 1 to 8 and 10: 9 does not occur
        (tmp_path / f"sign_mnist_{split}.csv").write_text(text(table))
    return tmp_path


def test_digits_are_in_one_split_each_and_scaled():
    data = small_images.digits(OPTIONS)
    assert data.task == "multi_class"
    assert data.task != "binary"
    assert [len(part) for part in (data.train, data.validation, data.test)] == [1257, 180, 360]
    assert data.train.x.shape[1:] == (8, 8, 1)
    assert 0 == data.train.x.min() < data.train.x.max() == 1


def test_signs_are_numbered_without_gaps_under_their_original_names(sign_folder):
    data = small_images.signs_directory(sign_folder, OPTIONS)
    assert data.class_names == [*(f"{k} {'ABCDEFGHI'[k]}" for k in range(1, 9)), "10 K"]
    assert np.unique(data.test.y).tolist() == list(range(9))
    assert (len(data.train), len(data.validation)) == (81, 9)
    assert np.unique(data.validation.y).tolist() == list(range(9))  # stratified
    assert data.train.x.dtype == np.float32
    assert data.train.x.max() == 1


def test_another_seed_holds_out_other_images(sign_folder):
    first, again, other = (
        small_images.signs_directory(sign_folder, TrainingOptions(seed=seed)) for seed in (0, 0, 1)
    )
    assert np.array_equal(first.validation.x, again.validation.x)
    assert not np.array_equal(first.validation.x, other.validation.x)


def test_a_label_of_the_test_file_alone_is_refused(sign_folder):
    table = rows(30)
    table[3, 0] = 20
    (sign_folder / "sign_mnist_test.csv").write_text(text(table))
    with pytest.raises(DataError, match=r"label (0|20) is in the test file only"):
        small_images.signs_directory(sign_folder, OPTIONS)


def test_fashion_mnist_from_a_directory(folder):  # noqa: F811
    images = np.zeros((100, 5, 4), np.uint8)
    (folder / "train-images-idx3-ubyte").write_bytes(idx_bytes(images))
    (folder / "train-labels-idx1-ubyte.gz").unlink()
    labels = np.arange(100).astype(np.uint8) % 10
    (folder / "train-labels-idx1-ubyte").write_bytes(idx_bytes(labels))
    data = small_images.fashion_mnist_directory(folder, OPTIONS)
    assert (len(data.train), len(data.validation), len(data.test)) == (90, 10, 10)
    assert data.class_names[9] == "boot"


@pytest.mark.parametrize("load", [small_images.signs, small_images.fashion_mnist])
def test_missing_data_say_where_to_get_them(load, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(small_images, "FASHION_DIRECTORIES", (tmp_path / "nowhere",))
    with pytest.raises(DataError, match="--data DIR"):
        load(OPTIONS)


def test_too_few_images_for_validation_are_refused(folder):  # noqa: F811
    data = small_images.fashion_mnist_directory(folder, OPTIONS)
    assert (len(data.train), len(data.validation)) == (27, 3)  # not of every class
    for kind, axes in (("images-idx3", (19, 5, 4)), ("labels-idx1", (19,))):
        (folder / f"train-{kind}-ubyte").write_bytes(idx_bytes(np.zeros(axes, np.uint8)))
    with pytest.raises(DataError, match="too few images for a validation part"):
        small_images.fashion_mnist_directory(folder, OPTIONS)
