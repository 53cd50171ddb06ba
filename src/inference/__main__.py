"""The command line: ``python -m src.inference COMMAND``: predict, evaluate,
explain, quantize, mine.

Exit status: 0 done; 1 some images could not be read, or nobody reads the output; 2 a mistake in
the command or in its files, with one line on standard error that says what to change; 130
interrupted.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from src.classic_nn.serialization import TensorFileError
from src.common.cli import Parser, argument_type, number, run_command, whole_number
from src.inference.classifier import load_model
from src.inference.explain_options import add_explain_options
from src.inference.quantize_options import add_quantize_options
from src.load.errors import UnreadableDataError
from src.load.reading_options import add_reading_options

PROGRAM = "python -m src.inference"

EXAMPLES = f"""\
examples:
  {PROGRAM} predict model.safetensors photo.jpg photos/
  find photos -name '*.jpg' | {PROGRAM} predict model.safetensors - --json
  {PROGRAM} evaluate model.safetensors photos/ --unseen
  {PROGRAM} evaluate model.safetensors photos/ --against other.safetensors
  {PROGRAM} explain model.safetensors photo.jpg --method all --background photos/
  {PROGRAM} explain model.safetensors photos/ --evaluate 50
  {PROGRAM} quantize model.safetensors photos/ --scheme static
  {PROGRAM} mine model.safetensors photos/ --class plant --below 0.6 --output mined/
