"""The options of the command ``explain``."""

import argparse
from pathlib import Path

from src.common.cli import argument_type, number, whole_number
from src.inference.explain_settings import BASELINES, METHOD_NAMES, MOST, RULES, Settings
from src.load.reading_options import add_reading_options

ALL = "all"


def add_explain_options(parser: argparse.ArgumentParser) -> None:
    """Add them to the parser of the command."""
    parser.add_argument("model", type=Path, help="a model file of a run")
    parser.add_argument(
        "images",
        nargs="+",
        metavar="IMAGE",
        help="image files and folders; an .npz file of feature vectors; a data set with --evaluate",
    )
    parser.add_argument(
        "--method",
        choices=[*METHOD_NAMES, ALL],
        help=f"how to explain (default: integrated_gradients; with --evaluate {ALL})",
    )
    parser.add_argument(
        "--class",
        dest="class_name",
        metavar="NAME",
        help="what to explain (default: what the model answers)",
    )
    parser.add_argument(
        "--against", metavar="NAME", help="explain how much more the class has than this one"
    )
    parser.add_argument(
        "--baseline",
        choices=BASELINES,
        help="what shows nothing (default: mean, the photo's mean colour; black without colours)",
    )
    parser.add_argument(
        "--background",
        metavar="DATA",
        help="a folder of other photos, or .npz: for expected gradients and the baseline average",
    )
    parser.add_argument("--layer", default="", metavar="NAME", help="of Grad-CAM (default: last)")
    for name, least, text in (
        ("steps", 1, "of integrated gradients, to begin with"),
        ("noise-samples", 1, "of SmoothGrad"),
        ("pairs", 1, "of expected gradients"),
        ("coalitions", 1, "of Shapley values"),
        ("grid", 1, "rows and columns of patches, the players of a photo"),
        ("superpixels", 0, "regions of similar colour as players, instead of patches"),
        ("window", 0, "side of what occlusion hides; 0 for an eighth of the photo"),
        ("stride", 0, "of occlusion; 0 for half a window"),
        ("seed", 0, "of everything drawn"),
    ):
        default = getattr(Settings, name.replace("-", "_"))
        parser.add_argument(
            f"--{name}",
            type=argument_type(whole_number(least)),
            default=default,
            metavar="N",
            help=f"{text} (default: {default})",
        )
    parser.add_argument(
        "--rule",
        choices=RULES,
        default=Settings.rule,
        help=f"of integrated gradients (default: {Settings.rule})",
    )
    parser.add_argument(
        "--tolerance",
        type=argument_type(number(0, exclusive=True)),
        default=Settings.tolerance,
        metavar="X",
        help="of integrated gradients: steps are doubled until attributions add up within this "
        f"fraction (default: {Settings.tolerance})",
    )
    parser.add_argument(
        "--most",
        type=argument_type(whole_number(1)),
        metavar="N",
        help=f"images to explain, the first ones (default: {MOST})",
    )
    parser.add_argument(
        "--evaluate",
        type=argument_type(whole_number(1)),
        metavar="N",
        help="measure the methods on N samples of a data set: can they be believed?",
    )
    parser.add_argument(
        "--split", metavar="NAME", help="with --evaluate (default: test if there is one)"
    )
    parser.add_argument(
        "--rename",
        action="append",
        default=[],
        metavar="NAME=CLASS",
        help="with --evaluate: what a class of the data is to the model",
    )
    add_reading_options(parser)
    parser.add_argument(
        "--output-dir",
        type=Path,
        metavar="DIR",
        help="pictures, values and figures go there (default: assets/explanations/MODEL)",
    )
