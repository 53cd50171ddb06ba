"""scikit-learn's MLPClassifier: one ``partial_fit`` on one mini-batch is one training step."""

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import sklearn
from sklearn.neural_network import MLPClassifier

from benchmarks.workloads import WORKLOADS, Training

VERSION = f"scikit-learn {sklearn.__version__}"


def build(description: dict[str, Any]) -> Callable[[], object]:
    """The workload's network, with Adam."""
    task = WORKLOADS[description["workload"]].task
    assert isinstance(task, Training)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((task.batch, *task.input_shape), dtype=np.float32)
    y = rng.integers(task.outputs, size=task.batch)
    model = MLPClassifier(task.hidden, batch_size=task.batch, alpha=0.0, random_state=0)
    model.partial_fit(x, y, classes=np.arange(task.outputs))
    assert int(os.environ["OMP_NUM_THREADS"]) == description["threads"]
    return lambda: model.partial_fit(x, y)
