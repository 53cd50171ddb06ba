"""What describes a YOLO data set: a yaml file, Darknet's obj.data, or classes.txt beside labels.

A yaml file has ``path``, ``train``, ``val``, ``test`` (a folder, a text file that lists images, or
several of them) and ``names``. CVAT and Darknet write obj.data with the same entries and obj.names
with a name a line. Label Studio and LabelImg write classes.txt only, beside folders images and
labels.
"""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from src.load.class_names import distinct_names
from src.load.dataset import UNDIVIDED
from src.load.errors import UnreadableDataError
from src.load.files import is_file, read_text
from src.load.split_names import names_of_splits

ENTRIES = {
    "train": "train",
    **dict.fromkeys(("val", "valid", "validation"), "validation"),
    "test": "test",
}
"""Entries of splits, and what we call them."""

NOTHING = ("", "null", "~", "none")
"""What an entry without a value holds."""

NAME_FILES = ("classes.txt", "obj.names", "predefined_classes.txt")
"""Files with a name a line, in lower case."""

MOST_CLASSES = 100_000
"""Beyond it, a number of classes is a mistake."""


@dataclass(frozen=True)
class Description:
    """What a data set says of itself.

    Attributes:
        file: that says it.
        names: of the classes.
        places: of images, by split: what the file says, one or several.
        bases: folders that places may be relative to, the first one first.
        used: files that were read for it.
        key_points: whether key points follow each box.
    """

    file: Path
    names: list[str]
    places: dict[str, list[str]]
    bases: list[Path]
    used: list[Path] = field(default_factory=list)
    key_points: bool = False


def describes_yolo(folder: Path) -> bool:
    """Whether a folder holds a YOLO data set: a yaml file with names, or names and labels."""
    return bool(yaml_files(folder)) or _names_file(folder) is not None


def describe_yolo(path: Path) -> Description:
    """The description of a data set.

    Args:
        path: the file that describes it, or the folder that holds one.

    Raises UnreadableDataError: there is none, or more than one, or it is damaged.
    """
    if path.is_file():
        return _by_data_file(path) if path.suffix == ".data" else _by_yaml(path)
    found = sorted([*path.glob("*.yaml"), *path.glob("*.yml")])
    found = found if len(found) == 1 else yaml_files(path)
    if len(found) == 1:
        return _by_yaml(found[0])
    if (path / "obj.data").is_file():
        return _by_data_file(path / "obj.data")
    names = _names_file(path)
    if not found and names is not None:
        return _by_folders(path, names)
    shown = ", ".join(file.name for file in found) or "none"
    raise UnreadableDataError(f"{path}: expected one .yaml file, found {shown}")


def yaml_files(folder: Path) -> list[Path]:
    """Yaml files of a folder that describe a data set: with ``names`` or ``nc``."""
    files = sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])
    return [file for file in files if _has_names(file)]


def _has_names(file: Path) -> bool:
    try:
        content = file.read_bytes()
    except OSError:
        return False
    wanted = rb"^(\xef\xbb\xbf)?(names|nc)\s*:"
    return re.search(wanted, content, re.MULTILINE) is not None


def _by_yaml(file: Path) -> Description:
    entries = _entries(file)
    names, used = _class_names(file, entries)
    places: dict[str, list[str]] = {}
    for entry, split in ENTRIES.items():
        value = entries.get(entry)
        listed = value if isinstance(value, list) else [value]
        if not all(item is None or isinstance(item, str) for item in listed):
            raise UnreadableDataError(f"{file}: {entry}: expected a folder, or a list of folders")
        given = [item for item in listed if item is not None and item.lower() not in NOTHING]
        if given:
            places.setdefault(split, []).extend(given)
    path = entries.get("path")
    folder = file.parent / path.replace("\\", "/") if isinstance(path, str) else file.parent
    if not folder.is_dir() or folder.resolve() == file.parent.resolve():
        folder = file.parent
    bases = list(dict.fromkeys([folder, file.parent]))
    key_points = entries.get("kpt_shape") is not None
    return Description(file, names, places, bases, [file, *used], key_points)


