"""Transforms survive as JSON, with the same results."""

import json

import numpy as np
import pytest

from src.load.transforms import (
    PRESETS,
    CenterCrop,
    ColorJitter,
    Compose,
    Grayscale,
    RandomAffine,
    RandomDownscale,
    RandomResizedCrop,
    Resize,
    ToFloat,
    Transform,
    transform_config,
    transform_from_config,
)
from src.load.transforms.configuration import TRANSFORMS
from tests.load.photos import photo

OTHERS = Compose(
    [
        Resize((20, 30), "lanczos"),
        RandomAffine(10, (0.1, 0.2), (0.8, 1.1), (1.0, 2.0), fill=(1, 2, 3)),
        RandomResizedCrop((12, 16), (0.5, 0.9)),
        RandomDownscale((0.3, 0.8), 0.7),
        ColorJitter(brightness=(0.5, 0.7), hue=0.1),
        CenterCrop(10),
        Grayscale(3),
        ToFloat(),
    ]
)


@pytest.mark.parametrize(
    "pipeline",
    [*(p for preset in PRESETS.values() for p in (preset.training, preset.evaluation)), OTHERS],
)
def test_a_pipeline_read_back_does_the_same(pipeline):
    again = transform_from_config(json.loads(json.dumps(transform_config(pipeline))))
    assert again == pipeline
    for seed in range(20):
        one = pipeline(photo(seed), np.random.default_rng(seed))
        assert np.array_equal(one, again(photo(seed), np.random.default_rng(seed)))


def test_every_transform_has_a_name_to_be_read_by():
    def below(kind):
        return {kind} | {found for sub in kind.__subclasses__() for found in below(sub)}

    own = {kind.__name__ for kind in below(Transform) if kind.__module__.startswith("src.")}
    of_training = {"RandomBackground"}  # made of photos, which no file of a model holds
    assert own - {"Transform", "Compose", "RandomFlip"} - of_training == set(TRANSFORMS)


def test_what_nobody_could_read_back_is_refused():
    class Blur(Transform):
        pass

    with pytest.raises(ValueError, match="Blur: expected one of CenterCrop, "):
        transform_config(Compose([Blur()]))
    with pytest.raises(ValueError, match="unknown transform 'Blur'"):
        transform_from_config([{"name": "Blur"}])
    with pytest.raises(ValueError, match=r"Resize: .*colour"):
        transform_from_config([{"name": "Resize", "size": 3, "colour": "red"}])
    with pytest.raises(ValueError, match="size: expected"):
        transform_from_config([{"name": "Resize", "size": -3}])
