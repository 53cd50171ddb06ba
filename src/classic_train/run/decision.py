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
from src.classic_train.data.features import FeatureBatches
from src.classic_train.data.photos import PhotoData
from src.classic_train.data.splits import RecipeData
from src.classic_train.run.trained_part import TrainedPart
from src.inference.calibration import fit_temperature
from src.inference.classifier import Classifier
from src.inference.evaluation import evaluation_of_logits
from src.inference.out_of_distribution import class_means, features_and_logits
from src.inference.rejection import threshold_for_wrong_accepts
from src.inference.thresholds import threshold_for_specificity

MOST_FOR_MEANS = 500
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


def decide(
    options: TrainingOptions, data: RecipeData, model: SavedModel, threads: int, part: TrainedPart
) -> Decision:
    """Choose on the validation data; of recipes without photos nothing is chosen."""
    if not isinstance(options, PhotoOptions) or not isinstance(data, PhotoData):
        return Decision()
    decision = Decision(class_means=means_of_classes(data, model, threads, part))
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


def means_of_classes(
    data: PhotoData, model: SavedModel, threads: int, part: TrainedPart
) -> Array | None:
    """(classes, features) of training photos; None for a network without features."""
    network = model.network
    if not isinstance(network, Sequential):
        return None
    try:
        batches = part.inputs.batches("train")
        rows = data.photos.splits["train"]
        count = min(len(rows), MOST_FOR_MEANS)
        places = np.sort(np.random.default_rng(0).permutation(len(rows))[:count])
        rows = rows[places]
        if isinstance(batches, FeatureBatches):
            inputs = batches.views[0][places].astype(np.float32)
            features, _ = features_and_logits(part.trained, inputs)
        else:
            classifier = Classifier(model, threads)
            features = classifier.computed(
                data.photos.images, rows, lambda x: features_and_logits(network, x)[0]
            )
    except ValueError:  # the last layer is not dense
        return None
    targets = data.photos.targets[rows]
    classes = len(data.class_names)
    indicators = targets if targets.ndim == 2 else np.eye(classes, dtype=np.int64)[targets]
    return class_means(features, indicators)
