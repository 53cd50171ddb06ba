"""Published networks at work: inference and training steps, ours and PyTorch's."""

from collections.abc import Callable
from typing import Any

import numpy as np

import src.common.loops  # noqa: F401 - part of the framework, as the rest
from benchmarks.our_side import VERSION
from src.classic_cnn.architectures import create_network
from src.classic_cnn.fold_batch_norm import fold_batch_norm
from src.classic_nn import Sequential, SoftmaxCrossEntropy, create_optimizer
from src.classic_nn.context import EVALUATION, PREDICTION
from src.classic_nn.initializers import fans
from src.classic_train import MiniBatchTrainer
from src.classic_train.parallel.workers import WorkerTeam
from src.common.sharding import shard

__all__ = ["VERSION", "build", "network_for"]

PIXELS = 224


def network_for(description: dict[str, Any]) -> Sequential:
    """The network, with random weights; for inference with random running statistics."""
    rng = np.random.default_rng(0)
    network = create_network(description["network"])
    network.build((PIXELS, PIXELS, 3), None)
    for array in network.parameters.values():
        if array.ndim > 1:
            scale = np.float32(np.sqrt(2 / fans(array.shape)[0]))
            array[...] = rng.standard_normal(array.shape, dtype=np.float32) * scale
    for name, array in network.buffers.items():
        array += 0.1 * rng.random(array.shape) * (1 if name.endswith("variance") else 0.1)
    return network


def build(description: dict[str, Any]) -> Callable[[], object]:
    """A step of a task: "inference", "evaluation" with caches kept, "training", "frozen"."""
    network = network_for(description)
    rng = np.random.default_rng(1)
    batch, task = description["batch"], description["task"]
    x = rng.standard_normal((batch, PIXELS, PIXELS, 3), dtype=np.float32)
    workers, product_threads = description["workers"], description["product_threads"]
    if task in ("inference", "evaluation", "caches"):
        context = EVALUATION if task == "caches" else PREDICTION
        if task == "inference":
            network = fold_batch_norm(network)
        team = WorkerTeam(workers, product_threads)
        team.__enter__()  # until the process ends
        return lambda: team.run(
            lambda worker: network.forward(x[shard(batch, worker.thread, worker.threads)], context)
        )
    if task == "frozen":
        network.freeze(until="pool")
    trainer = MiniBatchTrainer(
        network,
        SoftmaxCrossEntropy(),
        create_optimizer("adam", learning_rate=1e-4),
        workers=workers,
        product_threads=product_threads,
    )
    trainer.team.__enter__()
    y = rng.integers(1000, size=batch)
    return lambda: trainer.train_on_batch(x, y)
