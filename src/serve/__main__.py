"""The command line: ``python -m src.serve COMMAND``: pages in the browser, on this machine.

Exit status: 0 ended by Ctrl-C; 2 a mistake in the command or in its files, with one line on
standard error that says what to change.
"""

import argparse
import contextlib
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from src.common.cli import Parser, argument_type, run_command, whole_number
from src.load.errors import UnreadableDataError
from src.serve.review import Decisions, create_app

if TYPE_CHECKING:
    from uvicorn import Server

PROGRAM = "python -m src.serve"

HOST = "127.0.0.1"
"""This machine alone: nobody else reaches the page."""


def build_parser() -> Parser:
    """The parser of all commands."""
    parser = Parser(prog=PROGRAM, description="Pages in the browser, served on this machine.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    reviewing = commands.add_parser(
        "review", help="give mined photos their labels: click, drag, or keys"
    )
    reviewing.add_argument(
        "folder", type=Path, help="what python -m src.inference mine has written"
    )
    reviewing.add_argument(
        "--port",
        type=argument_type(whole_number(0)),
        default=8765,
        metavar="N",
        help="of the page; 0 for a free one (default: 8765)",
    )
    reviewing.add_argument("--open", action="store_true", help="open the page in a browser")
    return parser


def review_command(arguments: argparse.Namespace) -> int:
    """Serve the review until Ctrl-C; returns the exit status."""
    if not arguments.folder.is_dir():
        raise UnreadableDataError(f"{arguments.folder}: expected a folder of mined photos")
    decisions = Decisions(arguments.folder)
    with free_socket(arguments.port) as listening:
        server = page_server(decisions)
        address = f"http://{HOST}:{listening.getsockname()[1]}/"
        print(f"{len(decisions):,} photos to review at {address} (Ctrl-C ends it)", flush=True)
        print(f"labels are saved at once in {decisions.path}", flush=True)
        if arguments.open:
            import webbrowser

            webbrowser.open(address)
        with contextlib.suppress(KeyboardInterrupt):  # which uvicorn raises when it has ended
            server.run(sockets=[listening])
    counts = decisions.counts()
    left = counts.pop("", 0)
    print(
        ", ".join([*(f"{name} {n:,}" for name, n in counts.items()), f"without a label {left:,}"])
    )
    return 0


def page_server(decisions: Decisions) -> "Server":
    """What serves the page. Raises UnreadableDataError where its packages are missing."""
    try:
        import uvicorn

        return uvicorn.Server(uvicorn.Config(create_app(decisions), log_level="warning"))
    except ImportError as error:
        raise UnreadableDataError(
            f"the page needs FastAPI and uvicorn: pip install -e '.[serve]' ({error})"
        ) from None


def free_socket(port: int) -> socket.socket:
    """A socket that listens on this machine. Raises UnreadableDataError where the port is taken."""
    if port > 65535:
        raise UnreadableDataError(f"--port: expected 65535 or less, got {port}")
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
        listening.listen()  # from here on a browser waits, and is not refused
    except OSError as error:
        listening.close()
        raise UnreadableDataError(
            f"--port: {port} cannot be used ({error.strerror}); choose another, or 0"
        ) from None
    return listening


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    arguments = build_parser().parse_args(argv)
    command = f"{PROGRAM} {arguments.command}"
    return run_command(command, lambda: review_command(arguments), (UnreadableDataError,))


if __name__ == "__main__":
    sys.exit(main())
