"""For orientation: our steps beside those of compilers, torch.compile and JAX's XLA.

    python -m benchmarks.orientation [WORKLOAD...] [--threads N] [--rounds N] [--output FILE]

In processes of their own, in turns, all with the same number of threads, as in ``benchmarks``; the
first steps, in which a compiler compiles, are not counted.
"""

import argparse
import contextlib
import json
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.__main__ import fastest, machine
from benchmarks.race import KEPT_MEMORY, Contestant, race
from benchmarks.workloads import WORKLOADS, Convolution, chosen
from src.common.cli import Parser, argument_type, whole_number
from src.common.files import write_json

SIDES = ("ours", "torch", "torch.compile", "jax")


def contestants(name: str, threads: int) -> dict[str, list[Contestant]]:
    """By side; of each the ways that are fastest as a rule."""
    common = {"workload": name, "threads": threads}
    layouts = ["channels_last", "contiguous"]
    if len(WORKLOADS[name].task.input_shape) != 3:
        layouts = ["contiguous"]
    update = "default" if isinstance(WORKLOADS[name].task, Convolution) else "fused"
    ours = [
        Contestant(
            f"ours, {workers} x {products}",
            {"side": "ours", "workers": workers, "product_threads": products, **common},
            {"CLASSIC_NN_KERNELS": "numba"},
        )
        for workers, products in sorted({(1, threads), (threads, 1)})
    ]
    found = {"ours": ours, "jax": [Contestant("jax", {"side": "jax", **common})]}
    for side, compiled in (("torch", False), ("torch.compile", True)):
        variant = {"side": "torch", "update": update, "compiled": compiled, **common}
        found[side] = [
            Contestant(f"{side}, {layout}", {**variant, "layout": layout}, KEPT_MEMORY)
            for layout in layouts
        ]
    return {side: found[side] for side in SIDES}


def measure(name: str, threads: int, rounds: int) -> dict[str, Any]:
    """Milliseconds of each side's fastest way."""
    sides = contestants(name, threads)
    with contextlib.ExitStack() as stack:
        for contestant in [one for side in sides.values() for one in side]:
            stack.enter_context(contestant)
        race(list(sides.values()), rounds)
    best = {side: fastest(ways) for side, ways in sides.items()}
    return {side: {"name": one.name, **one.result()} for side, one in best.items()}


def main(arguments: list[str] | None = None) -> int:
    """Run the chosen workloads; print a line for each."""
    parser = Parser(prog="python -m benchmarks.orientation", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("workload", nargs="*", help=f"{', '.join(WORKLOADS)}, or a beginning")
    number = argument_type(whole_number(1))
    parser.add_argument("--threads", type=number, default=2, metavar="N")
    parser.add_argument("--rounds", type=number, default=5, metavar="N")
    parser.add_argument("--output", type=Path, metavar="FILE", help="figures as JSON")
    options = parser.parse_args(arguments)
    for package in ("torch", "jax", "numba"):
        if find_spec(package) is None:
            print(f"{parser.prog}: error: {package} is not installed", file=sys.stderr)
            return 2
    results: dict[str, Any] = {}
    print(f"{'workload':9}" + "".join(f"{side:>15}" for side in SIDES) + "   ms, and by ours")
    for name in chosen(options.workload):
        results[name] = measure(name, options.threads, options.rounds)
        ours = results[name]["ours"]["median_s"]
        shown = [results[name][side]["median_s"] for side in SIDES]
        cells = "".join(f"{1000 * s:8.2f} {s / ours:5.2f}x" for s in shown)
        print(f"{name:9}{cells}", flush=True)
        if options.output:
            record = {"machine": machine(), "threads": options.threads, "workloads": results}
            write_json(options.output, json.loads(json.dumps(record, default=str)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
