"""The whole way from a folder to a clean, divided data set, on files made here and on real ones."""

import numpy as np
import pytest

from src.classic_cnn.architectures import small_cnn
from src.classic_nn import BinaryCrossEntropy, SoftmaxCrossEntropy, create_optimizer
from src.classic_train import MiniBatchTrainer
from src.load import BatchLoader, UnreadableDataError, fingerprint_photos, load_dataset
from src.load.transforms import Compose, PadToSquare, Resize, ToFloat
from tests.load.photos import folder_of
from tests.paths import real_data
from tests.real_sample import sampled_data


def test_an_undivided_set_is_divided_a_divided_one_is_not(tmp_path):
    folder_of(tmp_path / "a", {"x": 20, "y": 20})
    divided = load_dataset(tmp_path / "a", progress=False)
    assert {split: len(rows) for split, rows in divided.splits.items()} == {
        "train": 28,
        "validation": 6,
        "test": 6,
    }
    assert list(load_dataset(tmp_path / "a", divide=False, progress=False).splits) == ["all"]
    again, other = (load_dataset(tmp_path / "a", seed=seed, progress=False) for seed in (0, 1))
    assert np.array_equal(divided.splits["test"], again.splits["test"])
    assert not np.array_equal(divided.splits["test"], other.splits["test"])
    folder_of(tmp_path / "b", {"train/x": 8, "val/x": 8})
    assert list(load_dataset(tmp_path / "b", progress=False).splits) == ["train", "validation"]
    anew = load_dataset(tmp_path / "b", divide=True, progress=False)
    assert sorted(anew.splits) == ["test", "train", "validation"]
    assert not anew.problems.count("photos in two splits")


def test_a_class_too_small_to_be_divided_is_named(tmp_path):
    folder_of(tmp_path, {"common": 40, "rare": 1})
    problems = load_dataset(tmp_path, progress=False).problems
    assert [problem.text for problem in problems.found] == [
        "validation has no rare",
        "test has no rare",
    ]


def test_nothing_but_damaged_photos_is_no_data_set(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.jpg").write_bytes(b"x")
    with pytest.raises(UnreadableDataError, match="no photo of 1 can be used"):
        load_dataset(tmp_path, progress=False)
    with pytest.raises(UnreadableDataError, match=r"1\.jpg: is no image"):
        load_dataset(tmp_path, on_error="fail", progress=False)


REAL = {
    "dishes": {},
    "tomato": {},
    "tomato, whole": {"objects": False},
    "produce/LVIS_Fruits_And_Vegetables": {},
    "produce/LVIS_Fruits_And_Vegetables, whole": {"objects": False},
    "grocery": {},
    "grocery, coarse": {"labels": "coarse"},
    "plants": {},
    "tiny_imagenet": {},
    "sign_mnist": {},
}


@pytest.mark.parametrize("name", REAL)
def test_every_real_set_reads_and_trains_an_epoch_through_the_loader(name, tmp_path, monkeypatch):
    root = sampled_data(name.partition(",")[0], tmp_path / "data", most=20)
    monkeypatch.chdir(tmp_path)  # sign_mnist keeps a cache
    dataset = load_dataset(root, divide=True, progress=False, **REAL[name])
    few = {split: rows[:: max(len(rows) // 400, 1)] for split, rows in dataset.splits.items()}
    dataset = dataset.divided(few)
    pipeline = Compose([PadToSquare(), Resize((24, 24)), ToFloat()])
    train, validation = (
        BatchLoader(dataset, split, pipeline, shuffle=split == "train")
        for split in ("train", "validation")
    )
    network = small_cnn(len(dataset.class_names), ((8,),), (16,), 0.0)
    network.build(next(train.epoch(0))[0].shape[1:], np.random.default_rng(0))
    loss = BinaryCrossEntropy() if dataset.multi_label else SoftmaxCrossEntropy()
    adam = create_optimizer("adam", learning_rate=1e-3)
    (record,) = MiniBatchTrainer(network, loss, adam, epochs=1).fit(train, validation)
    assert np.isfinite([record["cost"], record["validation_cost"]]).all()


def test_no_photo_of_the_tomatoes_stands_in_two_splits():
    dataset = load_dataset(real_data("tomato"), divide=True, progress=False)
    digests = fingerprint_photos(dataset.images.photos).digests
    split_of = {}
    for split, rows in dataset.splits.items():
        for photo in set(dataset.images.photo_of[rows]):
            assert split_of.setdefault(digests[photo], split) == split


def test_what_is_wrong_with_the_dishes_is_known():
    dataset = load_dataset(real_data("dishes"), progress=False)
    assert {split: len(rows) for split, rows in dataset.splits.items()} == {
        "test": 501,
        "train": 454,
    }
    texts = {problem.kind: problem.text for problem in dataset.problems.found}
    assert "test/dirty/1324.jpg = train/dirty/1219.jpg" in texts["photos in two splits"]
    assert "train/clean/1068.jpg = train/clean/1102.jpg" in texts["photos that stand twice"]
    contradiction = "train/clean/1184.jpg = train/dirty/1190.jpg: clean and dirty"
    assert texts["photos with contradictory labels"] == contradiction
