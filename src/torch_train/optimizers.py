"""Our optimizers as PyTorch's, with settings under which both take the same steps.

    ours                  PyTorch's
    SGD                   SGD
    Momentum, Nesterov    SGD with learning_rate (1 - beta): ours is v <- beta v + (1 - beta) g,
                          PyTorch's u <- beta u + g
    RMSProp               RMSprop, alpha = beta
    Adam, AdamW, RAdam    the same; AdamW decays weights alone, unless ``decay_all``

Learning rates are those of our optimizer at each step, so schedules and factors of layers hold.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from src.classic_nn.optimizers import (
    SGD,
    Adam,
    AdamW,
    Momentum,
    Nesterov,
    Optimizer,
    RAdam,
    RMSProp,
)
from src.classic_nn.parameters import ParameterVector, is_weight
from src.torch_train.layers import as_ours, as_torch


@dataclass(frozen=True)
class Twin:
    """An optimizer of PyTorch that follows one of ours.

    Attributes:
        ours: whose learning rate is taken at each step.
        theirs: that changes the parameters.
        scale: what the learning rate is multiplied by.
        parameters: that are trained, by the names that they have in our network.
    """

    ours: Optimizer
    theirs: torch.optim.Optimizer
    scale: float
    parameters: dict[str, Tensor]

    def step(self) -> None:
        """Take a step with the gradients that the parameters have."""
        for group in self.theirs.param_groups:
            group["lr"] = self.ours.learning_rate * group["factor"] * self.scale
        self.theirs.step()
        self.ours.step_count += 1

    def give_state(self, layout: ParameterVector) -> None:
        """Copy moments to our optimizer, of which a checkpoint is made.

        Args:
            layout: of the parameters of our network.
        """
        self.ours.state = {slot: layout.zeros_like() for slot in self.ours.slots}
        for slot, (key, factor) in self._slots().items():
            for name, tensor in self.parameters.items():
                held = self.theirs.state[tensor].get(key)
                if held is not None:
                    np.copyto(self.ours.state[slot][name], factor * as_ours(held))

    def take_state(self) -> None:
        """Copy the moments of our optimizer, which has taken steps before, to PyTorch's."""
        for slot, (key, factor) in self._slots().items():
            for name, tensor in self.parameters.items():
                held = as_torch(self.ours.state[slot][name] / factor).to(tensor)
                step = torch.tensor(float(self.ours.step_count))
                self.theirs.state[tensor] |= {"step": step, key: held}

    def _slots(self) -> dict[str, tuple[str, float]]:
        """By slot of ours the name of theirs, and what ours is, by theirs."""
        ours = self.ours
        if isinstance(ours, Adam):
            return {
                "gradient_sum": ("exp_avg", 1 / (1 - ours.beta1)),
                "square_sum": ("exp_avg_sq", 1 / (1 - ours.beta2)),
            }
        if isinstance(ours, RMSProp):
            return {"s": ("square_avg", 1.0)}
        if isinstance(ours, Momentum | Nesterov):
            return {"v": ("momentum_buffer", 1 - ours.beta)}
        return {}


def create_twin(ours: Optimizer, parameters: dict[str, Tensor]) -> Twin:
    """PyTorch's optimizer for parameters by the names that they have in our network.

    Raises ValueError for an optimizer that has no translation.
    """
    groups: dict[tuple[float, bool], list[Tensor]] = {}
    for name, tensor in parameters.items():
        decays = getattr(ours, "decay_all", False) or is_weight(name)
        groups.setdefault((ours.rate_factor(name), decays), []).append(tensor)
    made: list[dict[str, Any]] = []
    for (factor, decays), tensors in groups.items():
        group: dict[str, Any] = {"params": tensors, "factor": factor}
        if isinstance(ours, AdamW):
            group["weight_decay"] = ours.weight_decay if decays else 0.0
        made.append(group)
    rate = ours.learning_rate
    optim = torch.optim
    if type(ours) is SGD:
        return Twin(ours, optim.SGD(made, rate), 1.0, parameters)
    if isinstance(ours, Momentum | Nesterov):
        nesterov = isinstance(ours, Nesterov) and ours.beta > 0
        theirs = optim.SGD(made, rate, momentum=ours.beta, nesterov=nesterov)
        return Twin(ours, theirs, 1 - ours.beta, parameters)
    if isinstance(ours, RMSProp):
        return Twin(ours, optim.RMSprop(made, rate, ours.beta, ours.epsilon), 1.0, parameters)
    kinds = {Adam: optim.Adam, AdamW: optim.AdamW, RAdam: optim.RAdam}
    if isinstance(ours, Adam) and type(ours) in kinds:
        betas = (ours.beta1, ours.beta2)
        return Twin(ours, kinds[type(ours)](made, rate, betas, ours.epsilon), 1.0, parameters)
    raise ValueError(f"there is no optimizer of PyTorch for {type(ours).__name__}")
