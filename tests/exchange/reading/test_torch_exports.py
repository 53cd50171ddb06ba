"""Networks that PyTorch has exported, with random weights: the same answers as in PyTorch."""

import warnings

import numpy as np
import pytest

from src.classic_nn.context import PREDICTION
from src.exchange.reading import import_model
from tests.torchvision_import import import_torchvision

onnx = pytest.importorskip("onnx", reason="needs the extra: onnx")
pytest.importorskip("onnxruntime", reason="needs the extra: onnx")
torch = pytest.importorskip("torch", reason="needs the extra 'torch'")

TOLERANCE = 1e-4


def exported(module, x, path, opset):
    module.eval()
    for layer in module.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.running_mean.uniform_(-0.2, 0.2)
            layer.running_var.uniform_(0.5, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter that needs no other package is the older one
        torch.onnx.export(
            module,
            x,
            path,
            dynamo=False,
            opset_version=opset,
            input_names=["x"],
            dynamic_axes={"x": {0: "n"}},
        )
    return path


def assert_the_same(module, x, path):
    found, agreement = import_model(path)
    assert agreement.difference < TOLERANCE
    y, _ = found.network.forward(np.ascontiguousarray(x.permute(0, 2, 3, 1).numpy()), PREDICTION)
    with torch.no_grad():
        expected = module(x).numpy()
    assert y.shape == expected.shape
    assert np.abs(y - expected).max() <= TOLERANCE * np.abs(expected).max()
    return found.network


class Small(torch.nn.Module):
    """What torchvision's networks do not have: PReLU, hard swish, a bilinear Upsample, view."""

    def __init__(self):
        super().__init__()
        nn = torch.nn
        self.body = nn.Sequential(
            nn.Conv2d(3, 6, 3, stride=2, padding=1),
            nn.PReLU(6),
            nn.Hardswish(),
            nn.Upsample(scale_factor=2, mode="bilinear"),
            nn.LeakyReLU(0.2),
            nn.Upsample(scale_factor=2, mode="nearest"),
            nn.AvgPool2d(2, ceil_mode=True),
            nn.Conv2d(6, 4, 3, groups=2, dilation=2),
            nn.SiLU(),
        )
        self.head = nn.Linear(4 * 12 * 12, 5)

    def forward(self, x):
        return self.head(self.body(x).view(-1, 4 * 12 * 12))


@pytest.mark.parametrize("opset", [13, 17])
def test_single_layers(opset, tmp_path):
    torch.manual_seed(0)
    module = Small()
    x = torch.randn(3, 3, 16, 16)
    assert_the_same(module, x, exported(module, x, tmp_path / "m.onnx", opset))


@pytest.mark.parametrize(
    ("name", "inside"),
    [
        ("resnet18", "Residual"),
        ("mobilenet_v2", "Residual"),
        ("mobilenet_v3_small", "SqueezeExcitation"),
        ("efficientnet_b0", "SqueezeExcitation"),
        ("squeezenet1_1", "Parallel"),
        ("googlenet", "Parallel"),
        ("densenet121", "Parallel"),
        ("regnet_y_400mf", "SqueezeExcitation"),
    ],
)
def test_torchvision_s_networks(name, inside, tmp_path):
    models = import_torchvision().models
    torch.manual_seed(0)
    settings = {"init_weights": True} if name == "googlenet" else {}
    module = getattr(models, name)(weights=None, num_classes=7, **settings)
    x = torch.randn(2, 3, 64, 64)
    network = assert_the_same(module, x, exported(module, x, tmp_path / "m.onnx", 13))
    assert inside in {type(layer).__name__ for layer in network.descendants()}
