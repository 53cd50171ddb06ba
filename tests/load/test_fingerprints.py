import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from src.load import ImageArrays, ImageFiles, fingerprint_photos
from src.load.fingerprints import Fingerprints, perceptual_hash, pixel_digest
from tests.load.photos import photo, save


def differing(one, other):
    return int(np.bitwise_count(perceptual_hash(one) ^ perceptual_hash(other)).sum())


def test_the_pixels_count_not_the_file(tmp_path):
    save(tmp_path / "a.png", 1)
    photo(1).save(tmp_path / "b.bmp")
    shutil.copy(tmp_path / "a.png", tmp_path / "c.png")
    save(tmp_path / "d.png", 2)
    fingerprints = fingerprint_photos(ImageFiles(sorted(tmp_path.iterdir())).photos)
    assert fingerprints.copies() == [[0, 1, 2]]
    assert fingerprints.sizes.tolist() == [[32, 24]] * 4
    assert fingerprints.groups(near=None).tolist()[:3] == [0, 0, 0]
    assert len(set(fingerprints.groups(near=None))) == 2


def test_size_belongs_to_the_content():
    flat = Image.new("RGB", (4, 6), "red")
    assert pixel_digest(flat) != pixel_digest(Image.new("RGB", (6, 4), "red"))
    assert pixel_digest(flat) == pixel_digest(flat.copy())


@pytest.mark.parametrize("seed", range(10))
def test_copies_that_were_resized_or_recompressed_are_near(tmp_path, seed):
    image = photo(seed, 200, 150)
    image.save(tmp_path / "a.jpg", quality=60)
    near = [Image.open(tmp_path / "a.jpg"), image.resize((120, 90), Image.Resampling.LANCZOS)]
    near.append(Image.eval(image, lambda level: min(level + 3, 255)))
    assert max(differing(image, other) for other in near) <= 5


def test_other_photos_are_far():
    images = [photo(seed, 100, 80) for seed in range(40)]
    least = min(differing(a, b) for k, a in enumerate(images) for b in images[:k])
    assert least > 10


def test_photos_of_one_colour_are_near_their_copies_only():
    flat = [Image.new("RGB", (30, 20), (k, 2 * k, 255 - k)) for k in range(0, 120, 10)]
    least = min(differing(a, b) for k, a in enumerate(flat) for b in flat[:k])
    assert least > 5
    assert differing(flat[3], flat[3].copy()) == 0


def test_near_copies_are_all_pairs_within_the_limit():
    rng = np.random.default_rng(0)
    hashes = rng.integers(0, 1 << 63, (1200, 2), dtype=np.uint64)
    hashes[700] = hashes[3] ^ np.array([0b1011, 1 << 60], np.uint64)  # 4 bits
    hashes[1100] = hashes[3] ^ np.array([0, 0b111111], np.uint64)  # 6 bits
    hashes[5] = hashes[6]
    hashes[1150] = hashes[900]
    digests = [str(k) for k in range(1200)]
    digests[2] = ""  # not readable
    fingerprints = Fingerprints(digests, hashes, np.ones((1200, 2), np.int64), {})
    assert fingerprints.near_duplicates() == [(3, 700, 4), (5, 6, 0), (900, 1150, 0)]
    assert sorted(fingerprints.near_duplicates(6)) == [
        *((3, 700, 4), (3, 1100, 6), (5, 6, 0), (900, 1150, 0))
    ]
    groups = fingerprints.groups()
    assert groups[3] == groups[700] != groups[1100]


def test_unreadable_photos_are_noted_and_equal_to_nothing(tmp_path):
    save(tmp_path / "a.png", 1)
    (tmp_path / "b.png").write_bytes(b"x")
    (tmp_path / "c.png").write_bytes(b"x")
    fingerprints = fingerprint_photos(ImageFiles(sorted(tmp_path.iterdir())).photos)
    assert list(fingerprints.errors) == [1, 2]
    assert fingerprints.digests[1] == fingerprints.digests[2] == ""
    assert fingerprints.copies() == fingerprints.near_duplicates() == []


def test_samples_that_are_no_images_are_compared_exactly():
    x = np.arange(12.0).reshape(4, 3)
    x[3] = x[0]
    fingerprints = fingerprint_photos(ImageArrays(x))
    assert fingerprints.copies() == [[0, 3]]
    assert fingerprints.hashes is None
    assert fingerprints.near_duplicates() == []


@given(threads=st.integers(1, 5))
def test_the_number_of_threads_does_not_matter(threads):
    images = ImageArrays(np.stack([np.asarray(photo(seed)) for seed in range(12)]))
    one, several = fingerprint_photos(images, 1), fingerprint_photos(images, threads)
    assert one.digests == several.digests
    assert np.array_equal(one.hashes, several.hashes)
