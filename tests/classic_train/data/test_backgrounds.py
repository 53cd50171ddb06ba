"""Training photos as backgrounds for others."""

import numpy as np
import pytest

from src.classic_train.data import backgrounds
from src.classic_train.data.backgrounds import training_backgrounds
from src.classic_train.data.features import features_key
from src.classic_train.recipes.registry import RECIPES
from src.load import read_data
from src.load.transforms import Compose, Resize
from src.load.transforms.background import RandomBackground
from tests.load.photos import photo
from tests.load.test_subject import BACKGROUNDS, disc


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Discs on grey paper are plants, and so are three busy photos; the others are busy too."""
    root = tmp_path_factory.mktemp("plants")
    for name in ("other", "plant"):
        (root / name).mkdir()
    for seed in range(20):
        disc(BACKGROUNDS["grey"], seed=seed)[0].save(root / f"plant/{seed:02d}.png")
        photo(100 + seed, 120, 90).save(root / f"other/{seed:02d}.png")
    for seed in range(3):
        photo(500 + seed, 120, 90).save(root / f"plant/busy{seed}.png")
    return root


def data_of(place, **changed):
    recipe = RECIPES["plants"]
    values = recipe.defaults("cnn").as_dict() | {"data": str(place), "image_size": 32, **changed}
    return recipe.load_data(type(recipe.options).from_dict(values))


def test_scenes_are_of_the_other_class_alone(place):
    """A plant behind a photo of something else would make its label wrong."""
    data = read_data(place)
    dataset = data.divided({"train": data.rows()})
    found = training_backgrounds(dataset, Compose([Resize((40, 40))]), 0, seed=0)
    assert (len(found.scenes), len(found.stages)) == (20, 20)
    others = {data.images[int(row)].resize((40, 40), 2).tobytes() for row in range(20)}
    assert {scene.tobytes() for scene in found.scenes} <= others
    again = training_backgrounds(dataset, Compose([Resize((40, 40))]), 0, seed=0)
    assert again.digest() == found.digest()


def test_no_more_are_kept_than_memory_should_hold(place, monkeypatch):
    monkeypatch.setattr(backgrounds, "MOST", 4)
    data = read_data(place)
    dataset = data.divided({"train": data.rows()})
    found = training_backgrounds(dataset, Compose([Resize((40, 40))]), 0, seed=0)
    assert (len(found.scenes), len(found.stages)) == (4, 4)


def test_only_training_photos_are_backgrounds(place):
    data = data_of(place)
    (exchange,) = [
        step for step in data.train_transform.transforms if isinstance(step, RandomBackground)
    ]
    train = {
        np.asarray(data.photos.images[int(r)].resize((32, 32), 2)).tobytes()
        for r in data.photos.splits["train"]
    }
    used = [*exchange.backgrounds.scenes, *(levels for levels, _ in exchange.backgrounds.stages)]
    assert used
    assert all(levels.tobytes() in train for levels in used)
    assert not any(isinstance(step, RandomBackground) for step in data.eval_transform.transforms)


def test_without_backgrounds_there_is_no_exchange_and_features_are_others(place):
    exchanged, plain = data_of(place), data_of(place, backgrounds=0.0)
    assert not any(isinstance(s, RandomBackground) for s in plain.train_transform.transforms)
    keys = {
        features_key(data, "train", data.batches("train"), 2, "weights")
        for data in (exchanged, plain, data_of(place, backgrounds=0.2))
    }
    assert len(keys) == 3
    assert exchanged.examples(2)[0].shape == (2, 32, 32, 3)  # and the photos are as they were
    assert (exchanged.examples(2)[0] == plain.examples(2)[0]).all()
