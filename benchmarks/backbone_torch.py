"""The same networks with the same weights in PyTorch, eager, on the processor."""

from collections.abc import Callable
from typing import Any

import torch
from torch.fx.experimental.optimization import fuse
from torch.nn import functional as F

from benchmarks.backbone_side import PIXELS, network_for
from benchmarks.torch_networks import to_torch
from benchmarks.torch_side import VERSION

__all__ = ["VERSION", "build"]


def build(description: dict[str, Any]) -> Callable[[], object]:
    """A step of a task, in one memory layout; inference also with batch normalization folded."""
    torch.set_num_threads(description["threads"])
    network = to_torch(network_for(description))
    layout = (
        torch.channels_last if description["layout"] == "channels_last" else torch.contiguous_format
    )
    x = torch.randn(description["batch"], 3, PIXELS, PIXELS).to(memory_format=layout)
    if description["task"] == "inference":
        network.eval()
        if description["folded"]:
            network = fuse(network)
        network = network.to(memory_format=layout)

        def infer() -> object:
            with torch.inference_mode():
                return network(x)

        return infer
    network = network.to(memory_format=layout).train()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-4, foreach=True)
    y = torch.randint(1000, (description["batch"],))

    def step() -> None:
        optimizer.zero_grad()
        F.cross_entropy(network(x), y).backward()
        optimizer.step()

    return step
