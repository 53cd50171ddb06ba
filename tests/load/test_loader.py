import threading
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.load import BatchLoader, ImageArrays, ImageDataset, UnreadableDataError, read_image_folder
from src.load.dataset import one_split
from src.load.transforms import (
    ColorJitter,
    Compose,
    RandomRotation,
    Resize,
    ToFloat,
    Transform,
    TrivialAugmentWide,
)
from tests.load.photos import folder_of, photo, save

AUGMENTED = Compose(
    [
        Resize((12, 16)),
        RandomRotation(30),
        ColorJitter(0.3, 0.3, 0.3, 0.1),
        TrivialAugmentWide(),
        ToFloat(),
    ]
)


def dataset_of(samples, labels=None):
    images = np.stack([np.asarray(photo(seed, 16, 12)) for seed in range(samples)])
    targets = np.arange(samples) % 3 if labels is None else labels
    return ImageDataset(ImageArrays(images), targets, ["a", "b", "c"], one_split(samples))


def epoch(loader, number=0):
    parts = list(loader.epoch(number))
    return [np.concatenate(arrays) for arrays in zip(*parts, strict=True)]


def test_mini_batches_are_the_samples_in_order():
    dataset = dataset_of(10)
    loader = BatchLoader(dataset, batch_size=4)
    assert (len(loader), loader.samples) == (3, 10)
    batches = list(loader.epoch())
    assert [len(x) for x, _ in batches] == [4, 4, 2]
    x, y = epoch(loader)
    assert x.dtype == np.float32
    assert np.array_equal(x, dataset.images.array.astype(np.float32) / 255)
    assert np.array_equal(y, dataset.targets)


def test_labels_have_the_type_of_x_and_classes_are_whole_numbers():
    labels = np.eye(3, dtype=np.int64)[np.arange(5) % 3]
    _, y = epoch(BatchLoader(dataset_of(5, labels), dtype=np.float64))
    assert y.dtype == np.float64
    assert epoch(BatchLoader(dataset_of(5)))[1].dtype == np.int64


@given(
    samples=st.integers(1, 20),
    batch_size=st.integers(1, 8),
    threads=st.integers(1, 4),
    prefetch=st.integers(1, 5),
    number=st.integers(0, 3),
)
def test_neither_threads_nor_prefetch_change_a_number(
    samples, batch_size, threads, prefetch, number
):
    dataset = dataset_of(samples)
    settings = {"batch_size": batch_size, "shuffle": True, "seed": 3}
    one = BatchLoader(dataset, None, AUGMENTED, threads=1, prefetch=1, **settings)
    several = BatchLoader(
        dataset, None, AUGMENTED, threads=threads, prefetch=prefetch, cache="memory", **settings
    )
    for first, second in zip(one.epoch(number), several.epoch(number), strict=True):
        assert np.array_equal(first[0], second[0])
        assert np.array_equal(first[1], second[1])


@given(samples=st.integers(1, 30), batch_size=st.integers(1, 9), size=st.integers(1, 5))
def test_ranks_share_every_mini_batch(samples, batch_size, size):
    dataset = dataset_of(samples)
    settings = {"batch_size": batch_size, "shuffle": True, "threads": 1}
    alone = list(BatchLoader(dataset, None, AUGMENTED, **settings).epoch(2))
    ranks = [
        list(BatchLoader(dataset, None, AUGMENTED, rank=rank, size=size, **settings).epoch(2))
        for rank in range(size)
    ]
    assert all(len(of_rank) == len(alone) for of_rank in ranks)  # as many steps for all
    for number, (x, y) in enumerate(alone):
        parts = [of_rank[number] for of_rank in ranks]  # also where a share is empty
        assert np.array_equal(np.concatenate([part[0] for part in parts]), x)
        assert np.array_equal(np.concatenate([part[1] for part in parts]), y)


def test_epochs_differ_and_repeat():
    loader = BatchLoader(dataset_of(30), None, AUGMENTED, shuffle=True)
    first, again, second = epoch(loader, 1), epoch(loader, 1), epoch(loader, 2)
    assert np.array_equal(first[0], again[0])
    assert not np.array_equal(first[1], second[1])
    still = BatchLoader(dataset_of(30), None, AUGMENTED)
    assert np.array_equal(epoch(still, 1)[1], epoch(still, 2)[1])
    assert not np.array_equal(epoch(still, 1)[0], epoch(still, 2)[0])
    other = BatchLoader(dataset_of(30), None, AUGMENTED, shuffle=True, seed=1)
    assert not np.array_equal(epoch(other, 1)[1], first[1])


class Watched(ImageArrays):
    """Counts how far reading is ahead of what was taken."""

    def __init__(self, array):
        super().__init__(array)
        self.read, self.taken, self.most, self.lock = 0, 0, 0, threading.Lock()

    def __getitem__(self, index):
        with self.lock:
            self.read += 1
            self.most = max(self.most, self.read - self.taken)
        return super().__getitem__(index)


def test_no_more_is_read_ahead_than_allowed():
    source = Watched(np.zeros((64, 4, 4, 3), np.uint8))
    dataset = ImageDataset(source, np.zeros(64, np.int64), ["a"], one_split(64))
    loader = BatchLoader(dataset, batch_size=4, prefetch=3, threads=3)
    for x, _ in loader.epoch():
        source.taken += len(x)
    assert source.read == 64
    assert source.most <= 4 * (3 + 1)  # and the mini-batch in use


