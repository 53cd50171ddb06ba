"""An evaluation on disk: metrics as JSON and CSV, pictures, and a page that shows them."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from src.classic_nn.utils.plots import save_figure
from src.common.files import write_json
from src.common.tables import format_table, markdown_table, write_csv
from src.inference.evaluation import Evaluation
from src.inference.figures import draw_mistakes, evaluation_figures
from src.inference.rejection import RETAKE
from src.load.image_grid import save_image

MISTAKES = "explained_mistakes.png"
"""The picture of ``evaluate --explain``."""

CAPTIONS = {
    "confusion_matrix.png": "What each class was taken for",
    "mistakes.png": "Mistakes of which the model was most certain",
    MISTAKES: "What spoke for the wrong answer, in these mistakes",
    "roc.png": "ROC curves",
    "precision_recall.png": "Precision and recall",
    "calibration.png": "Calibration: does 90% certainty mean 90% right?",
    "confidence.png": "How certain the model was",
    "risk_coverage.png": "Wrong answers, if uncertain photos were taken again",
}
"""Pictures of an evaluation, in the order of the page."""

MOST_PRINTED = 45
"""Classes in a printed table; ``classes.csv`` has all."""


def evaluation_values(evaluation: Evaluation) -> dict[str, Any]:
    """All metrics of an evaluation, as JSON holds them."""
    accuracy, low, high = evaluation.accuracy()
    mean, right, counts, error = evaluation.calibration()
    columns = evaluation.by_class()
    metadata: dict[str, Any] = {
        "task": evaluation.task,
        "samples": len(evaluation),
        "threshold": None if evaluation.task == "multi_class" else evaluation.threshold,
        "summary": evaluation.summary(),
        "right": {"share": accuracy, "low_95": low, "high_95": high},
        "macro": {
            name: _macro_mean(evaluation, name, values)
            for name, values in columns.items()
            if name != "samples"
        },
        "classes": {
            name: {column: values[k].item() for column, values in columns.items()}
            for k, name in enumerate(evaluation.classes)
        },
        "rejection": {
            "reject_below": evaluation.reject_below,
            "coverage": evaluation.answered()[0],
            "risk": evaluation.answered()[1],
            "area_under_risk_coverage": evaluation.risk_coverage.area(),
        },
        "calibration": {
            "expected_calibration_error": error,
            "mean_certainty": mean.tolist(),
            "share_right": right.tolist(),
            "answers": counts.tolist(),
        },
    }
    if evaluation.task != "multi_label":
        metadata["confusion_matrix"] = evaluation.confusion_matrix().tolist()
    return metadata


def summary_text(
    evaluation: Evaluation, others: Mapping[str, Mapping[str, float]], name: str = "model"
) -> str:
    """The metrics of a model, next to those of others by name (baselines, a second model)."""
    accuracy, low, high = evaluation.accuracy()
    what = "all labels right" if evaluation.task == "multi_label" else "accuracy"
    mine = evaluation.summary()
    rows = [
        (name, f"{value:.4f}", *(f"{other[name]:.4f}" for other in others.values()))
        for name, value in mine.items()
    ]
    table = format_table([(f"{len(evaluation):,} samples", name, *others), *rows])
    lines = [table, f"{what}: {accuracy:.4f}, 95% interval {low:.4f} to {high:.4f}"]
    if evaluation.reject_below:
        coverage, risk = evaluation.answered()
        lines.append(
            f"answered: {coverage:.4f} of them, of which {risk:.4f} wrongly; to the others the "
            f'answer is "{RETAKE}" (below {evaluation.reject_below:.4g})'
        )
    return "\n".join([*lines, *filter(None, [evaluation.absent_note()])])


def class_table(evaluation: Evaluation) -> list[tuple[str, ...]]:
    """Rows of a table of classes, headings first; the last row is the mean over them."""
    columns = evaluation.by_class()
    rows = [("class", *columns)]
    for k, name in enumerate(evaluation.classes):
        rows.append((name, *(_shown(values[k]) for values in columns.values())))
    means = [
        _macro_mean(evaluation, name, values)
        for name, values in columns.items()
        if name != "samples"
    ]
    total = int(columns["samples"].sum())
    return [*rows, ("mean (macro)", *(f"{mean:.4f}" for mean in means), f"{total:,}")]


def class_text(evaluation: Evaluation) -> str:
    """``class_table`` for a terminal; of many classes the most frequent ones."""
    heading, *rows, mean = class_table(evaluation)
    if len(rows) > MOST_PRINTED:
        order = np.argsort(-evaluation.by_class()["samples"], kind="stable")[:MOST_PRINTED]
        left = len(rows) - MOST_PRINTED
        rows = [rows[k] for k in order]
        rows.append((f"and {left} more", *[""] * (len(heading) - 1)))
    short = [(row[0][:40], *row[1:]) for row in [heading, *rows, mean]]
    return format_table(short)


def save_evaluation(
    evaluation: Evaluation, directory: Path, names: Sequence[str] | None = None
) -> list[Path]:
    """Write ``evaluation.json``, ``classes.csv``, ``predictions.csv`` and the pictures.

    Args:
        evaluation: what to write.
        directory: where to; it is made.
        names: of the samples; those of their source if None.

    Returns the paths of the pictures.
    """
    directory.mkdir(parents=True, exist_ok=True)
    write_json(directory / "evaluation.json", evaluation_values(evaluation))
    write_csv(directory / "classes.csv", class_table(evaluation))
    names = names or [evaluation.images.name(int(row)) for row in evaluation.rows]
    heading = ("sample", "true", "predicted", "right", *(f"p({c})" for c in evaluation.classes))
    rows = [
        (
            name,
            evaluation.true_text(k),
            evaluation.predicted_text(k),
            int(evaluation.correct[k]),
            *map(_exact, evaluation.probabilities[k]),
        )
        for k, name in enumerate(names)
    ]
    write_csv(directory / "predictions.csv", [heading, *rows])
    for stale in CAPTIONS:  # of an earlier evaluation
        (directory / stale).unlink(missing_ok=True)
    for name, figure in evaluation_figures(evaluation).items():
        save_figure(figure, directory / name)
    mistakes = draw_mistakes(evaluation)
    if mistakes is not None:
        save_image(mistakes, directory / "mistakes.png")
    return [directory / name for name in CAPTIONS if (directory / name).exists()]


def evaluation_page(evaluation: Evaluation, pictures: Sequence[Path]) -> str:
    """The part of a Markdown page that shows an evaluation; pictures lie next to the page."""
    lines = [markdown_table(class_table(evaluation)), ""]
    for path in pictures:
        lines += [f"### {CAPTIONS[path.name]}", "", f"![{CAPTIONS[path.name]}]({path.name})", ""]
    return "\n".join(lines)


def _exact(value: np.floating[Any]) -> str:
    """The shortest text that gives this very number when it is read again in its own type."""
    return np.format_float_positional(value, unique=True, trim="0")


def _shown(value: Any) -> str:
    if isinstance(value, np.integer):
        return f"{value:,}"
    return "" if math.isnan(value) else f"{value:.4f}"


def _macro_mean(evaluation: Evaluation, name: str, values: Any) -> float:
    """Mean over classes; what does not depend on predictions is left out where it is undefined."""
    of_predictions = name in ("precision", "recall", "f1")
    chosen = values[evaluation.averaged] if of_predictions else values[np.isfinite(values)]
    return float(chosen.mean()) if len(chosen) else float("nan")
