"""What describes a YOLO data set: a yaml file, Darknet's obj.data, or classes.txt beside labels.

A yaml file has ``path``, ``train``, ``val``, ``test`` (a folder, a text file that lists images, or
several of them) and ``names``. CVAT and Darknet write obj.data with the same entries and obj.names
with a name a line. Label Studio and LabelImg write classes.txt only, beside folders images and
labels, or among the images.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from src.load.class_names import distinct_names
from src.load.dataset import UNDIVIDED
from src.load.errors import UnreadableDataError
from src.load.files import is_file, read_text
from src.load.meant import LABELS
from src.load.split_names import names_of_splits
from src.load.walk import Folder, walk
from src.load.yolo.places import Places

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
        entries: places of images by split: what the file says, one or several.
        places: finds them.
        used: files that were read for it.
        key_points: whether key points follow each box.
    """

    file: Path
    names: list[str]
    entries: dict[str, list[str]]
    places: Places
    used: list[Path] = field(default_factory=list)
    key_points: bool = False


def describes_yolo(folder: Path) -> bool:
    """Whether a folder holds a YOLO data set: a yaml file with names, or names and labels."""
    return bool(yaml_files(folder)) or bool(_name_files(folder))


def describe_yolo(path: Path) -> Description:
    """The description of a data set.

    Args:
        path: the file that describes it, or the folder that holds one.

    Raises UnreadableDataError: there is none, or more than one, or it is damaged.
    """
    if path.is_file():
        return _by_data_file(path) if path.suffix.lower() == ".data" else _by_yaml(path)
    found = yaml_files(path)
    if len(found) == 1:
        return _by_yaml(found[0])
    if not found and (path / "obj.data").is_file():
        return _by_data_file(path / "obj.data")
    if not found and (names := _name_files(path)):
        return _by_folders(path, names)
    found = found or _any_yaml(path)
    if len(found) == 1:
        return _by_yaml(found[0])  # which says what it lacks
    shown = ", ".join(file.name for file in found) or "none"
    raise UnreadableDataError(f"{path}: expected one .yaml file, found {shown}")


def yaml_files(folder: Path) -> list[Path]:
    """Yaml files of a folder that describe a data set: names, or their number, and a split.

    One that cannot be read may be such a file too; reading it says what is wrong.
    """
    return [file for file in _any_yaml(folder) if _has_entries(file)]


def _any_yaml(folder: Path) -> list[Path]:
    files = (path for path in folder.iterdir() if path.suffix.lower() in (".yaml", ".yml"))
    return sorted(path for path in files if path.is_file())


def _has_entries(file: Path) -> bool:
    try:
        with file.open("rb"):
            pass
    except OSError:
        return True
    try:
        entries = _entries(file)
    except UnreadableDataError:
        return False
    return bool({"names", "nc"} & entries.keys()) and bool(ENTRIES.keys() & entries.keys())


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
    key_points = entries.get("kpt_shape") is not None
    bases = list(dict.fromkeys([folder, file.parent]))
    return Description(file, names, places, Places(bases), [file, *used], key_points)


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
    places = Places([file.parent, file.parent.resolve().parent])
    names_file = places.find(entries.get("names", "obj.names"))
    if names_file is None or not names_file.is_file():
        raise UnreadableDataError(f"{file}: expected names = a file with a name a line")
    splits = {
        ENTRIES[name]: [value] for name, value in entries.items() if name in ENTRIES and value
    }
    if not splits:
        raise UnreadableDataError(f"{file}: expected train = a file that lists images")
    names = distinct_names(_lines(names_file))
    return Description(file, names, splits, places, [file, names_file])


def _by_folders(folder: Path, files: list[Path]) -> Description:
    """Images below ``images``, in folders of splits or not."""
    names = _lines(files[0])
    other = next((file for file in files[1:] if _lines(file) != names), None)
    if other is not None:
        raise UnreadableDataError(f"{other}: expected the names of {files[0]}, in their order")
    images = next((inner for inner in walk(folder).folders if inner.name.lower() == "images"), None)
    below = "." if images is None else images.name
    splits = names_of_splits(inner.name for inner in (images or walk(folder)).folders)
    entries: dict[str, list[str]] = {}
    for name, split in splits.items():
        entries.setdefault(split, []).append(f"{below}/{name}")
    return Description(
        files[0], distinct_names(names), entries or {UNDIVIDED: [below]}, Places([folder]), files
    )


def _name_files(folder: Path) -> list[Path]:
    """Files of names in a folder whose images have label files; none where they have not."""
    inside = [path for path in sorted(folder.iterdir()) if path.is_dir()]
    splits = names_of_splits(path.name for path in inside)
    labels = [path for path in inside if path.name.lower() in LABELS]
    places = [folder, *labels, *(path for path in inside if path.name in splits)]
    found = [p for place in places for p in sorted(place.iterdir()) if p.name.lower() in NAME_FILES]
    if not found:
        return []
    separate = labels and any(path.name.lower() == "images" for path in inside)
    known = separate or (folder / "obj.data").is_file() or _is_labelled(walk(folder))
    return found if known else []


def _is_labelled(tree: Folder) -> bool:
    """Whether most images have a text file of their name beside them."""
    images = with_text = 0
    for folder in tree.all_folders():
        texts = {path.stem for path in folder.files if path.suffix.lower() == ".txt"}
        stems = [path.stem for path in folder.images()]
        images += len(stems)
        with_text += sum(stem in texts for stem in stems)
    return 2 * with_text > images


def _lines(file: Path) -> list[str]:
    return [line.strip() for line in read_text(file).splitlines() if line.strip()]