def test_the_next_mini_batches_are_made_while_one_is_used():
    source = Watched(np.zeros((64, 4, 4, 3), np.uint8))
    dataset = ImageDataset(source, np.zeros(64, np.int64), ["a"], one_split(64))
    batches = BatchLoader(dataset, batch_size=4, prefetch=3).epoch()
    next(batches)
    deadline = time.monotonic() + 30
    while source.read < 16 and time.monotonic() < deadline:
        time.sleep(0.001)
    assert source.read == 16  # the one in use, and three ahead
    batches.close()


def loader_threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("loader")]


def test_stopping_in_the_middle_leaves_no_threads():
    batches = BatchLoader(dataset_of(30), batch_size=2).epoch()
    next(batches)
    assert loader_threads()
    batches.close()
    assert not loader_threads()


class Failing(Transform):
    def __call__(self, image, rng):
        raise RuntimeError("a mistake in a transform")


def test_a_mistake_in_a_transform_reaches_the_caller():
    with pytest.raises(RuntimeError, match="a mistake in a transform"):
        next(BatchLoader(dataset_of(5), None, Failing()).epoch())
    assert not loader_threads()


@pytest.fixture
def folder(tmp_path):
    return folder_of(tmp_path / "photos", {"a": 4, "b": 4})


@pytest.mark.parametrize("cache", [None, "memory"])
def test_a_photo_that_breaks_is_left_out_and_named_or_fatal(folder, cache):
    dataset = read_image_folder(folder)
    (folder / "a" / "001.png").write_bytes(b"broken")
    options = {"batch_size": 2, "cache": cache, "progress": False}
    loader = BatchLoader(dataset, on_error="skip", **options)
    for number in (1, 2):
        x, y = epoch(loader, number)
        assert len(x) == 7
        assert y.tolist() == [0, 0, 0, 1, 1, 1, 1]
    assert "001.png" in loader.problems.found[0].text
    with pytest.raises(UnreadableDataError, match=r"001\.png"):
        epoch(BatchLoader(dataset, **options))


def test_a_photo_that_vanishes_in_the_middle_is_named_once(folder):
    loader = BatchLoader(read_image_folder(folder), batch_size=4, on_error="skip")
    assert len(epoch(loader, 1)[0]) == 8
    for name in ("a/000.png", "a/001.png", "a/002.png", "a/003.png"):
        (folder / name).unlink()
    for number in (2, 3):
        x, y = epoch(loader, number)  # one mini-batch is empty, and not handed out
        assert (len(x), set(y)) == (4, {1})
    assert len(loader.problems) == 4


def test_an_epoch_of_which_nothing_can_be_read_is_an_error(folder):
    loader = BatchLoader(read_image_folder(folder), on_error="skip")
    for path in folder.rglob("*.png"):
        path.unlink()
    with pytest.raises(UnreadableDataError, match=r"none of 8 images can be read: .*\.png"):
        list(loader.epoch(1))


def test_images_of_different_sizes_need_a_resize(tmp_path):
    save(tmp_path / "a" / "1.png", 1, width=20)
    save(tmp_path / "b" / "2.png", 2, width=30)
    with pytest.raises(ValueError, match="put a Resize or a crop into the transform"):
        epoch(BatchLoader(read_image_folder(tmp_path)))


USER_ERRORS = {
    "batch_size": ({"batch_size": 0}, "batch_size: expected 1 or more"),
    "threads": ({"threads": 0}, "threads: expected 1 or more"),
    "prefetch": ({"prefetch": 0}, "prefetch: expected 1 or more"),
    "rank": ({"rank": 2, "size": 2}, "rank: expected 0 to 1, got 2"),
    "split": ({"split": "train"}, "split: expected one of all, got 'train'"),
    "on_error": ({"on_error": "ignore"}, "on_error: expected 'skip' or 'fail'"),
}


@pytest.mark.parametrize("name", USER_ERRORS)
def test_wrong_settings_are_named(name):
    settings, message = USER_ERRORS[name]
    with pytest.raises(ValueError, match=message):
        BatchLoader(dataset_of(5), **settings)


def test_a_split_without_samples_is_refused():
    dataset = dataset_of(5).divided({"train": [0, 1], "test": []})
    with pytest.raises(UnreadableDataError, match="test: there are no samples"):
        BatchLoader(dataset, "test")
    assert BatchLoader(dataset, "train").samples == 2


def test_the_seed_and_the_place_of_a_sample_decide_what_happens_to_it():
    one = np.asarray(photo(0, 16, 12))
    dataset = ImageDataset(
        ImageArrays(np.stack([one] * 6)), np.zeros(6, np.int64), ["a"], one_split(6)
    )
    first, _ = epoch(BatchLoader(dataset, None, AUGMENTED, batch_size=6))
    other, _ = epoch(BatchLoader(dataset, None, AUGMENTED, batch_size=6, seed=1))
    assert len(np.unique(first.reshape(6, -1), axis=0)) == 6
    assert not np.array_equal(first, other)
