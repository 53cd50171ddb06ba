"""Training a recipe: data, gradient check, training, evaluation, files and pictures."""

import os
import shlex
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from src.classic_nn.loss import Loss
from src.classic_nn.regularization import L2
from src.classic_train.callbacks import (
    Callback,
    Diagnosis,
    EarlyStopping,
    History,
    Stopwatch,
    Unfreezing,
)
from src.classic_train.cli.options import TrainingOptions
from src.classic_train.cli.parsers import OptionError
from src.classic_train.cli.program import python_command, train_command_line
from src.classic_train.data.splits import SPLITS, RecipeData
from src.classic_train.mini_batch import DataError, MiniBatchTrainer
from src.classic_train.mini_batch.metrics import METRICS
from src.classic_train.parallel.choice import chosen_workers
from src.classic_train.parallel.processes import ALONE, Processes
from src.classic_train.recipes.recipe import Recipe
from src.classic_train.run.callbacks import writing_callbacks
from src.classic_train.run.directory import Run
from src.classic_train.run.fine_tuning import begin_with
from src.classic_train.run.gradients import check_gradients
from src.classic_train.run.integers import prepared_for_integers
from src.classic_train.run.report import Trained, versions
from src.classic_train.run.results import write_results
from src.classic_train.run.trained_part import TrainedPart, find_rate, trained_part
from src.common.files import write_json
from src.common.kernels import be_quiet, kernels_used
from src.history.tags import TEST
from src.inference.evaluation import Evaluation

C = TypeVar("C", bound=Callback)


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
    if run.quiet:
        be_quiet()
    data = data or recipe.load_data(options)
    options = recipe.settle_by_data(options, data)
    network = recipe.build_network(options, data)
    begun_with = None
    if options.finetune:  # also of a resumed run: its frozen layers have these weights
        begun_with = begin_with(network, data, Path(options.finetune))
    if options.quantize:
        network = prepared_for_integers(network, options, data)
    loss = recipe.create_loss(options, data)
    sizes = ", ".join(f"{split} {len(data.targets(split)):,}" for split in SPLITS)
    run.log(f"{recipe.name}: {data.description} ({sizes} samples)")
    if note := recipe.note(options):
        run.log(note)
    problems = data.dataset().problems
    account = [text for text in (problems.paragraph(), problems.summary(5)) if text]
    run.log("\n".join([*account, ""]) if account else "")
    run.log(f"{network.summary()}\n")
    if run.check_gradients:
        check_gradients(network, loss, data, run)

    if len(set(processes.all_values(data.digest()))) > 1:
        raise DataError(
            "the processes were given different data: expected the same files on every machine"
        )
    part = trained_part(network, options, data, run)
    if options.learning_rate == "auto":
        options = replace(options, learning_rate=find_rate(part, options, loss, run))
    trainer = create_trainer(recipe, options, run, part, loss, data, processes)
    if run.checkpoint:
        try:
            if data.digest() != run.checkpoint[1]["data_digest"]:
                raise ValueError("the samples are not those that it was trained on")
            if run.checkpoint[1].get("weights_digest", "") != part.weights_digest:
                raise ValueError("the backbone has other weights than those that it began with")
            for unfreezing in trainer.callbacks:
                if isinstance(unfreezing, Unfreezing):
                    unfreezing.apply(trainer, run.checkpoint[1]["epoch"])
            trainer.load_state(*run.checkpoint)
        except ValueError as error:
            raise OptionError(
                f"--resume: the data or the program have changed since {run.directory}: {error}"
            ) from None
        run.log(f"resuming {run.directory} after epoch {trainer.epoch}")
        before = run.checkpoint[1].get("kernels", "numpy")
        if before != kernels_used():
            run.log(
                f"the epochs so far were computed with {before} kernels, and the others are with "
                f"{kernels_used()}: what follows is equal to rounding, not to the last bit"
            )
    if run.writes:
        write_json(
            run.directory / "config.json",
            {
                "recipe": recipe.name,
                **options.as_dict(recipe.used_settings(options)),
                "processes": processes.size,
                "backend": run.backend.name,
                "kernels": kernels_used(),
                "versions": versions(),
                "history_directory": os.path.relpath(run.history_directory, run.directory),
                "fingerprint": data.metadata(),
            },
        )
    history = trainer.fit(part.inputs.batches("train"), part.inputs.batches("validation"))
    if not run.writes:
        return None
    seconds = callback(trainer, Stopwatch).seconds
    findings = callback(trainer, Diagnosis).findings
    ending = stop_summary(trainer)
    run.log(f"trained {trainer.epoch} epochs in {seconds:.1f} s; {ending}")
    trained = Trained(network, history, seconds, ending, findings, trainer.team.size, begun_with)
    test = write_results(recipe, options, run, data, trained)
    for path in run.backend.save(trainer, run.directory):
        run.log(f"{run.backend.name.partition(' ')[0]:9} {path}")
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
    part: TrainedPart,
    loss: Loss,
    data: RecipeData,
    processes: Processes = ALONE,
) -> MiniBatchTrainer:
    """The trainer that the options describe, with the callbacks of a run."""
    callbacks: list[Callback] = [
        EarlyStopping(options.patience or None, restore_best=options.keep == "best")
    ]
    if part.unfreezing:
        callbacks.append(Unfreezing(part.unfreezing))
    if run.writes:
        callbacks += writing_callbacks(recipe, options, run, part, data)
    workers, product_threads, why = chosen_workers(
        options, part.trained, part.inputs.input_shape, processes
    )
    if not run.backend.own_workers:
        run.log(f"computed by {run.backend.name}")
    elif why:
        run.log(why)
    optimizer = options.create_optimizer()
    optimizer.rate_factors = dict(part.rate_factors)
    return run.backend.create(
        part.trained,
        loss,
        optimizer,
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


def next_commands(recipe: Recipe, options: TrainingOptions, run: Run, stopped: bool) -> str:
    """Commands that make sense after this run, ready to be pasted.

    A run that was stopped early goes on only with more patience.
    """
    longer = ["--epochs", options.epochs + 10]
    if stopped:
        longer += ["--patience", 2 * options.patience]
    logs = shlex.quote(str(run.history_directory.parent))
    command_line = partial(train_command_line, module=run.backend.module)
    commands = [
        f"{python_command()} -m tensorboard.main --logdir {logs}",
        command_line(recipe.name, "--resume", run.directory, *map(str, longer)),
    ]
    if recipe.next_recipe:
        commands.append(command_line(recipe.next_recipe))
    return "\n  ".join(["next:", *commands])
