"""Our networks as PyTorch's, layer by layer, with the same weights: so both sides do the same."""

import numpy as np
import torch
from torch import Tensor, nn

from src.classic_cnn import AveragePool2D, Conv2D, GlobalAveragePool, MaxPool2D
from src.classic_cnn.utils import geometry, pair
from src.classic_nn import (
    BatchNorm,
    Dense,
    Dropout,
    Flatten,
    Layer,
    Parallel,
    ReLU,
    ReLU6,
    Residual,
    Sequential,
    StochasticDepth,
)

PLAIN: dict[type[Layer], type[nn.Module]] = {
    ReLU: nn.ReLU,
    ReLU6: nn.ReLU6,
    Dropout: nn.Identity,
    StochasticDepth: nn.Identity,
}


class Sum(nn.Module):  # type: ignore[misc]
    """Body and shortcut."""

    def __init__(self, body: nn.Module, shortcut: nn.Module) -> None:
        super().__init__()
        self.body, self.shortcut = body, shortcut

    def forward(self, x: Tensor) -> Tensor:
        """Their sum."""
        return self.body(x) + self.shortcut(x)


class SideBySide(nn.Module):  # type: ignore[misc]
    """Branches whose channels stand side by side."""

    def __init__(self, branches: list[nn.Module]) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x: Tensor) -> Tensor:
        """All channels."""
        return torch.cat([branch(x) for branch in self.branches], dim=1)


class Mean(nn.Module):  # type: ignore[misc]
    """The mean of each map."""

    def forward(self, x: Tensor) -> Tensor:
        """(samples, channels)."""
        return x.mean((2, 3))


def to_torch(layer: Layer) -> nn.Module:
    """A module that computes what a built layer does, on images with channels first."""
    if isinstance(layer, Sequential):
        return nn.Sequential(*map(to_torch, layer.layers))
    if isinstance(layer, Residual):
        shortcut = nn.Identity() if layer.shortcut is None else to_torch(layer.shortcut)
        return Sum(to_torch(layer.body), shortcut)
    if isinstance(layer, Parallel):
        return SideBySide(list(map(to_torch, layer.branches)))
    if type(layer) in PLAIN:
        return PLAIN[type(layer)]()
    if isinstance(layer, Flatten):
        return nn.Flatten()  # of maps of one pixel, or in another order: the same work
    if isinstance(layer, GlobalAveragePool):
        return Mean()
    if isinstance(layer, Conv2D):
        return _convolution(layer)
    if isinstance(layer, AveragePool2D):
        stride = layer.window if layer.stride is None else layer.stride
        return nn.AvgPool2d(layer.window, stride, layer.padding)
    if isinstance(layer, MaxPool2D):
        ceil = layer.padding == "ceil"
        stride = layer.window if layer.stride is None else layer.stride
        return nn.MaxPool2d(layer.window, stride, 0 if ceil else layer.padding, ceil_mode=ceil)
    parameters = layer.frozen or layer.parameters
    if isinstance(layer, Dense):
        W = parameters["W"]
        dense = nn.Linear(*W.shape, bias=layer.bias)
        _set(dense.weight, W.T)
        if layer.bias:
            _set(dense.bias, parameters["b"])
        return dense
    if isinstance(layer, BatchNorm):
        norm = nn.BatchNorm2d(len(parameters["gamma"]), layer.epsilon, 1 - layer.momentum)
        _set(norm.weight, parameters["gamma"])
        _set(norm.bias, parameters["beta"])
        for name, ours in (("running_mean", "running_mean"), ("running_var", "running_variance")):
            getattr(norm, name).copy_(torch.tensor(layer.buffers[ours]))
        return norm
    raise TypeError(f"no module for a {type(layer).__name__}")


def _convolution(layer: Conv2D) -> nn.Module:
    parameters = layer.frozen or layer.parameters
    W = parameters["W"]
    (top, bottom), (left, right) = geometry(
        (224, 224), W.shape[:2], layer.stride, layer.padding, layer.dilation
    ).padding
    assert (top, left) == (bottom, right), "padding of one size on opposite sides"
    conv = nn.Conv2d(
        W.shape[2] * layer.groups,
        W.shape[3],
        W.shape[:2],
        pair(layer.stride),
        (top, left),
        pair(layer.dilation),
        layer.groups,
        layer.bias,
    )
    _set(conv.weight, W.transpose(3, 2, 0, 1))
    if layer.bias:
        _set(conv.bias, parameters["b"])
    return conv


def _set(parameter: Tensor | None, values: np.ndarray) -> None:
    assert parameter is not None
    with torch.no_grad():
        parameter.copy_(torch.tensor(np.ascontiguousarray(values)))
