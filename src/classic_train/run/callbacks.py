"""The callbacks of a run: history, diagnosis, checkpoints, pictures, progress."""

import json
import os

from src.classic_nn.array_types import Array
from src.classic_nn.serialization import save_model
from src.classic_train.callbacks import (
    Callback,
    Checkpoint,
    Diagnosis,
    EpochModels,
    History,
    Pictures,
    Probe,
    Progress,
    Stopwatch,
)
from src.classic_train.callbacks.images import visible
from src.classic_train.cli.options import TrainingOptions
from src.classic_train.data.splits import RecipeData
from src.classic_train.mini_batch.metrics import METRICS
from src.classic_train.mini_batch.utils import AUGMENTATION, random_stream
from src.classic_train.recipes.recipe import Recipe
from src.classic_train.run.directory import Run
from src.classic_train.run.results import saved_model
from src.classic_train.run.trained_part import TrainedPart
from src.common.kernels import kernels_used
from src.history import TrainingHistoryWriter
from src.history.tags import TEST

PROBED, PICTURED = 64, 16
"""Validation samples whose way through the network is recorded, and samples in a picture."""


def writing_callbacks(
    recipe: Recipe, options: TrainingOptions, run: Run, part: TrainedPart, data: RecipeData
) -> list[Callback]:
    """Those that write files or on the terminal: one process has them."""
    epoch = run.checkpoint[1]["epoch"] if run.checkpoint else 0
    metadata = {
        "recipe": recipe.name,
        "options": options.as_dict(),
        "data_digest": data.digest(),
        "weights_digest": part.weights_digest,
        "kernels": kernels_used(),
        "history_directory": os.path.relpath(run.history_directory, run.directory),
    }
    writer = TrainingHistoryWriter(run.history_directory, resume_after=epoch)
    names = METRICS[data.task]
    history = History(
        writer,
        options.history_every,
        options.history_batches,
        report=not run.quiet,
        settings={"recipe": recipe.name, **plain_settings(recipe, options)},
        metrics=[*names, *(f"{TEST}{name}" for name in names)],
    )
    examples = data.validation_examples(PICTURED)
    diagnosis = Diagnosis(data.targets("train"), data.class_names, not run.quiet, writer)
    callbacks: list[Callback] = [
        Stopwatch(),
        Probe(part.inputs.validation_examples(PROBED), [history.look, diagnosis.look]),
        diagnosis,
        history,
        Checkpoint(run.directory, options.checkpoint_every, metadata=metadata),
        pictures(writer, recipe, options, data, examples),
    ]
    if options.save_every:
        callbacks.append(
            EpochModels(
                run.directory / "epochs",
                options.save_every,
                lambda path: save_model(path, saved_model(part.network, data)),
            )
        )
    return callbacks if run.quiet else [*callbacks, (run.backend.progress or Progress)()]


def plain_settings(recipe: Recipe, options: TrainingOptions) -> dict[str, str | float | bool]:
    """The settings that the run uses, as TensorBoard takes them; lists as text."""
    return {
        name: value if isinstance(value, str | bool | int | float) else json.dumps(value)
        for name, value in options.as_dict(recipe.used_settings(options)).items()
    }


def pictures(
    writer: TrainingHistoryWriter,
    recipe: Recipe,
    options: TrainingOptions,
    data: RecipeData,
    examples: Array,
) -> Pictures:
    """The callback that draws; samples, and predictions for ``examples``, if they are images."""
    if len(data.input_shape) != 3 or data.input_shape[2] not in (1, 3):
        return Pictures(writer, data.class_names)
    steps = data.preprocessing.get("transform")

    def samples(epoch: int) -> Array:
        x = data.trained_examples(PICTURED, epoch)
        if recipe.augmentation is not None:
            rng = random_stream(options.seed, AUGMENTATION, epoch)
            x = recipe.augmentation.apply(x, recipe.augmentation.draw(len(x), rng))
        return visible(x, steps)

    return Pictures(writer, data.class_names, samples, visible(examples, steps))
