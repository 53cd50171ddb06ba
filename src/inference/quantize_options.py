"""The options of the command ``quantize``."""

import argparse
from pathlib import Path

from src.classic_nn.quantization.ranges import RANGES
from src.common.cli import argument_type, number, whole_number
from src.inference.quantize_scheme import SCHEMES, Scheme
from src.load.reading_options import add_reading_options


def add_quantize_options(parser: argparse.ArgumentParser) -> None:
    """Add them to the parser of the command."""
    parser.add_argument("model", type=Path, help="a model file of a run")
    parser.add_argument(
        "data",
        type=Path,
        nargs="?",
        help="a data set: its training photos for calibration, its test photos for accuracy",
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="default: MODEL-SCHEME-BITS beside the model"
    )
    parser.add_argument(
        "--scheme",
        choices=SCHEMES,
        default=Scheme.kind,
        help="static: all numbers are integers, ranges from calibration; dynamic: weights, and "
        "inputs by their own range; weights: weights alone (default: static)",
    )
    parser.add_argument(
        "--bits",
        type=argument_type(whole_number(2)),
        default=Scheme.bits,
        metavar="N",
        help="of the weights, from 2 to 16 (default: 8); activations have 8",
    )
    around = parser.add_mutually_exclusive_group()
    around.add_argument(
        "--symmetric", action="store_true", help="integers of activations around zero"
    )
    around.add_argument(
        "--asymmetric", dest="symmetric", action="store_false", help="with a zero point (default)"
    )
    scales = parser.add_mutually_exclusive_group()
    scales.add_argument(
        "--per-channel", action="store_true", default=True, help="a scale a filter (default)"
    )
    scales.add_argument(
        "--per-tensor", dest="per_channel", action="store_false", help="a scale for all filters"
    )
    parser.add_argument(
        "--calibration",
        type=argument_type(whole_number(1)),
        default=200,
        metavar="N",
        help="training photos that ranges are taken from (default: 200)",
    )
    parser.add_argument(
        "--method",
        choices=list(RANGES),
        default=Scheme.method,
        help=f"of ranges (default: {Scheme.method})",
    )
    parser.add_argument(
        "--keep-float",
        action="append",
        default=[],
        metavar="LAYER",
        help="a layer that stays as it is; several times",
    )
    parser.add_argument(
        "--search",
        type=argument_type(number(0, 1)),
        metavar="ACCURACY",
        help="keep in float the fewest layers with which this accuracy is reached, on validation "
        "photos where the data have some, else on those of calibration",
    )
    parser.add_argument(
        "--seed",
        type=argument_type(whole_number(0)),
        default=0,
        metavar="N",
        help="of the choice of calibration photos (default: 0)",
    )
    add_reading_options(parser)
    parser.set_defaults(symmetric=False)
