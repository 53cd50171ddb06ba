"""The frame of programs that train recipes: the command's name, and mistakes in one line."""

import argparse
from collections.abc import Callable, Collection, Mapping, Sequence

from src.classic_train.cli.parsers import OptionError
from src.common.cli import Parser, fail, run_command
from src.common.lookup import lookup


def parse_command(
    parser: Parser, argv: Sequence[str], kind: str, names: Collection[str]
) -> tuple[argparse.Namespace, str]:
    """The parsed command line, and the program with its command, as the user called them.

    Args:
        parser: of all commands.
        argv: the arguments.
        kind: what a command is called where it is unknown.
        names: commands there are.

    A mistake ends the program with one line and status 2.
    """
    if argv and not argv[0].startswith("-"):
        try:
            lookup(kind, argv[0], dict.fromkeys(names))
        except ValueError as error:
            parser.error(str(error))
    arguments, unknown = parser.parse_known_args(argv)
    command = f"{parser.prog} {arguments.command}"
    if unknown:
        what = f"unrecognized arguments: {' '.join(unknown)}"
        parser.exit(fail(command, 2, f"{what} (see {command} --help)"))
    return arguments, command


def refuse(arguments: argparse.Namespace, causes: Mapping[str, str]) -> None:
    """Raise OptionError for an option that was given and means nothing to a program.

    Args:
        arguments: parsed.
        causes: by names of options, why.
    """
    for name, cause in causes.items():
        if getattr(arguments, name, None):
            raise OptionError(f"--{name.replace('_', '-')}: {cause}; leave it out")


def run_training(command: str, work: Callable[[], None]) -> int:
    """Train; what is wrong with command, data or gradients is one line; returns the exit status.

    Args:
        command: as ``parse_command`` returns it.
        work: trains.
    """
    return run_command(command, lambda: _guarded(command, work), (OptionError,))


def _guarded(command: str, work: Callable[[], None]) -> int:
    from src.classic_nn.serialization import TensorFileError
    from src.classic_train.mini_batch import DataError, TrainingDivergedError
    from src.classic_train.run.gradients import GradientCheckFailedError

    try:
        work()
    except (DataError, TensorFileError) as error:
        return fail(command, 2, str(error))
    except (TrainingDivergedError, GradientCheckFailedError) as error:
        return fail(command, 1, str(error))
    return 0
