"""The command line: ``python -m src.exchange COMMAND``: a model as an ONNX file, and back.

Exit status: 0 done; 2 a mistake in the command or in its files, with one line on standard error
that says what to change; 130 interrupted.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from src.classic_nn.serialization import TensorFileError
from src.common.cli import Parser, argument_type, run_command, whole_number
from src.load.errors import UnreadableDataError

if TYPE_CHECKING:
    from src.exchange.agreement import Agreement

PROGRAM = "python -m src.exchange"

PREPROCESSING = ("torch", "tf", "caffe", "unit", "efficientnet_lite")
"""Names of what was done to photos, "torch" for ImageNet's mean and standard deviation."""

EXAMPLES = f"""\
examples:
  {PROGRAM} export model.safetensors model.onnx
  {PROGRAM} export model.safetensors model.onnx --softmax --layout nhwc
  {PROGRAM} export model-static8.safetensors small.onnx --quantized qoperator
  {PROGRAM} import somebodys.onnx --classes names.txt --preprocessing torch
"""


def build_parser() -> Parser:
    """The parser of all commands."""
    parser = Parser(
        prog=PROGRAM,
        description="Models in other people's formats.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    exporting = commands.add_parser("export", help="write a model as an ONNX file")
    exporting.add_argument("model", type=Path, help="a model file of a run")
    exporting.add_argument("file", type=Path, metavar="FILE.onnx", help="what to write")
    exporting.add_argument(
        "--opset",
        type=int,
        default=17,
        metavar="N",
        help="version of ONNX's operators, from 13 to 21 (default: 17)",
    )
    exporting.add_argument(
        "--layout",
        choices=["nchw", "nhwc"],
        default="nchw",
        help="of images: channels before or behind the pixels (default: nchw)",
    )
    exporting.add_argument(
        "--softmax",
        action="store_true",
        help="probabilities in place of logits (of several labels, by sigmoid)",
    )
    exporting.add_argument(
        "--quantized",
        choices=["qdq", "qoperator"],
        help="of a quantized model: operators of numbers between QuantizeLinear and "
        "DequantizeLinear, or QLinearConv (default: qdq)",
    )
    importing = commands.add_parser("import", help="make a model of an ONNX file")
    importing.add_argument("file", type=Path, metavar="FILE.onnx", help="what to read")
    importing.add_argument(
        "--output", type=Path, metavar="MODEL", help="default: FILE.safetensors beside the file"
    )
    importing.add_argument(
        "--classes",
        type=Path,
        metavar="FILE",
        help="names of the outputs, a line each (default: what the file says, if it does)",
    )
    importing.add_argument(
        "--preprocessing",
        metavar="NAME",
        help=f"what makes an input of a photo: {', '.join(PREPROCESSING)}, or a file of JSON as in "
        "a model's metadata (default: what the file says, if it does)",
    )
    importing.add_argument(
        "--task",
        choices=["multi_class", "multi_label", "binary"],
        help="one of several classes, several labels, or yes and no (default: as the file ends)",
    )
    importing.add_argument(
        "--image-size",
        type=argument_type(whole_number(1)),
        metavar="N",
        help="height and width of images, where the file leaves them open",
    )
    return parser


def export_command(arguments: argparse.Namespace) -> int:
    """Write the file; returns the exit status."""
    from src.exchange.export import export_model
    from src.exchange.protobuf import OPSETS, need_onnx
    from src.inference.classifier import load_model
    from src.inference.quantize import is_quantized

    need_onnx()
    if arguments.file.suffix.lower() != ".onnx":
        raise UnreadableDataError(f"{arguments.file}: expected a name that ends in .onnx")
    if not OPSETS[0] <= arguments.opset <= OPSETS[1]:
        raise UnreadableDataError(
            f"--opset: expected {OPSETS[0]} to {OPSETS[1]}, got {arguments.opset}"
        )
    classifier = load_model(arguments.model)
    network = classifier.model.network
    if arguments.quantized and not is_quantized(network):
        raise UnreadableDataError(
            f"--quantized: {arguments.model} is not quantized: make a small one with "
            "python -m src.inference quantize"
        )
    try:
        found = export_model(
            classifier,
            arguments.file,
            arguments.opset,
            arguments.layout,
            arguments.softmax,
            arguments.quantized or "qdq",
        )
    except ValueError as error:
        raise UnreadableDataError(f"{arguments.model}: {error}") from None
    sizes = [one.stat().st_size for one in (arguments.model, arguments.file)]
    print(f"{arguments.file}: {sizes[1]:,} bytes (the model file has {sizes[0]:,})")
    print_agreement(found)
    return 0


def print_agreement(found: "Agreement") -> None:
    """Say how well onnxruntime and the model agree, and how fast they are."""
    ours, theirs = (1000 * seconds for seconds in found.seconds)
    print(
        f"onnxruntime and the model: largest difference {found.difference:.2g} of the largest "
        f"output, {found.equal:.4f} of outputs the same number, the same answer to "
        f"{found.same:.4f}"
    )
    print(f"time of an input on one core: {ours:.2f} ms here, {theirs:.2f} ms in onnxruntime")


def import_command(arguments: argparse.Namespace) -> int:
    """Write the model; returns the exit status."""
    from src.classic_nn.serialization import save_model
    from src.exchange.protobuf import need_onnx
    from src.exchange.reading import import_model

    need_onnx()
    output = arguments.output or arguments.file.with_suffix(".safetensors")
    if output.suffix != ".safetensors":
        raise UnreadableDataError(f"--output: expected a name ending in .safetensors, got {output}")
    if arguments.output is None and output.exists():
        raise UnreadableDataError(f"{output} is there already: say where to with --output MODEL")
    names = [] if arguments.classes is None else names_in(arguments.classes)
    steps = None if arguments.preprocessing is None else steps_of(arguments.preprocessing)
    model, found = import_model(arguments.file, names, steps, arguments.task, arguments.image_size)
    save_model(output, model)
    network = model.network
    print(
        f"{output}: {len(list(network.descendants())):,} layers, "
        f"{network.parameters.vector.size:,} parameters, samples {network.built_shape()}, "
        f"{model.task}, {len(model.class_names) or 'no'} class names"
    )
    print_agreement(found)
    if len(network.built_shape()) == 3 and not model.preprocessing:
        print(
            "what makes an input of a photo is not known: say it with --preprocessing",
            file=sys.stderr,
        )
    return 0


def names_in(path: Path) -> list[str]:
    """Names, a line each. Raises UnreadableDataError for a file that has none."""
    try:
        names = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except UnicodeDecodeError:
        raise UnreadableDataError(f"--classes: {path} is no text in UTF-8") from None
    if not any(names) or not all(names):
        raise UnreadableDataError(f"--classes: expected a name in each line of {path}")
    return names


def steps_of(said: str) -> Callable[[int], dict[str, Any]]:
    """What describes the steps from a photo to an input of some size.

    Raises UnreadableDataError for a name that is none, or a file without such steps.
    """
    from src.load.transforms.configuration import transform_config, transform_from_config
    from src.load.weights.preprocessing import preprocessing

    if said in PREPROCESSING:
        name = "imagenet" if said == "torch" else said
        return lambda pixels: {
            "input": f"photos, as for {said}",
            "transform": transform_config(preprocessing(name, pixels)),
        }
    path = Path(said)
    if not path.suffix:
        raise UnreadableDataError(
            f"--preprocessing: expected {', '.join(PREPROCESSING)}, or a file, got {said!r}"
        )
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        found = found if isinstance(found, dict) else {"transform": found}
        transform_from_config(found["transform"])
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadableDataError(f"--preprocessing: {path} has no steps: {error}") from None
    return lambda pixels: found


COMMANDS = {"export": export_command, "import": import_command}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    arguments = build_parser().parse_args(argv)
    command = f"{PROGRAM} {arguments.command}"
    errors = (UnreadableDataError, TensorFileError)
    return run_command(command, lambda: COMMANDS[arguments.command](arguments), errors)


if __name__ == "__main__":
    sys.exit(main())
