"""Training a recipe: data, gradient check, training, evaluation, files and pictures."""

import json
import os
import shlex
from typing import TypeVar

import numpy as np

from src.classic_nn.array_types import Array
from src.classic_nn.gradient_check import check_network
from src.classic_nn.layers import Sequential
from src.classic_nn.layers.copying import copy_network
from src.classic_nn.loss import Loss
from src.classic_nn.regularization import L2
from src.classic_nn.serialization import save_model
from src.classic_train.callbacks import (
    Callback,
    Checkpoint,
    Diagnosis,
    EarlyStopping,
    EpochModels,
    History,
    Pictures,
    Probe,
    Progress,
    Stopwatch,
)
from src.classic_train.callbacks.live_pictures import visible
from src.classic_train.cli.options import TrainingOptions
from src.classic_train.cli.parsers import OptionError
from src.classic_train.data.splits import SPLITS, RecipeData
from src.classic_train.mini_batch import DataError, MiniBatchTrainer
from src.classic_train.mini_batch.metrics import METRICS
from src.classic_train.mini_batch.utils import AUGMENTATION, random_stream
from src.classic_train.parallel.choice import chosen_workers
from src.classic_train.parallel.processes import ALONE, Processes
from src.classic_train.recipes.recipe import Recipe
from src.classic_train.run.directory import Run, python_command, train_command_line
from src.classic_train.run.results import Trained, saved_model, versions, write_results
from src.common.files import write_json
from src.history import TrainingHistoryWriter
from src.history.tags import TEST
from src.inference.evaluation import Evaluation

C = TypeVar("C", bound=Callback)

PROBED, DRAWN = 64, 16
"""Validation samples whose way through the network is recorded, and samples in a picture."""


class GradientCheckFailedError(ArithmeticError):
    """The backward pass of a network disagrees with finite differences."""


def train_recipe(
    recipe: Recipe,
    options: TrainingOptions,
    run: Run,
    data: RecipeData | None = None,
    processes: Processes = ALONE,
) -> Evaluation | None:
    """Train, evaluate on the test data, and write everything; returns how it did there.

    Of several processes the first evaluates and writes, and the others return None.

    Args:
        recipe: what to train.
        options: settings.
        run: where to write.
        data: to train on; those of the options if None.
        processes: that train together.

    Raises:
        DataError: the data cannot be trained on, or are not the same for all processes.
        TrainingDivergedError: training left the finite numbers; the last checkpoint stays.
        GradientCheckFailedError: asked for, and the gradients are wrong.
    """
    data = data or recipe.load_data(options)
    network = recipe.build_network(options, data)
    loss = recipe.create_loss(options, data)
    sizes = ", ".join(f"{split} {len(data.targets(split)):,}" for split in SPLITS)
    run.log(f"{recipe.name}: {data.description} ({sizes} samples)")
    left_out = data.dataset().problems.summary(5)
    run.log(f"{left_out}\n" if left_out else "")
    run.log(f"{network.summary()}\n")
    if run.check_gradients:
        check_gradients(network, loss, data, run)

    if len(set(processes.all_values(data.digest()))) > 1:
        raise DataError(
            "the processes were given different data: expected the same files on every machine"
        )
    trainer = create_trainer(recipe, options, run, network, loss, data, processes)
    if run.checkpoint:
        try:
            if data.digest() != run.checkpoint[1]["data_digest"]:
                raise ValueError("the samples are not those that it was trained on")
            trainer.load_state(*run.checkpoint)
        except ValueError as error:
            raise OptionError(
                f"--resume: the data or the program have changed since {run.directory}: {error}"
            ) from None
        run.log(f"resuming {run.directory} after epoch {trainer.epoch}")
    if run.writes:
        write_json(
            run.directory / "config.json",
            {
                "recipe": recipe.name,
                **options.as_dict(),
                "processes": processes.size,
                "versions": versions(),
                "history_directory": os.path.relpath(run.history_directory, run.directory),
                "fingerprint": data.metadata(),
            },
        )
    history = trainer.fit(data.batches("train"), data.batches("validation"))
    if not run.writes:
        return None
    seconds = callback(trainer, Stopwatch).seconds
    findings = callback(trainer, Diagnosis).findings
    ending = stop_summary(trainer)
    run.log(f"trained {trainer.epoch} epochs in {seconds:.1f} s; {ending}")
    trained = Trained(network, history, seconds, ending, findings, trainer.team.size)
    test = write_results(recipe, options, run, data, trained)
    with callback(trainer, History).writer as writer:
        writer.write_metrics(trainer.epoch, {f"{TEST}{k}": v for k, v in test.summary().items()})
    run.log(f"history   {run.history_directory}\n")
    if run.complete:
        run.log(next_commands(recipe, options, run, trainer.stop_reason is not None))
    return test


def create_trainer(
    recipe: Recipe,
    options: TrainingOptions,
    run: Run,
    network: Sequential,
    loss: Loss,
    data: RecipeData,
    processes: Processes = ALONE,
) -> MiniBatchTrainer:
    """The trainer that the options describe, with the callbacks of a run."""
    callbacks: list[Callback] = [
        EarlyStopping(options.patience or None, restore_best=options.keep == "best")
    ]
    if run.writes:
        callbacks += writing_callbacks(recipe, options, run, network, data)
    workers, product_threads, why = chosen_workers(options, network, data.input_shape, processes)
    if why:
        run.log(why)
    return MiniBatchTrainer(
        network,
        loss,
        options.create_optimizer(),
        batch_size=options.batch_size,
        epochs=options.epochs,
        schedule=options.create_schedule(),
        l2=L2(options.l2) if options.l2 else None,
        clip_norm=options.clip_norm or None,
        clip_value=options.clip_value or None,
        metrics=METRICS[data.task],
        augmentation=recipe.augmentation,
        callbacks=callbacks,
        seed=options.seed,
        accumulate=options.accumulate,
        workers=workers,
        product_threads=product_threads,
        processes=processes,
    )


