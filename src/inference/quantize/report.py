"""What is said of a quantized model: size, time, accuracy, and the noise of its layers."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np

from src.classic_cnn.quantized import InNumbers, IntegerNetwork
from src.classic_nn.context import PREDICTION
from src.classic_nn.layers.container import Container
from src.classic_nn.quantization.statistics import Statistics
from src.classic_nn.utils.plots import save_figure
from src.common.files import write_json, write_text
from src.common.tables import markdown_table, write_csv
from src.common.timing import TURNS, interleaved_seconds
from src.inference.classifier import Classifier
from src.inference.evaluation import evaluate
from src.inference.labelled_data import LabelledData
from src.inference.mcnemar import compare
from src.inference.quantize.layer_report import LayerNoise
from src.inference.quantize.pictures import draw_layers, draw_ranges
from src.inference.quantize_scheme import Scheme


def size_and_time(before: Path, after: Path, model: Classifier, small: Classifier) -> list[str]:
    """Size, layers in float and time, in lines."""
    sizes = before.stat().st_size, after.stat().st_size
    times = time_of(model.model.network, small.model.network)
    network = small.model.network
    lines = [
        f"size: {sizes[0]:,} bytes before, {sizes[1]:,} after ({sizes[1] / sizes[0]:.3f})",
        f"time of an input on one core: {1000 * times[0]:.1f} ms before, {1000 * times[1]:.1f} ms "
        f"after ({times[1] / times[0]:.2f}), medians of {TURNS}",
    ]
    if isinstance(network, IntegerNetwork):
        kept = [layer.name for layer in network.layers if isinstance(layer, InNumbers)]
        lines.append(f"layers in float: {', '.join(kept) or 'none'}")
    return lines


def time_of(*networks: Container) -> list[float]:
    """Seconds of one input through each network on one core, in turn, medians."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1, *networks[0].built_shape())).astype(np.float32)
    return interleaved_seconds([partial(network.forward, x, PREDICTION) for network in networks])


def accuracy_lines(classifier: Classifier, small: Classifier, known: LabelledData) -> list[str]:
    """Accuracy before and after on the same samples, in lines."""
    found = [evaluate(model, known.dataset, known.rows) for model in (classifier, small)]
    accuracies = [one.accuracy()[0] for one in found]
    same = float((found[0].predicted == found[1].predicted).mean())
    comparison = compare(*found)
    return [
        f"accuracy on {len(known.rows):,} samples: {accuracies[0]:.4f} before, "
        f"{accuracies[1]:.4f} after ({100 * (accuracies[1] - accuracies[0]):+.2f} points); the "
        f"same answer to {same:.4f}",
        f"McNemar's exact test: {comparison.verdict()}",
    ]


def noise_rows(rows: Sequence[LayerNoise], most: int | None = None) -> list[tuple[str, ...]]:
    """A table of layers, headings first; of many the most sensitive."""
    shown = list(rows)
    if most is not None and len(shown) > most:
        shown = sorted(shown, key=lambda row: row.sensitivity)[:most]
    heading = ("layer", "its outputs, dB", "answers, it alone, dB", "weights' error")
    return [
        heading,
        *(
            (r.path, *map(_shown, (r.signal_to_noise, r.sensitivity, r.weight_error)))
            for r in shown
        ),
    ]


def _shown(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.4g}"


def save_report(
    directory: Path,
    model: Path,
    scheme: Scheme,
    seen: Mapping[str, Statistics],
    rows: Sequence[LayerNoise],
    lines: Sequence[str],
) -> None:
    """Write the report, its tables and its pictures.

    Args:
        directory: where to.
        model: that was quantized.
        scheme: how.
        seen: statistics of calibration; empty without.
        rows: of the layers.
        lines: what else there is to say.
    """
    directory.mkdir(parents=True, exist_ok=True)
    write_csv(directory / "layers.csv", noise_rows(rows))
    write_json(
        directory / "quantization.json",
        {"scheme": asdict(scheme), "layers": [asdict(row) for row in rows], "facts": list(lines)},
    )
    save_figure(draw_layers(rows), directory / "layers.png")
    pictures = ["layers.png"]
    if seen:
        save_figure(draw_ranges(seen, scheme), directory / "ranges.png")
        pictures.append("ranges.png")
    settings = ", ".join(f"{name} {value}" for name, value in asdict(scheme).items())
    page = [
        f"# {model.resolve()} quantized",
        "",
        f"- {settings}",
        *(f"- {line}" for line in lines),
        "",
        markdown_table(noise_rows(rows)),
        "",
        *(f"![{name}]({name})" for name in pictures),
        "",
    ]
    write_text(directory / "report.md", "\n".join(page))
