"""The README's table of speed, made of the runs that it quotes.

python -m benchmarks --workers 1 --output benchmarks/quoted/one_thread.json
python -m benchmarks --workers 2 --output benchmarks/quoted/two_threads.json
python -m benchmarks.table                  print the table
python -m benchmarks.table README.md        put it between the marks in a file
"""

import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.workloads import WORKLOADS
from src.common.tables import markdown_table

QUOTED = Path(__file__).parent / "quoted"
BEGIN, END = "<!-- speed -->", "<!-- /speed -->"

HEADER = (
    "workload",
    "one thread: NumPy",
    "compiled",
    "two threads: NumPy",
    "compiled",
    "goal",
    "peak memory",
)


def quoted_runs() -> list[dict[str, Any]]:
    """The runs with one thread and with two."""
    names = ("one_thread.json", "two_threads.json")
    return [json.loads((QUOTED / name).read_text(encoding="utf-8")) for name in names]


def table(runs: list[dict[str, Any]]) -> str:
    """Markdown: our time divided by the fastest PyTorch's, and memory likewise, by workload."""
    rows: list[tuple[str, ...]] = [HEADER]
    for name in WORKLOADS:
        found = [run["workloads"].get(name) for run in runs]
        if None in found:
            continue
        ratios = [f"{one[key]:.2f}" for one in found for key in ("numpy_ratio", "ratio")]
        last = found[-1]
        memory = f"{last['memory_ratio']:.2f}"
        rows.append((f"{name}: {last['title']}", *ratios, str(last["goal"]), memory))
    machine = runs[-1]["machine"]
    first = next(iter(runs[-1]["workloads"].values()))["contestants"].values()
    versions = ", ".join(sorted({part for one in first for part in one["version"].split(", ")}))
    where = f"{machine['processor']}, {machine['cores']} cores; {versions}"
    return f"{markdown_table(rows)}\n\n{where}; commit {machine['commit']}, {machine['date']}."


def between_marks(text: str, content: str) -> str:
    """The text with what stands between the marks replaced; ValueError where there are none."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"expected {BEGIN} and {END}")
    return f"{before}{begin}\n{content}\n{end}{after}"


def main() -> None:
    """Print the table, or put it into the file that is named."""
    made = table(quoted_runs())
    if len(sys.argv) < 2:
        print(made)
        return
    path = Path(sys.argv[1])
    path.write_text(between_marks(path.read_text(encoding="utf-8"), made), encoding="utf-8")


if __name__ == "__main__":
    main()
