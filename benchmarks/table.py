"""The README's tables of speed, made of the runs that it quotes.

python -m benchmarks --workers 1 --output benchmarks/quoted/one_thread.json
python -m benchmarks --workers 2 --output benchmarks/quoted/two_threads.json
python -m benchmarks.backbones --threads 1 --output benchmarks/quoted/backbones_one_thread.json
python -m benchmarks.backbones --threads 2 --output benchmarks/quoted/backbones_two_threads.json
python -m benchmarks.orientation --output benchmarks/quoted/orientation.json
python -m benchmarks.table                  print the tables
python -m benchmarks.table README.md        put them between the marks in a file
"""

import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.backbones import TASKS
from benchmarks.workloads import WORKLOADS
from src.common.tables import markdown_table

QUOTED = Path(__file__).parent / "quoted"
STEPS, BACKBONES, COMPILERS = "speed", "backbones", "orientation"
"""Names of the marks in the file."""

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


def backbone_table(runs: list[dict[str, Any]]) -> str:
    """Markdown: published networks, our milliseconds and our time by the fastest PyTorch's."""
    header = ("224 x 224", "one thread", "two threads", "goal", "peak memory")
    rows: list[tuple[str, ...]] = [header]
    for name, (description, goal) in TASKS.items():
        if description["task"] not in ("inference", "training"):
            continue
        found = [run["tasks"][name] for run in runs if name in run["tasks"]]
        what = f"{description['network']}, {description['task']}, batch {description['batch']}"
        shown = [f"{one['ours_s'] * 1e3:,.0f} ms, **{one['ratio']:.2f}**" for one in found]
        shown += ["not measured"] * (len(runs) - len(found))
        memory = found[-1]["ours_peak"] / found[-1]["other_peak"]
        rows.append((what, *shown, str(goal), f"{memory:.2f}"))
    machine = runs[-1]["machine"]
    where = f"{machine['processor']}, {machine['cores']} cores"
    return f"{markdown_table(rows)}\n\n{where}; commit {machine['commit']}, {machine['date']}."


def orientation_table(run: dict[str, Any]) -> str:
    """Markdown: our milliseconds, and the time of compilers by ours, for orientation."""
    header = ("two threads", "ours, ms", "PyTorch eager", "`torch.compile`", "JAX (XLA)")
    rows: list[tuple[str, ...]] = [header]
    for name, found in run["workloads"].items():
        ours = found["ours"]["median_s"]
        others = [found[side]["median_s"] / ours for side in ("torch", "torch.compile", "jax")]
        rows.append((name, f"{1000 * ours:,.3g}", *(f"{other:.2f}" for other in others)))
    machine, first = run["machine"], next(iter(run["workloads"].values()))
    versions = ", ".join(first[side]["version"] for side in ("torch", "jax"))
    where = f"{machine['processor']}, {machine['cores']} cores; {versions}"
    return f"{markdown_table(rows)}\n\n{where}; commit {machine['commit']}, {machine['date']}."


def quoted_orientation() -> dict[str, Any]:
    """The run beside compilers."""
    found: dict[str, Any] = json.loads((QUOTED / "orientation.json").read_text(encoding="utf-8"))
    return found


def quoted_backbones() -> list[dict[str, Any]]:
    """The runs of published networks with one thread and with two."""
    names = ("backbones_one_thread.json", "backbones_two_threads.json")
    return [json.loads((QUOTED / name).read_text(encoding="utf-8")) for name in names]


def between_marks(text: str, content: str, mark: str = STEPS) -> str:
    """The text with what stands between the marks replaced; ValueError where there are none."""
    first, last = f"<!-- {mark} -->", f"<!-- /{mark} -->"
    before, begin, rest = text.partition(first)
    _, end, after = rest.partition(last)
    if not (begin and end):
        raise ValueError(f"expected {first} and {last}")
    return f"{before}{begin}\n{content}\n{end}{after}"


def main() -> None:
    """Print the tables, or put them into the file that is named."""
    tables = {
        STEPS: table(quoted_runs()),
        BACKBONES: backbone_table(quoted_backbones()),
        COMPILERS: orientation_table(quoted_orientation()),
    }
    if len(sys.argv) < 2:
        print("\n\n".join(tables.values()))
        return
    path = Path(sys.argv[1])
    text = path.read_text(encoding="utf-8")
    for mark, made in tables.items():
        text = between_marks(text, made, mark)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
