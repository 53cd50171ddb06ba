"""The command ``quantize``: a model made small, and what that costs."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from src.classic_nn.array_types import Array
from src.classic_nn.layers import Sequential
from src.classic_nn.layers.container import Container
from src.classic_nn.quantization.statistics import Statistics
from src.classic_nn.serialization import save_model
from src.common.tables import format_table
from src.inference.classifier import Classifier, load_model
from src.inference.evaluation import evaluate
from src.inference.labelled_data import LabelledData, read_labelled_data
from src.inference.quantize.calibrate import calibrate
from src.inference.quantize.floating import quantize_weights
from src.inference.quantize.layer_report import LayerNoise, layer_noise
from src.inference.quantize.quantize import check_layers, foldable, in_batches
from src.inference.quantize.report import (
    accuracy_lines,
    noise_rows,
    save_report,
    size_and_time,
)
from src.inference.quantize.search import search
from src.inference.quantize.static import quantize_static
from src.inference.quantize_scheme import Scheme
from src.inference.sampling import some_of_each_class
from src.load.errors import UnreadableDataError
from src.load.reading_options import reading_of

FEWEST = 8
"""Samples that ranges are taken from, at least."""

LOOKED_AT = 16
"""Samples on which noise is measured."""


@dataclass(frozen=True)
class Source:
    """What the integers are made from.

    Attributes:
        classifier: the model of numbers.
        folded: its network, batch normalization folded.
        inputs: of calibration, (samples, *input_shape); none without data.
        seen: statistics of them, if the scheme wants some.
    """

    classifier: Classifier
    folded: Sequential
    inputs: Array
    seen: dict[str, Statistics]

    def network(self, scheme: Scheme) -> Container:
        """The network that a scheme makes."""
        if scheme.kind == "static":
            return quantize_static(self.folded, self.seen, scheme)
        return quantize_weights(self.folded, scheme)

    def model(self, scheme: Scheme) -> Classifier:
        """The model that a scheme makes."""
        model = replace(self.classifier.model, network=self.network(scheme))
        return Classifier(model, self.classifier.threads)


def run_quantize(arguments: argparse.Namespace) -> int:
    """Quantize as the command line says; returns the exit status."""
    try:
        return _run(arguments)
    except ValueError as error:
        raise UnreadableDataError(f"{arguments.model}: {error}") from None


def _run(arguments: argparse.Namespace) -> int:
    scheme = Scheme(
        arguments.scheme,
        arguments.bits,
        arguments.per_channel,
        arguments.symmetric,
        arguments.method,
        tuple(arguments.keep_float),
    )
    classifier = load_model(arguments.model, arguments.threads)
    folded = foldable(classifier.model.network)
    check_layers(folded, scheme)
    if arguments.data is None and (scheme.kind == "static" or arguments.search is not None):
        what = "--search" if arguments.search is not None else "--scheme static"
        raise UnreadableDataError(f"{what} needs data: name a data set after the model")
    known = None if arguments.data is None else _data(arguments, classifier)
    source = _source(arguments, classifier, folded, known, scheme)
    some = source.inputs[:LOOKED_AT] if len(source.inputs) else _noise(folded)
    if arguments.search is not None and known is not None:
        rows = layer_noise(folded, source.network(scheme), source.seen, scheme, some)
        scheme = _search(arguments, source, known, scheme, rows)
    small = source.model(scheme)
    path = arguments.output or arguments.model.with_name(
        f"{arguments.model.stem}-{scheme.kind}{scheme.bits}.safetensors"
    )
    save_model(path, small.model)
    rows = layer_noise(folded, small.model.network, source.seen, scheme, some)
    directory = path.with_suffix("")
    lines = size_and_time(arguments.model, path, classifier, small)
    lines.append(f"samples of calibration: {len(source.inputs):,}")
    if not len(source.inputs):
        lines.append("noise of the layers is that of random inputs: there were no data")
    if known is not None:
        lines += accuracy_lines(classifier, small, known)
    save_report(directory, arguments.model, scheme, source.seen, rows, lines)
    print("\n".join([*lines, "", format_table(noise_rows(rows, most=12)), "", str(path)]))
    print(directory / "report.md")
    return 0


def _data(arguments: argparse.Namespace, classifier: Classifier) -> LabelledData:
    """The data, with the model's classes, and the rows that accuracy is taken from."""
    return read_labelled_data(arguments.data, [classifier], **reading_of(arguments))


def _calibration_rows(arguments: argparse.Namespace, known: LabelledData) -> NDArray[np.intp]:
    """Some training samples, at random; of data that are not divided, of all."""
    dataset = known.dataset
    rows = dataset.splits.get("train", dataset.rows())
    rng = np.random.default_rng(arguments.seed)
    chosen = some_of_each_class(dataset, rows, rng, arguments.calibration)
    if len(chosen) < FEWEST:
        raise UnreadableDataError(
            f"calibration: expected {FEWEST} samples or more, got {len(chosen)}"
        )
    return chosen


def _source(
    arguments: argparse.Namespace,
    classifier: Classifier,
    folded: Sequential,
    known: LabelledData | None,
    scheme: Scheme,
) -> Source:
    """Inputs and, if the scheme wants them, statistics of calibration."""
    inputs = np.zeros((0, *classifier.input_shape), np.float32)
    seen: dict[str, Statistics] = {}
    if known is not None:
        rows = _calibration_rows(arguments, known)
        inputs = classifier.computed(known.dataset.images, rows, lambda x: x)
    if scheme.kind == "static":
        batches = list(in_batches(inputs))
        bar = tqdm(batches, desc="calibration", unit="batch", disable=None, leave=False)
        seen = dict(calibrate(folded, bar))
    return Source(classifier, folded, inputs, seen)


def _noise(folded: Sequential) -> Array:
    """Inputs for want of better: normal random numbers."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(LOOKED_AT, *folded.built_shape())).astype(np.float32)


def _search(
    arguments: argparse.Namespace,
    source: Source,
    known: LabelledData,
    scheme: Scheme,
    rows: Sequence[LayerNoise],
) -> Scheme:
    """The scheme with the fewest layers in float that reaches the accuracy."""
    dataset = known.dataset
    on = dataset.splits.get("validation", _calibration_rows(arguments, known))

    def accuracy_of(tried: Scheme) -> float:
        return evaluate(source.model(tried), dataset, on).accuracy()[0]

    found, _ = search(
        accuracy_of, scheme, rows, arguments.search, lambda text: print(text, file=sys.stderr)
    )
    return found
