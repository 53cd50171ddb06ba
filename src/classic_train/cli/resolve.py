"""The settings of a run: those of recipe and model, of the command line, of a checkpoint."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from src.classic_nn.optimizers import OPTIMIZERS
from src.classic_train.cli.options import TrainingOptions
from src.classic_train.cli.parsers import OptionError, parse_specification

MAY_CHANGE = {
    *("epochs", "workers", "product_threads", "patience"),
    *("data", "negatives", "add"),  # the same samples in another place
    *("history_every", "history_batches", "checkpoint_every"),
}
"""Settings that a resumed run may change."""


def resolve_options(defaults: TrainingOptions, given: Mapping[str, Any]) -> TrainingOptions:
    """The settings of a new run: defaults of recipe and model, and over them the given ones.

    Another optimizer brings its own learning rate.
    """
    given = dict(given)
    if "optimizer" in given and "learning_rate" not in given:
        name, _ = parse_specification(given["optimizer"])
        if name != parse_specification(defaults.optimizer)[0]:
            given["learning_rate"] = OPTIMIZERS[name]().learning_rate
    return replace(defaults, **given)


def resumed_options(
    recipe: str,
    read: Callable[[Mapping[str, Any]], TrainingOptions],
    checkpoint: Mapping[str, Any],
    given: Mapping[str, Any],
    directory: Path,
) -> TrainingOptions:
    """The options of the run that is continued.

    With all epochs trained, what is left is evaluating and writing the results: a run may have
    been stopped in between.

    Args:
        recipe: name of the recipe on the command line.
        read: makes options of the values that a checkpoint holds; TypeError if it cannot.
        checkpoint: metadata of the checkpoint.
        given: settings of the command line.
        directory: of the run, for messages.

    Raises OptionError for another recipe, for a change that would make it another run, and for
    fewer epochs than are trained.
    """
    if checkpoint["recipe"] != recipe:
        raise OptionError(f"--resume: {directory} is a run of {checkpoint['recipe']}")
    try:
        options = read(checkpoint["options"])
    except TypeError as error:
        raise OptionError(f"--resume: {directory} is of another version: {error}") from None
    for name, value in given.items():
        if name not in MAY_CHANGE and value != getattr(options, name):
            raise OptionError(
                f"--{name.replace('_', '-')}: the run was started with {getattr(options, name)} "
                "and --resume continues it so; leave the option out"
            )
    options = replace(options, **given)
    if checkpoint["epoch"] > options.epochs:
        raise OptionError(
            f"--resume: {directory} is already trained for {checkpoint['epoch']} epochs; "
            f"give --epochs {checkpoint['epoch'] + 10}, for example, to go on"
        )
    return options
