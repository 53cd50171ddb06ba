"""The command line: ``python -m src.load COMMAND``: fetch data and weights, inspect, augment.

Exit status: 0 done; 2 a mistake in the command or in its files, with one line on standard error
that says what to change; 130 interrupted.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from src.common.cli import Parser, argument_type, run_command, whole_number
from src.common.files import results_directory
from src.load.errors import UnreadableDataError
from src.load.reading_options import add_reading_options, reading_of

PROGRAM = "python -m src.load"

EXAMPLES = f"""\
examples:
  {PROGRAM} sign_mnist                    fetch a data set into assets/
  {PROGRAM} tomatoes --archive FILE.zip   the same, from a zip downloaded by hand
  {PROGRAM} inspect photos/               what is in a folder of photos, and what is wrong
  {PROGRAM} augmentations photo.jpg       what every augmentation does to a photo
  {PROGRAM} weights                       pretrained weights that can be fetched
  {PROGRAM} weights resnet50              fetch those of a network into assets/weights/
"""


def build_parser() -> Parser:
    """The parser of all commands."""
    from src.load.fetch import REMOTE

    parser = Parser(
        prog=PROGRAM,
        description="Data sets of images: fetch them, look into them, see augmentations.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    looking = commands.add_parser("inspect", help="what a data set holds, and what is wrong")
    looking.add_argument("path", type=Path, help="folder, .yaml, .csv, .npz")
    add_reading_options(looking)
    looking.add_argument(
        "--output-dir",
        type=Path,
        metavar="DIR",
        help="tables and pictures go there (default: assets/inspect/NAME)",
    )
    looking.add_argument(
        "--on-error",
        choices=["skip", "fail"],
        default="skip",
        help="at whatever cannot be used: report it and go on, or stop (default: skip)",
    )
    looking.add_argument(
        "--threads",
        type=argument_type(whole_number(1)),
        default=2,
        metavar="N",
        help="that decode (default: 2)",
    )
    augmenting = commands.add_parser("augmentations", help="what augmentations do to a photo")
    augmenting.add_argument("image", type=Path, help="a photo")
    augmenting.add_argument("--seed", type=int, default=0, metavar="N", help="of the draws")
    augmenting.add_argument(
        "--output",
        type=Path,
        default=Path("assets/augmentations.png"),
        metavar="FILE",
        help="the PNG (default: assets/augmentations.png)",
    )
    weighing = commands.add_parser("weights", help="list pretrained weights, or fetch some")
    weighing.add_argument("name", nargs="?", help="of the network; none for the list")
    weighing.add_argument(
        "--file", type=Path, metavar="FILE", help="a file that was downloaded by hand"
    )
    for name, remote in REMOTE.items():
        fetching = commands.add_parser(name, help=f"fetch {remote.title}")
        fetching.add_argument(
            "--archive", type=Path, metavar="FILE", help=f"a zip downloaded from {remote.page}"
        )
        fetching.add_argument(
            "--output-dir",
            type=Path,
            metavar="DIR",
            help=f"where it goes (default: {remote.directory})",
        )
    return parser


def inspect_command(arguments: argparse.Namespace) -> None:
    """Print what a data set holds, and write tables and pictures."""
    from src.load.inspection import REPORT, describe, inspect, save_inspection

    inspection = inspect(
        arguments.path,
        on_error=arguments.on_error,
        threads=arguments.threads,
        **reading_of(arguments),
    )
    print(describe(inspection, str(arguments.path)), flush=True)
    directory = arguments.output_dir or results_directory(
        Path("assets/inspect"), arguments.path, REPORT
    )
    written = save_inspection(inspection, directory, f"inspection of {arguments.path.resolve()}")
    sheets = [path for path in written if path.parent.name == "contact_sheets"]
    for path in written:
        if path not in sheets:
            print(path)
    if sheets:
        print(f"{sheets[0].parent}/ ({len(sheets)} contact sheets)")


def augmentations_command(arguments: argparse.Namespace) -> None:
    """Write the picture of what every transform does."""
    from src.load.augmentation_figure import save_augmentations
    from src.load.images import open_image

    if arguments.seed < 0:
        raise UnreadableDataError(f"--seed: expected 0 or more, got {arguments.seed}")
    if arguments.output.suffix.lower() != ".png":
        raise UnreadableDataError(
            f"--output: expected a name ending in .png, got {arguments.output}"
        )
    save_augmentations(open_image(arguments.image), arguments.output, arguments.seed)
    print(arguments.output)


def weights_command(arguments: argparse.Namespace) -> None:
    """Print what weights there are, or bring some here."""
    from src.common.tables import format_table
    from src.load.weights import PUBLISHED, fetch_weights, local_weights

    if arguments.name:
        fetch_weights(arguments.name, arguments.file)
        return
    if arguments.file:
        raise UnreadableDataError("--file: name the network whose weights are in it, too")
    rows = [("network", "parameters", "accuracy", "licence", "source", "here")]
    for name, published in PUBLISHED.items():
        try:
            here = str(local_weights(name))
        except UnreadableDataError as error:
            here = "" if "there are no weights" in str(error) else "damaged"
        rows.append(
            (
                *(name, f"{published.parameters:,}", f"{published.accuracy:.3f}"),
                *(published.licence, published.repository, here),
            )
        )
    print(format_table(rows, left_columns=1))
    print(
        "\naccuracy: of the first answer on ImageNet's validation photos, as the source states it"
        "\nother files: --backbone NAME --weights FILE takes those of torchvision, timm and Keras"
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    arguments = build_parser().parse_args(argv)
    command = f"{PROGRAM} {arguments.command}"
    return run_command(command, lambda: _do(arguments), (UnreadableDataError,))


def _do(arguments: argparse.Namespace) -> int:
    if arguments.command == "inspect":
        inspect_command(arguments)
    elif arguments.command == "augmentations":
        augmentations_command(arguments)
    elif arguments.command == "weights":
        weights_command(arguments)
    else:
        from src.load.fetch import REMOTE, fetch

        remote = REMOTE[arguments.command]
        fetch(remote, arguments.archive, directory=arguments.output_dir)
    return 0


if __name__ == "__main__":
    sys.exit(main())
