"""The settings of a run: those of recipe and model, of the command line, of a checkpoint."""

from dataclasses import replace
from typing import Any

from src.classic_nn.optimizers import OPTIMIZERS
from src.classic_train.option_parsers import OptionError, parse_specification
from src.classic_train.options import TrainingOptions
from src.classic_train.recipe import Recipe
from src.classic_train.runs import Run

MAY_CHANGE = {
    *("epochs", "workers", "product_threads", "patience"),
    *("data", "negatives"),  # the same samples in another place
    *("history_every", "history_batches", "checkpoint_every"),
}
"""Settings that a resumed run may change."""


def resolve_options(recipe: Recipe, given: dict[str, Any]) -> TrainingOptions:
    """The recipe's defaults, those of the chosen model, and the given ones.

    Another optimizer brings its own rate.
    """
    defaults = recipe.defaults(given.get("model", ""))
    if "optimizer" in given and "learning_rate" not in given:
        name, _ = parse_specification(given["optimizer"])
        if name != parse_specification(defaults.optimizer)[0]:
            given = {**given, "learning_rate": OPTIMIZERS[name]().learning_rate}
    return replace(defaults, **given)


def resumed_options(recipe: Recipe, run: Run, given: dict[str, Any]) -> TrainingOptions:
    """The options of the run that is continued.

    With all epochs trained, what is left is evaluating and writing the results: a run may have
    been stopped in between.

    Raises OptionError for another recipe, for a change that would make it another run, and for
    fewer epochs than are trained.
    """
    assert run.checkpoint is not None
    facts = run.checkpoint[1]
    if facts["recipe"] != recipe.name:
        raise OptionError(f"--resume: {run.directory} is a run of {facts['recipe']}")
    try:
        options = type(recipe.options).from_dict(facts["options"])
    except TypeError as error:
        raise OptionError(f"--resume: {run.directory} is of another version: {error}") from None
    for name, value in given.items():
        if name not in MAY_CHANGE and value != getattr(options, name):
            raise OptionError(
                f"--{name.replace('_', '-')}: the run was started with {getattr(options, name)} "
                "and --resume continues it so; leave the option out"
            )
    options = replace(options, **given)
    if facts["epoch"] > options.epochs:
        raise OptionError(
            f"--resume: {run.directory} is already trained for {facts['epoch']} epochs; "
            f"give --epochs {facts['epoch'] + 10}, for example, to go on"
        )
    return options
