import numpy as np
import pytest
from PIL import Image

from src.load.image_grid import GAP, LINE, RIGHT, TITLE, WRONG, fitted, image_grid, picture_of


def test_images_stand_in_order_and_keep_their_proportions():
    colours = ["#ffffff", "#ff0000", "#000000"]
    images = [Image.new("RGB", (4, 2), colour) for colour in colours]
    page = np.asarray(image_grid(images, side=8))  # each enlarged by 2, to 8 x 4
    assert page.shape == (GAP + 2 * (4 + GAP), 2 * (8 + GAP) + GAP, 3)
    assert (page[GAP : GAP + 4, GAP : GAP + 8] == 255).all()
    assert (page[GAP : GAP + 4, 2 * GAP + 8 : 2 * GAP + 16] == [255, 0, 0]).all()
    assert (page[2 * GAP + 4 : 2 * GAP + 8, GAP : GAP + 8] == 0).all()
    assert (page[2 * GAP + 4 :, 2 * GAP + 8 :] == 255).all()  # an empty place


def test_images_of_several_sizes_stand_in_squares():
    images = [Image.new("RGB", (40, 10), "red"), Image.new("L", (10, 40), 0)]
    page = np.asarray(image_grid(images, columns=2, side=20, title="two"))
    assert page.shape[0] == TITLE + 20 + GAP
    red = (page == (255, 0, 0)).all(axis=2)
    assert red.sum() == 20 * 5
    assert (page[TITLE, GAP] == 0xDD).all()


def test_captions_have_colours_and_are_cut_off():
    images = [Image.new("RGB", (100, 100), "white")] * 2
    page = np.asarray(image_grid(images, ["cat", "dog " * 50], [RIGHT, WRONG], side=100), int)
    left, right = np.split(page[GAP + 100 : GAP + 100 + LINE], [GAP + 100 + GAP // 2], axis=1)
    assert (left[..., 1] - left[..., 0]).max() > 50
    assert (right[..., 0] - right[..., 1]).max() > 50
    assert (right[..., 1] - right[..., 0]).max() <= 0
    assert (page[:, -GAP:] == 255).all()


def test_a_title_has_room():
    page = image_grid([Image.new("RGB", (8, 8))], title="a long title above a small picture")
    assert page.width > 200


def test_arrays_become_pictures():
    levels = np.array([[[0.0], [0.5]], [[1.0], [7.0]]])
    assert np.asarray(picture_of(levels)).tolist() == [[0, 128], [255, 255]]
    assert picture_of(np.zeros((2, 3, 3))).mode == "RGB"
    assert picture_of(np.zeros((2, 3, 5))) is None
    assert picture_of(np.zeros(4)) is None
    assert np.asarray(picture_of(np.full((1, 1, 1), np.nan))).tolist() == [[0]]
    image = Image.new("L", (2, 2))
    assert picture_of(image) is image


@pytest.mark.parametrize("size", [(1, 300), (300, 1), (3, 2)])
def test_a_fitted_image_fills_its_cell(size):
    assert fitted(Image.new("RGB", size), 20, 10).size == (20, 10)
