"""What the command lines of all packages share: a mistake is one line and the right status."""

import argparse
import sys
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
