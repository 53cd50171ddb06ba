"""Pictures of data sets: a contact sheet of each class, and how many samples each class has."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from src.common.files import atomic_path, safe_file_name
from src.load.errors import UnreadableDataError
from src.load.image_grid import fitted, image_grid
from src.load.sources import Source

if TYPE_CHECKING:
    import pandas as pd

COLUMNS, ROWS, SIDE = 10, 6, 96
"""Of a contact sheet: thumbnails across and down, and their side in pixels."""


def save_contact_sheet(
    images: Source, rows: NDArray[np.intp], title: str, path: Path, seed: int = 0
) -> None:
    """Write a PNG with up to 60 samples, chosen at random if there are more.

    Args:
        images: the source.
        rows: samples to choose from.
        title: above the pictures, with the number of samples.
        path: of the PNG.
        seed: of the choice.
    """
    shown = min(COLUMNS * ROWS, len(rows))
    chosen = np.sort(np.random.default_rng(seed).choice(rows, shown, replace=False))
    pictures = []
    for row in chosen.tolist():
        try:
            image = images[row]
        except UnreadableDataError:
            continue
        if isinstance(image, Image.Image):
            pictures.append(fitted(image, SIDE, SIDE))
    count = f"{len(rows):,} samples" + (f", {shown} of them" if shown < len(rows) else "")
    shortened = title if len(title) <= 60 else f"{title[:57]}..."
    sheet = image_grid(pictures, columns=COLUMNS, side=SIDE, title=f"{shortened}: {count}")
    with atomic_path(path) as partial:
        sheet.save(partial)


def sheet_name(number: int, name: str) -> str:
    """The file of a class: its number, so that no two agree, and its name."""
    return f"{number:03d}_{safe_file_name(name)}"


def save_distribution(counts: "pd.DataFrame", path: Path) -> None:
    """Write a PNG of samples by class (rows of the table), stacked by split (columns)."""
    from matplotlib.figure import Figure

    height = max(2.5, 0.6 + 0.22 * len(counts))
    figure = Figure(figsize=(9, height), layout="constrained")
    axes = figure.subplots()
    left = np.zeros(len(counts))
    places = np.arange(len(counts))
    for split in counts.columns:
        axes.barh(places, counts[split], left=left, label=split)
        left += counts[split].to_numpy()
    names = [str(name)[:40] for name in counts.index]
    axes.set_yticks(places, names, fontsize=8, parse_math=False)
    for place, total in enumerate(left):
        axes.text(total, place, f" {total:,.0f}", va="center", fontsize=7)
    axes.invert_yaxis()
    axes.set(xlabel="samples", ylabel="class", title="Samples of each class")
    axes.margins(x=0.08, y=0.01)
    axes.legend(title="split")
    with atomic_path(path) as partial, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # a box stands for it
        figure.savefig(partial, dpi=110)