def _entries(file: Path) -> dict[Any, Any]:
    """Entries of a yaml file, all values as text: a class called no or 1.0 stays what it is."""
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        entries = yaml.load(read_text(file), Loader=loader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        if isinstance(error, UnreadableDataError):
            raise
        cause = " ".join(str(error).split())
        raise UnreadableDataError(f"{file}: cannot be read as yaml ({cause})") from None
    if not isinstance(entries, dict):
        raise UnreadableDataError(f"{file}: expected entries names, train, val")
    return entries


def _class_names(file: Path, entries: dict[Any, Any]) -> tuple[list[str], list[Path]]:
    """``names``, or as many as ``nc`` says; and a file that was read for them."""
    names, used = entries.get("names"), []
    count = entries.get("nc")
    if names in (None, *NOTHING) and isinstance(count, str) and count.isdecimal():
        if not 0 < int(count) <= MOST_CLASSES:
            raise UnreadableDataError(f"{file}: nc: expected 1 to {MOST_CLASSES:,}, got {count}")
        return [f"class {number}" for number in range(int(count))], []
    if isinstance(names, str) and is_file(file.parent / names):
        used = [file.parent / names]
        names = _lines(used[0])
    if isinstance(names, dict):
        numbers = {str(key).strip(): name for key, name in names.items()}
        if set(numbers) != {str(number) for number in range(len(numbers))}:
            raise UnreadableDataError(f"{file}: names: expected the numbers 0 to {len(names) - 1}")
        names = [numbers[str(number)] for number in range(len(numbers))]
    if not isinstance(names, list) or not names:
        raise UnreadableDataError(f"{file}: expected names: a list, or a dict by number")
    if not all(isinstance(name, str) and name.strip() for name in names):
        raise UnreadableDataError(f"{file}: names: expected a text for each class")
    if count not in (None, *NOTHING) and str(count) != str(len(names)):
        raise UnreadableDataError(f"{file}: nc is {count}, and there are {len(names)} names")
    return distinct_names(names), used


def _by_data_file(file: Path) -> Description:
    """Darknet's lines ``name = value``."""
    entries = {}
    for line in read_text(file).splitlines():
        name, sign, value = line.partition("=")
        if sign:
            entries[name.strip()] = value.strip()
    bases = [file.parent, file.parent.resolve().parent]
    names_file = next(existing(bases, entries.get("names", "obj.names")), None)
    if names_file is None or not names_file.is_file():
        raise UnreadableDataError(f"{file}: expected names = a file with a name a line")
    places = {
        ENTRIES[name]: [value] for name, value in entries.items() if name in ENTRIES and value
    }
    if not places:
        raise UnreadableDataError(f"{file}: expected train = a file that lists images")
    names = distinct_names(_lines(names_file))
    return Description(file, names, places, bases, [file, names_file])


def _by_folders(folder: Path, names_file: Path) -> Description:
    """Images below ``images``, in folders of splits or not."""
    images = _folder(folder, "images") or folder
    inside = [path.name for path in sorted(images.iterdir()) if path.is_dir()]
    splits = names_of_splits(inside)
    places: dict[str, list[str]] = {}
    for name, split in splits.items():
        places.setdefault(split, []).append(str(images / name))
    names = distinct_names(_lines(names_file))
    return Description(
        names_file, names, places or {UNDIVIDED: [str(images)]}, [folder], [names_file]
    )


def _names_file(folder: Path) -> Path | None:
    """The file of names of a folder that holds images and their labels."""
    images, labels = _folder(folder, "images"), _folder(folder, "labels")
    places = [folder, *([labels] if labels else [])]
    found = [p for place in places for p in sorted(place.iterdir()) if p.name.lower() in NAME_FILES]
    if not found:
        return None
    if (images and labels) or (folder / "obj.data").is_file():
        return found[0]
    texts = {path.stem for path in folder.rglob("*.txt") if path.name.lower() not in NAME_FILES}
    beside = any(p.stem in texts and p.suffix != ".txt" for p in folder.rglob("*") if p.is_file())
    return found[0] if beside else None


def _folder(folder: Path, name: str) -> Path | None:
    """The folder of a name in any case."""
    return next(
        (p for p in sorted(folder.iterdir()) if p.is_dir() and p.name.lower() == name), None
    )


def _lines(file: Path) -> list[str]:
    return [line.strip() for line in read_text(file).splitlines() if line.strip()]


def existing(bases: Iterable[Path], name: str) -> Iterator[Path]:
    """Places that a name may mean and that exist here.

    Any slash will do. What cannot be found as it stands is looked for without the folders before
    it: ``../train/images``, ``/content/data/train/images`` and ``data/train.txt`` as they were
    written on another machine.
    """
    bases = list(bases)
    name = name.replace("\\", "/").strip()
    parts = [part for part in name.split("/") if part not in ("", ".", "..")]
    tails = ["/".join(parts[k:]) for k in range(len(parts))]
    for variant in dict.fromkeys([name, *tails]):
        for base in bases:
            path = os.path.join(base, variant)
            try:
                if os.path.exists(path):
                    yield Path(os.path.normpath(path))
            except ValueError:  # a name that no file can have
                continue
