"""How long it takes to read what a data set says of itself; nothing is decoded.

    python -m benchmarks.reading [--rounds N]

- 100,000 rows of a CSV file, of files that exist, in four dialects;
- 20,000 images with a YOLO label file each, of three lines;
- 100,000 files in folders of classes.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median

from src.load import read_data

ROWS, IMAGES, CLASSES = 100_000, 20_000, 100


def main(arguments: Sequence[str] | None = None) -> int:
    """Time all of it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reading", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--rounds", type=int, default=5, help="of each")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name, make in {
            **tables(),
            "labels of YOLO": labels,
            "folders of classes": folders,
        }.items():
            place = make(root)
            seconds = []
            for _ in range(options.rounds):
                start = time.perf_counter()
                samples = len(read_data(place))
                seconds.append(time.perf_counter() - start)
            spread = f"{min(seconds):.2f} to {max(seconds):.2f}"
            print(f"{name:34}{samples:9,} samples {median(seconds):6.2f} s ({spread})", flush=True)
    return 0


def tables() -> dict[str, Callable[[Path], Path]]:
    """Makers of CSV files."""
    kinds = {
        "rows: path,label": ("path,label", "images/{k}.jpg,c{c}"),
        "rows: names in a folder of images": ("image_name,tags", "{k}.jpg,c{c}"),
        "rows: ids without suffix": ("id,breed", "{k},c{c}"),
        "rows: semicolons, splits": ("file;class;split", "images\\{k}.jpg;c{c};train"),
    }
    return {
        name: partial(table, header=header, pattern=row) for name, (header, row) in kinds.items()
    }


def table(root: Path, header: str, pattern: str) -> Path:
    """A CSV file, and the files that it names."""
    images = root / "table" / "images"
    if not images.exists():
        images.mkdir(parents=True)
        for k in range(ROWS):
            (images / f"{k}.jpg").touch()
    lines = [pattern.format(k=k, c=k % CLASSES) for k in range(ROWS)]
    path = root / "table" / "table.csv"
    path.write_text("\n".join([header, *lines]))
    return path


def labels(root: Path) -> Path:
    """A YOLO data set."""
    for kind, suffix in (("images", "jpg"), ("labels", "txt")):
        folder = root / "yolo" / kind
        folder.mkdir(parents=True)
        for k in range(IMAGES):
            lines = [f"{(k + j) % CLASSES} 0.{j + 3} 0.5 0.25 0.{k % 8 + 1}" for j in range(3)]
            (folder / f"{k}.{suffix}").write_text("\n".join(lines) if suffix == "txt" else "")
    (root / "yolo" / "data.yaml").write_text(f"train: images\nnc: {CLASSES}\n")
    return root / "yolo"


def folders(root: Path) -> Path:
    """Folders of classes."""
    for c in range(CLASSES):
        folder = root / "folders" / f"class {c:03d}"
        folder.mkdir(parents=True)
        for k in range(ROWS // CLASSES):
            (folder / f"{k}.jpg").touch()
    return root / "folders"


if __name__ == "__main__":
    raise SystemExit(main())
