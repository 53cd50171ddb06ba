"""The options of the service."""

from pathlib import Path

from src.common.cli import Parser, argument_type, number, whole_number
from src.serve.listening import HOST
from src.serve.service.limits import Limits

DEFAULT_WORKERS = 2


def add_service_options(parser: Parser) -> None:
    """Add them to the parser."""
    parser.add_argument(
        "models", nargs="+", type=Path, metavar="MODEL", help="model files, or directories of runs"
    )
    parser.add_argument(
        "--glass",
        action="store_true",
        help="also the glass box, a page where a photo walks through the network",
    )
    parser.add_argument(
        "--export",
        nargs="+",
        type=Path,
        metavar=("DIR", "PHOTO"),
        help="write the glass box of some photos into a new folder, for any web space, and end",
    )
    parser.add_argument(
        "--host",
        default=HOST,
        metavar="ADDRESS",
        help=f"to listen on (default: {HOST}, this machine alone)",
    )
    parser.add_argument(
        "--port",
        type=argument_type(whole_number(0)),
        default=8000,
        metavar="N",
        help="to listen on; 0 for a free one (default: 8000)",
    )
    parser.add_argument(
        "--workers",
        type=argument_type(whole_number(1)),
        default=DEFAULT_WORKERS,
        metavar="N",
        help=f"processes that compute, each on one core (default: {DEFAULT_WORKERS})",
    )
    parser.add_argument(
        "--token-file",
        type=Path,
        metavar="FILE",
        help="its first line has to be sent with every request: Authorization: Bearer TOKEN",
    )
    parser.add_argument(
        "--name",
        action="append",
        default=[],
        metavar="NAME",
        help="a name of this server that is answered to, several times (default: IP addresses and "
        "localhost)",
    )
    limits = parser.add_argument_group("limits")
    for option, least, unit, text in (
        ("--request-bytes", 1, "BYTES", "of a request"),
        ("--photos", 1, "N", "photos in a request"),
        ("--pixels", 1, "N", "of a photo"),
        ("--waiting", 1, "N", "photos that wait for a worker; beyond that 503"),
    ):
        default = getattr(Limits, _field(option))
        limits.add_argument(
            option,
            type=argument_type(whole_number(least)),
            default=default,
            metavar=unit,
            help=f"{text}, at most (default: {default:,})",
        )
    for option, text in (
        ("--upload-seconds", "from the head of a request to its end"),
        ("--waiting-seconds", "that a photo waits for a worker"),
        ("--predict-seconds", "that a worker takes for a photo"),
        ("--explain-seconds", "and for an explanation"),
        ("--stopping-seconds", "for what runs when the server is told to stop"),
    ):
        default = getattr(Limits, _field(option))
        limits.add_argument(
            option,
            type=argument_type(number(0, exclusive=True)),
            default=default,
            metavar="S",
            help=f"{text}, at most (default: {default:g})",
        )


LIMITS = (
    *("request_bytes", "photos", "pixels", "waiting", "upload_seconds", "waiting_seconds"),
    *("predict_seconds", "explain_seconds", "stopping_seconds"),
)
"""Fields of ``Limits`` that are options."""


def _field(option: str) -> str:
    return option.removeprefix("--").replace("-", "_")
