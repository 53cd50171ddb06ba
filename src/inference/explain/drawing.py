"""Pictures of explanations: a sheet for each image, heat maps alone, a summary of a data set.

Red speaks for what is explained, blue against it; white is nothing. Every map has a colour bar in
its own unit (logits per pixel), so that magnitudes are not lost. A map with detail in every pixel
is smoothed a little for the eye; saved values are as they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from src.classic_nn.array_types import Array
from src.classic_nn.utils.plots import new_figure
from src.inference.classifier import Classifier
from src.inference.explain.attribution import over_channels
from src.inference.explain.explainer import Explanation
from src.inference.explain_settings import TITLES, UNITS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = "RdBu_r"

STRONGEST = 0.1
"""Fraction of the pixels that the strongest regions have."""

IN_A_ROW, MOST_CLASSES = 3, 6
"""Maps of classes in a summary."""

BARS = 20
"""Features in a picture of bars."""

SMOOTHING = 1 / 100
"""Standard deviation of the blur for the eye, as a fraction of the longer side."""

LIMIT = 99.5
"""Percentile of the absolute values at which colours end."""


class Pictures:
    """Makes pictures for people of a model's inputs: what preparing has done is undone.

    Args:
        classifier: the model.
    """

    def __init__(self, classifier: Classifier) -> None:
        height, width, channels = classifier.input_shape
        mode = "L" if channels == 1 else "RGB"

        def prepared(colour: Any) -> Array:
            return classifier.prepare(Image.new(mode, (width, height), colour))

        if classifier.transform is None:
            self._black, self._scale = np.zeros(1), np.ones(1)
            self._reversed = False
            return
        black = prepared(0 if channels == 1 else (0, 0, 0))[height // 2, width // 2]
        white = prepared(255 if channels == 1 else (255, 255, 255))[height // 2, width // 2]
        self._black, self._scale = black, np.where(white == black, 1, white - black)
        red = None if channels == 1 else prepared((255, 0, 0))[height // 2, width // 2] - black
        self._reversed = red is not None and bool(np.abs(red[0]) < np.abs(red[-1]))

    def levels(self, x: Array) -> NDArray[np.float64]:
        """(height, width, channels) from 0 (black) to 1 of a prepared input."""
        levels = np.clip((x - self._black) / self._scale, 0, 1).astype(np.float64)
        return levels[..., ::-1] if self._reversed else levels


def draw_sheet(
    explanations: Sequence[Explanation], levels: NDArray[np.float64] | None, title: str
) -> Figure:
    """One image and its explanations: a row each.

    Args:
        explanations: of one image; those with an error are left out.
        levels: (height, width, channels) of the photo, see ``Pictures``; None for feature vectors.
        title: above the sheet.
    """
    found = [explanation for explanation in explanations if not explanation.error]
    if levels is None:
        return _bar_sheet(found, title)
    aspect = levels.shape[1] / levels.shape[0]
    height = float(np.clip(3.0 / aspect, 1.2, 4.5))
    figure = new_figure(10.5, (height + 0.45) * len(found) + 0.5)
    figure.suptitle(title, fontsize=11, parse_math=False)
    panels = figure.subplots(len(found), 3, squeeze=False)
    for row, explanation in zip(panels, found, strict=True):
        _show(row[0], levels, _what(explanation))
        unit = UNITS.get(explanation.method, "logits per pixel")
        draw_heat(row[1], explanation.heat, levels, TITLES[explanation.method], unit)
        share = f"the strongest {STRONGEST:.0%} of the photo"
        _show(row[2], levels, share)
        draw_regions(row[2], explanation.heat)
    return figure


def draw_heat(
    axes: Axes,
    heat: NDArray[np.float64],
    levels: NDArray[np.float64],
    title: str,
    unit: str = "",
) -> None:
    """A heat map over the photo in grey, with its colour bar in the unit of the method."""
    shown = smoothed(heat)
    limit = colour_limit(shown)
    grey = 0.6 + 0.4 * levels.mean(axis=2)
    axes.imshow(grey, cmap="gray", vmin=0, vmax=1)
    image = axes.imshow(shown, cmap=COLOURS, vmin=-limit, vmax=limit, alpha=opacity(shown, limit))
    axes.set_title(title, fontsize=9, parse_math=False)
    axes.set_axis_off()
    bar = axes.figure.colorbar(image, ax=axes, shrink=0.85, pad=0.02, format="%.1e", label=unit)
    bar.solids.set(alpha=1)  # type: ignore[union-attr]
    bar.ax.tick_params(labelsize=7)
    bar.ax.yaxis.label.set_fontsize(7)


def colour_limit(shown: NDArray[np.float64]) -> float:
    """The absolute value at which colours end, of a map (height, width)."""
    return float(np.percentile(np.abs(shown), LIMIT)) or float(np.abs(shown).max()) or 1.0


def opacity(shown: NDArray[np.float64], limit: float) -> NDArray[np.float64]:
    """(height, width), 0 to 0.9: where a map is weak, the photo below is seen."""
    strength: NDArray[np.float64] = np.clip(np.abs(shown) / limit, 0, 1) ** 0.5
    return 0.9 * strength


def smoothed(heat: NDArray[np.float64]) -> NDArray[np.float64]:
    """A map (height, width) with a slight blur; small ones as they are."""
    from scipy.ndimage import gaussian_filter

    sigma = SMOOTHING * max(heat.shape)
    smooth: NDArray[np.float64] = gaussian_filter(heat, sigma) if sigma >= 0.5 else heat
    return smooth


def strongest_regions(heat: NDArray[np.float64], share: float = STRONGEST) -> NDArray[np.bool_]:
    """(height, width): the pixels that speak most for the answer, of those that speak for it."""
    shown = smoothed(heat)
    count = max(int(share * shown.size), 1)
    threshold = np.partition(shown.ravel(), -count)[-count]
    return (shown >= threshold) & (shown > 0)


def draw_regions(axes: Axes, heat: NDArray[np.float64]) -> None:
    """What is not among the strongest regions under a veil, and a line around them."""
    chosen = strongest_regions(heat)
    veil = np.zeros((*chosen.shape, 4))
    veil[..., :3], veil[..., 3] = 0.5, np.where(chosen, 0, 0.75)
    axes.imshow(veil)
    if chosen.any() and not chosen.all():
        outline = np.pad(chosen.astype(float), 1)
        places = [np.arange(-1, side + 1) for side in chosen.shape]
        axes.contour(places[1], places[0], outline, [0.5], colors="lime", linewidths=1)
        axes.set(xlim=(-0.5, chosen.shape[1] - 0.5), ylim=(chosen.shape[0] - 0.5, -0.5))


def _show(axes: Axes, levels: NDArray[np.float64], title: str) -> None:
    axes.imshow(levels if levels.shape[2] == 3 else levels[..., 0], cmap="gray", vmin=0, vmax=1)
    axes.set_title(title, fontsize=9, parse_math=False)
    axes.set_axis_off()


def _what(explanation: Explanation) -> str:
    return explanation.summary()


def _bar_sheet(found: Sequence[Explanation], title: str) -> Figure:
    """Bars of the features that say most, a panel for each method."""
    features = min(max(len(explanation.values) for explanation in found), BARS)
    figure = new_figure(7, (0.28 * features + 0.9) * len(found) + 0.5)
    figure.suptitle(f"{title}\n{_what(found[0])}", fontsize=10, parse_math=False)
    panels = figure.subplots(len(found), 1, squeeze=False)[:, 0]
    for axes, explanation in zip(panels, found, strict=True):
        draw_bars(axes, explanation)
    return figure


def draw_bars(axes: Axes, explanation: Explanation) -> None:
    """The features with the largest attributions, and their values."""
    values = explanation.values
    order = np.argsort(-np.abs(values), kind="stable")[:BARS][::-1]
    names = [f"feature {k} = {explanation.x[k]:.3g}" for k in order]
    errors = explanation.figures.get("standard_errors")
    spread = np.array(errors)[order] if errors and len(errors) == len(values) else None
    colours = ["tab:red" if values[k] > 0 else "tab:blue" for k in order]
    axes.barh(names, values[order], color=colours, xerr=spread)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_title(TITLES[explanation.method])
    unit = UNITS.get(explanation.method, "logits")
    axes.set_xlabel(f"{unit}, for {explanation.target}", parse_math=False)
    axes.tick_params(labelsize=8)
    axes.grid(axis="x", alpha=0.3)


def draw_summary(explanations: Sequence[Explanation]) -> Figure:
    """Mean |attribution| over a data set: of features as bars, of photos as a map for each class.

    Args:
        explanations: of one method, several inputs, none of them with an error.
    """
    counts = Counter(e.target for e in explanations)
    frequent = [name for name, _ in counts.most_common(MOST_CLASSES)]
    by_target = {name: [e for e in explanations if e.target == name] for name in frequent}
    others = [e for e in explanations if e.target not in by_target]
    method = explanations[0].method
    heading = f"{TITLES[method]}: mean |attribution| of {len(explanations)} inputs"
    heading += f", the {len(frequent)} most frequent of {len(counts)} classes" if others else ""
    if explanations[0].heat.ndim == 1:
        figure = new_figure(7, 5)
        figure.suptitle(heading, fontsize=11)
        unit = UNITS.get(method, "logits")
        parts = {**by_target, **({"other classes": others} if others else {})}
        _summary_bars(figure.add_subplot(), parts, unit)
        return figure
    aspect = explanations[0].heat.shape[1] / explanations[0].heat.shape[0]
    columns = min(len(by_target), IN_A_ROW)
    rows = -(-len(by_target) // columns)
    height = float(np.clip(3.2 / aspect, 1.2, 4))
    figure = new_figure(4.2 * columns, (height + 0.4) * rows + 0.4)
    figure.suptitle(heading, fontsize=11)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in panels:
        axes.set_axis_off()
    for axes, (name, some) in zip(panels, by_target.items(), strict=False):
        mean = np.mean([np.abs(over_channels(e.values)) for e in some], axis=0)
        image = axes.imshow(mean, cmap="magma", vmin=0)
        axes.set_title(f"{name} ({len(some)})", fontsize=9, parse_math=False)
        unit = UNITS.get(method, "logits per pixel")
        bar = figure.colorbar(image, ax=axes, shrink=0.8, format="%.1e", label=unit)
        bar.ax.tick_params(labelsize=7)
    return figure


def summary_shares(
    by_target: dict[str, list[Explanation]],
) -> dict[str, NDArray[np.float64]]:
    """What each class adds to the mean |attribution| of each feature, (features,), by its name."""
    count = sum(map(len, by_target.values()))
    return {
        name: np.sum([np.abs(e.values) for e in some], axis=0) / count
        for name, some in by_target.items()
    }


def _summary_bars(axes: Axes, by_target: dict[str, list[Explanation]], unit: str) -> None:
    """A bar as long as the mean |attribution| of a feature, in parts by what was explained."""
    means = summary_shares(by_target)
    total = np.sum(list(means.values()), axis=0)
    order = np.argsort(-total, kind="stable")[:BARS][::-1]
    left = np.zeros(len(order))
    for name, mean in means.items():
        axes.barh([f"feature {k}" for k in order], mean[order], left=left, label=name)
        left += mean[order]
    axes.set_xlabel(f"mean |attribution|, {unit}")
    legend = axes.legend(fontsize=8)
    for text in legend.get_texts():
        text.set_parse_math(False)
    axes.grid(axis="x", alpha=0.3)
