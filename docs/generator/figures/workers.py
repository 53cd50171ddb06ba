"""Figures of several workers: what they add up, and what does not depend on their number."""

import numpy as np
from matplotlib.figure import Figure

from docs.generator.figures.drawing import BLUE, ORANGE, new_figure, show_image
from src import classic_nn as nn
from src.classic_nn.communicator import Communicator
from src.classic_nn.sample_streams import SampleStreams
from src.classic_train.parallel.workers import WorkerTeam


def sum_of_shards() -> Figure:
    """Three threads with a part of the sum each, and what every one of them gets."""
    parts = np.array([[1.0, 2.0, -1.0, 0.5], [0.5, -1.0, 2.0, 1.0], [2.0, 0.5, 0.5, -1.0]])
    totals: dict[int, np.ndarray] = {}

    def work(worker: Communicator) -> None:
        totals[worker.rank] = worker.all_reduce(parts[worker.rank].copy())

    with WorkerTeam(3) as team:
        team.run(work)
    figure, axes = new_figure(7.4, 2.2, 4, sharey=True)
    for rank, axis in enumerate(axes[:3]):
        axis.bar(range(4), parts[rank], color=BLUE)
        axis.set(title=f"worker {rank} has", xlabel="value")
    axes[3].bar(range(4), totals[0], color=ORANGE)
    axes[3].set(title="all_reduce gives each", xlabel="value")
    assert all(np.array_equal(total, totals[0]) for total in totals.values())
    return figure


def streams() -> Figure:
    """The mask of dropout for eight samples, by one worker and by two."""
    layer = nn.Dropout(0.5)
    layer.build((24,), None, np.float64)

    def mask(first: int, count: int) -> np.ndarray:
        streams = SampleStreams((0, 1), [layer])
        streams.first = first
        y, _ = layer.forward(np.ones((count, 24)), nn.Context(training=True, rng=streams))
        return y

    whole = mask(0, 8)
    halves = np.concatenate([mask(0, 4), mask(4, 4)])
    figure, (left, right) = new_figure(7.4, 2.1, 2)
    show_image(left, whole, "one worker", cmap="Blues")
    show_image(right, halves, "two workers, four samples each", cmap="Blues")
    left.set_ylabel("sample")
    assert np.array_equal(whole, halves)
    return figure
