"""Options of the command line that say how a data set is read."""

import argparse
from typing import Any

from src.common.cli import argument_type
from src.load.listed.cells import SEPARATORS


def white_level(text: str) -> str:
    """Parser of "set", or of a level from 1 to 65,535; it raises ValueError."""
    if text != "set" and not (text.isdecimal() and 1 <= int(text) <= 65_535):
        raise ValueError(f"expected set, or a level from 1 to 65535, got {text!r}")
    return text


def add_reading_options(parser: argparse.ArgumentParser) -> None:
    """Options for data sets that do not say it all by themselves."""
    group = parser.add_argument_group("how the data are read")
    group.add_argument(
        "--whole-images",
        action="store_true",
        help="of YOLO data and tables of boxes: whole images with labels, not a sample an object",
    )
    group.add_argument(
        "--labels",
        choices=["both", "fine", "coarse"],
        help="of Grocery Store lists (default: both)",
    )
    group.add_argument(
        "--label-column",
        metavar="NAME",
        help="of a CSV file: the column of labels, where its name does not say so",
    )
    group.add_argument(
        "--label-separator",
        choices=list(SEPARATORS),
        help="of a CSV file: what is between several labels in a cell",
    )
    group.add_argument(
        "--white",
        type=argument_type(white_level),
        metavar="LEVEL",
        help="of images of 16 bits: the level that becomes white, or set for the highest of all "
        "(default: 4,095 or 65,535, as each image needs it)",
    )


def reading_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """Arguments of ``read_data`` that were given on the command line."""
    given = {
        "objects": False if arguments.whole_images else None,
        "labels": arguments.labels,
        "label_column": arguments.label_column,
        "label_separator": arguments.label_separator,
        "white": int(w) if (w := arguments.white) and w.isdecimal() else arguments.white,
    }
    return {name: value for name, value in given.items() if value is not None}
