"""Data sets whose classes are folders: ``root/<split>/<class>/*`` or ``root/<class>/*``."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from src.load.class_names import distinct_names, normal
from src.load.dataset import UNDIVIDED, ImageDataset, Items
from src.load.errors import UnreadableDataError
from src.load.image_kinds import EXTENSIONS, is_image_file, suffixes_of
from src.load.layout import Layout, layout_of
from src.load.listed.table import read_table
from src.load.meant import IMAGES, probably_meant
from src.load.problems import Problems
from src.load.sources import ImageFiles
from src.load.split_names import TEST, TRAIN, VALIDATION
from src.load.walk import Folder, walk

OTHERS = "files that are no images of a known kind"
"""A kind of problem."""

DESCRIPTIONS = re.compile(r"readme|licen[cs]e|copying|citation|changelog|authors", re.IGNORECASE)
"""How names of files begin that describe a data set to people."""

ORDER = (UNDIVIDED, TRAIN, VALIDATION, TEST)
"""Of splits."""

Classes = dict[str, list[Path]]
"""Images of each class, by its name."""


def read_image_folder(root: str | Path, problems: Problems | None = None) -> ImageDataset:
    """Read a data set whose folders are classes, sorted by name.

    Where the folders of ``root`` are called as splits are (train, training_set, val, dev, test,
    seg_test, ...), their folders are classes; a class may be called train if it holds images
    itself. Images may lie deeper below the folder of their class. One folder that holds all others
    is gone through. A file ``classes.csv`` with rows ``folder,name``, or ``Labels.json`` with
    ``{"folder": "name"}``, gives the classes their names.
    Every file is accounted for, see ``Problems.accounts``.

    Args:
        root: of the data set.
        problems: where to file what cannot be used: folders without images, images without a
            class, files of other kinds.

    Raises:
        UnreadableDataError: no such folder, no images, or folders that can be read in two ways.
    """
    root, problems = Path(root), problems if problems is not None else Problems()
    tree = walk(root)
    find_files(tree, problems)
    layout = layout_of(tree)
    if layout.top is not tree:
        text = f"{root}: the data lie in {layout.top.path}"
        problems.note("folders that were gone through", text)
    found: dict[str, Classes] = {}
    for split, folders in layout.parts:
        classes = found.setdefault(split, {})
        for folder in folders:
            paths = folder.all_images()
            classes.setdefault(normal(folder.name), []).extend(paths)
            if not paths:
                problems.add("classes without images", f"{folder.path}: holds no image")
    names = sorted({name for classes in found.values() for name, paths in classes.items() if paths})
    if not names:
        raise UnreadableDataError(_no_classes(layout))
    if len(names) == 1:
        _check_only_class(layout.top, names[0], problems)
    shown = _shown_names([tree, layout.top], names, problems)
    _account_for_files(layout, found, problems)
    return _dataset(root, found, names, shown, problems)


def find_files(tree: Folder, problems: Problems) -> None:
    """Open the account of the files below a folder; pass over what nobody means."""
    files = problems.account("files")
    for folder in tree.all_folders():
        files.find(folder.files)
        for path in folder.system:
            files.set(path, "passed over", "system files and folders")
        for path in folder.results:
            files.set(path, "passed over", "results of this program")
        for path in folder.files:
            if DESCRIPTIONS.match(path.name):
                files.set(path, "passed over", "descriptions and licences")
        leave_out_links(folder, problems)


def leave_out_links(folder: Folder, problems: Problems) -> None:
    """Leave out the links of a folder that lead nowhere."""
    for link in folder.dead_links:
        cause = "leads nowhere, back to a folder that holds it, or through too many others"
        problems.leave_out("files", link, "links that lead nowhere", f"{link}: {cause}")


def account_for_others(problems: Problems, kind: str = OTHERS) -> None:
    """Leave out all files of which nothing has been said yet, by folder."""
    by_folder: dict[Path, list[Path]] = {}
    files = problems.account("files")
    for path in files.undecided():
        by_folder.setdefault(Path(str(path)).parent, []).append(Path(str(path)))
    for folder, paths in by_folder.items():
        for path in paths:
            files.set(path, "left out", kind)
        problems.add(kind, f"{folder}: {suffixes_of(paths)}, such as {paths[0].name}")


def _check_only_class(top: Folder, name: str, problems: Problems) -> None:
    """Refuse a single class that is none; point out one that may be."""
    meant = probably_meant(top)
    if meant or name.lower() in IMAGES:
        raise UnreadableDataError(
            f"{top.path}: found one class only, {name}, which is probably none; expected a folder "
            f"for each class{meant}"
        )
    problems.note("data of a single class", f"{top.path}: all images are of the class {name}")


def _no_classes(layout: Layout) -> str:
    """Why nothing was found."""
    top = layout.top
    meant, loose = probably_meant(top), top.images()
    if loose and layout.parts[0][0] == UNDIVIDED:
        advice = meant or f"; did you mean the folder above, {top.path.resolve().parent}?"
        return (
            f"{top.path}: its {len(loose)} images lie in no folder of a class; expected "
            f"{top.name or '.'}/CLASS/photo.jpg{advice}"
        )
    others = suffixes_of(path for path in top.all_files() if not is_image_file(path))
    found = f", found {others}" if others else ", and nothing else"
    kinds = " ".join(sorted(EXTENSIONS))
    return f"{top.path}: found no images ({kinds}) in folders of classes below it{found}{meant}"


def _account_for_files(layout: Layout, found: Mapping[str, Classes], problems: Problems) -> None:
    """Account for every file."""
    files = problems.account("files")
    for classes in found.values():
        for paths in classes.values():
            files.set_all(paths, "used", "photos")
    outside = {path for folder in layout.strangers for path in folder.all_files()}
    for item in files.undecided():
        if is_image_file(Path(str(item))):
            kind = "images outside of the splits" if item in outside else "images without a class"
            problems.leave_out("files", item, kind, f"{item}: lies in no folder of a class")
    account_for_others(problems)


def _dataset(
    root: Path,
    found: Mapping[str, Classes],
    names: list[str],
    shown: list[str],
    problems: Problems,
) -> ImageDataset:
    paths: list[Path] = []
    targets: list[int] = []
    splits = {}
    for split, classes in found.items():  # in the order of the folders
        start = len(paths)
        for number, name in enumerate(names):
            here = classes.get(name, [])
            paths += here
            targets += [number] * len(here)
        if len(paths) > start:
            splits[split] = np.arange(start, len(paths))
    splits = {split: splits[split] for split in ORDER if split in splits}
    images = ImageFiles(paths, root=root)
    files = Items("files", [(path,) for path in paths])
    numbers = np.array(targets, np.int64)
    return ImageDataset(images, numbers, shown, splits, problems, [files])


def _shown_names(places: list[Folder], folders: list[str], problems: Problems) -> list[str]:
    """Names of the folders from a table of classes that has all of them."""
    for place in dict.fromkeys(place.path for place in places):
        for name, read in NAMES.items():
            file = place / name
            if not file.is_file():
                continue
            names = read(file)
            lacking = [folder for folder in folders if folder not in names]
            if not lacking:
                problems.account("files").set(file, "used", "tables of classes")
                return distinct_names([names[folder] for folder in folders], folders)
            kind = "tables of classes that do not fit"
            text = f"{file}: expected names of all folders, {lacking[0]} is not among them"
            problems.leave_out("files", file, kind, text)
    return distinct_names(folders)


def _names_of_csv(file: Path) -> dict[str, str]:
    """From rows ``folder,name``."""
    rows = [row.fields for row in read_table(file) if len(row.fields) > 1]
    return {normal(fields[0]): fields[1] for fields in rows}


def _names_of_json(file: Path) -> dict[str, str]:
    """From an object ``{folder: name}``; empty where it is something else."""
    try:
        names = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(names, dict):
        return {}
    return {normal(folder): name for folder, name in names.items() if isinstance(name, str)}


NAMES: dict[str, Callable[[Path], dict[str, str]]] = {
    "classes.csv": _names_of_csv,
    "Labels.json": _names_of_json,  # as ImageNet-100 has it on Kaggle
}
"""Tables of classes by the names of their files, and what reads them."""