"""


def build_parser() -> Parser:
    """The parser of all commands."""
    parser = Parser(
        prog=PROGRAM,
        description="A trained model at work: what is in these photos, and how often is it right?",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    predicting = commands.add_parser("predict", help="name what photos show")
    predicting.add_argument("model", type=Path, help="a model file of a run")
    predicting.add_argument(
        "images",
        nargs="+",
        metavar="IMAGE",
        help="image files and folders; - for an image, or a list of files, on standard input",
    )
    predicting.add_argument("--json", action="store_true", help="a line of JSON for each image")
    predicting.add_argument(
        "--top",
        type=argument_type(whole_number(1)),
        default=3,
        metavar="N",
        help="classes in the table (default: 3)",
    )
    evaluating = commands.add_parser("evaluate", help="evaluate a model on labelled data")
    evaluating.add_argument("model", type=Path, help="a model file of a run")
    evaluating.add_argument("data", type=Path, help="a data set: folder, .yaml, .csv, .npz")
    evaluating.add_argument(
        "--split",
        metavar="NAME",
        help="default: test if there is one, else everything; with --unseen everything",
    )
    evaluating.add_argument(
        "--unseen",
        action="store_true",
        help="leave out photos that the model was trained on or validated by (with these very "
        "pixels)",
    )
    evaluating.add_argument(
        "--rename",
        action="append",
        default=[],
        metavar="NAME=CLASS",
        help="what a class of the data is to the model, several times; *=CLASS for all it lacks",
    )
    evaluating.add_argument(
        "--against",
        type=Path,
        metavar="MODEL",
        help="a second model, compared on the same data by McNemar's test",
    )
    evaluating.add_argument(
        "--shortcuts",
        action="store_true",
        help="also evaluate with the subject hidden, with everything else hidden, and on other "
        "backgrounds",
    )
    evaluating.add_argument(
        "--explain",
        type=argument_type(whole_number(1)),
        metavar="N",
        help="show in the report what speaks for the N mistakes of which the model was most "
        "certain",
    )
    evaluating.add_argument(
        "--outside",
        type=Path,
        metavar="DIR",
        help="photos of another kind: how well do probability, energy and distance find them?",
    )
    add_reading_options(evaluating)
    evaluating.add_argument(
        "--on-error",
        choices=["skip", "fail"],
        default="skip",
        help="at whatever cannot be used: report it and go on, or stop (default: skip)",
    )
    evaluating.add_argument(
        "--output-dir",
        type=Path,
        metavar="DIR",
        help="tables, pictures and report go there (default: assets/evaluations/MODEL-DATA)",
    )
    mining = commands.add_parser(
        "mine", help="find photos without labels on which the model is unsure of a class"
    )
    mining.add_argument("model", type=Path, help="a model file of a run")
    mining.add_argument(
        "photos", type=Path, help="a folder of photos, a list of files, or a CSV file"
    )
    mining.add_argument(
        "--class",
        required=True,
        dest="class_name",
        metavar="NAME",
        help="the class whose probability is looked at",
    )
    mining.add_argument(
        "--below",
        type=argument_type(number(0, 1)),
        default=0.6,
        metavar="P",
        help="photos to which the model gives the class with this probability or less are "
        "candidates (default: 0.6)",
    )
    mining.add_argument(
        "--sample",
        type=argument_type(whole_number(0)),
        default=5000,
        metavar="N",
        help="photos to look at, chosen at random; 0 for all (default: 5000)",
    )
    mining.add_argument(
        "--seed",
        type=argument_type(whole_number(0)),
        default=0,
        metavar="N",
        help="of the choice (default: 0)",
    )
    mining.add_argument(
        "--output",
        type=Path,
        required=True,
        metavar="DIR",
        help="candidates.csv, candidates.png and review.csv go there; the same command goes on "
        "where it was stopped",
    )
    explaining = commands.add_parser(
        "explain", help="show why the model says so, and whether the reasons can be believed"
    )
    add_explain_options(explaining)
    quantizing = commands.add_parser(
        "quantize", help="make a model small: numbers of 8 bits or fewer, and what that costs"
    )
    add_quantize_options(quantizing)
    for command in (predicting, evaluating):
        command.add_argument(
            "--threshold",
            type=argument_type(number(0, 1)),
            metavar="P",
            help="probability from which on a label is given (default: that of the model)",
        )
        command.add_argument(
            "--reject-below",
            type=argument_type(number(0, 1)),
            metavar="P",
            help='probability of an answer below which it is "retake" (default: that of the model)',
        )
    for command in (predicting, evaluating, explaining, mining, quantizing):
        command.add_argument(
            "--threads",
            type=argument_type(whole_number(1)),
            default=2,
            metavar="N",
            help="cores to use (default: 2)",
        )
    return parser


def predict_command(arguments: argparse.Namespace) -> int:
    """Print what the images show; returns the exit status."""
    from src.inference.inputs import named_images, passed_over
    from src.inference.output import print_predictions

    classifier = load_model(arguments.model, arguments.threads)
    try:
        classifier.image_transform()
    except UnreadableDataError as error:
        raise UnreadableDataError(f"{arguments.model}: {error}") from None
    classifier.check_threshold(arguments.threshold)
    predictions = classifier.stream(
        named_images(arguments.images), arguments.threshold, arguments.reject_below
    )
    failed = print_predictions(predictions, arguments.json, arguments.top)
    for line in passed_over(arguments.images):
        print(line, file=sys.stderr)
    if failed:
        print(f"{len(failed)} of the images could not be read:", file=sys.stderr)
        for text in failed:
            print(f"  {text}", file=sys.stderr)
    return 1 if failed else 0


def evaluate_command(arguments: argparse.Namespace) -> int:
    """Print how good the model is, and write tables and pictures; returns the exit status."""
    from src.inference.evaluate_command import run_evaluation

    return run_evaluation(arguments)


def mine_command(arguments: argparse.Namespace) -> int:
    """Look for hard examples; returns the exit status."""
    from src.inference.mining.command import run_mining

    return run_mining(arguments)


def explain_command(arguments: argparse.Namespace) -> int:
    """Print and draw why the model says what it says; returns the exit status."""
    from src.inference.explain.command import run_explain

    return run_explain(arguments)


def quantize_command(arguments: argparse.Namespace) -> int:
    """Make a model small; returns the exit status."""
    from src.inference.quantize.command import run_quantize

    return run_quantize(arguments)


COMMANDS = {
    "predict": predict_command,
    "quantize": quantize_command,
    "evaluate": evaluate_command,
    "explain": explain_command,
    "mine": mine_command,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    arguments = build_parser().parse_args(argv)
    command = f"{PROGRAM} {arguments.command}"
    work = COMMANDS[arguments.command]
    return run_command(command, lambda: work(arguments), (TensorFileError, UnreadableDataError))


if __name__ == "__main__":
    sys.exit(main())
