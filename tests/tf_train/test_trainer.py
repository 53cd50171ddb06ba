"""Training by Keras goes the way that training with NumPy goes, to rounding in float64."""

import os

import numpy as np
import pytest

from src.classic_cnn.architectures.resnet import BLOCKS
from src.classic_nn import SoftmaxCrossEntropy, create_optimizer
from src.classic_nn.schedules import create_schedule
from src.classic_train import MiniBatchTrainer
from src.classic_train.mini_batch.callback import Callback

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
pytest.importorskip("tensorflow", reason="needs the extra 'tf'")
import keras

if keras.backend.backend() != "tensorflow":
    pytest.skip("Keras has been imported with another backend", allow_module_level=True)

from src.tf_train.network import our_resnet50
from src.tf_train.trainer import KerasTrainer

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SHAPE = (33, 35, 3)


@pytest.fixture(autouse=True)
def _small_in_float64(monkeypatch):
    monkeypatch.setitem(BLOCKS, 50, (1, 1, 1, 1))
    before = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_floatx(before[0])
    keras.config.set_dtype_policy(before[1])


def data(samples=20, weighted=False):
    rng = np.random.default_rng(0)
    y = np.arange(samples) % 3
    x = rng.uniform(size=(samples, *SHAPE)) + 0.2 * y[:, None, None, None]
    return (x, y, rng.random(samples)) if weighted else (x, y)


class Seen(Callback):
    def __init__(self):
        self.costs, self.gradients, self.weights = [], [], []

    def after_backward(self, trainer):
        self.costs.append(trainer.batch_cost)
        self.gradients.append(trainer.gradients.vector.copy())

    def on_batch_end(self, trainer):
        self.weights.append(trainer.network.parameters.vector.copy())


def trained(kind, train, **settings):
    network = our_resnet50(SHAPE, None, 3)
    network.build(SHAPE, np.random.default_rng(1), np.float64)
    seen = Seen()
    # with an epsilon that is lost, as Keras adds it elsewhere
    adam = create_optimizer("adam", learning_rate=1e-3, beta2=0.99, epsilon=1e-30)
    trainer = kind(
        network, SoftmaxCrossEntropy(), adam, batch_size=10, epochs=2, callbacks=[seen], seed=2,
        **settings,
    )  # fmt: skip
    trainer.fit(train)
    return trainer, seen


def has_gradient(vector):
    """Biases before a batch normalization have none but rounding, of which Adam makes steps."""
    return np.abs(vector) > 1e-12 * np.abs(vector).max()


@pytest.mark.parametrize("weighted", [False, True])
def test_both_go_the_same_way(weighted):
    train = data(weighted=weighted)
    schedule = {"schedule": create_schedule("exponential", learning_rate=2e-3)}
    (ours, mine), (theirs, other) = (
        trained(kind, train, **schedule) for kind in (MiniBatchTrainer, KerasTrainer)
    )
    np.testing.assert_allclose(other.costs, mine.costs, rtol=1e-5)
    for step, tolerance in ((0, 1e-9), (-1, 1e-2)):  # Keras keeps the rate in float32
        one, two = mine.gradients[step], other.gradients[step]
        np.testing.assert_allclose(two, one, atol=tolerance * np.abs(one).max())
    moved = has_gradient(mine.gradients[0])
    assert moved.mean() > 0.9
    np.testing.assert_allclose(other.weights[0][moved], mine.weights[0][moved], atol=1e-2 * 2e-3)
    assert [r["learning_rate"] for r in theirs.history] == [
        r["learning_rate"] for r in ours.history
    ]


@pytest.mark.parametrize(
    "settings",
    [{"clip_norm": 1.0}, {"accumulate": 2}],
)
def test_what_has_no_translation_is_refused(settings):
    with pytest.raises(ValueError, match="no translation"):
        trained(KerasTrainer, data(), **settings)
