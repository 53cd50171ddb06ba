"""Small data sets of the kinds that the photo recipes read; the class decides the colour."""

import numpy as np
from PIL import Image

from tests.load.photos import photo

COLOURS = [(200, 40, 40), (40, 200, 40), (40, 40, 200), (200, 200, 40), (40, 200, 200)]


def tinted(seed, kind, size=(40, 32)):
    """A photo that no other seed gives, in the colour of a class."""
    noise = photo(seed, *size)
    return Image.blend(noise, Image.new("RGB", size, COLOURS[kind % len(COLOURS)]), 0.7)


def class_folders(root, counts):
    """{"train/clean": 3, ...}; the class is the last part."""
    names = sorted({name.rsplit("/", 1)[-1] for name in counts})
    seed = 0
    for name, count in counts.items():
        (root / name).mkdir(parents=True, exist_ok=True)
        kind = names.index(name.rsplit("/", 1)[-1])
        for k in range(count):
            seed += 1
            tinted(seed, kind).save(root / name / f"{k:03d}.png")
    return root


def dishes(root):
    return class_folders(
        root, {"train/clean": 14, "train/dirty": 13, "test/clean": 9, "test/dirty": 11}
    )


def yolo(root, names, photos, per_photo=3):
    """Photos with a row of boxes of different classes."""
    rng = np.random.default_rng(5)
    for folder in ("images", "labels"):
        (root / folder / "train").mkdir(parents=True)
    for number in range(photos):
        kinds = rng.integers(0, len(names), per_photo)
        canvas = Image.new("RGB", (40 * per_photo, 40))
        lines = []
        for place, kind in enumerate(kinds):
            canvas.paste(tinted(100 * number + place, kind, (40, 40)), (40 * place, 0))
            lines.append(f"{kind} {(place + 0.5) / per_photo} 0.5 {0.9 / per_photo} 0.9")
        canvas.save(root / "images" / "train" / f"{number:03d}.png")
        (root / "labels" / "train" / f"{number:03d}.txt").write_text("\n".join(lines))
    listed = "".join(f"  {k}: {name}\n" for k, name in enumerate(names))
    (root / "data.yaml").write_text(
        f"path: .\ntrain: images/train\nval: images/train\nnames:\n{listed}"
    )
    return root


def grocery(root):
    fine = ["Gala", "Granny", "Lemon"]
    coarse = [0, 0, 1]
    rows = ["Class Name (str),Class ID (int),Coarse Class Name (str),Coarse Class ID (int)"]
    rows += [
        f"{name},{k},{['Apple', 'Lemon'][coarse[k]]},{coarse[k]}" for k, name in enumerate(fine)
    ]
    root.mkdir(parents=True, exist_ok=True)
    (root / "classes.csv").write_text("\n".join(rows))
    for split, count in (("train", 24), ("val", 9)):
        lines = []
        for number in range(count):
            kind = number % 3
            path = root / split / f"{number:03d}.png"
            path.parent.mkdir(exist_ok=True)
            tinted(1000 * len(split) + number, kind).save(path)
            lines.append(f"{split}/{path.name}, {kind}, {coarse[kind]}")
        (root / f"{split}.txt").write_text("\n".join(lines))
    return root


def plants(root):
    return class_folders(root, {"other": 20, "plant": 25})


SETS = {
    "dishes": dishes,
    "tomato": lambda root: yolo(root, ["unripe", "ripe"], 16),
    "produce": lambda root: yolo(root, ["apple", "banana", "fig", "kiwi"], 20),
    "plants": plants,
    "grocery": grocery,
}
"""Makes the data set of a recipe in a folder."""
