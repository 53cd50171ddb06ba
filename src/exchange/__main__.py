"""The command line: ``python -m src.exchange COMMAND``: a model as an ONNX file.

Exit status: 0 done; 2 a mistake in the command or in its files, with one line on standard error
that says what to change; 130 interrupted.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from src.classic_nn.serialization import TensorFileError
from src.common.cli import Parser, run_command
from src.load.errors import UnreadableDataError

PROGRAM = "python -m src.exchange"

EXAMPLES = f"""\
examples:
  {PROGRAM} export model.safetensors model.onnx
  {PROGRAM} export model.safetensors model.onnx --softmax --layout nhwc
  {PROGRAM} export model-static8.safetensors small.onnx --quantized qoperator
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
    ours, theirs = (1000 * seconds for seconds in found.seconds)
    print(f"{arguments.file}: {sizes[1]:,} bytes (the model file has {sizes[0]:,})")
    print(
        f"onnxruntime and the model: largest difference {found.difference:.2g} of the largest "
        f"output, {found.equal:.4f} of outputs the same number, the same answer to "
        f"{found.same:.4f}"
    )
    print(f"time of an input on one core: {ours:.2f} ms here, {theirs:.2f} ms in onnxruntime")
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    arguments = build_parser().parse_args(argv)
    command = f"{PROGRAM} {arguments.command}"
    errors = (UnreadableDataError, TensorFileError)
    return run_command(command, lambda: export_command(arguments), errors)


if __name__ == "__main__":
    sys.exit(main())
