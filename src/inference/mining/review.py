"""What a person says of mined photos: a CSV file with a label for each, or none yet."""

import csv
import os
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from src.common.tables import write_csv
from src.load.errors import UnreadableDataError

SKIP = "skip"
"""Label of a photo that is of no use: neither class, damaged, not to be decided."""


@dataclass(frozen=True)
class Reviewed:
    """A mined photo.

    Attributes:
        image: its path.
        label: name of a class, "skip", or nothing yet.
        p: probability that the model gave.
        answer: of the model.
        group: number that near-duplicates share.
        sha256: of its pixels, when it was mined.
    """

    image: str
    label: str = ""
    p: float = 0.0
    answer: str = ""
    group: int = 0
    sha256: str = ""


COLUMNS = tuple(f.name for f in fields(Reviewed))


def write_review(path: Path, photos: Sequence[Reviewed]) -> None:
    """Write the CSV file, whole or not at all."""
    rows = [[getattr(photo, name) for name in COLUMNS] for photo in photos]
    write_csv(path, [COLUMNS, *rows])


def read_review(path: Path) -> list[Reviewed]:
    """Read the CSV file, also one that was edited by hand or in a spreadsheet.

    Needed are the columns ``image`` and ``label``; paths are relative to the file's folder.

    Raises UnreadableDataError: no such file, or a column or value that it cannot have.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig", errors="surrogateescape") as file:
            rows = list(csv.DictReader(file))
    except (OSError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise UnreadableDataError(f"{path}: cannot be read ({reason})") from None
    photos = []
    for number, row in enumerate(rows, 2):
        if row.get("image") is None or row.get("label") is None:
            raise UnreadableDataError(f"{path}: row {number}: expected columns image and label")
        try:
            photos.append(
                Reviewed(
                    image=os.path.abspath(path.parent / row["image"]),
                    label=row["label"].strip(),
                    p=float(row.get("p") or 0),
                    answer=row.get("answer") or "",
                    group=int(row.get("group") or 0),
                    sha256=row.get("sha256") or "",
                )
            )
        except ValueError:
            raise UnreadableDataError(
                f"{path}: row {number}: expected numbers in the columns p and group"
            ) from None
    return photos
