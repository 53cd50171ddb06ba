"""The same numbers as torchvision's networks with the same weights: forward and all gradients.

Skipped without torch and torchvision (``pip install --no-deps torchvision==0.28.0``).
"""

import numpy as np
import pytest

from src.classic_nn.context import Context
from tests.load.weights.parity import (
    CLASSES,
    assert_arrays_close,
    assert_close,
    compare,
    file_of,
    filled,
    joined,
    shapes_only,
    to_numpy,
    with_fewer_units,
)
from tests.torchvision_import import import_torchvision

torchvision = import_torchvision()
torch = pytest.importorskip("torch")

WIDE = {"inception_v3": (75, 80, 3)}
"""Images that are not as small as those of the others, (65, 49, 3)."""

NETWORKS = (
    *("resnet18", "resnet34", "resnet50", "mobilenet_v2", "inception_v3", "efficientnet_b0"),
    *("squeezenet1_0", "squeezenet1_1"),
)
LARGE = ("resnet101", "efficientnet_b5")
"""Compared in float32 alone, as they take long."""

VGG = {f"vgg{depth}{end}" for depth in (11, 13, 16, 19) for end in ("", "_bn")}
PASSES = [(name, np.float64) for name in ("vgg11", "vgg13_bn", "vgg16", "vgg19_bn")]
PASSES += [(name, np.float32) for name in sorted(VGG)]


def make(name):
    def module():
        settings = {"init_weights": False} if name == "inception_v3" else {}
        return getattr(torchvision.models, name)(num_classes=CLASSES, **settings)

    return module


class Features(torch.nn.Module):
    """The convolutions of a VGG, and the means of their maps: they take images of any size."""

    def __init__(self, name):
        super().__init__()
        self.features = make(name)().features

    def forward(self, x):
        return self.features(x).mean((2, 3))


@pytest.mark.parametrize(
    ("name", "dtype"),
    [
        *((name, dtype) for name in NETWORKS for dtype in (np.float64, np.float32)),
        *((name, np.float32) for name in LARGE),
    ],
)
def test_network(name, dtype, rng):
    image = WIDE.get(name, (65, 49, 3))
    compare(name, filled(make(name), rng), "torchvision", image, dtype=dtype)


@pytest.mark.parametrize(("name", "dtype"), PASSES)
def test_features_of_vgg(name, dtype, rng):
    module = filled(lambda: Features(name), rng)
    compare(name, module, "torchvision", (48, 35, 3), classes=None, dtype=dtype)


def test_vgg_with_its_head(rng, monkeypatch):
    """It flattens maps with channels first. With 16 units instead of 4096."""

    def small():
        module = make("vgg11")()
        for place, inputs, units in ((0, 512 * 7 * 7, 16), (3, 16, 16), (6, 16, CLASSES)):
            module.classifier[place] = torch.nn.Linear(inputs, units)
        return module

    with_fewer_units(monkeypatch)
    compare("vgg11", filled(small, rng), "torchvision", (224, 224, 3), dtype=np.float32)


@pytest.mark.parametrize("name", [f"efficientnet_b{k}" for k in (1, 2, 3, 4, 7)])
def test_names_and_shapes(name):
    joined(name, shapes_only(make(name)), "torchvision", (32, 32, 3))


def test_training(rng):
    """Statistics of the mini-batch, and the running ones after the step."""
    module = filled(make("resnet18"), rng).double().train()
    image = (65, 49, 3)
    layout, network = joined("resnet18", file_of(module), "torchvision", image, dtype=np.float64)
    x = rng.normal(size=(3, *image))
    leaf = torch.from_numpy(x.transpose(0, 3, 1, 2).copy()).requires_grad_()
    theirs, training = module(leaf), Context(training=True)
    y, cache = network.forward(x, training)
    assert_close(y, theirs.detach().numpy(), 1e-8, "y")
    dy = rng.normal(size=y.shape)
    theirs.backward(torch.from_numpy(dy))
    dx, gradients = network.backward(dy, cache, training)
    assert_close(dx, to_numpy(leaf.grad), 1e-8, "dx")
    other = {key: parameter.grad.numpy() for key, parameter in module.named_parameters()}
    assert_arrays_close(gradients, other, layout, 1e-8)
    assert_arrays_close(network.buffers, file_of(module).arrays, layout, 1e-8)
