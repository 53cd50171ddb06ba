"""From outputs to answers: temperature, threshold, and when to ask for another photo.

All are chosen on the validation data, in this order, and stand in the model file.
"""

from dataclasses import dataclass, replace

import numpy as np

from src.classic_nn.array_types import Array
from src.classic_nn.layers import Sequential
from src.classic_nn.serialization import SavedModel
from src.classic_train.cli.options import TrainingOptions
from src.classic_train.cli.photo_options import PhotoOptions
from src.classic_train.data.photos import PhotoData
from src.classic_train.data.splits import RecipeData
from src.inference.calibration import fit_temperature
from src.inference.classifier import Classifier
from src.inference.evaluation import evaluate, evaluation_of_logits
from src.inference.out_of_distribution import class_means, features_and_logits
from src.inference.rejection import threshold_for_wrong_accepts
from src.inference.thresholds import threshold_for_specificity

MOST_FOR_MEANS = 300
"""Training photos whose features make up the means of the classes."""


@dataclass(frozen=True)
class Decision:
    """How outputs become answers, see ``SavedModel``; and the validation data that say so.

    Attributes:
        temperature, threshold, reject_below, class_means: of the model.
        before, after: expected calibration errors on the validation data without and with the
            temperature; NaN where there is none.
    """

    temperature: float = 1.0
    threshold: float = 0.5
    reject_below: float = 0.0
    class_means: Array | None = None
    before: float = float("nan")
    after: float = float("nan")

    def applied_to(self, model: SavedModel) -> SavedModel:
        """The model with these."""
        return replace(
            model,
            temperature=self.temperature,
            threshold=self.threshold,
            reject_below=self.reject_below,
            class_means=self.class_means,
        )

    def sentences(self) -> list[str]:
        """What was chosen, for the report."""
        lines = []
        if self.temperature != 1:
            lines.append(
                f"temperature {self.temperature:.3g}, fitted on the validation data (expected "
                f"calibration error there {self.before:.3f} without it, {self.after:.3f} with it)"
            )
        if self.reject_below:
            lines.append(
                f'answers with a probability below {self.reject_below:.3g} are "retake": chosen on '
                "the validation data"
            )
        return lines


def decide(options: TrainingOptions, data: RecipeData, model: SavedModel, threads: int) -> Decision:
    """Choose on the validation data; for arrays the threshold alone."""
    if not isinstance(options, PhotoOptions):
        return Decision()
    if not isinstance(data, PhotoData):
        return _of_arrays(options, data, model, threads)
    decision = Decision(class_means=means_of_classes(data, model, threads))
    dataset = data.dataset()
    rows = dataset.splits["validation"]
    classifier = Classifier(model, threads)
    logits = classifier.logits(dataset.images, rows)
    validation = evaluation_of_logits(classifier, dataset, rows, logits)
    if options.calibrate == "temperature":
        temperature = fit_temperature(logits, validation.outputs[0], data.task)
        decision = replace(decision, temperature=temperature)
        before = validation.calibration()[-1]
        classifier = Classifier(decision.applied_to(model), threads)
        validation = evaluation_of_logits(classifier, dataset, rows, logits)
        decision = replace(decision, before=before, after=validation.calibration()[-1])
    if options.specificity and data.task == "binary":
        threshold = threshold_for_specificity(
            validation.targets, validation.probabilities[:, 1], options.specificity
        )
        decision = replace(decision, threshold=threshold)
        validation = replace(validation, threshold=threshold)
    if options.wrong_accepts:
        least = threshold_for_wrong_accepts(
            validation.answer_certainty, validation.correct, options.wrong_accepts
        )
        decision = replace(decision, reject_below=least)
    return decision


def _of_arrays(
    options: PhotoOptions, data: RecipeData, model: SavedModel, threads: int
) -> Decision:
    if not options.specificity or data.task != "binary":
        return Decision()
    dataset = data.dataset()
    found = evaluate(Classifier(model, threads), dataset, dataset.splits["validation"])
    wanted = options.specificity
    threshold = threshold_for_specificity(found.targets, found.probabilities[:, 1], wanted)
    return Decision(threshold=threshold)


def means_of_classes(data: PhotoData, model: SavedModel, threads: int) -> Array | None:
    """(classes, features) of training photos without random changes; None without features."""
    network = model.network
    if not isinstance(network, Sequential):
        return None
    rows = data.photos.splits["train"]
    few = np.random.default_rng(0).permutation(len(rows))[:MOST_FOR_MEANS]
    rows = rows[np.sort(few)]
    try:
        features = Classifier(model, threads).computed(
            data.photos.images, rows, lambda x: features_and_logits(network, x)[0]
        )
    except ValueError:  # the last layer is not dense
        return None
    targets = data.photos.targets[rows]
    classes = len(data.class_names)
    indicators = targets if targets.ndim == 2 else np.eye(classes, dtype=np.int64)[targets]
    return class_means(features, indicators)
