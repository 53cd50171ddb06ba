"""How a network does on the whole validation data, which all workers share as in training."""

from collections.abc import Mapping
from contextlib import closing
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.array_types import Array
from src.classic_nn.layers.sequential import Sequential
from src.classic_nn.loss.base import Loss
from src.classic_nn.utils.eval import Metric, evaluate_logits, predict_logits
from src.classic_train.mini_batch.batches import Batches
from src.classic_train.parallel.workers import Worker, WorkerTeam
from src.common.sharding import shard


class ValidationResult(NamedTuple):
    """Values ("cost" and the metrics), logits (samples, outputs) and targets, of all samples."""

    values: dict[str, float]
    logits: Array
    targets: NDArray[Any]


def validate(
    network: Sequential,
    loss: Loss,
    validation: Batches,
    metrics: Mapping[str, Metric],
    team: WorkerTeam,
) -> ValidationResult:
    """Evaluate; every process of the team gets the same.

    Args:
        network: in evaluation mode.
        loss: for the cost, and for what logits mean as probabilities.
        validation: of which this process has its shard.
        metrics: by name.
        team: inside its context.
    """
    batches = []
    with closing(validation.epoch(0)) as epoch:
        for x, *others in epoch:
            logits = np.concatenate(team.run(partial(_logits_of_shard, network, x)))
            batches.append([team.processes.all_rows(array) for array in (logits, *others)])
    logits, y, *weights = (np.concatenate(arrays) for arrays in zip(*batches, strict=True))
    return ValidationResult(evaluate_logits(logits, loss, y, metrics, *weights), logits, y)


def _logits_of_shard(network: Sequential, x: Array, worker: Worker) -> Array:
    return predict_logits(network, x[shard(len(x), worker.thread, worker.threads)])
