"""What the command lines of all packages share: a mistake is one line and the right status."""

import argparse
import io
import os
import sys
import warnings
from collections.abc import Callable
from typing import NoReturn


class Parser(argparse.ArgumentParser):
    """An argument parser that answers a mistake with one line."""

    def error(self, message: str) -> NoReturn:
        """Print the line and exit with status 2."""
        self.exit(2, f"{self.prog}: error: {message} (see {self.prog} --help)\n")


def fail(command: str, status: int, message: str) -> int:
    """Print one line on standard error; returns the status.

    Args:
        command: the program and its command, as the user called them.
        status: exit status.
        message: what happened, what was expected, what to do.
    """
    print(f"{command}: error: {' '.join(message.split())}", file=sys.stderr)
    return status


def guarded(command: str, work: Callable[[], int], mistakes: tuple[type[Exception], ...]) -> int:
    """Do the work of a command; what goes wrong is one line, as is every warning; returns the
    exit status.

    Args:
        command: the program and its command, as the user called them.
        work: returns the status where nothing goes wrong.
        mistakes: errors whose text tells the user what to change: status 2, as for files that
            cannot be read or written and for too little memory.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):  # a name that the terminal lacks is no mistake
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        with warnings.catch_warnings():
            warnings.showwarning = lambda message, *_, **__: print(
                f"{command}: warning: {' '.join(str(message).split())}", file=sys.stderr
            )
            return work()
    except mistakes as error:
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
