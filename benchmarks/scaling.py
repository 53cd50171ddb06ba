"""How a training step scales: threads and processes against one worker, and a model of clusters.

``python -m benchmarks.scaling``: W1, W4 (see ``workloads``) and sign_mnist; in turn, each in fresh
processes, with one worker, two threads that share the samples, two threads in the products, and two
processes of MPI; and with what ``--workers auto`` chooses. Efficiency is the time of one worker
divided by twice that of two.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.cluster_model import StepModel, cluster_table
from benchmarks.our_side import network_of
from benchmarks.workloads import WORKLOADS, Training
from src.classic_nn import BinaryCrossEntropy, SoftmaxCrossEntropy, create_optimizer
from src.classic_nn.array_types import Array
from src.classic_nn.layers.sequential import Sequential
from src.classic_nn.loss import Loss
from src.classic_train.mini_batch import MiniBatchTrainer
from src.classic_train.parallel.choice import chosen_workers
from src.classic_train.parallel.processes import ALONE, MPIProcesses, Processes
from src.classic_train.recipes.networks import sign_network
from src.classic_train.recipes.registry import RECIPES
from src.common.sharding import shard
from src.common.tables import format_table

VARIANTS = {
    "1 worker": (1, 1, 1),
    "2 threads": (1, 2, 1),
    "2 product threads": (1, 1, 2),
    "2 processes": (2, 1, 1),
    "2 strangers": (2, 1, 1),
}
"""Processes, workers in each, threads of the matrix library in each of these.

Strangers train half a mini-batch each, side by side, and know nothing of each other: no program
that shares the mini-batch can be faster on these cores. They are the ideal.
"""

WORKLOAD_NAMES = ("W1", "W4", "sign_mnist")

SECONDS = 3.0
"""Of steps in a round, after a warm-up."""

SMALL, LARGE = 64, 1 << 22
"""Values of an all-reduce: latency and bandwidth."""


class Clock:
    """Seconds and bytes of the parts of a step, summed up."""

    def __init__(self) -> None:
        self.seconds = {"statistics": 0.0, "gradients": 0.0, "update": 0.0}
        self.bytes = 0
        self.calls = 0

    def timed(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, whose time is counted under a part."""

        def wrapped(*arguments: Any, **settings: Any) -> Any:
            start = time.perf_counter()
            result = function(*arguments, **settings)
            self.seconds[part] += time.perf_counter() - start
            return result

        return wrapped

    def watch(self, trainer: MiniBatchTrainer) -> None:
        """Count what the first worker of this process waits for."""
        worker, size = trainer.team.workers[0], trainer.gradients.vector.size
        both = {part: self.timed(part, worker.all_reduce) for part in ("statistics", "gradients")}

        def all_reduce(array: Array) -> Array:
            self.bytes += array.nbytes
            self.calls += 1
            result: Array = both["gradients" if array.size == size else "statistics"](array)
            return result

        worker.all_reduce = all_reduce  # type: ignore[method-assign]
        trainer.optimizer.step = self.timed("update", trainer.optimizer.step)  # type: ignore[method-assign]


def workload(name: str) -> tuple[Sequential, Loss, str, tuple[int, ...], int, int]:
    """Network, loss, optimizer, shape of a sample, mini-batch and outputs."""
    if name == "sign_mnist":
        options = RECIPES["sign_mnist"].options
        data = type("Signs", (), {"input_shape": (28, 28, 1), "outputs": 24})()
        network, shape = sign_network(options, data), (28, 28, 1)
        return network, SoftmaxCrossEntropy(), "adam", shape, options.batch_size, 24
    task = WORKLOADS[name].task
    assert isinstance(task, Training)
    loss: Loss = BinaryCrossEntropy() if task.loss == "binary" else SoftmaxCrossEntropy()
    return network_of(task), loss, task.optimizer, task.input_shape, task.batch, task.outputs


def measure(
    name: str,
    workers: int,
    product_threads: int,
    processes: Processes,
    divide_by: int,
    overlap: bool | None = None,
) -> dict[str, Any]:
    """Median seconds of a step and its parts, on these processes, of a shard of the mini-batch."""
    network, loss, optimizer, shape, samples, outputs = workload(name)
    samples //= divide_by
    rng = np.random.default_rng(0)
    network.build(shape, rng)
    x = rng.standard_normal((samples, *shape), dtype=np.float32)
    y = (
        rng.integers(outputs, size=samples)
        if isinstance(loss, SoftmaxCrossEntropy)
        else rng.integers(2, size=(samples, outputs)).astype(np.float32)
    )
    rows = shard(samples, processes.rank, processes.size)
    trainer = MiniBatchTrainer(
        network,
        loss,
        create_optimizer(optimizer, learning_rate=1e-4),
        batch_size=samples,
        augmentation=RECIPES[name].augmentation if name in RECIPES else None,
        workers=workers,
        product_threads=product_threads,
        processes=processes,
        overlap=overlap,
    )
    clock = Clock()
    with trainer.team:
        for _ in range(3):
            trainer.train_on_batch(x[rows], y[rows])
        start = time.perf_counter()
        trainer.train_on_batch(x[rows], y[rows])
        once = processes.from_first(time.perf_counter() - start)
        clock.watch(trainer)
        steps = max(int(SECONDS / once), 5)
        times = []
        for _ in range(steps):
            start = time.perf_counter()
            trainer.train_on_batch(x[rows], y[rows])
            times.append(time.perf_counter() - start)
    parts = {part: seconds / steps for part, seconds in clock.seconds.items()}
    parts["network"] = sum(times) / steps - sum(parts.values())
    return {
        "step": median(times),
        "parts": parts,
        "reduced_bytes": clock.bytes / steps,
        "calls": clock.calls / steps,
        **_links(processes),
    }


