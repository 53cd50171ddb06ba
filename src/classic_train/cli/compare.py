"""The command ``compare``: finished runs side by side."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from src.classic_train.cli.parsers import OptionError
from src.common.tables import cell_text, compare_columns, format_table, setting_text

NO_SETTINGS = {"recipe", "kernels", "versions", "fingerprint", "history_directory"}
"""Entries of ``config.json`` that are no settings."""


@dataclass(frozen=True)
class FinishedRun:
    """What the files of a run say.

    Attributes:
        name: of its directory.
        config: settings, versions, fingerprint of the data.
        metrics: of the test data, with seconds and history.
        evaluation: of the test data, all of it.
    """

    name: str
    config: dict[str, Any]
    metrics: dict[str, Any]
    evaluation: dict[str, Any]


def read_run(directory: Path) -> FinishedRun:
    """Read the files of a finished run.

    Raises OptionError: it is no run, or one that has not come to its end.
    """
    parts = {}
    if (directory / "cross_validation.json").exists():
        raise OptionError(
            f"{directory} is a cross-validation: expected single runs, such as {directory}/fold-1"
        )
    for name in ("config", "metrics", "evaluation"):
        file = directory / f"{name}.json"
        try:
            parts[name] = json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            if not (directory / "config.json").exists():
                raise OptionError(f"{directory} is no run: expected {file.name} in it") from None
            raise OptionError(
                f"{directory} has no {file.name}: the run is not finished, or of an older version; "
                "--resume it"
            ) from None
        except (OSError, ValueError) as error:
            raise OptionError(f"{file}: cannot be read ({error})") from None
        if not isinstance(parts[name], dict):
            raise OptionError(f"{file}: cannot be read (expected entries)")
    return FinishedRun(directory.name, parts["config"], parts["metrics"], parts["evaluation"])


def comparison_table(runs: Sequence[FinishedRun]) -> str:
    """Settings that differ, metrics of the test data, baselines, and notes, as text."""
    same_data = len({(run.config.get("fingerprint") or {}).get("sha256") for run in runs}) == 1
    baselines = runs[0].metrics.get("baselines") or {} if same_data else {}
    # by place, as two runs may have one name
    columns = [str(place) for place in range(len(runs))]
    settings = {
        column: {
            name: setting_text(value)
            for name, value in run.config.items()
            if name not in NO_SETTINGS
        }
        for column, run in zip(columns, runs, strict=True)
    }
    sizes = {column: _sizes(run) for column, run in zip(columns, runs, strict=True)}
    tests = {
        column: run.metrics.get("test") or {} for column, run in zip(columns, runs, strict=True)
    }
    rows = [
        ("", *(run.name for run in runs), *baselines),
        ("recipe", *(setting_text(run.config.get("recipe")) for run in runs)),
        *compare_columns(settings, only_differing=True),
        *compare_columns(sizes, digits=1),
        *compare_columns({**tests, **baselines}),
    ]
    if any(run.evaluation.get("task") == "binary" for run in runs):
        rows.append(("threshold", *(cell_text(run.evaluation.get("threshold")) for run in runs)))
        rows.append(("false alarms", *(_errors(run, 0, 1) for run in runs)))
        rows.append(("misses", *(_errors(run, 1, 0) for run in runs)))
    width = len(rows[0])
    lines = [format_table([(*row, *[""] * (width - len(row))) for row in rows])]
    if not same_data:
        lines.append(
            "note: the runs had different data, or other splits; their metrics are not of the same "
            "test samples"
        )
    return "\n".join(lines)


def class_comparison(runs: Sequence[FinishedRun]) -> str:
    """F1 and average precision of each class that occurs in the test data, for each run."""
    heading = ["class", "samples"]
    for run in runs:
        heading += [f"F1 {run.name}", f"AP {run.name}"]
    rows = [tuple(heading)]
    tables = [run.evaluation.get("classes", {}) for run in runs]
    for name in dict.fromkeys(name for table in tables for name in table):
        of_class = [table.get(name, {}) for table in tables]
        samples = max(values.get("samples", 0) for values in of_class)
        if samples:
            metrics = [values.get(k) for values in of_class for k in ("f1", "average_precision")]
            rows.append((name[:40], f"{samples:,}", *map(cell_text, metrics)))
    return format_table(rows)


def _sizes(run: FinishedRun) -> dict[str, Any]:
    """Of the network, of the training, of the test data."""
    return {
        "parameters": run.metrics.get("parameters"),
        "epochs trained": len(run.metrics.get("history") or []),
        "seconds": run.metrics.get("seconds"),
        "test samples": run.evaluation.get("samples"),
    }


def _errors(run: FinishedRun, true: int, predicted: int) -> str:
    """Samples of one of two classes that were taken for the other, of all samples of that class."""
    counts = run.evaluation.get("confusion_matrix")
    if run.evaluation.get("task") != "binary" or not counts:
        return ""
    total = sum(counts[true])
    return f"{counts[true][predicted]} of {total}" if total else "0 of 0"
