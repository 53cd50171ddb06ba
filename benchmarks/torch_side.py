"""PyTorch, eager, on the processor: the workloads with its own layers and optimizers."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.workloads import WORKLOADS, Backbone, Conv, Convolution, Training, Unit

VERSION = f"torch {torch.__version__}"


def build(description: dict[str, Any]) -> Callable[[], object]:
    """The step of a workload in one variant: memory layout, kind of optimizer, compiled or not."""
    torch.set_num_threads(description["threads"])
    torch.manual_seed(0)
    task = WORKLOADS[description["workload"]].task
    layout = torch.channels_last if description["layout"] == "channels_last" else None
    made: Callable[[Any], Any] = torch.compile if description.get("compiled") else lambda m: m
    if isinstance(task, Convolution):
        return _convolution(task, layout, made)
    return _training(task, layout, description["update"], made)


def _training(
    task: Training | Backbone,
    layout: torch.memory_format | None,
    update: str,
    made: Callable[[Any], Any],
) -> Callable[[], object]:
    network = _backbone(task) if isinstance(task, Backbone) else _network(task)
    x = torch.randn(task.batch, *task.input_shape)
    if len(task.input_shape) == 3:
        x = x.permute(0, 3, 1, 2).contiguous()
        if layout:
            network, x = network.to(memory_format=layout), x.to(memory_format=layout)
    network = made(network)
    loss: Callable[[Tensor, Tensor], Tensor]
    if isinstance(task, Training) and task.loss == "binary":
        loss, y = F.binary_cross_entropy_with_logits, torch.rand(task.batch, task.outputs).round()
    else:
        loss, y = F.cross_entropy, torch.randint(task.outputs, (task.batch,))
    kind: dict[str, Any] = {} if update == "default" else {update: True}
    optimizer: torch.optim.Optimizer
    if isinstance(task, Backbone) or task.optimizer == "adam":
        optimizer = torch.optim.Adam(network.parameters(), lr=1e-4, **kind)
    else:
        optimizer = torch.optim.SGD(network.parameters(), lr=1e-3, momentum=0.9, **kind)

    def step() -> None:
        optimizer.zero_grad()
        loss(network(x), y).backward()
        optimizer.step()

    return step


def _network(task: Training) -> nn.Module:
    layers: list[nn.Module] = []
    channels = task.input_shape[-1]
    shape = list(task.input_shape)
    for block in task.blocks:
        for conv in block:
            layers += [_conv(channels, conv, bias=not conv.batch_norm)]
            layers += [nn.BatchNorm2d(conv.channels)] if conv.batch_norm else []
            layers += [nn.ReLU()]
            channels = conv.channels
        layers.append(nn.MaxPool2d(2))
        layers += [nn.Dropout(task.block_dropout)] if task.block_dropout else []
        shape = [shape[0] // 2, shape[1] // 2, channels]
    if task.blocks:
        layers.append(nn.Flatten())
    features = 1
    for size in shape:
        features *= size
    for width in task.hidden:
        layers += [nn.Linear(features, width), nn.ReLU()]
        layers += [nn.Dropout(task.head_dropout)] if task.head_dropout else []
        features = width
    return nn.Sequential(*layers, nn.Linear(features, task.outputs))


class _Sum(nn.Module):  # type: ignore[misc]
    """Body and shortcut, added up."""

    def __init__(self, body: nn.Module, shortcut: nn.Module, activation: nn.Module) -> None:
        super().__init__()
        self.body, self.shortcut, self.activation = body, shortcut, activation

    def forward(self, x: Tensor) -> Tensor:
        return self.activation(self.body(x) + self.shortcut(x))


ACTIVATION = {
    "": nn.Identity,
    "relu": lambda: nn.ReLU(inplace=True),
    "relu6": lambda: nn.ReLU6(inplace=True),
}


def _backbone(task: Backbone) -> nn.Module:
    layers: list[nn.Module] = []
    channels = task.input_shape[-1]
    for part in task.parts:
        if isinstance(part, str):
            layers.append(nn.MaxPool2d(3, 2, 1))
            continue
        if isinstance(part, Unit):
            layers.append(_unit(channels, part))
            channels = part.conv.channels
            continue
        body, inside = [], channels
        for unit in part.body:
            body.append(_unit(inside, unit))
            inside = unit.conv.channels
        shortcut = nn.Identity() if part.shortcut is None else _unit(channels, part.shortcut)
        layers.append(_Sum(nn.Sequential(*body), shortcut, ACTIVATION[part.activation]()))
        channels = inside
    head = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, task.outputs))
    return nn.Sequential(*layers, *head)


def _unit(channels: int, unit: Unit) -> nn.Module:
    conv = _conv(channels, unit.conv, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(unit.conv.channels), ACTIVATION[unit.activation]())


def _conv(channels: int, conv: Conv, bias: bool) -> nn.Conv2d:
    return nn.Conv2d(
        channels,
        conv.channels,
        conv.kernel,
        conv.stride,
        padding=conv.kernel // 2,
        groups=conv.groups,
        bias=bias,
    )


def _convolution(
    task: Convolution, layout: torch.memory_format | None, made: Callable[[Any], Any]
) -> Callable[[], object]:
    layer = _conv(task.input_shape[-1], task.conv, bias=True)
    x = torch.randn(task.batch, *task.input_shape).permute(0, 3, 1, 2).contiguous()
    if layout:
        layer, x = layer.to(memory_format=layout), x.to(memory_format=layout)
    layer = made(layer)
    with torch.no_grad():
        upstream = torch.randn_like(layer(x))
    if not task.backward:

        def forward() -> None:
            with torch.no_grad():
                layer(x)

        return forward
    x.requires_grad_()

    def step() -> None:
        x.grad = None
        layer.zero_grad()
        layer(x).backward(upstream)

    return step
