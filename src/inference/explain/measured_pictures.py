"""Pictures of what was measured: curves, agreement, and what randomizing does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from src.classic_nn.utils.plots import new_figure
from src.inference.explain.measures import EDGES, RANDOM, Table, mean_of
from src.inference.explain_settings import TITLES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STYLES = {RANDOM: ("black", ":"), EDGES: ("gray", "--")}
"""Colours and lines of the maps that know nothing of the model."""


def draw_measures(table: Table) -> Figure:
    """Deletion and insertion curves, the randomization check, and agreement, in one picture."""
    figure = new_figure(12, 9)
    panels = figure.subplots(2, 2)
    for axes, kind, hidden in (
        (panels[0, 0], "deletion", "hidden, the most important first"),
        (panels[0, 1], "insertion", "shown, the most important first"),
    ):
        _curves(axes, table, kind)
        axes.set(
            xlabel=f"fraction of the input that is {hidden}",
            ylabel="mean probability of the class",
            title=f"{kind.capitalize()}: {'low' if kind == 'deletion' else 'high'} is good",
            ylim=(-0.02, 1.02),
        )
    _randomization(panels[1, 0], table)
    _agreement(panels[1, 1], table)
    return figure


def _curves(axes: Axes, table: Table, kind: str) -> None:
    for name, found in table.measures.items():
        curves = getattr(found, kind)
        if not curves:
            continue
        colour, line = STYLES.get(name, (None, "-"))
        mean = np.mean([curve.probabilities for curve in curves], axis=0)
        area = np.mean([curve.area for curve in curves])
        label = f"{TITLES.get(name, name)} {area:.3f}"
        axes.plot(curves[0].fractions, mean, color=colour, linestyle=line, label=label)
    axes.legend(fontsize=8, title="mean area", title_fontsize=8)
    axes.grid(alpha=0.3)


def _randomization(axes: Axes, table: Table) -> None:
    for name, found in table.measures.items():
        if found.correlations:
            counts = sorted(found.correlations)
            means = [mean_of(found.correlations[count]) for count in counts]
            places = ["0", *map(str, counts)]
            axes.plot(places, [1.0, *means], marker="o", label=TITLES[name])
    axes.set(
        xlabel="layers with random weights, from the last on",
        ylabel="rank correlation with the original",
        title="Randomization: it must fall",
        ylim=(-0.3, 1.05),
    )
    axes.axhline(0, color="black", linewidth=0.8)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=8)
    axes.grid(alpha=0.3)


def _agreement(axes: Axes, table: Table) -> None:
    names = [name for name in table.measures if name != RANDOM]
    matrix = np.array([[table.agreement.get((a, b), np.nan) for b in names] for a in names])
    axes.imshow(matrix, cmap="viridis", vmin=0, vmax=1)
    labels = [TITLES.get(name, name) for name in names]
    axes.set_xticks(range(len(names)), labels, rotation=40, ha="right", fontsize=8)
    axes.set_yticks(range(len(names)), labels, fontsize=8)
    for (row, column), value in np.ndenumerate(matrix):
        colour = "white" if not value > 0.6 else "black"
        axes.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=7, color=colour)
    axes.set_title("Agreement: rank correlation of two methods' maps")
