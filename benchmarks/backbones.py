"""Measure published networks side by side with PyTorch.

    python -m benchmarks.backbones [TASK...] [--threads N] [--rounds N] [--output FILE]

Inference with images of 224 x 224 at batch 1 and 8, batch normalization folded; a training step of
ResNet50 at batch 8; and a step of ResNet50 whose backbone is frozen against the forward pass alone.
PyTorch, with the same weights, runs in both memory layouts, with batch normalization as it is and
folded; the fastest of each side counts.
"""

import argparse
import contextlib
import json
import sys
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

from benchmarks.__main__ import fastest, machine
from benchmarks.race import KEPT_MEMORY, Contestant, race
from src.common.files import atomic_path

NETWORKS = ("resnet50", "mobilenet_v2", "efficientnet_lite2", "vgg16")

TASKS: dict[str, tuple[dict[str, Any], float]] = {
    **{
        f"{network}_{batch}": ({"network": network, "task": "inference", "batch": batch}, 1.3)
        for network in NETWORKS
        for batch in (1, 8)
    },
    "training": ({"network": "resnet50", "task": "training", "batch": 8}, 1.5),
    "frozen": ({"network": "resnet50", "task": "frozen", "batch": 32}, 1.1),
    "caches": ({"network": "resnet50", "task": "evaluation", "batch": 1}, 1.0),
}
"""What is measured, and the goal: our time by PyTorch's, or a frozen step's by the forward's."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the chosen tasks, print a table, and write all figures to a JSON file."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.backbones", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("task", nargs="*", help=", ".join(TASKS))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results/backbones.json"))
    options = parser.parse_args(arguments)
    unknown = [name for name in options.task if name not in TASKS]
    if unknown:
        print(f"benchmarks.backbones: error: unknown task {unknown[0]!r}", file=sys.stderr)
        return 2
    record: dict[str, Any] = {"machine": machine(), "threads": options.threads, "tasks": {}}
    for name in options.task or TASKS:
        description, goal = TASKS[name]
        result = measure(description, goal, options.threads, options.rounds)
        record["tasks"][name] = result
        print(
            f"{name:22} {result['ours_s'] * 1e3:8.1f} ms, {result['other']} "
            f"{result['other_s'] * 1e3:8.1f} ms: {result['ratio']:.2f} (goal {goal}); peak memory "
            f"{result['ours_peak'] / 2**20:,.0f} and {result['other_peak'] / 2**20:,.0f} MiB, "
            f"of the whole process {result['ours_process'] / 2**20:,.0f} and "
            f"{result['other_process'] / 2**20:,.0f}",
            flush=True,
        )
        options.output.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(options.output) as partial:
            partial.write_text(json.dumps(record, indent=2) + "\n")
    return 0


def measure(description: dict[str, Any], goal: float, threads: int, rounds: int) -> dict[str, Any]:
    """Race our ways of using the threads against PyTorch's variants, or against our forward."""
    ways = sorted({(1, threads), (threads, 1)} if description["batch"] > 1 else {(1, threads)})
    ours = [_ours(description, way, threads) for way in ways]
    if description["task"] == "frozen":
        other = [_ours({**description, "task": "evaluation"}, way, threads) for way in ways]
    elif description["task"] == "evaluation":
        other = [_ours({**description, "task": "caches"}, way, threads) for way in ways]
    else:
        folded = (False, True) if description["task"] == "inference" else (False,)
        other = [
            Contestant(
                f"torch, {layout}{', folded' * fold}, {memory}",
                {
                    **{"side": "backbone_torch", "layout": layout, "folded": fold},
                    **{"threads": threads, **description},
                },
                KEPT_MEMORY if memory == "kept memory" else {},
            )
            for layout, fold, memory in product(
                ("contiguous", "channels_last"), folded, ("default memory", "kept memory")
            )
        ]
    with contextlib.ExitStack() as stack:
        for contestant in [*ours, *other]:
            stack.enter_context(contestant)
        race([ours, other], rounds)
    best, best_other = fastest(ours), fastest(other)
    return {
        "goal": goal,
        "ratio": best.median / best_other.median,
        "ours": best.name,
        "ours_s": best.median,
        "other": best_other.name,
        "other_s": best_other.median,
        "ours_peak": best.peak,
        "other_peak": min(one.peak for one in other),
        "ours_process": best.process_peak,
        "other_process": min(one.process_peak for one in other),
        "contestants": {one.name: one.result() for one in [*ours, *other]},
    }


def _ours(description: dict[str, Any], way: tuple[int, int], threads: int) -> Contestant:
    workers, product_threads = way
    name = f"{description['task']}, {workers} worker(s), products on {product_threads} thread(s)"
    return Contestant(
        name,
        {
            **{"side": "backbone", "workers": workers, "product_threads": product_threads},
            **{"threads": threads, **description},
        },
        {"CLASSIC_NN_KERNELS": "numba"},
    )


if __name__ == "__main__":
    sys.exit(main())
