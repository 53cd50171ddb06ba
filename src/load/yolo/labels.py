"""Label files: where they are, and what they say.

``labels/<split>/name.txt`` belongs to ``images/<split>/name.jpg``: the last folder called images
becomes labels. Else the label file lies beside its image. A missing file is not an empty one: an
empty one says that there is no object.
"""

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from src.load.files import read_text
from src.load.yolo.boxes import Box, parse_box

STANDING_FOR = ("images", "jpegimages")
"""Folders that stand for ``labels``, in lower case."""


@dataclass
class Labels:
    """What a label file says.

    Attributes:
        file: its path.
        boxes: the objects, each once.
        kinds: lines by what they describe.
        repeated: lines that stand twice.
        mistakes: number and cause of each line that cannot be used.
    """

    file: Path
    boxes: list[Box] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    repeated: int = 0
    mistakes: list[tuple[int, str]] = field(default_factory=list)

    def line_items(self) -> list[tuple[Path, str, int]]:
        """What the account of lines calls the lines of the boxes, in their order."""
        return [(self.file, "box", number) for number in range(len(self.boxes))]


class LabelFinder:
    """Finds the label files of images; folders are listed once."""

    def __init__(self) -> None:
        self.folders: dict[str, dict[str, str]] = {}
        self._places: dict[str, list[str]] = {}

    def find(self, image: Path) -> Path | None:
        """The label file of an image; None where there is none."""
        folder, name = os.path.split(image)
        stem = os.path.splitext(name)[0]
        for place in self.places(folder):
            files = self._files(place)
            found = files.get(f"{stem}.txt") or files.get(f"{stem}.txt".lower())
            if found:
                return Path(place, found)
        return None

    def places(self, folder: str) -> list[str]:
        """Folders in which the label files of the images of a folder may be."""
        if folder not in self._places:
            parts = Path(folder).parts
            numbers = [k for k, part in enumerate(parts) if part.lower() in STANDING_FOR]
            places = []
            if numbers:
                above = os.path.join("", *parts[: numbers[-1]]) or "."
                labels = self._folder(above, "labels")
                places.append(os.path.join(above, labels, *parts[numbers[-1] + 1 :]))
            self._places[folder] = [*places, folder]
        return self._places[folder]

    def _folder(self, above: str, name: str) -> str:
        """The folder of a name in any case; the name where there is none."""
        try:
            names = sorted(os.listdir(above or "."))
        except OSError:
            return name
        return name if name in names else next((n for n in names if n.lower() == name), name)

    def _files(self, folder: str) -> dict[str, str]:
        """Text files of a folder by their names, and by these in lower case."""
        if folder not in self.folders:
            try:
                names = [n for n in sorted(os.listdir(folder or ".")) if n.lower().endswith(".txt")]
            except OSError:
                names = []
            self.folders[folder] = {n.lower(): n for n in names} | {n: n for n in names}
        return self.folders[folder]

    def text_files(self) -> set[Path]:
        """All text files of the folders that were looked into."""
        return {
            Path(folder, name) for folder, names in self.folders.items() for name in names.values()
        }


def read_labels(file: Path, classes: int, key_points: bool = False) -> Labels:
    """Read a label file.

    Args:
        file: of text in UTF-8 or UTF-16, with any ends of lines.
        classes: how many there are.
        key_points: see ``parse_box``.

    Raises UnreadableDataError: it is no text, or cannot be read.
    """
    labels = Labels(file)
    seen: dict[Box, None] = {}
    for number, line in enumerate(read_text(file).splitlines(), 1):
        if not line.strip():
            continue
        try:
            box, kind = parse_box(line, classes, key_points)
        except ValueError as error:
            labels.mistakes.append((number, str(error)))
            continue
        if box in seen:
            labels.repeated += 1
        else:
            seen[box] = None
            labels.kinds[kind] += 1
    labels.boxes = list(seen)
    return labels
