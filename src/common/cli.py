"""The frame of every command line: number parsers, one line for a mistake, the exit status.

Exit status of all commands: 0 done; 1 the work failed; 2 a mistake in the command or in its files;
130 interrupted.
"""

import argparse
import io
import math
import os
import signal
import sys
import warnings
from collections.abc import Callable
from typing import Any, NoReturn

LARGEST = 10**9
"""Largest whole number that an option takes; beyond it, nothing fits a machine."""


class Parser(argparse.ArgumentParser):
    """An argument parser that answers a mistake with one line."""

    def error(self, message: str) -> NoReturn:
        """Print the line and exit with status 2."""
        self.exit(2, f"{self.prog}: error: {message} (see {self.prog} --help)\n")


def whole_number(minimum: int) -> Callable[[str], int]:
    """Parser of whole numbers from ``minimum`` to ``LARGEST``; it raises ValueError."""

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise ValueError(f"expected a whole number, got {text!r}") from None
        if value < minimum:
            raise ValueError(f"must be {minimum} or more, got {value}")
        if value > LARGEST:
            raise ValueError(f"must be {LARGEST:,} or less, got {value:,}")
        return value

    return parse


def number(
    minimum: float,
    maximum: float = math.inf,
    *,
    below: float = math.inf,
    exclusive: bool = False,
) -> Callable[[str], float]:
    """Parser of finite numbers; it raises ValueError.

    Args:
        minimum: the least number; not allowed itself if ``exclusive``.
        maximum: the largest number.
        below: a limit that is not allowed itself.
        exclusive: whether the number must be above ``minimum``.
    """

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise ValueError(f"expected a number, got {text!r}") from None
        if math.isinf(value):
            raise ValueError(f"expected a finite number, got {text!r}")
        enough = minimum < value if exclusive else minimum <= value
        if not (enough and value <= maximum and value < below):
            wanted = [f"above {minimum:g}" if exclusive else f"{minimum:g} or more"]
            wanted += [f"{maximum:g} or less"] if maximum < math.inf else []
            wanted += [f"below {below:g}"] if below < math.inf else []
            raise ValueError(f"must be {' and '.join(wanted)}, got {text}")
        return value

    return parse


def argument_type(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """Make argparse show a parser's own message."""

    def convert(text: str) -> Any:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return convert


def fail(command: str, status: int, message: str) -> int:
    """Print one line on standard error; returns the status.

    Args:
        command: the program and its command, as the user called them.
        status: exit status.
        message: what happened, what was expected, what to do.
    """
    print(f"{command}: error: {' '.join(message.split())}", file=sys.stderr)
    return status


def run_command(
    command: str, work: Callable[[], int], user_errors: tuple[type[Exception], ...]
) -> int:
    """Do the work of a command; an error is one line, as is every warning; returns the exit status.

    Args:
        command: the program and its command, as the user called them.
        work: returns the status where nothing goes wrong.
        user_errors: errors whose text says what the user has to change: status 2, as for files that
            cannot be read or written and for too little memory.
    """
    from src.common.kernels import PROBLEM  # NumPy, which this file is imported before

    if PROBLEM:
        return fail(command, 2, PROBLEM)
    if signal.getsignal(signal.SIGINT) is exit_interrupted:  # from here on Ctrl-C is an exception
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if isinstance(sys.stdout, io.TextIOWrapper):  # a name that the terminal lacks is no mistake
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        with warnings.catch_warnings():
            warnings.showwarning = lambda message, *_, **__: print(
                f"{command}: warning: {' '.join(str(message).split())}", file=sys.stderr
            )
            return work()
    except user_errors as error:
        return fail(command, 2, str(error))
    except BrokenPipeError:  # nobody reads what is printed: nothing more to say
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except MemoryError as error:
        return fail(command, 2, f"not enough memory for data or network of this size: {error}")
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return fail(command, 2, f"{where}{error.strerror or error}")
    except KeyboardInterrupt as error:
        return fail(command, 130, f"interrupted. {error}" if str(error) else "interrupted")


def exit_interrupted(number: int, frame: object) -> NoReturn:
    """Handler of Ctrl-C while a program is still being imported: one line, status 130.

    A KeyboardInterrupt in the middle of an import would print the traceback of whatever module
    happened to be loading, or be taken for a broken installation by a library's ``try: import``.
    """
    os.write(2, b"interrupted\n")
    os._exit(130)
