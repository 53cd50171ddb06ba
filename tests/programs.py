"""Running a program's ``main`` as a process would: arguments, folder, standard streams, status."""

import contextlib
import io
import os
import sys
from unittest import mock


def run_main(main, directory, *arguments, stdin=b""):
    """Without the second that a process takes to import everything.

    Returns:
        status, what was printed on standard output, and on standard error.
    """
    streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in "oe"]
    before = os.getcwd()
    os.chdir(directory)
    try:
        with (
            contextlib.redirect_stdout(streams[0]),
            contextlib.redirect_stderr(streams[1]),
            mock.patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin))),
        ):
            try:
                status = main([*map(str, arguments)])
            except SystemExit as stopped:  # argparse
                status = stopped.code
    finally:
        os.chdir(before)
    return status, *(stream.buffer.getvalue().decode() for stream in streams)
