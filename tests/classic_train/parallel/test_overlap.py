import numpy as np
import pytest

from src.classic_nn import Context, Dense, ReLU, Residual, Sequential
from src.classic_train.parallel import overlap
from src.classic_train.parallel.overlap import GradientSum, overlap_pays
from src.classic_train.parallel.processes import ALONE, Alone


class Recording:
    """A worker that notes what it is to sum up, and doubles it when it is waited for."""

    def __init__(self):
        self.parts = []

    def begin_all_reduce(self, array):
        self.parts.append(array)

        def wait():
            array[...] *= 2

        return wait


@pytest.mark.parametrize("least", [1, 8 * 30, 8 * 1000])
def test_every_value_is_sent_once_and_when_it_is_complete(least, rng, monkeypatch):
    monkeypatch.setattr(overlap, "PART", least)
    body = Sequential([Dense(4), ReLU(), Dense(6)])
    network = Sequential([Dense(6), ReLU(), Residual(body), Dense(5), ReLU(), Dense(2)])
    network.build((3,), rng, np.float64)
    x, dy = rng.normal(size=(4, 3)), rng.normal(size=(4, 2))
    expected = network.backward(dy, network.forward(x)[1], input_gradient=False)[1].vector

    gradients, worker = network.gradient_vector(), Recording()
    together = GradientSum(gradients.vector, worker)

    def finished(part):
        before = len(worker.parts)
        together.finished(part)
        for sent in worker.parts[before:]:
            assert sent.nbytes >= least
            assert (sent != 0).mean() > 0.2  # written, but for gradients that ReLU stopped

    context = Context(training=True, finished=finished)
    network.backward(dy, network.forward(x, context)[1], context, gradients, input_gradient=False)
    together.wait()
    assert sum(part.size for part in worker.parts) == expected.size
    assert len(worker.parts) == {1: 4, 240: 3, 8000: 1}[least]
    assert np.array_equal(gradients.vector, 2 * expected)


@pytest.mark.parametrize(
    ("processes", "bandwidth", "megabytes", "pays"),
    [(2, 0.3e9, 20, True), (2, 1e9, 20, False), (2, 0.3e9, 10, False), (1, 0.3e9, 20, False)],
)
def test_it_pays_for_large_gradients_on_slow_networks(processes, bandwidth, megabytes, pays):
    class Group(Alone):
        size = processes

        def bandwidth(self):
            return bandwidth

    assert overlap_pays(Group(), np.zeros(megabytes << 18, np.float32)) == pays
    assert not overlap_pays(ALONE, np.zeros(1))
