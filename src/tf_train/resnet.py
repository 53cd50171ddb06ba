"""The command line: ``python -m src.tf_train.resnet resnet50 [options]``: ResNet50 on TensorFlow.

It learns Sign Language MNIST, 24 letters, with a batch normalization layer written by hand. Data,
splits, metrics, run folder, report, history and model file are those of ``src.classic_train``, so
whatever reads the one reads the other. Exit status: as of ``src.classic_train``.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from src.classic_nn import Sequential
from src.classic_train.cli.options import TrainingOptions, given_options, option
from src.classic_train.cli.parsers import OptionError
from src.classic_train.cli.program import python_command
from src.classic_train.data.small_images import signs, signs_directory
from src.classic_train.data.splits import RecipeData
from src.classic_train.recipes.networks import reads
from src.classic_train.recipes.recipe import Recipe
from src.classic_train.recipes.recipe_parser import add_recipe_parser
from src.classic_train.run.backend import Backend
from src.classic_train.run.program import parse_command, refuse, run_training
from src.common.cli import Parser, whole_number

MODULE = "src.tf_train.resnet"
PROGRAM = f"{python_command()} -m {MODULE}"

EXAMPLES = f"""\
examples:
  {PROGRAM} resnet50 --data signs/ --epochs 10 --batch-size 32
  {PROGRAM} resnet50 --data signs/ --image-size 32 --epochs 2      on two cores
  {PROGRAM} resnet50 --resume assets/runs/RUN --epochs 20
"""

NOT_HERE = dict.fromkeys(("mpi", "distributed"), "one process trains here")
"""Options of ``classic_train`` that are refused, and why."""


@dataclass(frozen=True)
class ResNetOptions(TrainingOptions):
    """Settings of the training of ResNet50 by TensorFlow."""

    image_size: int = option(
        64,
        "height and width that images are enlarged to; time grows with their square",
        whole_number(28),
        "PIXELS",
    )


USED = {
    *("data", "model", "epochs", "batch_size", "learning_rate", "schedule", "image_size", "seed"),
    *("patience", "keep", "history_every", "history_batches", "save_every", "checkpoint_every"),
}
"""Settings that mean something here; the optimizer is Adam."""


def _set_colour(network: Sequential, options: TrainingOptions) -> None:
    from src.tf_train.network import set_colour

    set_colour(network)


@reads(prepare=_set_colour)
def resnet50(options: Any, data: RecipeData) -> Sequential:
    """ResNet50 v1 for the data, as this framework has it."""
    from src.tf_train.network import our_resnet50

    size, shape = options.image_size, data.input_shape
    if data.task != "multi_class" or len(shape) != 3 or shape[2] not in (1, 3):
        raise OptionError(
            "--data: expected images (height, width, 1 or 3) of one class each, three classes or "
            f"more, got samples of shape {shape}, {data.task.replace('_', '-')}"
        )
    larger = data.input_shape[:2] != (size, size)
    return our_resnet50(data.input_shape, size if larger else None, data.outputs)


RECIPE = Recipe(
    name="resnet50",
    summary="Sign Language MNIST by ResNet50 on TensorFlow; 24 letters (CSVs by --data DIR)",
    options=ResNetOptions(
        data="signs",
        model="resnet50",
        optimizer="adam",
        learning_rate=0.001,
        epochs=10,
        batch_size=32,
        history_batches=1,
    ),
    data={"signs": signs},
    models={"resnet50": resnet50},
    without={f.name for f in fields(ResNetOptions)} - USED,
    next_recipe="",
    read_directory=signs_directory,
)


def build_parser() -> Parser:
    """The parser, with the one command."""
    parser = Parser(
        prog=PROGRAM,
        description="Train ResNet50 by Keras, with a batch normalization written by hand.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", metavar="NETWORK", required=True)
    add_recipe_parser(commands, RECIPE, PROGRAM, EXAMPLES)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    argv = sys.argv[1:] if argv is None else list(argv)
    arguments, command = parse_command(build_parser(), argv, "network", [RECIPE.name])
    return run_training(command, lambda: _train(arguments))


def _train(arguments: argparse.Namespace) -> None:
    from src.classic_train.run.command import train_command

    refuse(arguments, NOT_HERE)
    if given_options(arguments, ResNetOptions).get("learning_rate") == "auto":
        raise OptionError("--learning-rate auto: the range test is NumPy's; give a number")
    train_command(RECIPE, arguments, backend=create_backend())


def create_backend() -> Backend:
    """Keras on TensorFlow; raises OptionError where it is not installed."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # no word on what the processor can do
    os.environ["KERAS_BACKEND"] = "tensorflow"
    try:
        import tensorflow as tf

        from src.tf_train.progress import KerasProgress
        from src.tf_train.trainer import KerasTrainer, save_keras
    except ImportError as error:
        raise OptionError(f"this needs TensorFlow: pip install -e '.[tf]' ({error})") from None
    tf.config.experimental.enable_op_determinism()  # the same seed, the same numbers
    device = "gpu" if tf.config.list_physical_devices("GPU") else "cpu"
    return Backend(
        f"TensorFlow {tf.__version__} ({device})",
        KerasTrainer,
        progress=KerasProgress,
        own_workers=False,
        module=MODULE,
        save=save_keras,
    )


if __name__ == "__main__":
    sys.exit(main())
