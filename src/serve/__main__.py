"""The command line: ``python -m src.serve MODEL...``, a trained model as a service with a page;
``python -m src.serve review FOLDER``, the page on which mined photos get their labels.

Exit status: 0 ended by Ctrl-C or SIGTERM; 2 a mistake in the command or in its files, with one
line on standard error that says what to change.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from src.common.cli import Parser, argument_type, run_command, whole_number
from src.load.errors import UnreadableDataError
from src.serve.service.options import add_service_options

PROGRAM = "python -m src.serve"

REVIEW = "review"

EXAMPLES = f"""\
examples:
  {PROGRAM} assets/runs/dishes-20260101-120000/model.safetensors
  {PROGRAM} a/model.safetensors b/model.safetensors --host 0.0.0.0 --token-file token.txt
  curl -F files=@plate.jpg http://127.0.0.1:8000/predict
  {PROGRAM} {REVIEW} mined/        the page on which mined photos get their labels
"""


def service_parser() -> Parser:
    """The parser of the service."""
    parser = Parser(
        prog=PROGRAM,
        description="A trained model as a service, with a page where a photo gets its answer.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_service_options(parser)
    return parser


def review_parser() -> Parser:
    """The parser of the review."""
    parser = Parser(
        prog=f"{PROGRAM} {REVIEW}", description="Give mined photos their labels: click, drag, keys."
    )
    parser.add_argument("folder", type=Path, help="what python -m src.inference mine has written")
    parser.add_argument(
        "--port",
        type=argument_type(whole_number(0)),
        default=8765,
        metavar="N",
        help="of the page; 0 for a free one (default: 8765)",
    )
    parser.add_argument("--open", action="store_true", help="open the page in a browser")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    given = list(sys.argv[1:] if argv is None else argv)
    if given[:1] == [REVIEW]:
        arguments = review_parser().parse_args(given[1:])
        return run_command(
            f"{PROGRAM} {REVIEW}", lambda: _review(arguments), (UnreadableDataError,)
        )
    arguments = service_parser().parse_args(given)
    return run_command(PROGRAM, lambda: _service(arguments), (UnreadableDataError,))


def _review(arguments: argparse.Namespace) -> int:
    from src.serve.review.command import run_review

    return run_review(arguments)


def _service(arguments: argparse.Namespace) -> int:
    from src.serve.service.command import run_service

    return run_service(arguments)


if __name__ == "__main__":
    sys.exit(main())
