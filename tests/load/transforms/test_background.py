"""Other backgrounds: subjects in scenes, and parts of photos in the place of subjects."""

import numpy as np
import pytest
from PIL import Image

from src.load.transforms import Compose, Resize, background, transform_config, transform_description
from src.load.transforms.background import Backgrounds, RandomBackground, soft_outline, surface
from tests.load.photos import photo
from tests.load.test_subject import BACKGROUNDS, disc

SCENE = np.full((40, 50, 3), (200, 0, 0), np.uint8)


def stage():
    picture, truth = disc(BACKGROUNDS["blue"])
    return np.asarray(picture), truth


def colour_at(picture, mask):
    return np.asarray(picture)[mask].mean(axis=0)


def test_a_subject_on_a_plain_background_comes_into_a_scene(monkeypatch):
    picture, truth = disc(BACKGROUNDS["grey"])
    monkeypatch.setattr(background, "SURFACES", 0.0)
    still = RandomBackground(Backgrounds([SCENE], []), 1.0, scale=(1.0, 1.0), degrees=0.0, copies=1)
    for seed in range(5):
        made = still(picture, np.random.default_rng(seed))
        levels = np.asarray(made, float)
        assert made.size == picture.size
        green = (np.abs(levels - (30, 140, 40)).max(axis=-1) < 30).sum()
        assert green > 0.3 * truth.sum()  # moved by a quarter at most
        assert not (np.abs(levels - (150, 145, 155)).max(axis=-1) < 12).any()  # no grey is left
        corner = np.asarray(made.crop((0, 0, 4, 4)), float).reshape(-1, 3).mean(axis=0)
        assert np.abs(corner - (200, 0, 0)).max() < 40 or np.abs(corner - (30, 140, 40)).max() < 40


def test_any_other_photo_takes_the_place_of_a_subject():
    levels, truth = stage()
    whole = Image.new("RGB", (120, 90), (240, 200, 10))
    busy = Image.blend(photo(1, 120, 90), whole, 0.3)
    made = RandomBackground(Backgrounds([], [(levels, truth)]), 1.0)(busy, np.random.default_rng(0))
    assert made.size == busy.size
    outside = ~(np.asarray(soft_outline(truth, grown=True)) > 0)
    assert np.abs(np.asarray(made, float) - levels)[outside].max() <= 1
    assert (np.abs(colour_at(made, truth) - (30, 140, 40)) > 20).any()  # no leaf is left there


def test_labels_play_no_part_and_the_photo_stays_what_it_was(rng):
    picture, _ = disc(BACKGROUNDS["grey"])
    before = np.asarray(picture).copy()
    exchange = RandomBackground(Backgrounds([SCENE], [stage()]), 1.0)
    first = exchange(picture, np.random.default_rng(4))
    again = exchange(picture, np.random.default_rng(4))
    assert (np.asarray(first) == np.asarray(again)).all()
    assert (np.asarray(picture) == before).all()


def test_with_probability_zero_nothing_happens():
    picture, _ = disc(BACKGROUNDS["grey"])
    exchange = RandomBackground(Backgrounds([SCENE], [stage()]), 0.0)
    assert exchange(picture, np.random.default_rng(0)) is picture


def test_without_stages_a_photo_without_a_plain_background_stays():
    busy = photo(2, 120, 90)
    assert RandomBackground(Backgrounds([SCENE], []), 1.0)(busy, np.random.default_rng(0)) is busy


def test_without_scenes_a_subject_comes_on_a_surface():
    picture, _ = disc(BACKGROUNDS["grey"])
    exchange = RandomBackground(Backgrounds([], [stage()]), 1.0, (1.0, 1.0), 0.0, copies=1)
    colours = []
    for seed in range(8):
        levels = np.asarray(exchange(picture, np.random.default_rng(seed)), float)
        assert (np.abs(levels - (30, 140, 40)).max(axis=-1) < 30).sum() > 300
        colours.append(levels[:4, :4].reshape(-1, 3).mean(axis=0))
    assert np.std(colours, axis=0).min() > 25


def test_surfaces_are_of_one_colour_more_or_less_and_differ():
    made = [np.asarray(surface((60, 40), np.random.default_rng(seed)), float) for seed in range(9)]
    assert all(levels.shape == (40, 60, 3) for levels in made)
    within = np.mean([levels.std(axis=(0, 1)) for levels in made])
    between = np.std([levels.mean(axis=(0, 1)) for levels in made], axis=0).mean()
    assert within < 0.6 * between


def test_it_is_described_by_its_photos_and_no_file_holds_it():
    one, other = (RandomBackground(Backgrounds([scene], [])) for scene in (SCENE, SCENE[::-1] // 2))
    described = [transform_description(Compose([Resize(8), step])) for step in (one, other)]
    assert described[0] != described[1]
    assert described[0][1]["name"] == "RandomBackground"
    with pytest.raises(ValueError, match="RandomBackground: expected one of CenterCrop, "):
        transform_config(one)


def test_a_wrong_probability_is_refused():
    with pytest.raises(ValueError, match="p: expected a probability"):
        RandomBackground(Backgrounds([], []), 1.5)


def test_several_copies_cover_more_of_a_scene():
    picture, _ = disc(BACKGROUNDS["grey"])

    def green(copies, seed):
        exchange = RandomBackground(Backgrounds([SCENE], []), 1.0, (0.8, 0.8), copies=copies)
        levels = np.asarray(exchange(picture, np.random.default_rng(seed)), float)
        return (np.abs(levels - (30, 140, 40)).max(axis=-1) < 40).sum()

    one, several = (sum(green(copies, seed) for seed in range(20)) for copies in (1, 6))
    assert several > 1.5 * one


@pytest.mark.parametrize("image", [disc(BACKGROUNDS["grey"])[0], photo(2, 120, 90)])
def test_grey_photos_stay_grey(image):
    exchange = RandomBackground(Backgrounds([SCENE[..., 0]], [stage()]), 1.0)
    for seed in range(4):
        assert exchange(image.convert("L"), np.random.default_rng(seed)).mode == "L"
