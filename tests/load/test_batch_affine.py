import numpy as np
import pytest

from src.load import BatchRandomAffine


def params(angle=0.0, zoom=1.0, down=0.0, right=0.0, samples=1):
    row = [np.deg2rad(angle), zoom, down, right]
    return np.tile(np.array(row, np.float32), (samples, 1))


@pytest.fixture
def x(rng):
    return rng.random((3, 6, 6, 2))


def test_nothing_drawn_changes_nothing(x):
    same = BatchRandomAffine().apply(x, params(samples=3))
    assert np.allclose(same, x)
    assert not np.shares_memory(same, x)


def test_a_shift_moves_pixels_and_repeats_the_edge(x):
    moved = BatchRandomAffine().apply(x, params(down=1 / 6, right=-2 / 6, samples=3))
    assert np.allclose(moved[:, 1:, :4], x[:, :5, 2:], atol=1e-5)
    assert np.allclose(moved[:, 0, :4], x[:, 0, 2:], atol=1e-5)
    assert np.allclose(moved[:, 1:, 5], x[:, :5, 5], atol=1e-5)


@pytest.mark.parametrize(("angle", "turns"), [(90, 1), (-90, -1), (180, 2)])
def test_a_quarter_turn_is_that_of_numpy(x, angle, turns):
    rotated = BatchRandomAffine().apply(x, params(angle=angle, samples=3))
    assert np.allclose(rotated, np.rot90(x, turns, axes=(1, 2)), atol=1e-5)


def test_a_zoom_of_two_shows_the_middle_half(rng):
    ramp = np.tile(np.arange(8.0)[:, None, None], (1, 1, 8, 1))
    zoomed = BatchRandomAffine().apply(ramp, params(zoom=2))
    assert np.allclose(zoomed[0, :, 0, 0], np.arange(8) / 2 + 1.75)


def test_every_pixel_equals_the_formula_pixel_by_pixel(rng):
    x = rng.random((4, 5, 7, 1))
    affine = BatchRandomAffine(rotation=40, shift=0.3, zoom=0.4)
    how = affine.draw(4, rng)
    moved = affine.apply(x, how)
    for n, (angle, zoom, down, right) in enumerate(how.astype(float)):
        for r in range(5):
            for c in range(7):
                y, z = r - 2 - down * 5, c - 3 - right * 7
                row = (np.cos(angle) * y + np.sin(angle) * z) / zoom + 2
                column = (np.cos(angle) * z - np.sin(angle) * y) / zoom + 3
                row, column = min(max(row, 0), 4), min(max(column, 0), 6)
                i, j = min(int(row), 3), min(int(column), 5)
                a, b = row - i, column - j
                expected = (1 - a) * ((1 - b) * x[n, i, j, 0] + b * x[n, i, j + 1, 0])
                expected += a * ((1 - b) * x[n, i + 1, j, 0] + b * x[n, i + 1, j + 1, 0])
                assert moved[n, r, c, 0] == pytest.approx(expected, abs=1e-5)


def test_amounts_stay_within_their_limits_and_are_seeded():
    affine = BatchRandomAffine(rotation=20, shift=0.1, zoom=0.3)
    how = affine.draw(2000, np.random.default_rng(0))
    low, high = how.min(axis=0), how.max(axis=0)
    assert np.allclose(np.rad2deg(high[0]), 20, atol=0.5)
    assert np.allclose([low[1], high[1], low[2], high[3]], [0.7, 1.3, -0.1, 0.1], atol=0.01)
    assert np.array_equal(how, affine.draw(2000, np.random.default_rng(0)))


@pytest.mark.parametrize("shape", [(0, 4, 4, 1), (2, 1, 5, 1), (2, 5, 1, 3), (2, 1, 1, 1)])
def test_thin_images_and_none_at_all_pass(shape, rng):
    x = rng.random(shape, dtype=np.float32)
    moved = BatchRandomAffine().apply(x, BatchRandomAffine().draw(len(x), rng))
    assert moved.shape == shape
    assert moved.dtype == np.float32
