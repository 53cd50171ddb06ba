import numpy as np
import pytest

from src.classic_train.cli.options import TrainingOptions
from src.classic_train.data.generated import (
    HELD_OUT,
    blobs,
    digit_canvases,
    digit_strips,
    moons,
)

OPTIONS = TrainingOptions(train_samples=50)


@pytest.mark.parametrize("make", [digit_strips, digit_canvases, blobs, moons])
def test_generated_data_have_the_sizes_asked_for_and_are_seeded(make):
    data, again = make(OPTIONS), make(OPTIONS)
    assert (len(data.train), len(data.validation), len(data.test)) == (50, HELD_OUT, HELD_OUT)
    assert data.train.y.shape == (50, len(data.class_names))
    assert np.array_equal(data.test.x, again.test.x)
    assert not np.array_equal(data.train.x, make(TrainingOptions(train_samples=50, seed=1)).train.x)
