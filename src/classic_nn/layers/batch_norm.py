"""Batch normalization as a layer: parameters gamma and beta, and the running statistics."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import DTypeLike

from src.classic_nn.array_types import Array, Shape
from src.classic_nn.batch_norm import (
    BatchNormCache,
    batch_norm_backward,
    batch_norm_forward,
    batch_norm_inference,
    batch_norm_inference_backward,
    batch_norm_inference_input_gradient,
    update_running_statistics,
)
from src.classic_nn.context import EVALUATION, Context
from src.classic_nn.layers.base import Layer
from src.classic_nn.parameters import ParameterVector
from src.common.checks import check_number


@dataclass(eq=False)
class BatchNorm(Layer):
    """Normalize each feature (last axis), then scale and shift it.

    While training, mean and biased variance are those of the whole mini-batch, over all axes but
    the last, and the running statistics follow them. In evaluation the running statistics take
    their place, and the layer is an affine map of each sample.

    Args:
        momentum: fraction of the old running value that remains at each step (PyTorch's setting is
            1 minus this one).
        epsilon: added to the variance, inside the root.
    """

    weight_name: ClassVar[str] = "gamma"

    momentum: float = 0.9
    epsilon: float = 1e-5

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("momentum", self.momentum, 0, below=1)
        check_number("epsilon", self.epsilon, above=0)

    def build(
        self, input_shape: Shape, rng: np.random.Generator | None, dtype: DTypeLike = np.float32
    ) -> Shape:
        """gamma = 1, beta = 0, running mean = 0, running variance = 1, each (features,)."""
        features = input_shape[-1]
        self.parameters = ParameterVector.pack(
            {"gamma": np.ones(features), "beta": np.zeros(features)}, dtype
        )
        self.buffers = {
            "running_mean": np.zeros(features, dtype),
            "running_variance": np.ones(features, dtype),
        }
        return input_shape

    def forward(self, x: Array, context: Context = EVALUATION) -> tuple[Array, BatchNormCache]:
        """(samples, ..., features) to the same shape."""
        return self._forward(x, context)

    def forward_with_relu(
        self, x: Array, context: Context, ceiling: float
    ) -> tuple[Array, BatchNormCache]:
        """The layer and the ReLU that follows, with this upper end, in one."""
        return self._forward(x, context, ceiling)

    def _forward(
        self, x: Array, context: Context, relu: float | None = None
    ) -> tuple[Array, BatchNormCache]:
        parameters = self.frozen or self.parameters
        gamma, beta = parameters["gamma"], parameters["beta"]
        running_mean, running_variance = (
            self.buffers["running_mean"],
            self.buffers["running_variance"],
        )
        if not context.training:
            return batch_norm_inference(
                x, gamma, beta, running_mean, running_variance, self.epsilon, relu
            )
        y, cache, mean, variance = batch_norm_forward(
            x, gamma, beta, self.epsilon, context.communicator, relu
        )
        # every worker has the same statistics; one of each process writes them
        if context.communicator.is_local_leader:
            update_running_statistics(
                running_mean, running_variance, mean, variance, cache.positions, self.momentum
            )
        return y, cache

    def backward(
        self,
        dy: Array,
        cache: BatchNormCache,
        context: Context = EVALUATION,
        out: ParameterVector | None = None,
        input_gradient: bool = True,
    ) -> tuple[Array | None, ParameterVector]:
        """dx of the shape of x, and the gradients of gamma and beta."""
        out = self.gradient_vector(out)
        wanted = context.parameter_gradients and not self.frozen
        if context.training:
            dx, dgamma, dbeta = batch_norm_backward(dy, cache, context.communicator)
        elif wanted:
            dx, dgamma, dbeta = batch_norm_inference_backward(dy, cache)
        else:
            return (batch_norm_inference_input_gradient(dy, cache) if input_gradient else None), out
        if wanted:
            out["gamma"][...], out["beta"][...] = dgamma, dbeta
        return (dx if input_gradient else None), out
