"""Pictures of a quantization: ranges in their histograms, noise and sensitivity of the layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from src.classic_nn.quantization.ranges import choose_quantization
from src.classic_nn.quantization.statistics import BINS, Statistics
from src.classic_nn.utils.plots import new_figure
from src.inference.quantize.layer_report import LayerNoise
from src.inference.quantize_scheme import Scheme

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_SHOWN = 24
"""Histograms in the picture: the first, the last, and those between at equal distances."""


def draw_ranges(seen: Mapping[str, Statistics], scheme: Scheme) -> Figure:
    """The histogram of each operation's outputs, and the range that the integers stand for."""
    paths = list(seen)
    if len(paths) > MOST_SHOWN:
        chosen = np.linspace(0, len(paths) - 1, MOST_SHOWN).round().astype(int)
        paths = [paths[k] for k in chosen]
    columns = 4
    rows = -(-len(paths) // columns)
    figure = new_figure(3.2 * columns, 1.9 * rows + 0.5)
    figure.suptitle(f"Outputs of calibration, and the ranges of {scheme.method}", fontsize=11)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in panels[len(paths) :]:
        axes.set_axis_off()
    for axes, path in zip(panels, paths, strict=False):
        statistics = seen[path]
        some = np.flatnonzero(statistics.counts)
        first, last = int(some[0]), int(some[-1]) + 1
        join = max((last - first) // 80, 1)
        edges = np.arange(first, last + join, join)
        counts = np.add.reduceat(statistics.counts, edges[edges < BINS])
        width = 2 * statistics.reach / BINS
        left = (edges[edges < BINS] - BINS / 2) * width
        axes.bar(left, counts, width=join * width, align="edge", color="tab:gray")
        made = choose_quantization(statistics, scheme.method, 8, scheme.symmetric)
        zero = int(made.zero_point)
        for end in (made.lowest - zero, made.highest - zero):
            axes.axvline(end * float(made.scale), color="tab:red", linewidth=1)
        axes.set_yscale("log")
        axes.set_title(path, fontsize=7, parse_math=False)
        axes.tick_params(labelsize=6)
    figure.supxlabel("value (red: ends of the integers)", fontsize=9)
    figure.supylabel("count", fontsize=9)
    return figure


def draw_layers(rows: Sequence[LayerNoise]) -> Figure:
    """Signal to noise of each layer's outputs, and of the answers if it alone is quantized."""
    figure = new_figure(max(7.0, 0.16 * len(rows) + 3), 5)
    axes = figure.add_subplot()
    places = np.arange(len(rows))
    axes.bar(places, [row.sensitivity for row in rows], color="tab:blue", label="answers, it alone")
    noise = [row.signal_to_noise for row in rows]
    if np.isfinite(noise).any():
        axes.plot(places, noise, "o", color="tab:red", markersize=4, label="its outputs, all")
    step = max(len(rows) // 60, 1)
    axes.set_xticks(places[::step], [row.path for row in rows][::step], rotation=90, fontsize=6)
    axes.set(
        xlabel="layer",
        ylabel="signal to noise, decibels",
        title="Quantization noise by layer: low bars are the layers that the answers mind",
    )
    axes.legend(fontsize=8)
    axes.grid(axis="y", alpha=0.3)
    return figure
