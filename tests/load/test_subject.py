"""Subjects on plain backgrounds."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from src.load.subject import otsu_threshold, subject_mask
from tests.load.photos import photo
from tests.paths import real_data


def disc(background, colour=(30, 140, 40), size=(120, 90), box=(30, 20, 80, 65), noise=2.0, seed=0):
    """A disc, and where it is; the background may be a function of x and y in fractions."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width]
    channels = background(x / width, y / height)
    levels = np.stack([np.broadcast_to(c, x.shape) for c in channels], axis=-1)
    levels = levels + np.random.default_rng(seed).normal(0, noise, levels.shape)
    picture = Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8))
    truth = Image.new("L", size)
    ImageDraw.Draw(truth).ellipse(box, fill=255)
    picture.paste(colour, mask=truth)
    return picture, np.asarray(truth) > 127


def overlap(mask, truth):
    return (mask & truth).sum() / (mask | truth).sum()


BACKGROUNDS = {
    "grey": lambda x, y: (150.0, 145.0, 155.0),
    "white": lambda x, y: (250.0, 250.0, 250.0),
    "black": lambda x, y: (6.0, 5.0, 6.0),
    "lit from the side": lambda x, y: (120 + 80 * x, 115 + 80 * x, 125 + 80 * x + 0 * y),
    "blue": lambda x, y: (60.0, 70.0, 180.0),
}


@pytest.mark.parametrize("name", BACKGROUNDS)
def test_the_subject_is_found(name):
    picture, truth = disc(BACKGROUNDS[name])
    mask = subject_mask(picture)
    assert mask is not None
    assert mask.shape == (90, 120)
    assert overlap(mask, truth) > 0.9


def test_a_shadow_is_no_subject():
    def shadowed(x, y):
        dark = np.where((x > 0.6) & (y > 0.6) & (x < 0.9), 0.6, 1.0)
        return 150 * dark, 145 * dark, 155 * dark

    picture, truth = disc(shadowed)
    assert overlap(subject_mask(picture), truth) > 0.85


def test_a_subject_may_reach_the_border():
    picture, truth = disc(BACKGROUNDS["grey"], box=(60, 10, 140, 80))
    assert overlap(subject_mask(picture), truth) > 0.85


def test_holes_belong_to_it():
    picture, truth = disc(BACKGROUNDS["grey"])
    picture.paste((150, 145, 155), (50, 40, 56, 46))
    assert overlap(subject_mask(picture), truth) > 0.9


@pytest.mark.parametrize(
    "picture",
    [
        photo(3, 100, 80),
        Image.new("RGB", (60, 60), (90, 90, 90)),
        Image.new("RGB", (1, 1)),
        disc(BACKGROUNDS["grey"], box=(50, 40, 54, 44))[0],
    ],
    ids=["no plain background", "nothing but background", "a pixel", "a speck"],
)
def test_without_a_subject_there_is_no_mask(picture):
    assert subject_mask(picture) is None


def test_otsu_divides_two_groups(rng):
    values = np.r_[rng.normal(10, 2, 500), rng.normal(40, 3, 300)]
    assert 15 < otsu_threshold(values) < 33


def test_most_leaves_on_paper_are_found():
    """Of PlantVillage; none of the photos of shops has a plain background."""
    leaves = sorted(real_data("plants").glob("plantvillage/*/*.jpg"))[::4]
    found = [subject_mask(Image.open(path).convert("RGB")) for path in leaves]
    masks = [mask for mask in found if mask is not None]
    assert len(masks) > 0.85 * len(leaves)
    assert 0.3 < np.median([mask.mean() for mask in masks]) < 0.7
    shops = sorted(real_data("grocery").glob("train/**/*.jpg"))[::60]
    assert all(subject_mask(Image.open(path).convert("RGB")) is None for path in shops)
