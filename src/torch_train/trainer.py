"""Training by mini-batches on PyTorch: the loop, data and callbacks are those of the NumPy trainer.

What is PyTorch's: forward, loss, gradients by its automatic differentiation, the optimizer's step,
and the outputs on validation data; on a CPU or a GPU. What callbacks look at (gradients,
parameters) is copied over when one of them looks.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from src.classic_nn.array_types import Array
from src.classic_nn.layers.sequential import Sequential
from src.classic_nn.loss.base import Loss
from src.classic_nn.optimizers import Optimizer
from src.classic_train.mini_batch.step import MicroBatch
from src.classic_train.mini_batch.twin import TwinTrainer
from src.torch_train.layers import DropoutModule, as_ours
from src.torch_train.losses import torch_loss
from src.torch_train.module import from_torch, load_network, to_torch, trained_tensors
from src.torch_train.optimizers import create_twin


class TorchTrainer(TwinTrainer):
    """Trains a network of ours on PyTorch.

    Args:
        network: built; it has the trained weights whenever it is looked at.
        loss: what is minimized.
        optimizer: ours, whose settings and learning rate PyTorch's takes.
        device: "cpu", "cuda", or what else ``torch.device`` takes.
        compiled: whether the module goes through ``torch.compile``.
        amp: whether products are computed in bfloat16 (automatic mixed precision).
        same_masks: whether dropout draws the numbers that it draws in NumPy: to compare both.
        settings: of ``MiniBatchTrainer``; workers are PyTorch's own.

    Raises ValueError for a network, loss or optimizer that has no translation.
    """

    def __init__(
        self,
        network: Sequential,
        loss: Loss,
        optimizer: Optimizer,
        *,
        device: str = "cpu",
        compiled: bool = False,
        amp: bool = False,
        same_masks: bool = False,
        **settings: Any,
    ) -> None:
        self.device = torch.device(device)
        self.compiled, self.amp, self.same_masks = compiled, amp, same_masks
        super().__init__(network, loss, optimizer, **settings)
        torch.manual_seed(self.seed)

    def _make_twin(self) -> None:
        self._module = to_torch(self._network).to(self.device)
        self._tensors = trained_tensors(self._module, self._network)
        self._twin = create_twin(self.optimizer, self._tensors)
        self._compute = torch.compile(self._module) if self.compiled else self._module

    def _copy_to_twin(self) -> None:
        load_network(self._module, self._network)

    def _copy_from_twin(self) -> None:
        from_torch(self._module, self._network)

    def _copy_gradients(self) -> None:
        for name, tensor in self._tensors.items():
            if tensor.grad is not None:
                np.copyto(self._gradients[name], as_ours(tensor.grad))

    def _copy_optimizer_from_twin(self) -> None:
        self._twin.give_state(self._network.parameters)

    def _copy_optimizer_to_twin(self) -> None:
        self._twin.take_state()

    def _outputs(self, x: Array) -> Tensor:
        """Logits of samples, float32 or wider."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.amp):
            z: Tensor = self._compute(self._tensor(x))
        return z.float() if z.dtype == torch.bfloat16 else z

    def _tensor(self, array: NDArray[Any]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self.device, non_blocking=True)

    def _train_batch(self, micro_batches: Sequence[MicroBatch]) -> None:
        """Forward, loss, backward and update."""
        self._notify("on_batch_begin")
        self._update_twin()
        self._module.train()
        for tensor in self._tensors.values():
            tensor.grad = None
        total = sum(micro_batch.weight for micro_batch in micro_batches)
        cost = torch.zeros((), device=self.device)
        for micro_batch in micro_batches:
            data, x = micro_batch.data, micro_batch.data.x
            if self.same_masks:
                self._take_masks(micro_batch.first)
            if self.augmentation is not None and micro_batch.augmentation_params is not None:
                x = self.augmentation.apply(x, micro_batch.augmentation_params)
            weights = None if data.weights is None else self._tensor(data.weights)
            loss = torch_loss(self.loss, self._outputs(x), self._tensor(data.y), weights)
            loss = loss * (micro_batch.weight / total)
            loss.backward()
            cost = cost + loss.detach()
        self._gradients_are_new = False
        self.batch_cost = float(cost + self._regularize_tensors())
        if not math.isfinite(self.batch_cost):
            self._diverged(f"the cost is {self.batch_cost}", [m.data for m in micro_batches])
        self._notify("after_backward")
        self._update_twin()
        self._twin.step()
        self._network_is_new = False
        self._notify("on_batch_end")

    def _take_masks(self, first: int) -> None:
        """Let dropout draw our numbers, from this sample of the epoch on."""
        streams = self.worker_steps[0].streams
        streams.first = first
        for layer in self._module.modules():
            if isinstance(layer, DropoutModule):
                layer.streams = streams

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def _regularize_tensors(self) -> Tensor:
        """Add regularization to the gradients, then clip them; returns the penalty."""
        penalty = torch.zeros((), device=self.device)
        gradients = [tensor.grad for tensor in self._tensors.values() if tensor.grad is not None]
        if self.l2 is not None:
            for name, tensor in self._tensors.items():
                if self.l2.applies_to(name) and tensor.grad is not None:
                    penalty = penalty + 0.5 * self.l2.strength * tensor.square().sum()
                    tensor.grad.add_(tensor, alpha=self.l2.strength)
        if self.clip_value is not None:
            torch.nn.utils.clip_grad_value_(self._tensors.values(), self.clip_value)
        if self.clip_norm is not None:
            norm = torch.stack([g.square().sum() for g in gradients]).sum().sqrt()
            scale = (self.clip_norm / norm).clamp(max=1)  # as ours, without an epsilon
            for gradient in gradients:
                gradient.mul_(scale)
        return penalty

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def _logits(self, x: Array) -> Array:
        self._module.eval()
        z: Array = self._outputs(x).cpu().numpy()
        return z
