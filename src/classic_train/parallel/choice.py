"""What ``--workers auto`` chooses: how the cores of a machine share the work of a training step.

Three ways, by two numbers of a step:

1. One worker with one thread, where a step is so small that meeting takes longer than working.
2. Workers that share the samples, where every weight is used often: each worker reads all weights
   and the gradients of all workers are added up, so what it costs grows with the number of weights
   and not with that of samples.
3. One worker with threads in the matrix products, where there are many weights and each is used for
   few samples: nothing is read twice and nothing is added up.

A weight of a dense layer is used once for a sample, one of a convolution once for every position.
"""

import os

from src.classic_nn.array_types import Shape
from src.classic_nn.layers.sequential import Sequential
from src.classic_train.cli.options import TrainingOptions
from src.classic_train.parallel.processes import Processes

SMALL_STEP = 150e6
"""Multiply-adds of a step below which one thread does it all (about five milliseconds)."""

OFTEN = 256
"""Uses of a weight, by each worker in a step, from which on the samples are shared."""


def chosen_workers(
    options: TrainingOptions, network: Sequential, input_shape: Shape, processes: Processes
) -> tuple[int, int, str]:
    """Workers, threads of the matrix library in each, and why, in one line.

    Args:
        options: ``workers`` and ``product_threads``, which are taken as they are unless "auto".
        network: built.
        input_shape: of one sample.
        processes: of which each has so many workers; those of one machine share its cores.
    """
    if options.workers != "auto":
        return int(options.workers), options.product_threads, ""
    cores = max(usable_cores() // processes.on_this_machine(), 1)
    samples = options.batch_size / processes.size
    weights = network.parameters.vector.size
    work = 3 * network.multiply_adds(input_shape) * samples
    uses = network.multiply_adds(input_shape) * samples / cores / max(weights, 1)
    description = f"{work / 1e6:,.0f} million multiply-adds per step, {weights:,} parameters"
    used = f"each of {cores} workers would use a weight {uses:,.0f} times in a step"
    if cores == 1:
        return 1, 1, "workers: 1, since there is one core for each process"
    if work < SMALL_STEP:
        return 1, 1, f"workers: 1, since a step is small ({description})"
    if uses < OFTEN:
        return 1, cores, f"workers: 1 with {cores} product threads ({description}; {used})"
    return cores, 1, f"workers: {cores} ({description}; {used})"


def usable_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
