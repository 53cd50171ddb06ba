"""Images in rows and columns, with captions: contact sheets, predictions, mistakes, filters.

Drawn with Pillow, in milliseconds: a grid of thirty axes of matplotlib takes two seconds.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from src.common.files import atomic_path
from src.load.transforms.base import Picture

SIDE, GAP, LINE, TITLE = 112, 4, 14, 24
"""Pixels: the longer side of an image, between images, of a line of caption, and of the title."""

RIGHT, WRONG = "#2a7d2a", "#c02020"
"""Colours of captions that say what is right and what is wrong."""


@lru_cache
def font(size: int) -> ImageFont.FreeTypeFont:
    """DejaVu Sans, which comes with matplotlib and has the letters of most languages."""
    import matplotlib

    return ImageFont.truetype(Path(matplotlib.get_data_path(), "fonts/ttf/DejaVuSans.ttf"), size)


def image_grid(
    images: Sequence[Image.Image],
    captions: Sequence[str] = (),
    colors: Sequence[str] = (),
    *,
    columns: int | None = None,
    side: int = SIDE,
    title: str = "",
) -> Image.Image:
    """One picture of all images.

    Args:
        images: any sizes; of images of one size each cell has their proportions, else it is square.
        captions: text below each, one line or several; cut off where it is too wide. None if empty.
        colors: of each caption; black if empty.
        columns: images in a row; None for as square a grid as possible.
        side: pixels of a cell's longer side. Small images are enlarged without smoothing.
        title: above the grid.
    """
    columns = columns or math.ceil(math.sqrt(len(images)))
    rows = -(-len(images) // columns)
    width, height = _cell([image.size for image in images], side)
    lines = max((caption.count("\n") + 1 for caption in captions), default=0)
    across, down = width + GAP, height + lines * LINE + GAP
    top = TITLE if title else GAP
    least = GAP if not title else math.ceil(font(14).getlength(title)) + 2 * GAP
    size = (max(columns * across + GAP, least), top + rows * down)
    page = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(page)
    pen.text((GAP, GAP), title, "black", font(14))
    for place, image in enumerate(images):
        left, above = GAP + place % columns * across, top + place // columns * down
        page.paste(fitted(image, width, height), (left, above))
        if captions:
            text = "\n".join(_shortened(line, width) for line in captions[place].split("\n"))
            color = colors[place] if colors else "black"
            pen.text((left, above + height), text, color, font(10), spacing=1)
    return page


def save_image(image: Image.Image, path: Path) -> None:
    """Write a PNG, whole or not at all."""
    with atomic_path(path) as partial:
        image.save(partial, "png")


def fitted(image: Image.Image, width: int, height: int) -> Image.Image:
    """The image in its proportions, on grey where it does not fill the cell."""
    scale = min(width / image.width, height / image.height)
    size = (max(round(image.width * scale), 1), max(round(image.height * scale), 1))
    filtering = Image.Resampling.NEAREST if scale > 2 else Image.Resampling.BILINEAR
    resized = image.convert("RGB").resize(size, filtering)
    if size == (width, height):
        return resized
    cell = Image.new("RGB", (width, height), "#dddddd")
    cell.paste(resized, ((width - size[0]) // 2, (height - size[1]) // 2))
    return cell


def picture_of(array: Picture) -> Image.Image | None:
    """An array (height, width, 1 or 3) of numbers, 0 black to 1 white, as an image.

    What is beyond is cut off. None for an array that is no image; an image stays what it is.
    """
    if isinstance(array, Image.Image):
        return array
    if array.ndim != 3 or array.shape[2] not in (1, 3):
        return None
    levels: NDArray[np.uint8] = np.rint(255 * np.clip(np.nan_to_num(array), 0, 1)).astype(np.uint8)
    return Image.fromarray(levels[..., 0] if levels.shape[2] == 1 else levels)


def _cell(sizes: Sequence[tuple[int, int]], side: int) -> tuple[int, int]:
    """Width and height of a cell."""
    if len(set(sizes)) != 1:
        return side, side
    width, height = sizes[0]
    scale = side / max(width, height)
    if scale > 1:
        scale = max(math.floor(scale), 1)  # pixels of one size
    return max(round(width * scale), 1), max(round(height * scale), 1)


def _shortened(text: str, width: int) -> str:
    """As much of a line as fits into so many pixels."""
    if font(10).getlength(text) <= width:
        return text
    while text and font(10).getlength(f"{text}…") > width:
        text = text[:-1]
    return f"{text}…"
