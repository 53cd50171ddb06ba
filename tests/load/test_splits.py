import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.load import (
    ImageArrays,
    ImageDataset,
    UnreadableDataError,
    complete_splits,
    k_fold,
    load_with_fingerprints,
    split_by_content,
)
from src.load.dataset import one_split
from src.load.fingerprints import Fingerprints
from tests.load.photos import folder_of


class Photos(ImageArrays):
    """Samples that belong to photos as told."""

    def __init__(self, photo_of):
        super().__init__(np.zeros((len(photo_of), 1, 1), np.uint8))
        self.of = np.array(photo_of)

    @property
    def photo_of(self):
        return self.of


def content_of(digests):
    count = len(digests)
    rng = np.random.default_rng(0)
    hashes = rng.integers(0, 1 << 63, (count, 2), dtype=np.uint64)
    return Fingerprints(list(map(str, digests)), hashes, np.ones((count, 2), np.int64), {})


def dataset_of(targets, photo_of=None):
    targets = np.array(targets)
    source = Photos(range(len(targets)) if photo_of is None else photo_of)
    classes = targets.shape[1] if targets.ndim == 2 else int(targets.max()) + 1
    return ImageDataset(source, targets, list(map(str, range(classes))), one_split(len(targets)))


cases = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 30)), min_size=1, max_size=80)


