"""A training of which one process fails: failing.py RANK PHASE HOW, then the command line.

PHASE: batch_norm, all_reduce, checkpoint, validation. HOW: kill, raise, nan, interrupt. It happens
in the second epoch, when there is a checkpoint.
"""

import os
import signal
import sys

import numpy as np

from src.classic_nn.layers import batch_norm as batch_norm_layer
from src.classic_train import __main__ as command
from src.classic_train.callbacks import checkpoint
from src.classic_train.mini_batch import step, trainer
from src.classic_train.processes import MPIProcesses
from src.classic_train.workers import Worker

rank, phase, how = int(sys.argv[1]), sys.argv[2], sys.argv[3]
sys.argv = ["src.classic_train", *sys.argv[4:]]
here = MPIProcesses().rank == rank
calls = 0


def fail():
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "interrupt":
        os.kill(os.getpid(), signal.SIGINT)
        return
    raise RuntimeError(f"a fault in {phase}")


def after(number, function, broken=fail):
    """The function, which fails at its call of this number."""

    def wrapped(*arguments, **settings):
        global calls
        calls += 1
        if here and calls == number:
            broken()
        return function(*arguments, **settings)

    return wrapped


STEPS = 16  # of an epoch

if how == "nan":
    original = step.Learner._backward

    def poisoned(self, part, *arguments):
        global calls
        calls += 1
        if here and calls == STEPS + 3:
            part.arrays.x[...] = np.nan
        return original(self, part, *arguments)

    step.Learner._backward = poisoned
elif phase == "batch_norm":
    forward = batch_norm_layer.batch_norm_forward
    batch_norm_layer.batch_norm_forward = after(2 * (STEPS + 3), forward)  # two layers
elif phase == "all_reduce":
    reduce = Worker.all_reduce

    def all_reduce(self, array):
        global calls
        calls += array.size > 10_000  # the gradients
        if here and calls == STEPS + 3:
            calls += 1
            fail()
        return reduce(self, array)

    Worker.all_reduce = all_reduce
elif phase == "validation":
    trainer.judge = after(2, trainer.judge)
elif phase == "checkpoint":

    def torn(path, *arguments):
        global calls
        calls += 1
        if calls > 2:  # those of the first epoch are best and last
            path.with_name(f".{path.name}.partial").write_bytes(b"half")
            fail()
        written(path, *arguments)

    written, checkpoint.write_tensor_file = checkpoint.write_tensor_file, torn

sys.exit(command.main(sys.argv[1:]))
