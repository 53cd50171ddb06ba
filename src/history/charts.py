"""Charts of a history, as matplotlib figures that no window shows."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from src.history.tables import columns

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_CURVES = 12
"""With names of their own; of more, the legend is left out and the colours tell the depth."""

AXES = {
    "parameters": ("l2", "Euclidean norm of the parameter"),
    "gradients": ("norm", "Euclidean norm of the gradient, mean over mini-batches"),
    "activations": ("std", "standard deviation of the layer's output"),
}
"""What is drawn of each kind of array, and the name of its axis."""


def history_charts(epochs: pd.DataFrame, arrays: pd.DataFrame, title: str) -> dict[str, "Figure"]:
    """All charts that a run's history has records for, by the name of their file.

    Args:
        epochs: see ``epoch_table``.
        arrays: see ``array_table``.
        title: of the run.
    """
    costs = [name for name in ("cost", "validation_cost") if name in epochs]
    charts = {"cost.png": _lines({c: epochs[c] for c in costs}, "cost", title, log=True)}
    metrics = [name for name in columns(epochs) if name not in (*costs, "learning_rate")]
    if metrics:
        shown = {name: epochs[name].dropna() for name in metrics}
        charts["metrics.png"] = _lines(shown, "metrics of the validation data", title)
    if "learning_rate" in epochs:
        rate = {"learning_rate": epochs["learning_rate"].dropna()}
        charts["learning_rate.png"] = _lines(rate, "learning rate", title)
    for kind in map(str, arrays.index.unique("kind")) if len(arrays) else ():
        statistic, label = AXES[kind]
        part = arrays.loc[kind][statistic]
        shown = {str(name): part.loc[name] for name in part.index.unique("array")}
        charts[f"{kind}.png"] = _lines(shown, label, title, log=True, by_depth=True)
    return charts


def comparison_chart(runs: Mapping[str, pd.DataFrame], column: str) -> "Figure":
    """One column of the epoch tables of several runs, over the epochs."""
    shown = {name: epochs[column].dropna() for name, epochs in runs.items()}
    return _lines(shown, column.replace("_", " "), "", log=column.endswith("cost"))


def _lines(
    curves: Mapping[str, "pd.Series[float]"],
    label: str,
    title: str,
    log: bool = False,
    by_depth: bool = False,
) -> "Figure":
    """Curves over epochs; those of layers are coloured from the input (dark) to the output."""
    import matplotlib
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(8, 4.8), layout="constrained", dpi=110)
    axes = figure.add_subplot()
    depth = matplotlib.colormaps["viridis"](np.linspace(0, 0.92, max(len(curves), 2)))
    for k, (name, values) in enumerate(curves.items()):
        color = depth[k] if by_depth else f"C{k % 10}"
        marker = "." if len(values) < 60 else ""
        shown_name = _plain(name)
        axes.plot(values.index, values, label=shown_name, color=color, marker=marker)
    all_values = np.concatenate([curve.to_numpy() for curve in curves.values()])
    if not np.isfinite(all_values).any():
        axes.text(0.5, 0.5, "no finite value", ha="center", transform=axes.transAxes)
    if log and (all_values > 0).any():
        _log_axis(axes, all_values)
    axes.set(xlabel="epoch", ylabel=_plain(label), title=_plain(title))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    if len(curves) <= MOST_CURVES:
        axes.legend(fontsize="small")
    else:
        names = list(curves)
        more = f"{len(names)} curves, from {names[0]} (dark) to {names[-1]}"
        axes.set_title(_plain(f"{title}\n{more}"))
    return figure


def _plain(name: str) -> str:
    """A name as it is: matplotlib reads $ as mathematics, and hides what begins with _."""
    escaped = name.replace("$", r"\$")
    return f" {escaped}" if escaped.startswith("_") else escaped


def _log_axis(axes: "Axes", values: NDArray[np.float64]) -> None:
    """Equal ratios at equal distances; what is 0, a dead layer's gradient, lies at the bottom."""
    if (values <= 0).any():
        axes.set_yscale("symlog", linthresh=float(values[values > 0].min()), linscale=0.2)
    else:
        axes.set_yscale("log")