@given(case=cases, seed=st.integers(0, 5))
def test_every_sample_has_one_home_and_photos_stay_together(case, seed):
    labels, photo_of = zip(*case, strict=True)
    digests = [k // 2 for k in range(31)]  # photos 2k and 2k + 1 are the same
    dataset = dataset_of(labels, photo_of)
    divided = split_by_content(dataset, content_of(digests), seed=seed)
    rows = np.concatenate(list(divided.splits.values()))
    assert sorted(rows) == list(range(len(case)))
    split_of = {}
    for split, part in divided.splits.items():
        for row in part:
            assert split_of.setdefault(photo_of[row] // 2, split) == split


@given(
    counts=st.lists(st.integers(20, 90), min_size=1, max_size=5),
    multi=st.booleans(),
    seed=st.integers(0, 3),
)
def test_every_class_is_shared_out_as_asked(counts, multi, seed):
    targets = np.repeat(np.arange(len(counts)), counts)
    given = np.eye(len(counts), dtype=int)[targets] if multi else targets
    dataset = dataset_of(given)
    divided = split_by_content(dataset, content_of(range(len(targets))), seed=seed)
    for split, fraction in (("train", 0.7), ("validation", 0.15), ("test", 0.15)):
        assert np.abs(divided.counts(split) - fraction * np.array(counts)).max() <= 1


def test_many_labels_at_once_are_shared_out():
    rng = np.random.default_rng(0)
    targets = (rng.random((600, 12)) < np.linspace(0.02, 0.5, 12)).astype(int)
    dataset = dataset_of(targets)
    divided = split_by_content(dataset, content_of(range(600)))
    for split, fraction in (("train", 0.7), ("validation", 0.15), ("test", 0.15)):
        wanted = fraction * targets.sum(axis=0)
        assert np.abs(divided.counts(split) - wanted).max() <= 3 + 0.12 * wanted.max()
        assert divided.counts(split).min() >= 1


def test_a_class_of_one_sample_is_trained_on():
    dataset = dataset_of([0] * 50 + [1])
    assert 50 in split_by_content(dataset, content_of(range(51))).splits["train"]


def test_the_seed_decides():
    dataset, fingerprints = dataset_of([0, 1] * 50), content_of(range(100))
    first, same, other = (
        split_by_content(dataset, fingerprints, seed=seed).splits["test"].tolist()
        for seed in (0, 0, 1)
    )
    assert first == same != other


@given(folds=st.integers(2, 6), seed=st.integers(0, 3))
def test_in_k_folds_every_sample_validates_once(folds, seed):
    dataset = dataset_of([0] * 31 + [1] * 12, [k // 2 for k in range(43)])
    fingerprints = content_of(range(22))
    validated = []
    for fold in k_fold(dataset, fingerprints, folds, seed):
        train, validation = fold.splits["train"], fold.splits["validation"]
        assert sorted([*train, *validation]) == list(range(43))
        photos = dataset.images.photo_of
        assert not set(photos[train]) & set(photos[validation])
        assert abs(len(validation) - 43 / folds) <= 3
        validated += validation.tolist()
    assert sorted(validated) == list(range(43))


def test_splits_without_photos_are_no_splits_and_there_are_no_folds_of_nothing():
    dataset, fingerprints = dataset_of([0, 1]), content_of(range(2))
    divided = split_by_content(dataset, fingerprints)
    assert list(divided.splits) == ["train"]
    assert divided.problems.count("splits without images") == 2
    with pytest.raises(ValueError, match="at most one for each of 2 photos, got 3"):
        next(k_fold(dataset, fingerprints, 3))


def test_fractions_and_folds_are_checked():
    dataset, fingerprints = dataset_of([0, 1]), content_of(range(2))
    for wrong in ({"train": 0.5}, {"train": 1.2, "test": -0.2}):
        with pytest.raises(ValueError, match="positive fractions that add up to 1"):
            split_by_content(dataset, fingerprints, wrong)
    with pytest.raises(ValueError, match="folds: expected 2 or more"):
        next(k_fold(dataset, fingerprints, 1))


def test_samples_without_any_label_are_shared_out_too():
    targets = np.zeros((100, 2), int)
    targets[:20, 0] = 1
    divided = split_by_content(dataset_of(targets), content_of(range(100)))
    assert [len(divided.splits[name]) for name in ("train", "validation", "test")] == [70, 15, 15]


def test_where_several_splits_lack_a_class_the_emptiest_gets_it():
    folds = k_fold(dataset_of(range(5)), content_of(range(5)), 5)
    assert [len(fold.splits["validation"]) for fold in folds] == [1] * 5


def test_rare_labels_are_shared_out_before_common_ones():
    for seed in range(5):
        targets = np.ones((100, 2), int)
        targets[20:, 1] = 0
        divided = split_by_content(dataset_of(targets), content_of(range(100)), seed=seed)
        assert [divided.counts(name)[1] for name in divided.splits] == [14, 3, 3]


def test_large_groups_are_shared_out_before_small_ones():
    photo_of = [0] * 40 + list(range(1, 61))
    dataset, fingerprints = dataset_of([0] * 100, photo_of), content_of(range(61))
    divided = split_by_content(dataset, fingerprints, {"a": 0.5, "b": 0.5})
    assert [len(rows) for rows in divided.splits.values()] == [50, 50]


def test_the_seed_decides_the_folds():
    dataset, fingerprints = dataset_of([0, 1] * 50), content_of(range(100))
    first, same, other = (
        next(k_fold(dataset, fingerprints, 5, seed)).splits["validation"].tolist()
        for seed in (0, 0, 1)
    )
    assert first == same != other


def splits_of(path, **settings):
    dataset, fingerprints = load_with_fingerprints(path, divide=False)
    return dataset, complete_splits(dataset, fingerprints, **settings).splits


def test_complete_splits_stay_as_they_are(tmp_path):
    folder_of(
        tmp_path, {f"{split}/{name}": 3 for split in ("train", "val", "test") for name in "ab"}
    )
    dataset, splits = splits_of(tmp_path)
    assert {name: rows.tolist() for name, rows in splits.items()} == {
        name: rows.tolist() for name, rows in dataset.splits.items()
    }


def test_a_missing_validation_split_is_taken_out_of_training(tmp_path):
    folder_of(tmp_path, {"train/a": 20, "train/b": 20, "test/a": 5, "test/b": 5})
    dataset, splits = splits_of(tmp_path)
    assert splits["test"].tolist() == dataset.splits["test"].tolist()
    assert {name: len(rows) for name, rows in splits.items()} == {
        **{"train": 34, "validation": 6, "test": 10}
    }
    assert sorted([*splits["train"], *splits["validation"]]) == dataset.splits["train"].tolist()


def test_or_is_half_of_the_test_split(tmp_path):
    folder_of(tmp_path, {"train/a": 8, "train/b": 8, "test/a": 10, "test/b": 6})
    dataset, splits = splits_of(tmp_path, validation_from="test")
    assert splits["train"].tolist() == dataset.splits["train"].tolist()
    assert sorted([*splits["validation"], *splits["test"]]) == dataset.splits["test"].tolist()
    for name in ("validation", "test"):
        assert np.bincount(dataset.targets[splits[name]]).tolist() == [5, 3]


def test_of_train_and_validation_the_latter_becomes_test(tmp_path):
    folder_of(tmp_path, {"train/a": 20, "train/b": 20, "val/a": 5, "val/b": 5})
    dataset, splits = splits_of(tmp_path)
    assert splits["test"].tolist() == dataset.splits["validation"].tolist()
    assert set(splits) == {"train", "validation", "test"}


def test_undivided_photos_are_divided(tmp_path):
    folder_of(tmp_path, {"a": 20, "b": 20})
    assert {name: len(rows) for name, rows in splits_of(tmp_path)[1].items()} == {
        **{"train": 28, "validation": 6, "test": 6}
    }


@pytest.mark.parametrize("folders", [{"test/a": 5, "test/b": 5}, {"train/a": 1}])
def test_too_little_to_divide_is_said(folders, tmp_path):
    folder_of(tmp_path, folders)
    message = r"no photos (to train on: found test 10|for .* is too little to divide)"
    with pytest.raises(UnreadableDataError, match=message):
        splits_of(tmp_path)
