"""Measure training steps and convolutions side by side with PyTorch and scikit-learn.

    python -m benchmarks [WORKLOAD...] [--workers N] [--rounds N] [--output FILE]

Every contestant runs in its own process, all with the same number of threads, in turns. PyTorch
runs in every combination of memory layout, kind of optimizer, and allocator; ours with threads as
workers on samples, with threads inside the products, and with one thread, in NumPy's form and with
compiled loops. The fastest of each side counts; variants that are a fifth slower than the fastest
of their side after two rounds stop there. Prints a table and writes all figures to a JSON file.
"""

import argparse
import contextlib
import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import Any

from benchmarks.race import KEPT_MEMORY, Contestant, race
from benchmarks.workloads import WORKLOADS, Convolution, Workload, chosen
from src.common.files import atomic_path
from src.common.kernels import MISSING

KERNELS = ("numpy", "numba")

PEAK_GFLOP = 2 * 2048**3 / 1e9


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the chosen workloads."""
    options = _parser().parse_args(arguments)
    try:
        workloads = chosen(options.workload)
        if options.workers < 1 or options.rounds < 1:
            raise ValueError("--workers and --rounds must be 1 or more")
        if find_spec("torch") is None:
            raise ValueError("PyTorch is not installed: pip install torch==2.13.0")
        if find_spec("numba") is None:
            raise ValueError(MISSING)
    except ValueError as error:
        print(f"benchmarks: error: {error}", file=sys.stderr)
        return 2
    results: dict[str, Any] = {}
    record = {"machine": machine(), "threads": options.workers, "workloads": results}
    options.output.parent.mkdir(parents=True, exist_ok=True)
    print(f"{options.workers} thread(s), medians of {options.rounds} interleaved rounds\n")
    for name, workload in workloads.items():
        results[name] = _measure(name, workload, options.workers, options.rounds)
        _print(name, workload, results[name])
        with atomic_path(options.output) as partial:  # after each: a later one may be interrupted
            partial.write_text(json.dumps(record, indent=2) + "\n")
    print(f"all measurements: {options.output}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("workload", nargs="*", help=f"{', '.join(WORKLOADS)}, or a beginning")
    parser.add_argument("--workers", type=int, default=2, help="threads of every contestant")
    parser.add_argument("--rounds", type=int, default=9, help="rounds of every contestant")
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("benchmarks/results") / f"{datetime.now():%Y-%m-%d-%H%M%S}.json",
    )
    return parser


def _measure(name: str, workload: Workload, threads: int, rounds: int) -> dict[str, Any]:
    """Race all contestants of a workload."""
    common = {"workload": name, "threads": threads}
    ways = sorted({(1, 1), (1, threads), (threads, 1)})
    sides = {
        kernels: [
            Contestant(
                f"{kernels}, {workers} worker(s), products on {product_threads} thread(s)",
                {"side": "ours", "workers": workers, "product_threads": product_threads, **common},
                {"CLASSIC_NN_KERNELS": kernels},
            )
            for workers, product_threads in ways
        ]
        for kernels in KERNELS
    }
    torch = [
        Contestant(
            f"torch, {layout}, {update}, {memory}",
            {"side": "torch", "layout": layout, "update": update, **common},
            KEPT_MEMORY if memory == "kept memory" else {},
        )
        for layout, update, memory in product(*_torch_variants(workload))
    ]
    sklearn = (
        [Contestant("scikit-learn", {"side": "sklearn", **common})] if workload.sklearn_goal else []
    )
    peak = Contestant("matrix product", {"side": "peak", **common})
    everybody = [*sides["numpy"], *sides["numba"], *torch, *sklearn, peak]
    with contextlib.ExitStack() as stack:
        for contestant in everybody:
            stack.enter_context(contestant)
        race([side for side in (*sides.values(), torch, sklearn, [peak]) if side], rounds)
    numpy, best, best_torch = (fastest(side) for side in (sides["numpy"], sides["numba"], torch))
    gflops = 2 * workload.task.multiply_adds() / best.median / 1e9
    return {
        "title": workload.title,
        "goal": workload.goal,
        "ratio": best.median / best_torch.median,
        "numpy_ratio": numpy.median / best_torch.median,
        "best": best.name,
        "best_numpy": numpy.name,
        "best_torch": best_torch.name,
        "gflops": gflops,
        "fraction_of_peak": gflops * peak.median / PEAK_GFLOP,
        "peak_gflops": PEAK_GFLOP / peak.median,
        "memory_ratio": best.peak / min(c.peak for c in torch),
        "memory_of_numpy": best.peak / numpy.peak,
        **({"sklearn_ratio": best.median / sklearn[0].median} if sklearn else {}),
        "contestants": {c.name: c.result() for c in everybody},
    }


def fastest(side: list[Contestant]) -> Contestant:
    """By its median, of those that did all rounds."""
    rounds = max(len(contestant.seconds) for contestant in side)
    return min((c for c in side if len(c.seconds) == rounds), key=lambda c: c.median)


def _torch_variants(workload: Workload) -> tuple[tuple[str, ...], ...]:
    """Memory layouts, kinds of optimizer and of allocator that make a difference."""
    memory = ("default memory", "kept memory")
    if isinstance(workload.task, Convolution):
        return ("contiguous", "channels_last"), ("no update",), memory
    images = len(workload.task.input_shape) == 3
    layouts = ("contiguous", "channels_last") if images else ("contiguous",)
    return layouts, ("default", "foreach", "fused"), memory


def _print(name: str, workload: Workload, result: dict[str, Any]) -> None:
    print(f"{name}  {workload.title}")
    for label, key in (("numpy", "best_numpy"), ("numba", "best"), ("torch", "best_torch")):
        one = result["contestants"][result[key]]
        print(
            f"     {label:6}{one['median_s'] * 1e3:9.3f} ms ({one['fastest_s'] * 1e3:.3f} to "
            f"{one['slowest_s'] * 1e3:.3f}), peak {one['peak_bytes'] / 2**20:.0f} MiB: "
            f"{result[key]}"
        )
    met = "met" if result["ratio"] <= result["goal"] else "missed"
    print(
        f"     ratio {result['ratio']:.2f} (goal {result['goal']}, {met}; numpy "
        f"{result['numpy_ratio']:.2f}); "
        f"{result['gflops']:.0f} GFLOP/s, {result['fraction_of_peak']:.0%} of the matrix product's "
        f"{result['peak_gflops']:.0f}; memory {result['memory_ratio']:.2f} of torch's least"
    )
    if "sklearn_ratio" in result:
        print(f"     {result['sklearn_ratio']:.2f} of scikit-learn (goal {workload.sklearn_goal})")
    print(flush=True)


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    model = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    git = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    commit = subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip()
    return {
        "processor": model[0] if model else platform.processor(),
        "cores": len(model),
        "system": platform.platform(),
        "python": platform.python_version(),
        "commit": commit or "unknown",
        "date": f"{datetime.now():%Y-%m-%d}",
        "load": os.getloadavg()[0],
    }


if __name__ == "__main__":
    sys.exit(main())
