"""classic-nn: the workloads through the trainer that users train with."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.workloads import WORKLOADS, Backbone, Convolution, Sum, Training, Unit
from src.classic_cnn import Conv2D, GlobalAveragePool, MaxPool2D, conv_backward, conv_forward
from src.classic_nn import (
    BatchNorm,
    BinaryCrossEntropy,
    Dense,
    Dropout,
    Flatten,
    Layer,
    ReLU,
    ReLU6,
    Residual,
    Sequential,
    SoftmaxCrossEntropy,
    create_optimizer,
)
from src.classic_nn.communicator import Communicator
from src.classic_nn.loss import Loss
from src.classic_train import MiniBatchTrainer
from src.classic_train.parallel.workers import WorkerTeam
from src.common.kernels import kernels_version
from src.common.sharding import shard

VERSION = ", ".join(sorted({kernels_version(), f"numpy {np.__version__}"}))


def build(description: dict[str, Any]) -> Callable[[], object]:
    """The step of a workload, its threads as workers on samples or inside the products."""
    task = WORKLOADS[description["workload"]].task
    workers, product_threads = description["workers"], description["product_threads"]
    if isinstance(task, Convolution):
        return _convolution(task, workers, product_threads)
    return _training(task, workers, product_threads)


def _training(
    task: Training | Backbone, workers: int, product_threads: int
) -> Callable[[], object]:
    rng = np.random.default_rng(0)
    network = backbone_of(task) if isinstance(task, Backbone) else network_of(task)
    network.build(task.input_shape, rng)
    x = rng.standard_normal((task.batch, *task.input_shape), dtype=np.float32)
    binary = isinstance(task, Training) and task.loss == "binary"
    loss: Loss = BinaryCrossEntropy() if binary else SoftmaxCrossEntropy()
    labels = rng.integers(2, size=(task.batch, task.outputs)).astype(np.float32)
    classes = rng.integers(task.outputs, size=task.batch)
    y: NDArray[Any] = labels if binary else classes
    optimizer = task.optimizer if isinstance(task, Training) else "adam"
    trainer = MiniBatchTrainer(
        network,
        loss,
        create_optimizer(optimizer, learning_rate=1e-4),
        batch_size=task.batch,
        workers=workers,
        product_threads=product_threads,
    )
    trainer.team.__enter__()  # until the process ends
    return lambda: trainer.train_on_batch(x, y)


def network_of(task: Training) -> Sequential:
    """The network of a workload, not yet built."""
    layers: list[Layer] = []
    for block in task.blocks:
        for conv in block:
            padding = conv.kernel // 2
            layers.append(
                Conv2D(conv.channels, conv.kernel, padding=padding, bias=not conv.batch_norm)
            )
            layers += [BatchNorm()] if conv.batch_norm else []
            layers.append(ReLU())
        layers.append(MaxPool2D())
        layers += [Dropout(task.block_dropout)] if task.block_dropout else []
    layers += [Flatten()] if task.blocks else []
    for width in task.hidden:
        layers += [Dense(width), ReLU()]
        layers += [Dropout(task.head_dropout)] if task.head_dropout else []
    return Sequential([*layers, Dense(task.outputs)])


def backbone_of(task: Backbone) -> Sequential:
    """The residual network of a workload, not yet built."""
    layers: list[Layer] = []
    for part in task.parts:
        if isinstance(part, Sum):
            body = Sequential([layer for unit in part.body for layer in _unit(unit)])
            shortcut = None if part.shortcut is None else Sequential(_unit(part.shortcut))
            layers += [Residual(body, shortcut), *ACTIVATION[part.activation]()]
        else:
            layers += [MaxPool2D(3, 2, 1)] if isinstance(part, str) else _unit(part)
    return Sequential([*layers, GlobalAveragePool(), Dense(task.outputs)])


ACTIVATION: dict[str, Callable[[], list[Layer]]] = {
    "": list,
    "relu": lambda: [ReLU()],
    "relu6": lambda: [ReLU6()],
}


def _unit(unit: Unit) -> list[Layer]:
    conv = unit.conv
    layer = Conv2D(
        conv.channels,
        conv.kernel,
        conv.stride,
        padding=conv.kernel // 2,
        groups=conv.groups,
        bias=False,
    )
    return [layer, BatchNorm(), *ACTIVATION[unit.activation]()]


def _convolution(task: Convolution, workers: int, product_threads: int) -> Callable[[], object]:
    rng = np.random.default_rng(0)
    conv = task.conv
    channels = task.input_shape[-1]
    x = rng.standard_normal((task.batch, *task.input_shape), dtype=np.float32)
    shape = (conv.kernel, conv.kernel, channels // conv.groups, conv.channels)
    w = rng.standard_normal(shape, dtype=np.float32) / 10
    b = np.zeros(conv.channels, np.float32)
    settings = {"stride": conv.stride, "padding": conv.kernel // 2, "groups": conv.groups}
    upstream = np.ones_like(conv_forward(x, w, b, **settings)[0])
    team = WorkerTeam(workers, product_threads)
    team.__enter__()

    def step(worker: Communicator) -> None:
        rows = shard(len(x), worker.rank, worker.size)
        _, cache = conv_forward(x[rows], w, b, **settings)
        if task.backward:
            _, dw, db = conv_backward(upstream[rows], cache)
            worker.all_reduce(dw)
            worker.all_reduce(db)

    return lambda: team.run(step)
