import os
import subprocess
import sys

import numpy as np
import pytest

from src.load import (
    BatchLoader,
    ImageArrays,
    ImageFiles,
    UnreadableDataError,
    read_image_folder,
)
from src.load.cache import CachedImages
from src.load.transforms import Compose, Grayscale, RandomHorizontalFlip, Resize, ToFloat
from tests.load.photos import folder_of, photo, save
from tests.paths import ROOT

SMALL = Compose([Resize((8, 10))])


@pytest.fixture
def dataset(tmp_path):
    return read_image_folder(folder_of(tmp_path / "photos", {"a": 3, "b": 3}))


def kept(dataset, directory=None, transform=SMALL, rows=None):
    rows = dataset.rows() if rows is None else np.array(rows)
    return CachedImages(dataset.images, rows, transform, directory)


@pytest.mark.parametrize("on_disk", [False, True])
def test_what_is_kept_is_what_would_be_made(dataset, tmp_path, on_disk):
    for transform in (SMALL, Compose([]), Compose([Resize(9), Grayscale()])):
        images = kept(dataset, tmp_path / "cache" if on_disk else None, transform)
        for row in range(6):
            expected = np.asarray(transform(dataset.images[row], None))
            assert np.array_equal(np.asarray(images[row]), expected)
    assert kept(dataset).nbytes == 6 * 8 * 10 * 3


def test_images_of_many_sizes_are_kept_too(tmp_path):
    for k in range(4):
        save(tmp_path / "photos" / "a" / f"{k}.png", k, width=10 + k, height=20 - k)
    dataset = read_image_folder(tmp_path / "photos")
    images = kept(dataset, tmp_path / "cache", Compose([]))
    assert [images[k].size for k in range(4)] == [(10, 20), (11, 19), (12, 18), (13, 17)]


def test_files_are_decoded_once(dataset, tmp_path):
    first = kept(dataset, tmp_path / "cache")
    for path in dataset.images.paths:
        metadata = path.stat()
        path.write_bytes(b"x" * metadata.st_size)  # would be refused
        os.utime(path, ns=(metadata.st_atime_ns, metadata.st_mtime_ns))
    second = kept(dataset, tmp_path / "cache")
    assert np.array_equal(np.asarray(first[4]), np.asarray(second[4]))
    assert len(list((tmp_path / "cache").iterdir())) == 2


def test_a_changed_file_another_transform_or_other_rows_are_made_anew(dataset, tmp_path):
    directory = tmp_path / "cache"
    kept(dataset, directory)
    photo(50).save(dataset.images.paths[2])
    expected = np.asarray(photo(50).resize((10, 8), 2))
    assert np.array_equal(np.asarray(kept(dataset, directory)[2]), expected)
    assert np.asarray(kept(dataset, directory, Compose([Resize(4)]))[0]).shape == (4, 5, 3)
    assert kept(dataset, directory, rows=[5, 1]).rows.tolist() == [5, 1]


def test_an_interrupted_or_damaged_cache_is_made_anew(dataset, tmp_path):
    directory = tmp_path / "cache"
    expected = np.asarray(kept(dataset, directory)[3])
    for suffix, content in ((".npy", b"rubbish"), (".npy", None), (".bytes", b"short")):
        (file,) = directory.glob(f"*{suffix}")
        file.unlink()
        if content is not None:
            file.write_bytes(content)
        assert np.array_equal(np.asarray(kept(dataset, directory)[3]), expected)
    assert not list(directory.glob(".*"))


def test_what_could_not_be_read_is_said_again_by_a_cache_that_is_there(dataset, tmp_path):
    dataset.images.paths[1].write_bytes(b"x")
    for _ in range(2):
        loader = BatchLoader(dataset, None, SMALL, cache=tmp_path / "cache", on_error="skip")
        assert loader.samples == 5
        assert "a/001.png" in loader.problems.summary()
    with pytest.raises(UnreadableDataError, match=r"a/001\.png"):
        BatchLoader(dataset, None, SMALL, cache=tmp_path / "cache")


def test_arrays_of_the_same_bytes_are_told_apart(tmp_path):
    wide = np.arange(4 * 8 * 8 * 3, dtype=np.uint8).reshape(4, 8, 8, 3)
    for array in (wide, wide.reshape(4, 4, 16, 3)):
        source = ImageArrays(array)
        rows = np.arange(4)
        images = CachedImages(source, rows, Compose([]), tmp_path / "cache")
        assert np.array_equal(np.asarray(images[2]), array[2])


@pytest.mark.parametrize("on_disk", [False, True])
def test_what_is_no_image_needs_no_cache(tmp_path, on_disk):
    source = ImageArrays(np.zeros((4, 6, 6, 3), np.float32))
    with pytest.raises(ValueError, match="needs no decoding; leave cache out"):
        CachedImages(source, np.arange(4), Compose([]), tmp_path / "c" if on_disk else None)
    assert not (tmp_path / "c").exists() or not list((tmp_path / "c").iterdir())


def test_two_processes_may_fill_one_cache(dataset, tmp_path):
    code = f"""
from pathlib import Path
from src.load import BatchLoader, read_image_folder
from src.load.transforms import Resize
dataset = read_image_folder({str(tmp_path / "photos")!r})
cache = Path({str(tmp_path)!r}) / "c"
loader = BatchLoader(dataset, None, Resize((300, 400)), cache=cache)
print(float(next(loader.epoch())[0].sum()))
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code]
    started = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    sums = {process.communicate(timeout=60)[0] for process in started}
    assert [process.returncode for process in started] == [0, 0, 0]
    assert len(sums) == 1


def test_training_sees_the_same_with_and_without_a_cache(dataset, tmp_path):
    pipeline = Compose([Resize((8, 10)), RandomHorizontalFlip(), ToFloat()])
    plain = BatchLoader(dataset, None, pipeline, shuffle=True)
    for cache in ("memory", tmp_path / "cache"):
        cached = BatchLoader(dataset, None, pipeline, shuffle=True, cache=cache)
        for (x, _), (other, _) in zip(plain.epoch(1), cached.epoch(1), strict=True):
            assert np.array_equal(x, other)


def test_another_time_of_the_file_or_another_part_of_it_is_another_image(tmp_path):
    path = save(tmp_path / "photos" / "a" / "1.bmp", 1)
    dataset = read_image_folder(tmp_path / "photos")
    first = np.asarray(kept(dataset, tmp_path / "cache", Compose([]))[0])
    size = path.stat().st_size
    photo(2).save(path)
    os.utime(path, ns=(0, 1))
    assert path.stat().st_size == size
    assert not np.array_equal(first, np.asarray(kept(dataset, tmp_path / "cache", Compose([]))[0]))
    parts = [np.array([[0, 0, 0.5, 0.5]]), np.array([[0.5, 0.5, 1, 1]])]
    rows = np.zeros(1, np.intp)
    for box in parts:
        images = CachedImages(ImageFiles([path], box), rows, Compose([]), tmp_path / "cache")
        expected = ImageFiles([path], box)[0]
        assert np.array_equal(np.asarray(images[0]), np.asarray(expected))


def test_changed_arrays_and_many_images_are_kept_rightly(tmp_path):
    x = np.random.default_rng(0).integers(0, 256, (600, 3, 2, 3)).astype(np.uint8)
    for array in (x, x[::-1].copy()):
        images = CachedImages(ImageArrays(array), np.arange(600), Compose([]), tmp_path / "cache")
        assert len(images.rows) == 600
        assert all(np.array_equal(np.asarray(images[k]), array[k]) for k in (0, 255, 256, 599))
