"""The same operations in PyTorch, eager, on the processor."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from benchmarks.operation_side import CASES, targets
from benchmarks.torch_side import VERSION
from src.classic_nn import Layer, Sequential
from src.classic_nn.loss import Loss
from src.classic_nn.optimizers import Optimizer
from src.torch_train.losses import torch_loss
from src.torch_train.module import to_torch

__all__ = ["VERSION", "build"]

OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "sgd": torch.optim.SGD,
    "momentum": lambda *p, **k: torch.optim.SGD(*p, momentum=0.9, **k),
    "nesterov": lambda *p, **k: torch.optim.SGD(*p, momentum=0.9, nesterov=True, **k),
    "rms_prop": torch.optim.RMSprop,
    "adam": torch.optim.Adam,
    "radam": torch.optim.RAdam,
}
NOT_FUSED = ("rms_prop", "radam")
"""For which PyTorch has no fused step: then that over lists of tensors."""


def build(description: dict[str, Any]) -> Callable[[], object]:
    """A forward and backward pass in one memory layout, or a step of one kind."""
    torch.set_num_threads(description["threads"])
    torch.manual_seed(0)
    case = CASES[description["operation"]]
    made, rng = case.make(), np.random.default_rng(0)
    if isinstance(made, Optimizer):
        return _step(description["operation"].split()[-1], case.shape, description["layout"])
    if isinstance(made, Loss):
        logits = torch.randn(case.batch, *case.shape, requires_grad=True)
        y = torch.from_numpy(targets(made, case, rng))

        def lose() -> object:
            return torch.autograd.grad(torch_loss(made, logits, y), logits)

        return lose
    assert isinstance(made, Layer)
    network = Sequential([made])
    network.build(case.shape, rng)
    module = to_torch(network).train()
    x = torch.randn(case.batch, *case.shape)
    if description["layout"] == "contiguous" and x.ndim == 4:  # by PyTorch's order of axes
        x = x.permute(0, 3, 1, 2).contiguous().permute(0, 2, 3, 1)
    x.requires_grad_()
    dy = torch.ones_like(module(x))

    def step() -> object:
        module.zero_grad()
        y = module(x)
        y.backward(dy)
        x.grad = None
        return y

    return step


def _step(name: str, shape: tuple[int, ...], kind: str) -> Callable[[], object]:
    theta = torch.randn(shape, requires_grad=True)
    theta.grad = torch.randn(shape)
    way = {"foreach": True} if kind == "contiguous" or name in NOT_FUSED else {"fused": True}
    optimizer = OPTIMIZERS[name]([theta], lr=1e-4, **way)

    def step() -> object:
        return optimizer.step()

    return step
