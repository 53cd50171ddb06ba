"""Pictures of an evaluation."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn import metrics as sk

from src.classic_nn.utils.plots import new_figure, plot_confusion_matrix
from src.inference.evaluation import Evaluation
from src.load.errors import UnreadableDataError
from src.load.image_grid import WRONG, image_grid, picture_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MISTAKES_SHOWN, GRID_SIDE = 30, 150
"""Samples in a grid of images, and pixels of their longer side."""

MOST_NAMED = 10
"""Curves that get a colour and a name of their own; more are thin and grey."""


def evaluation_figures(evaluation: Evaluation) -> dict[str, Figure]:
    """All charts that suit the evaluation, by the name of their file."""
    figures = {
        "roc.png": plot_roc(evaluation),
        "precision_recall.png": plot_precision_recall(evaluation),
        "calibration.png": plot_calibration(evaluation),
        "confidence.png": plot_confidence(evaluation),
        "risk_coverage.png": plot_risk_coverage(evaluation),
    }
    if evaluation.task != "multi_label":
        title = f"True and predicted classes of {len(evaluation):,} samples"
        counts, names = evaluation.confusion_matrix(), list(evaluation.classes)
        figures["confusion_matrix.png"] = plot_confusion_matrix(counts, names, title)
    return figures


def plot_roc(evaluation: Evaluation) -> Figure:
    """ROC curves (Fawcett 2006): found positives over false alarms, as the threshold falls.

    One curve a class that some samples have and others have not; one in all for a binary task.
    """
    figure = new_figure(6, 5.5)
    axes = figure.add_subplot()
    auc = evaluation.by_class()["roc_auc"]
    for k in _curves(evaluation):
        truth, scores = evaluation.indicators[:, k], evaluation.probabilities[:, k]
        if not truth.all():
            false, found, _ = sk.roc_curve(truth, scores)
            _draw(axes, evaluation, int(k), false, found, f"area {auc[k]:.3f}")
    axes.plot([0, 1], [0, 1], color="black", linestyle=":", linewidth=1, label="chance")
    axes.set(
        xlabel="false positive rate (fraction of the others)",
        ylabel="recall (fraction of the class that was found)",
        title=_titled("ROC", "mean area", auc, evaluation),
    )
    _finish(axes)
    return figure


def plot_precision_recall(evaluation: Evaluation) -> Figure:
    """Precision over recall, as the threshold falls; one curve per class."""
    figure = new_figure(6, 5.5)
    axes = figure.add_subplot()
    scores_of = evaluation.by_class()["average_precision"]
    for k in _curves(evaluation):
        truth, scores = evaluation.indicators[:, k], evaluation.probabilities[:, k]
        precision, recall, _ = sk.precision_recall_curve(truth, scores)
        label = f"average precision {scores_of[k]:.3f}"
        _draw(axes, evaluation, int(k), recall[::-1], precision[::-1], label)
    axes.set(
        xlabel="recall (fraction of the class that was found)",
        ylabel="precision (fraction of the found that is right)",
        title=_titled("Precision and recall", "mean average precision", scores_of, evaluation),
    )
    _finish(axes)
    return figure


def plot_calibration(evaluation: Evaluation) -> Figure:
    """How often answers are right, over how certain the model was of them."""
    mean, right, counts, error = evaluation.calibration()
    figure = new_figure(6, 5.5)
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color="black", linestyle=":", linewidth=1, label="perfect")
    axes.plot(mean, right, marker="o", label=f"model (expected calibration error {error:.3f})")
    for x, y, count in zip(mean, right, counts, strict=True):
        axes.annotate(f"{count:,}", (x, y), textcoords="offset points", xytext=(6, -10), fontsize=8)
    low = min(0.5, float(mean.min()) - 0.05) if evaluation.task != "multi_class" else 0.0
    answers = "labels" if evaluation.task == "multi_label" else "samples"
    axes.set(
        xlabel="mean certainty of the answers in a bin",
        ylabel="fraction of these answers that is right",
        title=f"Calibration (numbers: {answers} in the bin)",
        xlim=(low, 1.02),
        ylim=(-0.02, 1.05),
    )
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")
    return figure


def plot_confidence(evaluation: Evaluation) -> Figure:
    """Histogram of how certain the model was, of right and of wrong answers."""
    figure = new_figure(6.5, 4)
    axes = figure.add_subplot()
    certainty = evaluation.certainty.ravel()
    right = (evaluation.predicted == evaluation.targets).ravel()
    bins = np.linspace(min(0.5, float(certainty.min())), 1, 26)
    axes.hist(
        [certainty[right], certainty[~right]],
        bins=list(bins),
        stacked=True,
        color=["tab:green", "tab:red"],
        label=[f"right ({right.sum():,})", f"wrong ({(~right).sum():,})"],
    )
    answers = "labels" if evaluation.task == "multi_label" else "samples"
    axes.set(xlabel="certainty of the answer", ylabel=answers, title="How certain the model was")
    if evaluation.task == "multi_label":
        axes.set_yscale("log")
    axes.legend(loc="best")
    return figure


def draw_mistakes(evaluation: Evaluation) -> Image.Image | None:
    """The samples that are wrong, those first of which the model was most certain.

    None where nothing is wrong, or the samples are no images.
    """
    wrong = evaluation.mistakes()
    shown = []
    for sample in wrong:
        image = sample_picture(evaluation, int(sample))
        if image is not None:
            shown.append((int(sample), image))
        if len(shown) == MISTAKES_SHOWN:
            break
    if not shown:
        return None
    count = f"all {len(wrong)}" if len(wrong) == len(shown) else f"{len(shown)} of {len(wrong):,}"
    return image_grid(
        [image for _, image in shown],
        [_caption(evaluation, sample) for sample, _ in shown],
        [WRONG] * len(shown),
        columns=6,
        side=GRID_SIDE,
        title=f"Most confident mistakes ({count}): predicted, and true",
    )


def _caption(evaluation: Evaluation, sample: int) -> str:
    certainty = evaluation.certainty[sample]
    if evaluation.task == "multi_label":
        wrong = evaluation.predicted[sample] != evaluation.targets[sample]
        certainty = certainty[wrong].max()
    predicted = short_text(evaluation.predicted_text(sample))
    return f"{predicted} {certainty:.0%}\n(true: {short_text(evaluation.true_text(sample))})"


def short_text(text: str, most: int = 24) -> str:
    """The text, cut short where it is too long for a caption."""
    return text if len(text) <= most else f"{text[: most - 3]}..."


def plot_risk_coverage(evaluation: Evaluation) -> Figure:
    """Fraction of wrong answers over the fraction of samples that are answered."""
    curve = evaluation.risk_coverage
    figure = new_figure(6, 4.5)
    axes = figure.add_subplot()
    axes.step(curve.coverage, curve.risk, where="post", label=f"area {curve.area():.4f}")
    if evaluation.reject_below:
        coverage, risk = evaluation.answered()
        text = f"below {evaluation.reject_below:.3g} again: {coverage:.0%} answered"
        axes.plot([coverage], [risk], "o", color="tab:red", label=text)
    axes.set(
        xlabel="coverage (fraction of samples that are answered, the most certain first)",
        ylabel="risk (fraction of the answers that are wrong)",
        title="If uncertain photos were taken again",
        xlim=(0, 1.02),
        ylim=(0, max(0.05, 1.15 * float(np.nanmax(curve.risk)))),
    )
    axes.grid(alpha=0.3)
    axes.legend(loc="upper left", fontsize=8)
    return figure


def sample_picture(evaluation: Evaluation, sample: int) -> Image.Image | None:
    """The sample as a picture; arrays of numbers from 0 to 1 with 1 or 3 channels are one too."""
    try:
        picture = evaluation.images.preview(int(evaluation.rows[sample]))
    except UnreadableDataError:
        return None
    return picture_of(picture)


def _curves(evaluation: Evaluation) -> NDArray[np.intp]:
    """Classes that get a curve: those that occur; of a binary task, yes."""
    found = evaluation.occurring
    return found[found > 0] if evaluation.task == "binary" else found


def _draw(axes: Axes, evaluation: Evaluation, k: int, x: object, y: object, text: str) -> None:
    if len(_curves(evaluation)) <= MOST_NAMED:
        axes.plot(x, y, label=f"{evaluation.classes[k]}, {text}")  # type: ignore[arg-type]
    else:
        axes.plot(x, y, color="tab:gray", linewidth=0.6, alpha=0.6)  # type: ignore[arg-type]


def _titled(name: str, mean_name: str, values: object, evaluation: Evaluation) -> str:
    if len(_curves(evaluation)) == 1:
        return name
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # no class has a curve
        mean = np.nanmean(np.asarray(values, np.float64))
    return f"{name} of {len(_curves(evaluation))} classes, {mean_name} {mean:.3f}"


def _finish(axes: Axes) -> None:
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.05))
    axes.grid(alpha=0.3)
    if axes.get_legend_handles_labels()[0]:
        legend = axes.legend(loc="best", fontsize=8)
        for text in legend.get_texts():
            text.set_parse_math(False)  # names of classes are no formulas
