"""PyTorch, eager, on the processor: the workloads with its own layers and optimizers."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.workloads import WORKLOADS, Conv, Convolution, Training

VERSION = f"torch {torch.__version__}"


def build(description: dict[str, Any]) -> Callable[[], object]:
    """The step of a workload in one variant: memory layout and kind of optimizer."""
    torch.set_num_threads(description["threads"])
    torch.manual_seed(0)
    task = WORKLOADS[description["workload"]].task
    layout = torch.channels_last if description["layout"] == "channels_last" else None
    if isinstance(task, Convolution):
        return _convolution(task, layout)
    return _training(task, layout, description["update"])


def _training(
    task: Training, layout: torch.memory_format | None, update: str
) -> Callable[[], object]:
    network = _network(task)
    x = torch.randn(task.batch, *task.input_shape)
    if task.blocks:
        x = x.permute(0, 3, 1, 2).contiguous()
        if layout:
            network, x = network.to(memory_format=layout), x.to(memory_format=layout)
    loss: Callable[[Tensor, Tensor], Tensor]
    if task.loss == "binary":
        loss, y = F.binary_cross_entropy_with_logits, torch.rand(task.batch, task.outputs).round()
    else:
        loss, y = F.cross_entropy, torch.randint(task.outputs, (task.batch,))
    kind: dict[str, Any] = {} if update == "default" else {update: True}
    optimizer: torch.optim.Optimizer
    if task.optimizer == "adam":
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


def _convolution(task: Convolution, layout: torch.memory_format | None) -> Callable[[], object]:
    layer = _conv(task.input_shape[-1], task.conv, bias=True)
    x = torch.randn(task.batch, *task.input_shape).permute(0, 3, 1, 2).contiguous()
    if layout:
        layer, x = layer.to(memory_format=layout), x.to(memory_format=layout)
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
