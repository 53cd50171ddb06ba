"""``python -m src.torch_train yolo``: a YOLO model next to models of ours, on the same photos."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from src.classic_train.run.program import run_training
from src.common.cli import Parser, argument_type, whole_number

if TYPE_CHECKING:
    from src.torch_train.yolo.model import YoloSettings

COMMAND = "yolo"

PIXELS = {"classify": 224, "detect": 640}
"""Height and width of the input, as Ultralytics publishes its models."""

EXAMPLES = """\
examples:
  {program} --data data.yaml --weights yolo11n.pt                photos, found boxes
  {program} --data data.yaml --weights yolo11n-cls.pt            classes of given boxes
  {program} --data data.yaml --weights yolo11n-cls.yaml          the same, untrained at first
  {program} --data data.yaml --weights yolo11n.pt --against assets/runs/MLP assets/runs/CNN
  {program} --data data.yaml --weights assets/runs/RUN/yolo/weights/best.pt --epochs 0
"""


def build_parser(program: str) -> Parser:
    """The parser of the command."""
    parser = Parser(
        prog=program,
        description="Train a YOLO model of Ultralytics (AGPL-3.0) on photos with boxes, and put "
        "the labels that it finds beside those of models of ours, on the same test photos.",
        epilog=EXAMPLES.format(program=program),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--data", required=True, metavar="FILE", help="data.yaml of a YOLO data set, or its folder")
    add(
        "--weights",
        required=True,
        metavar="FILE",
        help="yolo11n-cls.pt classifies what lies in boxes, yolo11n.pt finds boxes; .yaml for the "
        "untrained architecture; one that is not here is fetched",
    )
    add(
        "--against",
        nargs="+",
        type=Path,
        default=[],
        metavar="RUN",
        help="runs of produce --samples photos (--model mlp, cnn, ...) with the same --data, to "
        "stand in the table",
    )
    counts = {
        "epochs": (0, 50, "passes over the training data; 0 for weights that are trained"),
        "batch-size": (1, 16, "samples in a mini-batch"),
        "seed": (0, 0, "of weights and order"),
        "split-seed": (0, 0, "of dividing the photos, as of produce"),
    }
    for name, (least, default, text) in counts.items():
        kind = argument_type(whole_number(least))
        add(
            f"--{name}",
            type=kind,
            default=default,
            metavar="N",
            help=f"{text} (default: {default})",
        )
    add(
        "--image-size",
        type=argument_type(image_size),
        metavar="PIXELS",
        help="height and width of the input, a multiple of 32 (default: 224 for classes, 640 for "
        "boxes)",
    )
    add("--device", default="cpu", metavar="NAME", help="cpu, cuda, cuda:1, auto (default: cpu)")
    add(
        "--output-dir",
        type=Path,
        default=Path("assets/runs"),
        metavar="DIR",
        help="everything goes to DIR/RUN (default: assets/runs)",
    )
    add("--quiet", action="store_true", help="print nothing but the table and errors")
    return parser


def image_size(text: str) -> int:
    """Parser of a size that YOLO takes; it raises ValueError."""
    size = whole_number(32)(text)
    if size % 32:
        raise ValueError(f"must be a multiple of 32, got {size}")
    return size


def main(argv: Sequence[str], program: str) -> int:
    """Run the command line; returns the exit status."""
    arguments = build_parser(program).parse_args(argv)
    return run_training(program, lambda: _run(arguments))


def _run(arguments: argparse.Namespace) -> None:
    from src.classic_train.run.command import LOG_DIRECTORY
    from src.classic_train.run.directory import new_run
    from src.torch_train.device import usable_device
    from src.torch_train.yolo.contest import CROPS, WHOLE, Contestant, compare, trained_model
    from src.torch_train.yolo.model import (
        YoloSettings,
        check_weights,
        load_yolo,
        scores_of_boxes,
        scores_of_crops,
        train_yolo,
    )
    from src.torch_train.yolo.photos import read_photos
    from src.torch_train.yolo.report import write_results

    model = load_yolo(arguments.weights, arguments.quiet)
    settings = YoloSettings(
        arguments.epochs,
        arguments.batch_size,
        arguments.image_size or PIXELS[model.task],
        arguments.seed,
        usable_device(arguments.device),
        arguments.quiet,
    )
    photos = read_photos(arguments.data, arguments.split_seed)
    others = [trained_model(path, photos) for path in arguments.against]
    of_crops = model.task == "classify"
    note = check_weights(model, arguments.weights, photos, trained=not settings.epochs)
    if note:
        print(f"{COMMAND}: {note}", file=sys.stderr)
    run = new_run(COMMAND, arguments.output_dir, LOG_DIRECTORY, quiet=arguments.quiet)
    try:
        if settings.epochs:
            model = train_yolo(model, photos, run.directory, settings)
        make = scores_of_crops if of_crops else scores_of_boxes
        yolo = Contestant(
            f"YOLO, {'classes of boxes' if of_crops else 'boxes'}",
            "boxes with a class",
            CROPS if of_crops else WHOLE,
            make(model, len(photos.class_names), settings),
        )
        results = compare([yolo, *others], photos, arguments.quiet)
        write_results(results, photos, run, {**settings_text(arguments, settings), "note": note})
    except KeyboardInterrupt:
        last = run.directory / "yolo" / "weights" / "last.pt"
        kept = f"The last complete epoch is in {last}" if last.exists() else "No epoch was complete"
        raise KeyboardInterrupt(kept) from None
    finally:
        run.discard_if_empty()


def settings_text(arguments: argparse.Namespace, settings: "YoloSettings") -> dict[str, str]:
    """What was asked for, and what it stood for, by name."""
    given = {name: str(value) for name, value in vars(arguments).items() if name != "against"}
    given["against"] = " ".join(map(str, arguments.against)) or "none"
    return {**given, "image_size": str(settings.image_size), "device": settings.device}
