"""Grad-CAM, occlusion, players and baselines."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.classic_cnn import Conv2D, GlobalAveragePool
from src.classic_cnn.resizing import resize_forward
from src.classic_nn import Dense, Dropout, Flatten, Parallel, ReLU, Residual, Sequential
from src.classic_nn.context import Context
from src.inference.explain import (
    Score,
    features,
    grad_cam,
    grid,
    make_baseline,
    occlusion,
    shapley,
    superpixels,
)
from src.inference.explain.grad_cam import has_maps, layer_with_maps, outputs_and_gradients
from src.inference.explain.occlusion import window_corners


def network(rng):
    inner = Sequential([Conv2D(4), ReLU(), Conv2D(4)])
    made = Sequential(
        {
            "stem": Conv2D(4, stride=2),
            "block": Residual(inner),
            "branches": Parallel([Conv2D(3, 1), Conv2D(2)]),
            "relu": ReLU(),
            "drop": Dropout(0.5),
            "pool": GlobalAveragePool(),
            "head": Dense(3),
        }
    )
    made.build((12, 10, 3), rng, np.float64)
    return made


def test_grad_cam_is_its_formula(rng):
    made, x = network(rng), rng.normal(size=(12, 10, 3))
    score = Score(made, np.array([0.0, 1.0, 0.0]))
    found = grad_cam(score, x)
    assert found.figures == {"layer": "relu", "map": [6, 5]}
    # the network ends in the mean of its maps: df/dA is a weight of the head over 30 places
    maps = made[:"pool"].forward(x[np.newaxis])[0][0]
    alpha = made["head"].parameters["W"][:, 1] / 30
    heat = np.maximum(maps @ alpha, 0)
    assert found.values.shape == (12, 10)
    enlarged = resize_forward(heat[np.newaxis, ..., np.newaxis], (12, 10))[0][0, ..., 0]
    assert np.allclose(found.values, enlarged)


@pytest.mark.parametrize(
    "path", ["stem", "block", "block.body.conv2d1", "block.body.relu1", "branches.branch2", "relu"]
)
def test_gradients_of_any_layer_are_those_of_its_outputs(path, rng):
    made, x = network(rng), rng.normal(size=(12, 10, 3))
    score = Score(made, np.array([0.3, 1.0, -2.0]))
    maps, gradients = outputs_and_gradients(score, x, path)
    assert maps.shape == gradients.shape
    direction, h = rng.normal(size=maps.shape), 1e-6

    def moved(step):
        def observer(layer, y):
            if layer is made[path]:
                y += step * direction

        return score.of_logits(made.forward(x[np.newaxis], Context(observer=observer))[0])[0]

    slope = (moved(h) - moved(-h)) / (2 * h)
    assert (gradients * direction).sum() == pytest.approx(slope, rel=1e-6)


def test_layers_are_offered(rng):
    made, x = network(rng), rng.normal(size=(12, 10, 3))
    assert layer_with_maps(made, x, "block.body.conv2d1") == "block.body.conv2d1"
    with pytest.raises(ValueError, match=r"unknown layer 'stemm': did you mean stem\? layers with"):
        layer_with_maps(made, x, "stemm")
    with pytest.raises(ValueError, match=r"layer head has no maps, its output is \(3,\): layers"):
        layer_with_maps(made, x, "head")
    vectors = Sequential([Dense(3)])
    vectors.build((4,), rng)
    assert has_maps(made)
    assert not has_maps(vectors)
    with pytest.raises(ValueError, match="Grad-CAM needs a layer with maps"):
        layer_with_maps(vectors, np.zeros(4, np.float32))


def linear(rng, shape):
    made = Sequential([Flatten(), Dense(1)])
    made.build(shape, rng, np.float64)
    return Score(made, np.ones(1)), made.parameters["W1"].reshape(shape)


def test_occlusion_of_a_linear_function(rng):
    score, w = linear(rng, (7, 5, 2))
    x, baseline = rng.normal(size=(2, 7, 5, 2))
    found = occlusion(score, x, baseline, window=1, stride=1)
    assert np.allclose(found.values, (w * (x - baseline)).sum(axis=2))
    assert found.figures == {"window": 1, "stride": 1, "windows": 35}
    found = occlusion(score, x, baseline, window=3, stride=2)
    lost = (w * (x - baseline)).sum(axis=2)
    assert found.values[0, 0] == pytest.approx(lost[:3, :3].sum())  # one window covers it
    corners = [lost[:3, :3].sum(), lost[2:5, :3].sum()]
    assert found.values[2, 0] == pytest.approx(np.mean(corners))


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 4), st.integers(1, 4))
def test_windows_cover_everything(height, width, window, stride):
    if window > min(height, width) or stride > window:
        return
    corners = window_corners((height, width), window, stride)
    covered = np.zeros((height, width), int)
    for top, left in corners:
        assert top + window <= height
        assert left + window <= width
        covered[top : top + window, left : left + window] += 1
    assert covered.all()
    assert len(set(corners)) == len(corners)


@pytest.mark.parametrize("shape", [(16, 160, 1), (3, 3, 2), (1, 9, 1), (1,), (100,)])
def test_windows_fit_inputs_of_every_shape(shape, rng):
    score, _ = linear(rng, shape)
    found = occlusion(score, rng.normal(size=shape), np.zeros(shape))
    assert found.values.shape == (shape[:2] if len(shape) == 3 else shape)
    assert np.isfinite(found.values).all()


def test_occlusion_needs_no_memory_for_all_its_windows(rng):
    score, _ = linear(rng, (64, 64, 3))
    x = rng.normal(size=(64, 64, 3))
    tracemalloc.start()
    occlusion(Score(score.network, score.weights, 1, 1 << 20), x, 0 * x, window=2, stride=1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 << 20  # 3,969 masks alone are 16 MB, as float64 130


def test_windows_that_cannot_be_are_refused(rng):
    score, _ = linear(rng, (7, 5, 2))
    x = rng.normal(size=(7, 5, 2))
    with pytest.raises(ValueError, match="window: expected 5 or less, got 6"):
        occlusion(score, x, x, window=6)
    with pytest.raises(ValueError, match="stride: expected 2, the window, or less, got 3"):
        occlusion(score, x, x, window=2, stride=3)


def test_shapley_values_of_a_linear_function(rng):
    score, w = linear(rng, (8, 8, 3))
    x, baseline = rng.normal(size=(2, 8, 8, 3))
    players = grid((8, 8), 2, 4)
    found = shapley(score, x, baseline, players, rng)
    parts = np.bincount(players.ravel(), (w * (x - baseline)).sum(axis=2).ravel())
    assert np.allclose(found.figures["shapley_values"], parts)
    assert np.allclose(np.bincount(players.ravel(), found.values.ravel()), parts)
    assert found.values.sum() == pytest.approx(score.of(x) - score.of(baseline))
    assert found.figures["coalitions"] == 2**8


@given(st.integers(1, 20), st.integers(1, 20), st.data())
def test_patches_are_all_there_and_of_about_one_size(height, width, data):
    rows, columns = data.draw(st.integers(1, height)), data.draw(st.integers(1, width))
    counts = np.bincount(grid((height, width), rows, columns).ravel(), minlength=rows * columns)
    assert len(counts) == rows * columns
    assert counts.min() >= (height // rows) * (width // columns)


def test_superpixels_follow_colours(rng):
    photo = np.zeros((40, 60, 3), np.float32)
    photo[10:30, 15:40] = (1.0, 0.2, 0.1)
    photo += rng.normal(scale=0.02, size=photo.shape).astype(np.float32)
    players = superpixels(photo, 12)
    assert players.shape == (40, 60)
    assert set(np.unique(players)) == set(range(12))
    inside = np.zeros((40, 60), bool)
    inside[10:30, 15:40] = True
    for player in range(12):  # each region lies inside or outside
        share = inside[players == player].mean()
        assert share < 0.02 or share > 0.98
    assert superpixels(rng.random((150, 200, 3)), 30).shape == (150, 200)
    with pytest.raises(ValueError, match="superpixels: expected 1 to 2400, got 2401"):
        superpixels(photo, 2401)


def test_superpixels_divide_a_plain_background_too(rng):
    photo = np.ones((32, 32, 3))
    photo[8:24, 8:24] = rng.random((16, 16, 3))
    players = superpixels(photo, 16)
    assert np.bincount(players.ravel()).max() < 768 / 2  # of 768 white pixels


def test_features_are_players():
    assert features(4).tolist() == [0, 1, 2, 3]
    assert len(np.unique(features(1000, 49))) == 49
    with pytest.raises(ValueError, match="grid: expected 1 to 2 rows and 1 to 5 columns"):
        grid((2, 5), 3, 1)


def test_baselines(rng):
    x = rng.normal(size=(9, 7, 3)).astype(np.float32)
    black = np.full_like(x, -2)
    assert np.array_equal(make_baseline("black", x, black), black)
    assert not make_baseline("black", x).any()
    mean = make_baseline("mean", x)
    assert np.allclose(mean[0, 0], x.mean(axis=(0, 1)))
    assert np.ptp(mean, axis=(0, 1)).max() == 0
    soft = make_baseline("blurred", x)
    assert soft.std() < x.std()
    assert np.allclose(soft.mean(), x.mean(), atol=0.1)
    others = rng.normal(size=(5, 9, 7, 3)).astype(np.float32)
    assert np.allclose(make_baseline("average", x, None, others), others.mean(axis=0), atol=1e-6)
    vector = np.arange(4.0)
    assert (make_baseline("mean", vector) == 1.5).all()
    for name in ("black", "mean", "blurred", "average"):
        made = make_baseline(name, x, black, others)
        assert (made.shape, made.dtype) == (x.shape, x.dtype)


def test_baselines_that_do_not_suit_are_refused(rng):
    x = rng.normal(size=(9, 7, 3))
    with pytest.raises(ValueError, match="unknown baseline 'blac': did you mean 'black'"):
        make_baseline("blac", x)
    with pytest.raises(ValueError, match="baseline average: it needs other photos"):
        make_baseline("average", x)
    with pytest.raises(ValueError, match=r"background: expected \(photos, \(9, 7, 3\)\)"):
        make_baseline("average", x, None, rng.normal(size=(2, 9, 9, 3)))
    with pytest.raises(ValueError, match="baseline blurred: it needs photos"):
        make_baseline("blurred", np.zeros(3))
