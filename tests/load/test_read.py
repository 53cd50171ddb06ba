import gzip

import numpy as np
import pytest

from src.load import UnreadableDataError, read_data
from tests.load.photos import folder_of
from tests.load.test_idx import idx_bytes
from tests.load.test_sign_mnist import rows, text


def test_sign_mnist_keeps_its_letters(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sign_mnist_train.csv").write_text(text(rows(30)))
    with gzip.open(tmp_path / "sign_mnist_test.csv.gz", "wt") as file:
        file.write(text(rows(12, seed=1)))
    dataset = read_data(tmp_path)
    assert {split: len(part) for split, part in dataset.splits.items()} == {"train": 30, "test": 12}
    assert dataset.class_names[:2] == ["0 A", "1 B"]
    assert dataset.images[0].size == (28, 28)
    assert dataset.names_of(30) == (dataset.class_names[rows(12, seed=1)[0, 0]],)


def test_idx_files(tmp_path):
    for prefix, count in (("train", 6), ("t10k", 4)):
        images = np.full((count, 5, 4), count, np.uint8)
        (tmp_path / f"{prefix}-images-idx3-ubyte").write_bytes(idx_bytes(images))
        labels = np.arange(count).astype(np.uint8)
        (tmp_path / f"{prefix}-labels-idx1-ubyte").write_bytes(idx_bytes(labels))
    dataset = read_data(tmp_path)
    assert dataset.splits["test"].tolist() == [6, 7, 8, 9]
    assert dataset.images[6].getpixel((0, 0)) == 4
    assert len(dataset.class_names) == 6


def test_what_is_no_data_set_is_refused_with_what_would_be(tmp_path):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(UnreadableDataError, match=r"expected folders of classes.*YOLO.*\.npz"):
        read_data(tmp_path / "notes.txt")
    with pytest.raises(UnreadableDataError, match="no such file or folder"):
        read_data(tmp_path / "none")
    assert len(read_data(folder_of(tmp_path / "photos", {"a": 1, "b": 1}))) == 2
