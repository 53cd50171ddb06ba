"""A figure for each operation, made by running it when the page is made."""

from docs.generator.figures.catalogue import FIGURES
from docs.generator.figures.drawing import Drawing, figure_html, offline_player

__all__ = ["FIGURES", "Drawing", "figure_html", "offline_player"]
