"""The command of a recipe: its options on the command line."""

import argparse
from pathlib import Path
from typing import Any

from src.classic_train.cli.options import add_training_options
from src.classic_train.cli.photo_options import PhotoOptions
from src.classic_train.recipes.recipe import Recipe
from src.common.cli import argument_type, whole_number


def add_recipe_parser(
    commands: Any, recipe: Recipe, program: str, examples: str
) -> argparse.ArgumentParser:
    """Add the command of a recipe, with its own defaults in the help; returns its parser.

    Args:
        commands: what argparse calls subparsers.
        recipe: that is trained.
        program: as the user calls it.
        examples: at the end of the help.
    """
    parser: argparse.ArgumentParser = commands.add_parser(
        recipe.name,
        usage=f"{program} {recipe.name} [options]",
        help=recipe.summary,
        description=f"{recipe.name}: {recipe.summary}.",
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    group = parser.add_argument_group("the run")
    group.add_argument(
        "--output-dir",
        type=Path,
        metavar="DIR",
        help="models, checkpoints and pictures go to DIR/RUN (default: assets/runs)",
    )
    group.add_argument(
        "--log-dir",
        type=Path,
        metavar="DIR",
        help="the training history goes to DIR/RUN (default: logs)",
    )
    group.add_argument(
        "--resume",
        type=Path,
        metavar="RUN",
        help="continue a run: its directory or one of its checkpoints; only --epochs, --patience, "
        "--workers, --product-threads, what is recorded, and the place of the data may change",
    )
    group.add_argument(
        "--check-gradients",
        action="store_true",
        help="first check the network's gradients against finite differences",
    )
    if isinstance(recipe.options, PhotoOptions):
        group.add_argument(
            "--folds",
            type=argument_type(whole_number(2)),
            metavar="N",
            help="cross-validation: train N times, each time tested on another part of the photos",
        )
    together = group.add_mutually_exclusive_group()
    together.add_argument(
        "--mpi",
        type=argument_type(whole_number(1)),
        metavar="N",
        help="train on N processes of this machine, started through MPI (extra: distributed)",
    )
    together.add_argument(
        "--distributed",
        action="store_true",
        help="this is one of the processes that mpirun has started, on one machine or several",
    )
    group.add_argument(
        "--show", action="store_true", help="open the pictures in windows at the end"
    )
    group.add_argument("--quiet", action="store_true", help="print nothing but errors")
    add_training_options(
        parser, recipe.options, list(recipe.data), list(recipe.models), recipe.settings_of()
    )
    return parser
