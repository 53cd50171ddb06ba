"""Several workers in a test: split an array, run a function on every part at the same time."""

import numpy as np

from src.classic_train.parallel.workers import WorkerTeam


def on_team(size, function, *arrays):
    """Run ``function(communicator, *shards)`` on every worker; results in order of ranks."""

    def task(worker):
        shards = [np.array_split(array, size)[worker.rank] for array in arrays]
        return function(worker, *shards)

    with WorkerTeam(size) as team:
        return team.run(task)
