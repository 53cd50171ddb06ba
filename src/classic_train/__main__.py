"""The command line: ``python -m src.classic_train RECIPE [options]``.

Exit status: 0 done; 1 training failed (diverged, wrong gradients); 2 a mistake in the command or
in its files, with one line on standard error that says what to change; 130 interrupted.

What only training needs is imported when training begins: ``list`` and ``--help`` answer at once.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from src.classic_train.cli.parsers import OptionError
from src.classic_train.cli.program import PROGRAM
from src.classic_train.parallel.launch import launch, processes_of_launcher, run_together
from src.classic_train.parallel.processes import ALONE, MPIProcesses, Processes
from src.classic_train.recipes.recipe_parser import add_recipe_parser
from src.classic_train.recipes.registry import RECIPES
from src.classic_train.run.program import parse_command, run_training
from src.common.cli import Parser, fail, run_command
from src.common.kernels import PROBLEM, compile_all, kernels_version

EXAMPLES = f"""\
examples:
  {PROGRAM} multi_label
  {PROGRAM} multi_label --optimizer adam --epochs 10 --check-gradients
  {PROGRAM} binary --data points.npz          arrays X (samples, features) and Y of 0 and 1
  {PROGRAM} multi_label --resume assets/runs/RUN --epochs 40
  {PROGRAM} dishes --data photos/             folders train and test with clean and dirty
  {PROGRAM} tomato --data photos/ --folds 5   cross-validation
  {PROGRAM} compare assets/runs/RUN assets/runs/RUN
"""


def build_parser() -> Parser:
    """The parser of all commands: ``list``, ``compile``, ``compare``, and one for each recipe."""
    parser = Parser(
        prog=PROGRAM,
        description="Train a network written by hand in NumPy, and see how it does.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--version", action=Version, help="print the versions of the program and of its kernels"
    )
    commands = parser.add_subparsers(dest="command", metavar="RECIPE", required=True)
    commands.add_parser("list", help="print the recipes")
    commands.add_parser(
        "compile", help="compile the fast loops for this machine now, instead of at first use"
    )
    comparing = commands.add_parser("compare", help="finished runs side by side")
    comparing.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="their directories")
    comparing.add_argument("--by-class", action="store_true", help="also a table of classes")
    for recipe in RECIPES.values():
        add_recipe_parser(commands, recipe, PROGRAM, EXAMPLES)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    argv = sys.argv[1:] if argv is None else list(argv)
    parser = build_parser()
    names = ["list", "compile", "compare", *RECIPES]
    arguments, command = parse_command(parser, argv, "recipe", names)
    if arguments.command == "list":
        width = max(map(len, RECIPES))
        for recipe in RECIPES.values():
            print(f"{recipe.name:{width}}  {recipe.summary}")
        return 0
    if arguments.command == "compile":
        return run_command(command, _compile, (ValueError,))
    if arguments.command == "compare":
        return run_command(command, lambda: _compare(arguments), (OptionError,))
    if arguments.mpi:
        rest = without_option(argv, "--mpi")
        return run_command(command, lambda: launch(command, arguments.mpi, rest), (OptionError,))
    if not arguments.distributed:
        started = processes_of_launcher()
        if started > 1:
            return fail(
                command,
                2,
                f"{started} processes were started together, and each would train by itself; add "
                "--distributed",
            )
        return _train(arguments, command)
    try:
        processes = MPIProcesses()
    except ImportError as error:
        return fail(command, 2, f"--distributed: {error}")
    if processes.size > 1:
        command = f"{command}: rank {processes.rank}"
    return run_together(command, processes, lambda: _train(arguments, command, processes))


def without_option(argv: Sequence[str], name: str) -> list[str]:
    """The arguments without an option and its value, "--mpi 2" or "--mpi=2"."""
    rest, skip = [], False
    for argument in argv:
        if not skip and argument != name and not argument.startswith(f"{name}="):
            rest.append(argument)
        skip = argument == name
    return rest


class Version(argparse.Action):
    """Prints the versions, and ends the program."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str | None = None) -> None:
        super().__init__(option_strings, argparse.SUPPRESS, nargs=0, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        """Print one line."""
        if PROBLEM:
            parser.error(PROBLEM)
        try:
            program = version("classic-nn")
        except PackageNotFoundError:  # run from a folder, not installed
            program = "(not installed)"
        print(f"classic-nn {program}; kernels: {kernels_version()}")
        parser.exit()


def _compile() -> int:
    import src.classic_cnn  # noqa: F401 - its operations have loops too

    start = time.perf_counter()
    done = compile_all()
    print(f"{done} ({time.perf_counter() - start:.1f} s)")
    return 0


def _compare(arguments: argparse.Namespace) -> int:
    from src.classic_train.cli.compare import class_comparison, comparison_table, read_run

    runs = [read_run(path) for path in arguments.runs]
    print(comparison_table(runs))
    if arguments.by_class:
        print(f"\n{class_comparison(runs)}")
    return 0


def _train(arguments: argparse.Namespace, command: str, processes: Processes = ALONE) -> int:
    def train() -> None:
        from src.classic_train.run.command import train_command

        train_command(RECIPES[arguments.command], arguments, processes)

    return run_training(command, train)


if __name__ == "__main__":
    sys.exit(main())
