"""A training of which one process fails: failing.py RANK PHASE HOW, then the command line.

PHASE: forward, batch_norm, all_reduce, checkpoint, validation. HOW: kill, raise, nan, interrupt. It
happens in the second epoch, when there is a checkpoint.
"""

import itertools
import os
import signal
import sys

import numpy as np

from src.classic_nn.layers import batch_norm
from src.classic_train import __main__ as command
from src.classic_train.callbacks import checkpoint
from src.classic_train.mini_batch import step, trainer
from src.classic_train.parallel.processes import MPIProcesses
from src.classic_train.parallel.workers import Worker

STEPS = 16
"""Of an epoch."""

GRADIENTS = 10_000
"""Values from which on an all-reduce is that of the gradients."""


def fail(phase, how):
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif how == "interrupt":
        os.kill(os.getpid(), signal.SIGINT)
    else:
        raise RuntimeError(f"a fault in {phase}")


def before(number, function, fault, counts=lambda *arguments: True):
    """The function, with a fault before its call of this number."""
    calls = itertools.count(1)

    def wrapped(*arguments, **settings):
        if counts(*arguments) and next(calls) == number:
            fault(*arguments)
        return function(*arguments, **settings)

    return wrapped


def prepare(phase, how):
    """Put the fault into the program."""

    def fault(*arguments):
        fail(phase, how)

    def poison(worker_step, micro_batch, *arguments):
        micro_batch.data.x[...] = np.nan

    def tear(path, *arguments):
        path.with_name(f".{path.name}.partial").write_bytes(b"half")
        fail(phase, how)

    if phase == "forward":
        forward_backward = step.WorkerStep._forward_backward
        step.WorkerStep._forward_backward = before(STEPS + 3, forward_backward, poison)
    elif phase == "batch_norm":  # two layers
        batch_norm.batch_norm_forward = before(2 * STEPS + 5, batch_norm.batch_norm_forward, fault)
    elif phase == "all_reduce":
        large = lambda worker, array: array.size > GRADIENTS  # noqa: E731
        Worker.all_reduce = before(STEPS + 3, Worker.all_reduce, fault, large)
    elif phase == "validation":
        trainer.validate = before(2, trainer.validate, fault)
    elif phase == "checkpoint":  # an epoch writes best and last
        checkpoint.write_tensor_file = before(3, checkpoint.write_tensor_file, tear)


if __name__ == "__main__":
    failing_rank, failing_phase, failing_how, *arguments = sys.argv[1:]
    if MPIProcesses().rank == int(failing_rank):
        prepare(failing_phase, failing_how)
    sys.exit(command.main(arguments))