def writing_callbacks(
    recipe: Recipe, options: TrainingOptions, run: Run, network: Sequential, data: RecipeData
) -> list[Callback]:
    """Those that write files or on the terminal: one process has them."""
    epoch = run.checkpoint[1]["epoch"] if run.checkpoint else 0
    metadata = {
        "recipe": recipe.name,
        "options": options.as_dict(),
        "data_digest": data.digest(),
        "history_directory": os.path.relpath(run.history_directory, run.directory),
    }
    writer = TrainingHistoryWriter(run.history_directory, resume_after=epoch)
    names = METRICS[data.task]
    history = History(
        writer,
        options.history_every,
        options.history_batches,
        report=not run.quiet,
        settings={"recipe": recipe.name, **plain_settings(options)},
        metrics=[*names, *(f"{TEST}{name}" for name in names)],
    )
    judged = data.validation_examples(PROBED)
    diagnosis = Diagnosis(data.targets("train"), data.class_names, not run.quiet, writer)
    callbacks: list[Callback] = [
        Stopwatch(),
        Probe(judged, [history.look, diagnosis.look]),
        diagnosis,
        history,
        Checkpoint(run.directory, options.checkpoint_every, metadata=metadata),
        pictures(writer, recipe, options, data, judged[:DRAWN]),
    ]
    if options.save_every:
        callbacks.append(
            EpochModels(
                run.directory / "epochs",
                options.save_every,
                lambda path: save_model(path, saved_model(network, data)),
            )
        )
    return callbacks if run.quiet else [*callbacks, Progress()]


def plain_settings(options: TrainingOptions) -> dict[str, str | float | bool]:
    """The options as TensorBoard and those who compare histories take them; lists as text."""
    return {
        name: value if isinstance(value, str | bool | int | float) else json.dumps(value)
        for name, value in options.as_dict().items()
    }


def pictures(
    writer: TrainingHistoryWriter,
    recipe: Recipe,
    options: TrainingOptions,
    data: RecipeData,
    judged: Array,
) -> Pictures:
    """The callback that draws: also samples, and what is said of ``judged``, if they are images."""
    if len(data.input_shape) != 3 or data.input_shape[2] not in (1, 3):
        return Pictures(writer, data.class_names)
    steps = data.preprocessing.get("transform")

    def samples(epoch: int) -> Array:
        x = data.trained_examples(DRAWN, epoch)
        if recipe.augmentation is not None:
            rng = random_stream(options.seed, AUGMENTATION, epoch)
            x = recipe.augmentation.apply(x, recipe.augmentation.draw(len(x), rng))
        return visible(x, steps)

    return Pictures(writer, data.class_names, samples, visible(judged, steps))


def stop_summary(trainer: MiniBatchTrainer) -> str:
    """Why training stopped early, if it did, and of which epoch the weights are."""
    stopping = callback(trainer, EarlyStopping)
    best = stopping.best
    reason = f"{trainer.stop_reason}; " if trainer.stop_reason else ""
    if not stopping.restore_best:
        return f"{reason}the weights are those of the last epoch"
    return f"{reason}the weights are those of epoch {best.epoch}, the best by {best.name}"


def callback(trainer: MiniBatchTrainer, kind: type[C]) -> C:
    """The trainer's callback of a kind."""
    return next(c for c in trainer.callbacks if isinstance(c, kind))


def check_gradients(network: Sequential, loss: Loss, data: RecipeData, run: Run) -> None:
    """Prove the network's gradients in float64 on four training samples; print the table.

    The copy that is checked has its parameters moved a little: where a whole layer is silent,
    biases of exactly zero would put the next one on ReLU's kink, where there is no derivative. So
    would max pooling be in a region of one colour, therefore the samples are moved a little too.
    """
    rng = np.random.default_rng(0)
    exact = copy_network(network, np.float64)
    exact.parameters.vector += rng.normal(0, 0.01, exact.parameters.vector.shape)
    x, y = data.examples(4)
    x = x + rng.normal(0, 0.01, x.shape)
    y = y if data.task == "multi_class" else y.astype(np.float64)
    report = check_network(exact, loss, x, y, rng)
    run.log(f"gradients against finite differences, in float64:\n{report}\n")
    if not report.passed:
        wrong = ", ".join(check.name for check in report.checks if not check.passed)
        raise GradientCheckFailedError(
            f"the gradients of {wrong} disagree with finite differences; nothing was trained"
        )


def next_commands(recipe: Recipe, options: TrainingOptions, run: Run, stopped: bool) -> str:
    """Three commands that make sense after this run, ready to be pasted.

    A run that was stopped early goes on only with more patience.
    """
    longer = ["--epochs", options.epochs + 10]
    if stopped:
        longer += ["--patience", 2 * options.patience]
    logs = shlex.quote(str(run.history_directory.parent))
    return "\n".join(
        [
            "next:",
            f"  {python_command()} -m tensorboard.main --logdir {logs}",
            f"  {train_command_line(recipe.name, '--resume', run.directory, *map(str, longer))}",
            f"  {train_command_line(recipe.next_recipe)}",
        ]
    )
