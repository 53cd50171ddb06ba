"""The pictures that TensorBoard shows while training runs: drawn fast, as arrays of levels."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from src.classic_nn.array_types import Array
from src.classic_nn.layers import Sequential
from src.load.sheets import font

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Pixels = NDArray[np.uint8]

MOST_FILTERS = 64
"""That are shown."""

FILTER_SIDE, IMAGE_SIDE, GAP, LINE = 48, 112, 4, 16
"""Pixels: a filter's side and an image's at least, between them, and the height of a text."""

RIGHT, WRONG, PAPER = "#2a7d2a", "#c02020", (255, 255, 255)


def first_filters(network: Sequential) -> Pixels | None:
    """The first weights that see an image: kernels of a convolution, or a dense layer's columns.

    Zero is grey; all filters have one scale, so that a faint one is seen to be faint.

    Returns:
        A sheet of up to 64; None where no layer sees an image of one or three channels.
    """
    shape = network.built_shape()
    weights = next((w for w in network.parameters.values() if w.ndim > 1), None)
    if weights is None or len(shape) != 3 or shape[2] not in (1, 3):
        return None
    if weights.ndim == 4:
        if weights.shape[2] != shape[2]:  # a depthwise kernel
            return None
        filters = np.moveaxis(weights, 3, 0)
    elif weights.shape[0] == math.prod(shape):
        filters = weights.T.reshape(-1, *shape)
    else:
        return None
    filters = filters[:MOST_FILTERS]
    largest = max(float(np.abs(filters).max()), 1e-12)
    return sheet(0.5 + filters / (2 * largest), side=FILTER_SIDE)


def sheet(
    images: Array,
    texts: Sequence[str] = (),
    right: Sequence[bool] = (),
    side: int = IMAGE_SIDE,
) -> Pixels:
    """Images in rows and columns, as square as it gets.

    Args:
        images: (images, height, width, 1 or 3), from 0 black to 1 white; what is beyond is cut.
        texts: one below each, or none.
        right: whether the text says what is right; decides its colour.
        side: pixels of the longer side at least; a small image is enlarged by a whole number.
    """
    levels = np.rint(255 * np.clip(np.nan_to_num(images), 0, 1)).astype(np.uint8)
    levels = np.repeat(levels, 3, axis=3) if levels.shape[3] == 1 else levels
    scale = max(1, round(side / max(levels.shape[1:3])))
    levels = levels.repeat(scale, axis=1).repeat(scale, axis=2)
    count, height, width = levels.shape[:3]
    columns = math.ceil(math.sqrt(count))
    below = LINE if texts else 0
    pitch = (width + GAP, height + below + GAP)
    size = (columns * pitch[0] + GAP, -(-count // columns) * pitch[1] + GAP)
    page = Image.new("RGB", size, PAPER)
    pen, letters = ImageDraw.Draw(page), font(11)
    for k, image in enumerate(levels):
        corner = (GAP + k % columns * pitch[0], GAP + k // columns * pitch[1])
        page.paste(Image.fromarray(image), corner)
        if texts:
            color = RIGHT if right[k] else WRONG
            text = _fitted(texts[k], width)
            pen.text((corner[0], corner[1] + height + 1), text, color, letters)
    return np.asarray(page)


def figure_pixels(figure: "Figure") -> Pixels:
    """(height, width, 3): a matplotlib figure, drawn."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def visible(x: Array, steps: Sequence[dict[str, Any]] | None) -> Array:
    """Inputs of a network as images from 0 to 1.

    Args:
        x: (samples, height, width, channels).
        steps: of preprocessing, see ``transform_config``; a normalization at their end is undone.
            Without one, values outside of 0 to 1 are brought there, by one scale for all.
    """
    last = steps[-1] if steps else {}
    if last.get("type") == "Normalize":
        return x * np.asarray(last["std"]) + np.asarray(last["mean"])
    low, high = min(float(x.min()), 0.0), max(float(x.max()), 1.0)
    return (x - low) / (high - low)


def _fitted(text: str, width: int) -> str:
    """As much of a text as fits into so many pixels."""
    most = max(int(width / 6.5), 3)
    return text if len(text) <= most else f"{text[: most - 1]}…"
