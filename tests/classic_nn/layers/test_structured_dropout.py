import numpy as np
import pytest

from src.classic_nn import Context, SpatialDropout, StochasticDepth


@pytest.mark.parametrize(
    ("layer", "together"), [(SpatialDropout(0.4), (1, 2)), (StochasticDepth(0.4), (1, 2, 3))]
)
def test_what_belongs_together_is_dropped_together_and_the_mean_stays(layer, together):
    x = np.ones((2000, 3, 2, 8), np.float32)
    y, _ = layer.forward(x, Context(training=True, rng=np.random.default_rng(0)))
    assert set(np.unique(y)) == {0.0, np.float32(1 / 0.6)}
    assert np.array_equal(y.min(axis=together), y.max(axis=together))
    assert y.mean() == pytest.approx(1, abs=0.06)


def test_channels_of_a_sample_are_dropped_one_by_one():
    x = np.ones((100, 3, 3, 8), np.float32)
    y, _ = SpatialDropout(0.5).forward(x, Context(training=True, rng=np.random.default_rng(0)))
    assert 0 < (y[:, 0, 0] > 0).mean(axis=1).min() < (y[:, 0, 0] > 0).mean(axis=1).max() <= 1
