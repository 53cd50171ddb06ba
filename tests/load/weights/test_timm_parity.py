"""The same outputs as timm's networks with the same weights.

Skipped without torch, torchvision and timm (``pip install --no-deps timm torchvision``).
"""

import numpy as np
import pytest

from tests.load.weights.parity import CLASSES, compare, filled, with_fewer_units
from tests.torchvision_import import import_torchvision

import_torchvision()
torch = pytest.importorskip("torch")
timm = pytest.importorskip("timm", reason="pip install --no-deps timm")

IMAGE = (65, 48, 3)


@pytest.mark.parametrize(
    ("theirs", "name", "layout", "image"),
    [
        ("resnet18", "resnet18", "torchvision", IMAGE),
        ("resnet50", "resnet50", "torchvision", IMAGE),
        ("inception_v3", "inception_v3", "torchvision", (75, 80, 3)),
        ("mobilenetv2_100", "mobilenet_v2", "timm", IMAGE),
        ("efficientnet_b0", "efficientnet_b0", "timm", IMAGE),
        ("tf_efficientnet_b0", "efficientnet_b0", "timm_tf", IMAGE),
        ("tf_efficientnet_b2", "efficientnet_b2", "timm_tf", IMAGE),
        ("tf_efficientnet_lite0", "efficientnet_lite0", "timm_tf", IMAGE),
        ("tf_efficientnet_lite3", "efficientnet_lite3", "timm_tf", IMAGE),
    ],
)
def test_network(theirs, name, layout, image, rng):
    module = filled(lambda: timm.create_model(theirs, num_classes=CLASSES), rng)
    compare(name, module, layout, image, dtype=np.float32)


@pytest.mark.parametrize("name", ["vgg11_bn", "vgg16"])
def test_vgg_with_its_head(name, rng, monkeypatch):
    """The first dense layer is a convolution of 7 x 7. With 16 units instead of 4096."""
    with_fewer_units(monkeypatch)

    def small():
        module = timm.create_model(name, num_classes=CLASSES)
        module.pre_logits.fc1 = torch.nn.Conv2d(512, 16, 7)
        module.pre_logits.fc2 = torch.nn.Conv2d(16, 16, 1)
        module.head.fc = torch.nn.Linear(16, CLASSES)
        return module

    compare(name, filled(small, rng), "timm", (224, 224, 3), dtype=np.float32)
