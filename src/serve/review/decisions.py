"""Labels of mined photos, on the disk as soon as they are given."""

import json
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from src.inference.mining.mine import REVIEW, SETTINGS
from src.inference.mining.review import SKIP, read_review, write_review
from src.load.errors import UnreadableDataError


class Decisions:
    """The review of a folder that ``mine`` has written.

    Args:
        folder: with ``review.csv`` and ``mine.json``.

    Attributes:
        classes: names that a photo can be labelled with.

    Raises UnreadableDataError: no such files, or damaged ones.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / REVIEW
        self._photos = read_review(self.path)
        if not self._photos:
            raise UnreadableDataError(f"{self.path}: holds no photos to review")
        self.classes = _classes(folder / SETTINGS)
        self._undo: list[dict[int, str]] = []
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._photos)

    def image(self, number: int) -> Path:
        """The file of a photo. Raises IndexError."""
        if not 0 <= number < len(self._photos):
            raise IndexError(number)
        return Path(self._photos[number].image)

    def as_values(self) -> list[dict[str, object]]:
        """What the page shows of each photo."""
        return [
            {
                "id": number,
                "name": Path(photo.image).name,
                "p": photo.p,
                "answer": photo.answer,
                "group": photo.group,
                "label": photo.label,
            }
            for number, photo in enumerate(self._photos)
        ]

    def counts(self) -> Counter[str]:
        """Photos by label; those without one by ""."""
        return Counter(photo.label for photo in self._photos)

    def set(self, labels: Mapping[int, str]) -> dict[int, str]:
        """Give photos their labels, "" to take one away; returns what has changed.

        They are on the disk when this returns; if they cannot be written, nothing has changed.

        Raises ValueError for a label that is none, IndexError for a photo that is none.
        """
        for number, label in labels.items():
            if label not in (*self.classes, SKIP, ""):
                known = ", ".join((*self.classes, SKIP))
                raise ValueError(f"unknown label {label!r}: expected one of {known}, or nothing")
            self.image(number)
        with self._lock:
            before = {number: self._photos[number].label for number in labels}
            changed = {k: label for k, label in labels.items() if before[k] != label}
            if changed:
                self._write(changed)
                self._undo.append({number: before[number] for number in changed})
            return changed

    def undo(self) -> dict[int, str]:
        """Take back the last change; returns the labels that are in force again."""
        with self._lock:
            if not self._undo:
                return {}
            self._write(self._undo[-1])
            return self._undo.pop()

    def _write(self, labels: Mapping[int, str]) -> None:
        photos = list(self._photos)
        for number, label in labels.items():
            photos[number] = replace(photos[number], label=label)
        write_review(self.path, photos)
        self._photos = photos


def _classes(path: Path) -> list[str]:
    try:
        classes = json.loads(path.read_text(encoding="utf-8"))["classes"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnreadableDataError(
            f"{path}: expected what python -m src.inference mine has written ({error})"
        ) from None
    return [str(name) for name in classes]
