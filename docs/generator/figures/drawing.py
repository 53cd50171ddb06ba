"""Figures as HTML: still ones as SVG, animations in matplotlib's player without its network."""

import base64
import io
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.animation import FuncAnimation
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

Array = NDArray[Any]

STYLE: Any = {
    "figure.facecolor": "white",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "animation.embed_limit": 40,
    "svg.hashsalt": "classic-nn",  # the same file for the same figure
    "image.cmap": "gray",
    "font.size": 9,
}
BLUE, ORANGE, GREEN, GRAY = "#1f77b4", "#d95f02", "#1b7f3b", "#8a8a8a"

COLORS = 96
"""Of a frame of an animation."""

FRAME = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=\\\n]+)")


@dataclass(frozen=True)
class Drawing:
    """A figure of an operation.

    Attributes:
        draw: runs the operation and draws what it did.
        caption: what is seen, in words that also serve somebody who does not see it.
    """

    draw: Callable[[], Figure | FuncAnimation]
    caption: str


def figure_html(drawing: Drawing) -> str:
    """The figure with its caption, for a page: no file beside it, and nothing from a network."""
    with mpl.rc_context(STYLE):
        drawn = drawing.draw()
        if isinstance(drawn, FuncAnimation):
            player = drawn.to_jshtml(fps=4, default_mode="loop")
            shown = offline_player(FRAME.sub(_with_fewer_colors, player), drawing.caption)
        else:
            shown = _svg(drawn, drawing.caption)
    caption = f"<figcaption>{escape(drawing.caption)}</figcaption>"
    html = f'<figure class="made">\n{shown}\n{caption}</figure>'
    return re.sub(r"\n\s*\n", "\n", html)  # an empty line would end the HTML in Markdown


def _svg(figure: Figure, caption: str) -> str:
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", bbox_inches="tight", metadata={"Date": None})
    svg = buffer.getvalue()[buffer.getvalue().index("<svg") :]
    # several figures on one page: names within each are its own
    own = f"f{zlib.crc32(caption.encode()):08x}-"
    svg = re.sub(r'\b(id="|href="#|url\(#)', rf"\g<1>{own}", svg)
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = svg.replace("<svg ", f'<svg role="img" aria-label="{escape(caption)}" ', 1)
    return svg


def _with_fewer_colors(frame: re.Match[str]) -> str:
    """A frame with a palette, a third of its size: plots have few colors."""
    picture = Image.open(io.BytesIO(base64.b64decode(frame[1].replace("\\\n", ""))))
    buffer = io.BytesIO()
    picture.convert("RGB").quantize(COLORS, dither=Image.Dither.NONE).save(buffer, "png")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def offline_player(html: str, caption: str = "animation") -> str:
    """matplotlib's player of an animation: its icons come from ``wide.css``, not from a network."""
    html = re.sub(r'<link rel="stylesheet"\s+href="https?://[^"]*font-awesome[^"]*">', "", html)
    html = re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
    html = html.replace('<img id="_anim', f'<img alt="{escape(caption)}" id="_anim')
    html = html.replace('type="range" class', 'type="range" aria-label="frame" class')
    return html


def animate(
    figure: Figure, show: Callable[[int], None], frames: int, interval: int = 250
) -> FuncAnimation:
    """An animation of so many frames; ``show`` draws one."""

    def update(frame: int) -> list[Any]:
        show(frame)
        if frame == 0 and figure.get_layout_engine() is not None:
            figure.draw_without_rendering()
            figure.set_layout_engine("none")  # axes stay where they are, which also saves time
        return []

    figure.set_dpi(90)
    return FuncAnimation(figure, update, frames=frames, interval=interval, init_func=lambda: [])


def new_figure(width: float, height: float, columns: int = 1, **settings: Any) -> Any:
    """A figure and its axes, which need no screen."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(1, columns, **settings)


def show_matrix(
    axes: Axes, values: Array, title: str, digits: int | None = 1, limit: float | None = None
) -> Any:
    """A matrix as colored cells: red above 0, blue below, with its numbers."""
    limit = limit or float(np.abs(values).max()) or 1.0
    image = axes.imshow(values, cmap="RdBu_r", vmin=-limit, vmax=limit)
    axes.set(title=title, xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    if digits is not None:
        for (row, column), value in np.ndenumerate(values):
            color = "white" if abs(value) > 0.6 * limit else "black"
            text = f"{round(value, digits) + 0.0:.{digits}f}"  # 0.0, not -0.0
            axes.text(column, row, text, ha="center", va="center", color=color, fontsize=8)
    return image


def show_image(axes: Axes, image: Array, title: str, **settings: Any) -> Any:
    """An image without ticks."""
    shown = axes.imshow(image, **settings)
    axes.set(title=title, xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    return shown
