"""Heat maps beside the mistakes of which a model was most certain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from src.classic_nn.utils.plots import new_figure
from src.inference.classifier import Classifier
from src.inference.evaluation import Evaluation
from src.inference.explain.drawing import Pictures, draw_heat
from src.inference.explain.explainer import Explainer
from src.inference.explain.methods import suits
from src.inference.explain_settings import DEFAULT_METHOD, TITLES, UNITS
from src.load.errors import UnreadableDataError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

IN_A_ROW = 3


def check_photos(classifier: Classifier) -> None:
    """Raise UnreadableDataError for a model whose inputs cannot be drawn."""
    if len(classifier.input_shape) != 3 or classifier.transform is None:
        raise UnreadableDataError("--explain: this model takes no photos")


def draw_explained_mistakes(
    classifier: Classifier, evaluation: Evaluation, count: int
) -> Figure | None:
    """The most confident mistakes, and what speaks for the wrong answer; None without mistakes.

    A mistake in several labels is explained by the label that is wrong with the most certainty.

    Args:
        classifier: the model.
        evaluation: of it.
        count: of mistakes, at most.

    Raises UnreadableDataError for a model of feature vectors.
    """
    check_photos(classifier)
    wrong = evaluation.mistakes()[:count]
    if not len(wrong):
        return None
    method = "grad_cam" if not suits("grad_cam", classifier.model.network, None) else DEFAULT_METHOD
    pictures = Pictures(classifier)
    inputs = classifier.computed(evaluation.images, evaluation.rows[wrong], lambda x: x)
    rows = -(-len(wrong) // IN_A_ROW)
    figure = new_figure(4.6 * IN_A_ROW, 2.9 * rows + 0.5)
    figure.suptitle(f"{TITLES[method]} for the wrong answer (red speaks for it)", fontsize=11)
    panels = figure.subplots(rows, 2 * IN_A_ROW, squeeze=False).reshape(-1, 2)
    for axes in panels.ravel():
        axes.set_axis_off()
    for (photo, map_), sample, x in zip(panels, wrong.tolist(), inputs, strict=False):
        name, given = wrong_answer(evaluation, sample)
        explainer = Explainer(classifier, name, opposite=not given)
        (found,) = explainer.explain("", x, [method])
        levels = pictures.levels(x)
        photo.imshow(
            levels if levels.shape[2] == 3 else levels[..., 0], cmap="gray", vmin=0, vmax=1
        )
        true = f"true {evaluation.true_text(sample)}"
        photo.set_title(true, fontsize=8, color="tab:red", parse_math=False)
        if found.error:
            map_.set_title(found.error, fontsize=7, parse_math=False)
            continue
        title = f"{found.target}, p of {name} {found.probability:.3f}"
        draw_heat(map_, found.heat, levels, title, UNITS.get(method, "logits per pixel"))
    return figure


def wrong_answer(evaluation: Evaluation, sample: int) -> tuple[str, bool]:
    """What is wrong: a class or label, and whether it was given, or left out.

    Of several labels it is the one that is wrong with the most certainty.
    """
    if evaluation.task != "multi_label":
        return str(evaluation.classes[int(evaluation.predicted[sample])]), True
    wrong = evaluation.predicted[sample] != evaluation.targets[sample]
    number = int(np.where(wrong, evaluation.certainty[sample], -1).argmax())
    return str(evaluation.classes[number]), bool(evaluation.predicted[sample][number])
