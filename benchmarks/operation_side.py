"""classic-nn: one operation, forward and backward, or one step of an optimizer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.our_side import VERSION
from src.classic_cnn import AveragePool2D, Conv2D, GlobalAveragePool, MaxPool2D
from src.classic_cnn.layers import Resize2D, ZeroPad2D
from src.classic_nn import (
    BatchNorm,
    BinaryCrossEntropy,
    Context,
    Dense,
    Dropout,
    HardSwish,
    InstanceNorm,
    Layer,
    LeakyReLU,
    LocalResponseNorm,
    MeanSquaredError,
    ParameterVector,
    PReLU,
    ReLU,
    ReLU6,
    Residual,
    ScaleShift,
    Sequential,
    Sigmoid,
    SiLU,
    Softmax,
    SoftmaxCrossEntropy,
    SpatialDropout,
    SqueezeExcitation,
    Tanh,
    create_optimizer,
)
from src.classic_nn.loss import Loss
from src.classic_nn.optimizers import Optimizer

__all__ = ["CASES", "VERSION", "build"]

MAPS, ROWS = (56, 56, 64), (1024,)
PARAMETERS = 1 << 22
"""Of an optimizer's step: 16 MiB in float32."""


@dataclass(frozen=True)
class Case:
    """An operation that is measured.

    Attributes:
        page: title of the page of the documentation that shows it.
        make: a layer, a loss or an optimizer.
        shape: of one sample; of a loss its outputs, of an optimizer its parameters.
        batch: number of samples.
    """

    page: str
    make: Callable[[], Layer | Loss | Optimizer]
    shape: tuple[int, ...] = MAPS
    batch: int = 8


def _excitation() -> Layer:
    squeeze = [Dense(16), ReLU(), Dense(64), Sigmoid()]
    return SqueezeExcitation(Sequential(squeeze))


def _optimizer(name: str) -> Case:
    page = {"rms_prop": "RMSProp", "radam": "RAdam", "sgd": "SGD"}.get(name, name.capitalize())
    return Case(page, lambda: create_optimizer(name, learning_rate=1e-4), (PARAMETERS,), 1)


CASES: dict[str, Case] = {
    "Dense(1024)": Case("Dense", lambda: Dense(1024), ROWS, 256),
    "Sigmoid": Case("Activations", Sigmoid),
    "Tanh": Case("Activations", Tanh),
    "ReLU": Case("Activations", ReLU),
    "LeakyReLU": Case("Activations", LeakyReLU),
    "SiLU": Case("Activations", SiLU),
    "ReLU6": Case("Activations", ReLU6),
    "HardSwish": Case("Activations", HardSwish),
    "Softmax of 1000": Case("Activations", Softmax, (1000,), 256),
    "BatchNorm of maps": Case("Batch normalization", BatchNorm),
    "BatchNorm of rows": Case("Batch normalization", BatchNorm, ROWS, 256),
    "Dropout(0.5)": Case("Dropout", lambda: Dropout(0.5)),
    "SpatialDropout(0.5)": Case("Dropout of parts", lambda: SpatialDropout(0.5)),
    "Residual of a ReLU": Case("Residual", lambda: Residual(Sequential([ReLU()]))),
    "ScaleShift": Case("Numbers for each channel", ScaleShift),
    "PReLU": Case("Numbers for each channel", PReLU),
    "InstanceNorm": Case("Instance normalization", InstanceNorm),
    "LocalResponseNorm(5)": Case("Local response normalization", lambda: LocalResponseNorm(5)),
    "SqueezeExcitation, 64 to 16": Case("Squeeze and excitation", _excitation),
    "3x3, 64 to 64": Case("Convolution", lambda: Conv2D(64, 3, padding=1)),
    "1x1, 64 to 256": Case("Convolution", lambda: Conv2D(256, 1)),
    "5x5, stride 2": Case("Convolution", lambda: Conv2D(64, 5, 2, padding=2)),
    "depthwise 3x3": Case("Depthwise convolution", lambda: Conv2D(64, 3, padding=1, groups=64)),
    "depthwise 5x5, stride 2": Case(
        "Depthwise convolution", lambda: Conv2D(64, 5, 2, padding=2, groups=64)
    ),
    "MaxPool2D(2)": Case("Pooling", lambda: MaxPool2D(2)),
    "MaxPool2D(3, 2, 1)": Case("Pooling", lambda: MaxPool2D(3, 2, 1)),
    "AveragePool2D(2)": Case("Pooling", lambda: AveragePool2D(2)),
    "GlobalAveragePool": Case("Pooling", GlobalAveragePool),
    "ZeroPad2D(1)": Case("Zero padding", lambda: ZeroPad2D(1)),
    "Resize2D to 112": Case("Resizing", lambda: Resize2D((112, 112))),
    "BinaryCrossEntropy, 63 labels": Case("Binary cross-entropy", BinaryCrossEntropy, (63,), 256),
    "SoftmaxCrossEntropy, 1000": Case("Softmax cross-entropy", SoftmaxCrossEntropy, (1000,), 256),
    "MeanSquaredError, 63 outputs": Case("Mean squared error", MeanSquaredError, (63,), 256),
    **{
        f"step of {name}": _optimizer(name)
        for name in ("sgd", "momentum", "nesterov", "rms_prop", "adam", "radam")
    },
}
"""By what the tables call them."""


def build(description: dict[str, Any]) -> Callable[[], object]:
    """A forward and backward pass, or a step, with one thread."""
    case = CASES[description["operation"]]
    made, rng = case.make(), np.random.default_rng(0)
    if isinstance(made, Optimizer):
        theta = ParameterVector.pack(
            {"W1": rng.standard_normal(case.shape, np.float32)}, np.float32
        )
        g = ParameterVector.pack({"W1": rng.standard_normal(case.shape, np.float32)}, np.float32)
        return lambda: made.step(theta, g)
    x = rng.standard_normal((case.batch, *case.shape), np.float32)
    if isinstance(made, Loss):
        y = targets(made, case, rng)

        def lose() -> object:
            return made.backward(made.forward(x, y)[1])

        return lose
    network = Sequential([made])
    network.build(case.shape, rng)
    context = Context(training=True, rng=rng)
    dy = np.ones_like(network.forward(x, context)[0])
    gradients = network.gradient_vector(None)

    def step() -> object:
        _, cache = network.forward(x, context)
        return network.backward(dy, cache, context, gradients)

    return step


def targets(loss: Loss, case: Case, rng: np.random.Generator) -> NDArray[Any]:
    """Class numbers for the softmax, numbers 0 and 1 for others."""
    if isinstance(loss, SoftmaxCrossEntropy):
        return rng.integers(case.shape[0], size=case.batch)
    return rng.integers(2, size=(case.batch, *case.shape)).astype(np.float32)
