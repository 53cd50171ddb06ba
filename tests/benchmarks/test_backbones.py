"""Both sides of the benchmark of published networks do the same work."""

import numpy as np
import pytest

from src.classic_cnn.architectures import create_network
from src.classic_nn.context import PREDICTION

torch = pytest.importorskip("torch", reason="needs the extra 'torch'")


@pytest.mark.parametrize(
    ("name", "side"),
    [*(("resnet18", 33), ("mobilenet_v2", 40), ("efficientnet_lite0", 40)), ("squeezenet1_1", 41)],
)
def test_the_outputs_are_the_same(name, side, rng):
    from benchmarks.torch_networks import to_torch

    network = create_network(name, classes=5)
    network.build((side, side, 3), rng)
    for key, array in network.buffers.items():
        array += 0.1 * rng.random(array.shape) * key.endswith("variance")
    x = rng.normal(size=(2, side, side, 3)).astype(np.float32)
    module = to_torch(network).eval()
    with torch.inference_mode():
        theirs = module(torch.tensor(x.transpose(0, 3, 1, 2).copy())).numpy()
    ours, _ = network.forward(x, PREDICTION)
    assert np.abs(ours - theirs).max() <= 1e-4 * np.abs(theirs).max()


def test_an_unknown_task_is_one_line(capsys):
    from benchmarks.backbones import main

    assert main(["resnet5"]) == 2
    assert "unknown task 'resnet5'" in capsys.readouterr().err
