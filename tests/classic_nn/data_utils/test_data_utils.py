import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.classic_nn.data_utils import (
    generate_binary_classification_data,
    generate_digit_scenes,
    generate_multilabel_dataset,
    handwritten_digits,
)
from src.classic_nn.data_utils.digit_scenes import _canvas_corners

PLACES = {
    "strip": [(0, 0), (0, 8), (0, 16)],
    "canvas": [(r, c) for r in range(13) for c in range(13)],
}


def find_digits(scene, digits, names, corners):
    """Which handwritten digits of the set stand in the scene, by comparing pixels."""
    found = []
    for row, column in corners:
        patch = scene[row : row + 8, column : column + 8]
        if patch.any():
            same = np.flatnonzero((digits == patch).all(axis=(1, 2)))
            found += [int(names[k]) for k in same[:1]]
    return found


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_labels_of_strips_are_the_digits_that_stand_there(split):
    digits, names = handwritten_digits()[split]
    x, y = generate_digit_scenes(60, np.random.default_rng(1), split)
    assert x.shape == (60, 8, 24, 1)
    assert x.dtype == y.dtype == np.float32
    counts = set()
    for scene, labels in zip(x[..., 0], y, strict=True):
        found = find_digits(scene, digits, names, PLACES["strip"])
        assert set(found) == set(np.flatnonzero(labels))
        counts.add(len(found))
    assert counts == {1, 2, 3}


def test_labels_of_canvases_are_the_digits_that_stand_there_without_overlap():
    digits, names = handwritten_digits()["test"]
    x, y = generate_digit_scenes(25, np.random.default_rng(2), "test", placement="canvas")
    assert x.shape == (25, 20, 20, 1)
    for scene, labels in zip(x[..., 0], y, strict=True):
        found = find_digits(scene, digits, names, PLACES["canvas"])
        assert set(np.flatnonzero(labels)) == set(found)
        assert 1 <= len(found) <= 3


@given(seed=st.integers(0, 2**32))
def test_no_handwriting_stands_in_two_splits(seed):
    splits = handwritten_digits(seed % 5)
    pixels = {split: {image.tobytes() for image in images} for split, (images, _) in splits.items()}
    assert sum(len(images) for images, _ in splits.values()) == 1797
    assert not pixels["train"] & pixels["test"]
    assert not pixels["train"] & pixels["validation"]
    assert not pixels["validation"] & pixels["test"]


def test_every_split_has_every_digit_in_proportion():
    for images, names in handwritten_digits().values():
        share = np.bincount(names, minlength=10) / len(images)
        assert np.allclose(share, 0.1, atol=0.02)


@pytest.mark.parametrize("placement", ["strip", "canvas"])
def test_same_seed_same_scenes_other_seed_other_scenes(placement):
    def scenes(seed):
        return generate_digit_scenes(50, np.random.default_rng(seed), placement=placement)

    assert all(np.array_equal(a, b) for a, b in zip(scenes(3), scenes(3), strict=True))
    assert not np.array_equal(scenes(3)[0], scenes(4)[0])


def test_any_number_of_scenes():
    assert generate_digit_scenes(0)[0].shape == (0, 8, 24, 1)
    with pytest.raises(ValueError, match="samples must be 0 or more, got -1"):
        generate_digit_scenes(-1)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"split": "tset"}, "unknown split 'tset': did you mean 'test'"),
        ({"placement": "grid"}, "unknown placement 'grid'"),
    ],
)
def test_mistakes_are_explained(settings, message):
    with pytest.raises(ValueError, match=message):
        generate_digit_scenes(5, **settings)


def test_multilabel_points_are_standardized_and_seeded():
    x, y = generate_multilabel_dataset(300, 12, 4, np.random.default_rng(0))
    again, _ = generate_multilabel_dataset(300, 12, 4, np.random.default_rng(0))
    assert x.shape == (300, 12)
    assert y.shape == (300, 4)
    assert set(np.unique(y)) == {0, 1}
    assert np.allclose(x.mean(axis=0), 0, atol=1e-5)
    assert np.allclose(x.std(axis=0), 1, atol=1e-4)
    assert np.array_equal(x, again)


def test_moons_are_balanced_points_of_two_classes():
    x, y = generate_binary_classification_data(200, rng=np.random.default_rng(0))
    assert x.shape == (200, 2)
    assert y.shape == (200, 1)
    assert y.mean() == 0.5
    assert x.dtype == y.dtype == np.float32


def test_a_single_digit_stands_anywhere_on_the_canvas():
    """Also at the centre, where no second one would fit next to it without overlap."""
    alone = np.ones(20_000, np.int64)
    corners = _canvas_corners(alone, np.random.default_rng(0))[:, 0]
    found = np.zeros((13, 13))
    np.add.at(found, (corners[:, 0], corners[:, 1]), 1)
    expected = len(alone) / found.size
    assert np.abs(found - expected).max() < 5 * np.sqrt(expected)


def test_pixels_reach_from_0_to_1():
    x, _ = generate_digit_scenes(100)
    assert (x.min(), x.max()) == (0, 1)


def test_the_noise_of_the_moons_can_be_chosen():
    def mean_deviation(noise):
        x, y = generate_binary_classification_data(400, noise, np.random.default_rng(0))
        return np.abs(np.linalg.norm(x[y[:, 0] == 0], axis=1) - 1).mean()  # from the half circle

    assert mean_deviation(0.0) == pytest.approx(0, abs=1e-6)
    assert 0.05 < mean_deviation(0.1) < mean_deviation(0.4)
