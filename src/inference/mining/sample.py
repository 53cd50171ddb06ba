"""A seeded sample of photos that nobody has labelled: of a folder, a list, or a CSV file."""

import os
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from src.load.errors import UnreadableDataError
from src.load.image_kinds import is_image_file
from src.load.listed.column_names import LABELS, PATHS, plain
from src.load.listed.table import read_table
from src.load.walk import walk


def sampled_photos(place: Path, count: int, seed: int) -> tuple[list[Path], Counter[str]]:
    """Some photos of a place, in the order in which they stand there.

    Args:
        place: a folder of photos, at any depth; a text file with a path in each line; or a CSV
            file with a column of paths. Rows of the latter that have a label are left out. Paths
            are relative to the file's folder.
        count: of photos; 0 for all.
        seed: same seed and same photos, same sample.

    Returns:
        The photos, and how many of the place's files or rows were what: "photos", or left out.

    Raises UnreadableDataError where there are none.
    """
    account: Counter[str] = Counter()
    photos = reservoir(_each_once(_photos(place, account), account), count, seed)
    if not photos:
        others = ", ".join(f"{what} {number:,}" for what, number in account.items())
        raise UnreadableDataError(
            f"{place}: expected photos without labels, found {others or 'nothing'}"
        )
    return photos, account


def reservoir(photos: Iterable[Path], count: int, seed: int) -> list[Path]:
    """A random sample of a stream, of which no more than the sample is kept (Vitter 1985, R).

    >>> len(reservoir((Path(str(k)) for k in range(1000)), 5, seed=0))
    5
    """
    if not count:
        return list(photos)
    rng = random.Random(seed)
    kept: list[tuple[int, Path]] = []
    for number, photo in enumerate(photos):
        if number < count:
            kept.append((number, photo))
        elif (place := rng.randrange(number + 1)) < count:
            kept[place] = (number, photo)
    return [photo for _, photo in sorted(kept)]


def _each_once(photos: Iterator[Path], account: Counter[str]) -> Iterator[Path]:
    """Each path once: a table of objects names a photo for each of them."""
    seen: set[str] = set()
    for photo in photos:
        path = os.path.abspath(photo)
        if path in seen:
            account["photos"] -= 1
            account["photos that are named again"] += 1
        else:
            seen.add(path)
            yield photo


def _photos(place: Path, account: Counter[str]) -> Iterator[Path]:
    if place.is_dir():
        for path in walk(place).all_files():
            if is_image_file(path):
                account["photos"] += 1
                yield path
            else:
                account["files that are no photos"] += 1
    elif not place.is_file():
        raise UnreadableDataError(f"{place}: no such file or folder")
    elif place.suffix.lower() in (".csv", ".tsv"):
        yield from _of_table(place, account)
    elif is_image_file(place):
        raise UnreadableDataError(
            f"{place}: is a photo; expected a folder of photos, a list or a CSV file"
        )
    else:
        yield from _of_list(place, account)


def _of_list(place: Path, account: Counter[str]) -> Iterator[Path]:
    with place.open(encoding="utf-8", errors="surrogateescape") as lines:
        for line in lines:
            if line.strip():
                account["photos"] += 1
                yield place.parent / line.strip()


def _of_table(place: Path, account: Counter[str]) -> Iterator[Path]:
    rows = read_table(place)
    heading = [plain(name) for name in next(iter(rows), (0, []))[1]]
    paths = [heading.index(name) for name in PATHS if name in heading]
    labels = [k for k, name in enumerate(heading) if name in LABELS]
    if not paths:
        raise UnreadableDataError(
            f"{place}: expected a column of paths with a name such as path or filename in its "
            f"first row, got {', '.join(heading[:5])}"
        )
    for number, fields in rows:
        if len(fields) <= paths[0] or not fields[paths[0]].strip():
            account["rows without a path"] += 1
        elif number > 1 and any(k < len(fields) and fields[k].strip() for k in labels):
            account["rows with a label"] += 1
        elif number > 1:
            account["photos"] += 1
            yield place.parent / fields[paths[0]].strip()