def _links(processes: Processes) -> dict[str, float]:
    """Seconds of a small all-reduce, and bytes a second of a large one."""
    if processes.size == 1:
        return {}
    seconds = {}
    for size in (SMALL, LARGE):
        array, times = np.ones(size, np.float32), []
        for _ in range(50):
            start = time.perf_counter()
            processes.all_reduce(array)
            array[...] = 1
            times.append(time.perf_counter() - start)
        seconds[size] = median(times)
    return {"latency": seconds[SMALL], "bandwidth": 4 * LARGE / seconds[LARGE]}


def run_variant(name: str, variant: str) -> dict[str, Any]:
    """Measure in fresh processes; of strangers, the slower one counts."""
    processes, workers, product_threads = VARIANTS[variant]
    command = [sys.executable, "-m", "benchmarks.scaling", "--one", name]
    command += ["--workers", str(workers), "--product-threads", str(product_threads)]
    strangers = variant.endswith("strangers")
    if strangers:
        command += ["--divide-by", str(processes)]
    elif processes > 1:
        mpiexec = Path(sys.executable).parent / "mpiexec"
        command = [str(mpiexec), "-n", str(processes), *command, "--distributed"]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": str(product_threads)}
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        for _ in range(processes if strangers else 1)
    ]
    outputs = [process.communicate()[0] for process in running]
    if any(process.returncode for process in running):
        sys.exit(f"{' '.join(command)} failed")
    return max((json.loads(text) for text in outputs), key=lambda result: result["step"])


def main() -> None:
    """Measure, print tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="of W1, W4, sign_mnist")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="(default: 5)")
    parser.add_argument("--output", type=Path, metavar="FILE", help="all measurements, as JSON")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--workers", type=int, default=1, help=argparse.SUPPRESS)
    parser.add_argument("--product-threads", type=int, default=1, help=argparse.SUPPRESS)
    parser.add_argument("--divide-by", type=int, default=1, help=argparse.SUPPRESS)
    parser.add_argument("--overlap", default="auto", help=argparse.SUPPRESS)
    parser.add_argument("--distributed", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        processes: Processes = MPIProcesses() if options.distributed else ALONE
        found = measure(
            options.one,
            options.workers,
            options.product_threads,
            processes,
            options.divide_by,
            {"yes": True, "no": False, "auto": None}[options.overlap],
        )
        if processes.rank == 0:
            print(json.dumps(found))
        return
    unknown = set(options.names) - {*WORKLOADS, "sign_mnist"}
    if unknown:
        parser.error(f"unknown workload {', '.join(unknown)}; choose from W1 to W5 or sign_mnist")
    results = {name: race(name, options.rounds) for name in options.names or WORKLOAD_NAMES}
    if options.output:
        options.output.write_text(json.dumps(results, indent=2))


def race(name: str, rounds: int) -> dict[str, list[dict[str, Any]]]:
    """All variants in turn; prints what was found."""
    found: dict[str, list[dict[str, Any]]] = {variant: [] for variant in VARIANTS}
    for _ in range(rounds):
        for variant, runs in found.items():
            runs.append(run_variant(name, variant))
    steps = {variant: [run["step"] for run in runs] for variant, runs in found.items()}
    alone = median(steps["1 worker"])
    parts_shown = ("network", "statistics", "gradients", "update")
    rows: list[tuple[str, ...]] = [
        ("variant", "step, ms", "range", "efficiency", "of ideal", *parts_shown, "MB sent")
    ]
    for variant, runs in found.items():
        cores = math.prod(VARIANTS[variant])
        size = 1 if variant.endswith("strangers") else VARIANTS[variant][0]
        step = median(steps[variant])
        parts = {part: median(run["parts"][part] for run in runs) for part in runs[0]["parts"]}
        sent = 2 * (size - 1) / size * runs[0]["reduced_bytes"]
        rows.append(
            (
                variant,
                f"{1e3 * step:.1f}",
                f"{1e3 * min(steps[variant]):.1f}-{1e3 * max(steps[variant]):.1f}",
                f"{alone / step / cores:.2f}",
                f"{median(steps['2 strangers']) / step:.2f}" if cores > 1 else "",
                *(f"{1e3 * parts[part]:.1f}" for part in parts_shown),
                f"{sent / 1e6:.2f}",
            )
        )
    print(f"\n{name}: medians of {rounds} rounds\n{format_table(rows)}")
    print(f"--workers auto: {_automatic(name)}")
    model = StepModel.from_runs(found["1 worker"], found["2 processes"])
    ideal = median(steps["2 strangers"])
    predicted = 1e3 * (ideal + model.communication(2, model.latency, model.bandwidth))
    print(
        f"model of 2 processes on this machine (strangers' step, latency "
        f"{1e6 * model.latency:.0f} us, {model.bandwidth / 1e9:.2f} GB/s): {predicted:.1f} ms; "
        f"measured {1e3 * median(steps['2 processes']):.1f}"
    )
    print(cluster_table(model))
    return found


def _automatic(name: str) -> str:
    network, _, _, shape, samples, _ = workload(name)
    network.build(shape, np.random.default_rng(0))
    options = replace(RECIPES["sign_mnist"].options, workers="auto", batch_size=samples)
    return chosen_workers(options, network, shape, ALONE)[2]


if __name__ == "__main__":
    main()
