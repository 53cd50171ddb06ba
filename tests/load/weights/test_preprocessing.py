import numpy as np
import pytest
from PIL import Image

from src.load.transforms import transform_config, transform_from_config
from src.load.weights import PREPROCESSING, preprocessing

LEVELS = np.array([[[10, 20, 30], [255, 0, 127]]], np.uint8)

EXPECTED = {
    "imagenet": (LEVELS / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225],
    "tf": LEVELS / 127.5 - 1,
    "unit": LEVELS / 255,
    "caffe": LEVELS[..., ::-1] - np.array([103.939, 116.779, 123.68]),
    "efficientnet_lite": (LEVELS - 127.0) / 128.0,
}


@pytest.mark.parametrize("name", PREPROCESSING)
def test_the_numbers_are_those_of_the_formula(name, rng):
    image = Image.fromarray(np.repeat(LEVELS, 2, axis=0))
    again = transform_from_config(transform_config(preprocessing(name, 2)))
    for transform in (preprocessing(name, 2), again):  # also as a model file keeps it
        found = transform(image, rng)
        assert found.dtype == np.float32
        assert np.abs(found[0] - EXPECTED[name][0]).max() < 2e-5 * np.abs(EXPECTED[name]).max()


def test_an_unknown_name():
    with pytest.raises(ValueError, match="unknown preprocessing 'torch'"):
        preprocessing("torch", 224)
