"""The command that trains a recipe: settings, directories, training, and what is left of it."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from src.classic_nn.utils.plots import show_pictures
from src.classic_train.callbacks.checkpoint import LAST
from src.classic_train.cli.options import TrainingOptions, given_options
from src.classic_train.cli.parsers import OptionError
from src.classic_train.cli.program import train_command_line
from src.classic_train.cli.resolve import resolve_options, resumed_options
from src.classic_train.mini_batch import TrainingDivergedError
from src.classic_train.parallel.processes import ALONE, Processes
from src.classic_train.recipes.recipe import Recipe
from src.classic_train.run.backend import NUMPY, Backend
from src.classic_train.run.cross_validation import cross_validate
from src.classic_train.run.directory import (
    Run,
    new_run,
    resumed_run,
    shared_run,
)
from src.classic_train.run.fine_tuning import finetuned_options
from src.classic_train.run.train import train_recipe

OUTPUT_DIRECTORY, LOG_DIRECTORY = Path("assets/runs"), Path("logs")
"""Where runs and histories go unless the command line says otherwise."""


def train_command(
    recipe: Recipe,
    arguments: argparse.Namespace,
    processes: Processes = ALONE,
    backend: Backend = NUMPY,
) -> None:
    """Train the recipe of the parsed command line, as one of these processes."""
    folds = getattr(arguments, "folds", None)
    options, run = _settings(recipe, arguments, processes)
    run = replace(run, backend=backend)
    try:
        if folds:
            cross_validate(recipe, options, run, folds, processes)
        else:
            train_recipe(recipe, options, run, processes=processes)
    except KeyboardInterrupt:
        if folds:
            raise KeyboardInterrupt(f"Finished folds are in {run.directory}") from None
        raise KeyboardInterrupt(_how_to_go_on(recipe, run)) from None
    except TrainingDivergedError as error:
        raise TrainingDivergedError(f"{error}. {_how_to_go_on(recipe, run)}") from None
    finally:
        if run.writes:
            run.discard_if_empty()
    if arguments.show and run.writes:
        problem = show_pictures(sorted(run.directory.glob("*.png")))
        if problem:
            print(f"--show: {problem}; the pictures are in {run.directory}", file=sys.stderr)


def _settings(
    recipe: Recipe, arguments: argparse.Namespace, processes: Processes
) -> tuple[TrainingOptions, Run]:
    """Options and directories of a new run, or of one that is continued.

    Nothing is created before the options are known to be right.
    """
    given = given_options(arguments, type(recipe.options))
    settings = {"check_gradients": arguments.check_gradients, "quiet": arguments.quiet}
    if arguments.resume is None:
        for name in ("finetune", "add"):
            if given.get(name) and getattr(arguments, "folds", None):
                raise OptionError(f"--folds: every photo is tested once; leave --{name} out")
        if given.get("finetune"):
            options = finetuned_options(recipe, given, Path(given["finetune"]))
            options = recipe.resolve_paths(options, given)
            recipe.check_settings(options, given)
        else:
            options = new_options(recipe, given)
        output, logs = arguments.output_dir or OUTPUT_DIRECTORY, arguments.log_dir or LOG_DIRECTORY
        run = shared_run(processes, lambda: new_run(recipe.name, output, logs, **settings))
        return options, run
    if getattr(arguments, "folds", None):
        raise OptionError("--folds: cross-validation is not resumed; start it anew")
    if arguments.output_dir or arguments.log_dir:
        raise OptionError("--resume goes on in the run's directories; leave the others out")
    run = shared_run(processes, lambda: resumed_run(arguments.resume, **settings))
    assert run.checkpoint is not None
    options = resumed_options(
        recipe.name, recipe.saved_options, run.checkpoint[1], given, run.directory
    )
    options = recipe.resolve_paths(options, given)
    recipe.check_settings(options, given)
    return options, run


def new_options(recipe: Recipe, given: dict[str, Any]) -> TrainingOptions:
    """Options of a run from the start.

    Args:
        recipe: that is trained.
        given: on the command line; the recipe's own take the place of the others.

    Raises OptionError for options that contradict each other, or that the run would not use.
    """
    given = recipe.settle(given)
    options = resolve_options(recipe.defaults(given.get("model", "")), given)
    options = recipe.resolve_paths(options, given)
    recipe.check_settings(options, given)
    return options


def _how_to_go_on(recipe: Recipe, run: Run) -> str:
    """What is left of a run that was stopped."""
    if not (run.directory / LAST).exists():
        return "No epoch was complete"
    command = train_command_line(recipe.name, "--resume", run.directory, module=run.backend.module)
    return f"The last complete epoch is in its checkpoint: {command}"
