"""The command line: ``python -m src.torch_train RECIPE [options]``: the recipes of
``src.classic_train``, computed by PyTorch on a CPU or a GPU.

Data, splits, transforms, schedule, metrics, run folder, report, history and model file are the
same, so whatever reads the one reads the other. Exit status: as of ``src.classic_train``.
"""

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from src.classic_train.cli.parsers import OptionError
from src.classic_train.cli.program import python_command
from src.classic_train.recipes.recipe_parser import add_recipe_parser
from src.classic_train.recipes.registry import RECIPES
from src.classic_train.run.backend import Backend
from src.classic_train.run.program import parse_command, refuse, run_training
from src.common.cli import Parser
from src.torch_train.device import usable_device
from src.torch_train.yolo import command as yolo

PROGRAM = f"{python_command()} -m src.torch_train"

EXAMPLES = f"""\
examples:
  {PROGRAM} multi_label --epochs 10
  {PROGRAM} produce --model mlp --data photos/ --device cuda
  {PROGRAM} dishes --data photos/ --device auto --amp --compile
  {PROGRAM} multi_label --resume assets/runs/RUN --epochs 40
  {PROGRAM} compare digits --epochs 5         both from the same weights, curves over each other
  {PROGRAM} yolo --help                       a YOLO model next to those of produce
"""

NOT_HERE = {
    "workers": "PyTorch shares the work among threads of its own",
    "product_threads": "PyTorch shares the work among threads of its own",
    "mpi": "one process trains here",
    "distributed": "one process trains here",
    "quantize": "integers are trained by src.classic_train",
}
"""Options of ``classic_train`` that are refused, and why."""

COMPARE = "compare"

COMPARISONS = Path("assets/comparisons")
"""Where pictures and figures of comparisons go by default."""

NOT_COMPARED = dict.fromkeys(
    ("resume", "folds", "check_gradients", "finetune", "log_dir", "show"),
    "two runs are compared, and thrown away",
)
"""The same where ``compare`` stands before the recipe."""


def build_parser() -> Parser:
    """The parser: a command for each recipe."""
    parser = Parser(
        prog=PROGRAM,
        description="Train the same networks as src.classic_train, computed by PyTorch.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", metavar="RECIPE", required=True)
    for recipe in RECIPES.values():
        own = add_recipe_parser(commands, recipe, PROGRAM, EXAMPLES)
        group = own.add_argument_group("PyTorch")
        group.add_argument(
            "--device",
            default="cpu",
            metavar="NAME",
            help="cpu, cuda, cuda:1, ...; auto for a GPU where there is one (default: cpu)",
        )
        group.add_argument(
            "--compile", action="store_true", help="compile the network by torch.compile"
        )
        group.add_argument(
            "--amp", action="store_true", help="compute products in bfloat16 (mixed precision)"
        )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    argv = sys.argv[1:] if argv is None else list(argv)
    if argv[:1] == [yolo.COMMAND]:
        return yolo.main(argv[1:], f"{PROGRAM} {yolo.COMMAND}")
    comparing = argv[:1] == [COMPARE]
    argv = argv[comparing:]
    parser = build_parser()
    names = list(RECIPES) if comparing else [*RECIPES, COMPARE, yolo.COMMAND]
    arguments, command = parse_command(parser, argv, "recipe", names)
    work = _compare if comparing else _train
    return run_training(command, lambda: work(arguments))


def _train(arguments: argparse.Namespace) -> None:
    refuse(arguments, NOT_HERE)
    from src.classic_train.run.command import train_command

    train_command(RECIPES[arguments.command], arguments, backend=create_backend(arguments))


def _compare(arguments: argparse.Namespace) -> None:
    refuse(arguments, {**NOT_HERE, **NOT_COMPARED})
    from src.classic_train.cli.options import given_options
    from src.classic_train.run.command import new_options

    recipe = RECIPES[arguments.command]
    given = given_options(arguments, type(recipe.options))
    options = new_options(recipe, given)
    backend = create_backend(arguments, same_masks=True)
    from src.torch_train.compare import compare

    compare(recipe, options, backend, arguments.output_dir or COMPARISONS)


def create_backend(arguments: argparse.Namespace, same_masks: bool = False) -> Backend:
    """PyTorch on the device of the command line.

    Args:
        arguments: of the command line.
        same_masks: see ``TorchTrainer``.

    Raises OptionError where it is not installed, or has no such device.
    """
    try:
        import torch

        from src.torch_train.trainer import TorchTrainer
    except ImportError as error:
        raise OptionError(
            "this needs PyTorch: pip install -e '.[torch]', for a CPU alone with --index-url "
            f"https://download.pytorch.org/whl/cpu ({error})"
        ) from None
    name = usable_device(arguments.device)
    what = torch.cuda.get_device_name(name) if name.startswith("cuda") else name
    extras = [word for word, on in (("compiled", arguments.compile), ("amp", arguments.amp)) if on]
    create = partial(
        TorchTrainer,
        device=name,
        compiled=arguments.compile,
        amp=arguments.amp,
        same_masks=same_masks,
    )
    return Backend(
        f"PyTorch {torch.__version__} ({', '.join([what, *extras])})",
        create,
        own_workers=False,
        module="src.torch_train",
    )


if __name__ == "__main__":
    sys.exit(main())
