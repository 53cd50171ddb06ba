"""Measure single operations side by side with PyTorch, one thread on each side.

    python -m benchmarks.operations [OPERATION...] [--rounds N] [--output FILE]

A forward and a backward pass of a layer or a loss, or a step of an optimizer, each contestant in a
process of its own, in turns: ours with compiled loops and in NumPy's form; PyTorch in both memory
layouts (optimizers: over lists of tensors, and fused), with memory that is kept. The documentation
shows ``benchmarks/quoted/operations.json`` on the pages of the operations.
"""

import argparse
import contextlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.__main__ import fastest, machine
from benchmarks.operation_side import CASES
from benchmarks.race import KEPT_MEMORY, Contestant, race
from src.common.files import atomic_path

THREADS = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the chosen operations."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.operations", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("operation", nargs="*", help="by its beginning; all of them without")
    parser.add_argument("--rounds", type=int, default=9, help="rounds of every contestant")
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results/operations.json"))
    options = parser.parse_args(arguments)
    names = [
        name
        for name in CASES
        if not options.operation or any(map(name.startswith, options.operation))
    ]
    if not names:
        parser.error(f"no operation begins so; there are {', '.join(CASES)}")
    results: dict[str, Any] = {}
    record = {"machine": machine(), "threads": THREADS, "operations": results}
    options.output.parent.mkdir(parents=True, exist_ok=True)
    for name in names:
        results[name] = measure(name, options.rounds)
        found = results[name]
        print(
            f"{name:32} {1e3 * found['compiled_s']:8.3f} ms, NumPy {1e3 * found['numpy_s']:8.3f}, "
            f"PyTorch {1e3 * found['torch_s']:8.3f}: {found['ratio']:.2f}",
            flush=True,
        )
        with atomic_path(options.output) as partial:
            partial.write_text(json.dumps(record, indent=2) + "\n")
    return 0


def measure(name: str, rounds: int) -> dict[str, Any]:
    """Race one operation."""
    common = {"operation": name, "threads": THREADS}
    ours = {
        kernels: Contestant(kernels, {"side": "operation", **common}, _environment(kernels))
        for kernels in ("numba", "numpy")
    }
    torch = [
        Contestant(
            f"torch, {layout}",
            {"side": "operation_torch", "layout": layout, **common},
            KEPT_MEMORY,
        )
        for layout in ("contiguous", "channels_last")
    ]
    with contextlib.ExitStack() as stack:
        for contestant in [*ours.values(), *torch]:
            stack.enter_context(contestant)
        race([[ours["numba"]], [ours["numpy"]], torch], rounds)
    best = fastest(torch)
    return {
        "page": CASES[name].page,
        "samples": CASES[name].batch,
        "shape": list(CASES[name].shape),
        "compiled_s": ours["numba"].median,
        "numpy_s": ours["numpy"].median,
        "torch_s": best.median,
        "ratio": ours["numba"].median / best.median,
        "contestants": {one.name: one.result() for one in [*ours.values(), *torch]},
    }


def _environment(kernels: str) -> dict[str, str]:
    return {"CLASSIC_NN_KERNELS": kernels, **KEPT_MEMORY}


if __name__ == "__main__":
    sys.exit(main())
