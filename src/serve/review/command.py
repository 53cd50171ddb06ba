"""The review from the command line."""

import argparse
import contextlib
from typing import TYPE_CHECKING

from src.load.errors import UnreadableDataError
from src.serve.listening import HOST, free_socket
from src.serve.review.app import create_app
from src.serve.review.decisions import Decisions

if TYPE_CHECKING:
    from uvicorn import Server


def run_review(arguments: argparse.Namespace) -> int:
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
