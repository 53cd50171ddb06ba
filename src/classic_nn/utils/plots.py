"""Pictures of training: cost curves, data in two dimensions, decision boundaries.

Every function returns a matplotlib Figure that no window shows; ``save_figure`` writes it.
matplotlib is imported where it is used, so networks alone need NumPy only.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.array_types import Array
from src.common.files import atomic_path

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def new_figure(width: float = 7.0, height: float = 4.5) -> Figure:
    """An empty figure of the given size in inches, laid out so that labels do not overlap."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained", dpi=110)


def save_figure(figure: Figure, path: Path) -> None:
    """Write a PNG, whole or not at all."""
    with atomic_path(path) as partial:
        figure.savefig(partial, format="png")


def show_pictures(paths: Sequence[Path]) -> str | None:
    """Show PNG files in windows until they are closed; returns why not, where it cannot."""
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        return "there is no display"
    import matplotlib
    from matplotlib import pyplot

    figures = [pyplot.figure(path.stem, layout="tight") for path in paths]
    if matplotlib.get_backend().lower() == "agg":
        return "matplotlib has no window toolkit here (install PyQt6 or tkinter)"
    for figure, path in zip(figures, paths, strict=True):
        axes = figure.add_subplot()
        axes.imshow(pyplot.imread(path))
        axes.set_axis_off()
    pyplot.show()
    return None


def plot_curves(
    curves: Mapping[str, Sequence[float]], epochs: Sequence[int], ylabel: str, title: str = ""
) -> Figure:
    """Lines over epochs, for example train and validation costs.

    Args:
        curves: values by name, one an epoch.
        epochs: the epochs' numbers.
        ylabel: name and unit of the values.
        title: of the figure.
    """
    from matplotlib.ticker import MaxNLocator

    figure = new_figure()
    axes = figure.add_subplot()
    for name, values in curves.items():
        axes.plot(epochs, values, label=name, marker="." if len(epochs) < 40 else None)
    axes.set(xlabel="epoch", ylabel=ylabel, title=title)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    axes.legend()
    return figure


def plot_pca(x: Array, labels: NDArray[Any], title: str = "PCA of the data") -> Figure:
    """Scatter plot of the two directions in which the data vary most.

    Args:
        x: (samples, ...), flattened to rows.
        labels: (samples,), colours by value.
        title: of the figure.
    """
    rows = x.reshape(len(x), -1).astype(np.float64)
    centered = rows - rows.mean(axis=0)
    if centered.shape[1] == 1:  # a single feature: the second direction is empty
        centered = np.pad(centered, ((0, 0), (0, 1)))
    _, singular, directions = np.linalg.svd(centered, full_matrices=False)
    points = centered @ directions[:2].T
    explained = 100 * singular[:2] ** 2 / max(float((singular**2).sum()), 1e-300)
    figure = new_figure(6, 5)
    axes = figure.add_subplot()
    dots = axes.scatter(points[:, 0], points[:, 1], c=labels, s=8, cmap="viridis", alpha=0.7)
    figure.colorbar(dots, ax=axes, label="label")
    axes.set(
        xlabel=f"first component ({explained[0]:.0f}% of the variance)",
        ylabel=f"second component ({explained[1]:.0f}%)",
        title=title,
    )
    return figure


def plot_decision_boundary(
    predict: Callable[[Array], Array], x: Array, y: NDArray[Any], title: str = ""
) -> Figure:
    """Where a binary classifier changes its answer, over the points that it is evaluated on.

    Args:
        predict: (samples, 2) -> (samples,) probability of class 1.
        x: (samples, 2), points.
        y: (samples,), their classes.
        title: of the figure.
    """
    low, high = x.min(axis=0) - 0.4, x.max(axis=0) + 0.4
    first, second = np.meshgrid(*(np.linspace(low[k], high[k], 200) for k in range(2)))
    grid = np.stack([first.ravel(), second.ravel()], axis=1).astype(x.dtype)
    surface = predict(grid).reshape(first.shape)
    figure = new_figure(6.5, 5)
    axes = figure.add_subplot()
    filled = axes.contourf(first, second, surface, levels=np.linspace(0, 1, 21), cmap="RdBu_r")
    axes.contour(first, second, surface, levels=[0.5], colors="black", linewidths=1.2)
    for value, colour in ((0, "tab:blue"), (1, "tab:red")):
        points = x[y == value]
        axes.scatter(
            points[:, 0],
            points[:, 1],
            s=12,
            color=colour,
            edgecolors="white",
            linewidths=0.4,
            label=f"class {value}",
        )
    figure.colorbar(filled, ax=axes, label="probability of class 1")
    axes.set(xlabel="first coordinate", ylabel="second coordinate", title=title)
    axes.legend()
    return figure


MOST_LARGE, NAME_SHOWN = 45, 32
"""Classes of a confusion matrix with large letters, and letters of a name."""


def plot_confusion_matrix(
    counts: NDArray[np.int64], class_names: Sequence[str], title: str = "Confusion matrix"
) -> Figure:
    """How often each class (row) was taken for which (column).

    Colours show fractions of the true class, numbers count samples; zeros are left out.

    Args:
        counts: (classes, classes), rows are true classes.
        class_names: one name a class.
        title: above the picture.
    """
    many = len(counts) > MOST_LARGE
    size = max(5.0, 1.5 + (0.24 if many else 0.45) * len(counts))
    letters = 8 if many else 10
    names = [n if len(n) <= NAME_SHOWN else f"{n[: NAME_SHOWN - 1]}…" for n in class_names]
    figure = new_figure(size + 2, size + 0.5)
    axes = figure.add_subplot()
    fractions = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    image = axes.imshow(fractions, cmap="Blues", vmin=0, vmax=1)
    figure.colorbar(image, ax=axes, label="fraction of the true class", shrink=0.8)
    places = range(len(counts))
    axes.set_xticks(places, names, rotation=90, fontsize=letters, parse_math=False)
    axes.set_yticks(places, names, fontsize=letters, parse_math=False)
    for row, column in np.argwhere(counts > 0):
        color = "white" if fractions[row, column] > 0.5 else "black"
        text = axes.text(column, row, str(counts[row, column]), color=color, fontsize=letters - 2)
        text.set(ha="center", va="center")
    axes.set(xlabel="predicted class", ylabel="true class", title=title)
    return figure
