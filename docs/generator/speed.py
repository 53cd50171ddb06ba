"""Speed of an operation against PyTorch, from the committed run."""

import json
from functools import cache
from typing import Any

from docs.generator.paths import ROOT
from src.common.tables import markdown_table

RUN = ROOT / "benchmarks" / "quoted" / "operations.json"


def speed_of(title: str) -> str:
    """The measurements of a page's operations as a table in Markdown; empty if there are none."""
    run = _run()
    rows = [
        (
            f"`{name}` of {_shape(found)}",
            f"{1e3 * found['compiled_s']:.3g}",
            f"{1e3 * found['numpy_s']:.3g}",
            f"{1e3 * found['torch_s']:.3g}",
            f"{found['ratio']:.2f}",
        )
        for name, found in run["operations"].items()
        if found["page"] == title
    ]
    if not rows:
        return ""
    header = ("what", "compiled, ms", "NumPy, ms", "PyTorch, ms", "ratio")
    machine = run["machine"]
    version = next(iter(run["operations"].values()))["contestants"]["torch, contiguous"]["version"]
    return (
        "## Speed\n\n"
        "A forward and a backward pass, or a step of an optimizer, with one thread on each side; "
        "medians of interleaved rounds. The ratio is our compiled time divided by PyTorch's, of "
        "whose variants the fastest counts: below 1 ours is faster.\n\n"
        f"{markdown_table([header, *rows])}\n\n"
        f"{machine['processor']}, {version}, {machine['date']}; "
        "`python -m benchmarks.operations` measures it again."
    )


@cache
def _run() -> dict[str, Any]:
    run: dict[str, Any] = json.loads(RUN.read_text(encoding="utf-8"))
    return run


def _shape(found: dict[str, Any]) -> str:
    sizes = " x ".join(map(str, found["shape"]))
    return sizes if found["samples"] == 1 else f"{found['samples']} x {sizes}"
