import numpy as np
import pytest

from src.classic_cnn import Conv2D, GlobalAveragePool
from src.classic_cnn.layers import MaxPool2D
from src.classic_nn import Dense, Sequential
from src.classic_nn.layers import Flatten
from src.classic_nn.utils import plot_curves
from src.classic_train.callbacks.live_pictures import (
    GAP,
    LINE,
    figure_pixels,
    first_filters,
    sheet,
    visible,
)


def built(layers, shape):
    network = Sequential(layers)
    network.build(shape, np.random.default_rng(0))
    return network


def test_images_stand_in_order_on_the_sheet():
    images = np.zeros((3, 2, 4, 3))
    images[0], images[1, ..., 0], images[2] = 1, 1, -5  # white, red, below black
    page = sheet(images, side=8)  # each enlarged by 2, to 4 x 8
    assert page.shape == (2 * (4 + GAP) + GAP, 2 * (8 + GAP) + GAP, 3)
    assert (page[GAP : GAP + 4, GAP : GAP + 8] == 255).all()
    assert (page[GAP : GAP + 4, 2 * GAP + 8 : 2 * GAP + 16] == [255, 0, 0]).all()
    assert (page[2 * GAP + 4 : 2 * GAP + 8, GAP : GAP + 8] == 0).all()
    assert (page[2 * GAP + 4 :, 2 * GAP + 8 :] == 255).all()  # an empty place


def test_texts_are_green_where_right_and_red_where_wrong():
    page = sheet(np.ones((2, 100, 100, 1)), ["cat", "dog"], [True, False]).astype(int)
    left, right = np.split(page[GAP + 100 : GAP + 100 + LINE], [GAP + 100 + GAP // 2], axis=1)
    assert (left[..., 1] - left[..., 0]).max() > 50
    assert (right[..., 0] - right[..., 1]).max() > 50
    assert (right[..., 1] - right[..., 0]).max() <= 0


def test_filters_have_one_scale_and_grey_is_zero():
    network = built([Conv2D(2, 1), GlobalAveragePool()], (4, 4, 3))
    network.parameters["W1"][0, 0] = [[1.0, 0.25], [-1.0, 0.0], [0.0, 0.0]]  # channels x filters
    page = first_filters(network)
    assert page[GAP, GAP].tolist() == [255, 0, 128]
    assert page[GAP, -GAP - 1].tolist() == [159, 128, 128]


@pytest.mark.parametrize(
    ("layers", "shape", "shown"),
    [
        ([Conv2D(3), Flatten(), Dense(2)], (6, 6, 1), True),
        ([Flatten(), Dense(5)], (6, 6, 3), True),
        ([Conv2D(3), Flatten(), Dense(2)], (6, 6, 2), False),
        ([MaxPool2D(), Flatten(), Dense(2)], (6, 6, 3), False),
        ([Dense(5)], (7,), False),
        ([Conv2D(3, groups=3), GlobalAveragePool()], (6, 6, 3), False),
        ([Flatten()], (6, 6, 3), False),
    ],
)
def test_filters_are_shown_where_a_layer_sees_the_image(layers, shape, shown):
    assert (first_filters(built(layers, shape)) is not None) == shown


def test_preprocessing_is_undone(rng):
    x = rng.random((2, 3, 3, 3))
    mean, std = [0.5, 0.4, 0.3], [0.2, 0.1, 0.3]
    steps = [{"type": "ToFloat"}, {"type": "Normalize", "mean": mean, "std": std}]
    assert visible((x - mean) / std, steps) == pytest.approx(x)
    assert np.array_equal(visible(x, steps[:1]), x)
    spread = visible(np.array([-1.0, 0.0, 3.0]).reshape(1, 1, 3, 1), None)
    assert spread.ravel() == pytest.approx([0, 0.25, 1])


def test_a_figure_is_drawn():
    pixels = figure_pixels(plot_curves({"a": [1.0, 2.0]}, [1, 2], "cost"))
    assert pixels.shape[2] == 3
    assert pixels.dtype == np.uint8
    assert 0 < (pixels < 255).mean() < 0.5
