"""A sample of a real data set, in the layout of the whole: quick, and real files nevertheless.

With CLASSIC_NN_FULL_DATA=1, as in CI, it is the whole set.
"""

import gzip
import itertools
import os
from pathlib import Path

from tests.paths import real_data

IMAGES = {".jpg", ".jpeg", ".png"}


def sampled_data(name: str, target: Path, most: int = 12, rows: int = 2000) -> Path:
    """Links to evenly chosen photos of ``real_data(name)``.

    Args:
        name: of the data set.
        target: an empty folder for the sample.
        most: photos of each folder.
        rows: of each table of images as numbers.
    """
    source = real_data(name).resolve()
    if os.environ.get("CLASSIC_NN_FULL_DATA"):
        return source
    chosen = set()
    for folder, _, names in os.walk(source):
        photos = sorted(Path(folder, n) for n in names if Path(n).suffix.lower() in IMAGES)
        chosen.update(photos[:: -(-len(photos) // most) or 1])
    stems = {path.stem for path in chosen}
    for path in sorted(source.rglob("*")):
        copy = target / path.relative_to(source)
        if path.is_dir() or (path.suffix.lower() in IMAGES and path not in chosen):
            continue
        if "labels" in path.parts and path.stem not in stems:
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        if path.name.endswith(".csv.gz"):
            with gzip.open(path, "rt") as whole, gzip.open(copy, "wt", 1) as some:
                some.writelines(itertools.islice(whole, rows + 1))
        elif path.suffix == ".txt" and path.parent == source:  # a list of images
            listed = path.read_text().splitlines(keepends=True)
            copy.write_text("".join(n for n in listed if source / n.split(",")[0] in chosen))
        else:
            copy.symlink_to(path)
    return target
