"""Data sets whose classes are folders: ``root/<split>/<class>/*`` or ``root/<class>/*``."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from src.load.class_names import distinct_names, normal, note_case
from src.load.dataset import UNDIVIDED, ImageDataset
from src.load.errors import UnreadableDataError
from src.load.files import csv_rows
from src.load.image_kinds import EXTENSIONS, is_image_file, suffixes_of
from src.load.meant import LABELS, probably_meant
from src.load.problems import Problems
from src.load.sources import ImageFiles
from src.load.split_names import TEST, TRAIN, VALIDATION, is_unlabelled, names_of_splits
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
    is gone through. A file ``classes.csv`` with rows ``folder,name`` gives the classes their names.
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
    top = _unwrapped(tree)
    if top is not tree:
        problems.note("folders that were gone through", f"{root}: the data lie in {top.path}")
    splits = _splits(top)
    found: dict[str, Classes] = {}
    for folder, split in splits or [(top, UNDIVIDED)]:
        classes = found.setdefault(split, {})
        inner = _unwrapped(folder, of_split=True) if splits else folder
        for class_folder in inner.folders:
            paths = class_folder.all_images()
            classes.setdefault(normal(class_folder.name), []).extend(paths)
            if not paths:
                problems.add("classes without images", f"{class_folder.path}: holds no image")
    names = sorted({name for classes in found.values() for name, paths in classes.items() if paths})
    if not names:
        raise UnreadableDataError(_no_classes(top, bool(splits)))
    if len(names) == 1:
        _check_only_class(top, names[0], problems)
    _account_for_files(tree, top, found, problems)
    return _dataset(root, top, found, names, problems)


def find_files(tree: Folder, problems: Problems) -> None:
    """Open the account of the files below a folder; pass over what nobody means."""
    files = problems.account("files")
    for folder in tree.all_folders():
        files.find(folder.files)
        for path in folder.system:
            files.set(path, "passed over", "system files and folders")
        for path in folder.files:
            if DESCRIPTIONS.match(path.name):
                files.set(path, "passed over", "descriptions and licences")
        for link in folder.dead_links:
            cause = "leads nowhere, or back to a folder that holds it"
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


def _unwrapped(folder: Folder, of_split: bool = False) -> Folder:
    """The folder that holds several, where it is the only one inside one or more others.

    Raises UnreadableDataError where it lies beside a folder of labels: it is no class then.
    """
    found = folder
    while not found.images():
        full = [inner for inner in found.folders if inner.has_images()]
        if any(inner.name.lower() in LABELS and inner not in full for inner in found.folders):
            names = " and ".join(inner.name for inner in found.folders)
            raise UnreadableDataError(f"{found.path}: holds {names}{probably_meant(found)}")
        if len(full) > 1 or (full and not of_split and names_of_splits([full[0].name])):
            return found
        if not full:
            return folder
        found = full[0]
    return folder


def _splits(top: Folder) -> list[tuple[Folder, str]]:
    """Folders that are splits, and which; none where folders are classes.

    Raises UnreadableDataError where the folders can be read in two ways.
    """
    full = [folder for folder in top.folders if folder.has_images()]
    named = names_of_splits(folder.name for folder in top.folders)
    splits = [folder for folder in full if folder.name in named]
    others = [folder for folder in full if folder.name not in named]
    divided = [folder for folder in splits if any(f.has_images() for f in folder.folders)]
    if not divided:  # a class may be called train
        if splits and not others:
            raise UnreadableDataError(
                f"{top.path}: {_and(splits)} {_hold(splits)} photos, and no folders of classes; "
                f"expected train/CLASS/photo.jpg{probably_meant(top)}"
            )
        _check_classes(top, others)
        return []
    labelled = [folder for folder in others if not is_unlabelled(folder.name)]
    if labelled:
        raise UnreadableDataError(
            f"{top.path}: expected folders of splits (train, val, test) or folders of classes, "
            f"found both: {splits[0].name} and {labelled[0].name}"
        )
    return [(folder, named[folder.name]) for folder in top.folders if folder.name in named]


def _check_classes(top: Folder, classes: list[Folder]) -> None:
    """Refuse folders that all hold the same folders: are they splits, or classes?"""
    inside = [
        {normal(f.name) for f in folder.folders if f.has_images()}
        for folder in classes
        if not folder.images()
    ]
    if len(inside) < 2 or len(inside) < len(classes):
        return
    shared = sorted(set.intersection(*inside))
    splits = names_of_splits(shared)
    if len(shared) < 2 and not splits:
        return
    names = " and ".join(shared[:3]) + (", ..." if len(shared) > 3 else "")
    if splits:
        first = f"{shared[0]}/{classes[0].name}"
        advice = f"the splits lie inside of the classes; expected {first}/photo.jpg"
    else:
        advice = (
            "are they splits? then call them train, val and test; are they classes? then put the "
            "photos of each into one folder"
        )
    raise UnreadableDataError(
        f"{top.path}: {_and(classes)} all hold the same folders, {names}: {advice}"
    )


def _check_only_class(top: Folder, name: str, problems: Problems) -> None:
    """Refuse a single class that is none; point out one that may be."""
    meant = probably_meant(top)
    if meant:
        raise UnreadableDataError(
            f"{top.path}: found one class only, {name}, which is probably none{meant}"
        )
    problems.note("data of a single class", f"{top.path}: all images are of the class {name}")


def _no_classes(top: Folder, divided: bool) -> str:
    """Why nothing was found."""
    meant = probably_meant(top)
    loose = top.images()
    if loose and not divided:
        advice = meant or f"; did you mean the folder above, {top.path.resolve().parent}?"
        return (
            f"{top.path}: its {len(loose)} images lie in no folder of a class; expected "
            f"{top.name or '.'}/CLASS/photo.jpg{advice}"
        )
    others = suffixes_of(path for path in top.all_files() if not is_image_file(path))
    found = f", found {others}" if others else ", and nothing else"
    kinds = " ".join(sorted(EXTENSIONS))
    return f"{top.path}: found no images ({kinds}) in folders of classes below it{found}{meant}"


def _account_for_files(
    tree: Folder, top: Folder, found: Mapping[str, Classes], problems: Problems
) -> None:
    """Account for every file."""
    files = problems.account("files")
    for classes in found.values():
        for paths in classes.values():
            for path in paths:
                files.set(path, "used", "photos")
    for item in files.undecided():
        if is_image_file(Path(str(item))):
            problems.leave_out(
                *("files", item, "images without a class"), f"{item}: lies in no folder of a class"
            )
    for folder in (tree, top):
        table = folder.path / "classes.csv"
        if table in folder.files:
            files.set(table, "used", "tables of classes")
    account_for_others(problems)


def _dataset(
    root: Path, top: Folder, found: Mapping[str, Classes], names: list[str], problems: Problems
) -> ImageDataset:
    paths: list[Path] = []
    targets: list[int] = []
    splits = {}
    for split, classes in found.items():
        start = len(paths)
        for number, name in enumerate(names):
            here = classes.get(name, [])
            paths += here
            targets += [number] * len(here)
        if len(paths) > start:
            splits[split] = np.arange(start, len(paths))
    splits = {split: splits[split] for split in ORDER if split in splits}
    shown = _shown_names([root, top.path], names)
    note_case(shown, problems)
    return ImageDataset(
        ImageFiles(paths, root=root),
        np.array(targets, np.int64),
        shown,
        splits,
        problems,
        ("files", paths),
    )


def _shown_names(places: Iterable[Path], folders: list[str]) -> list[str]:
    """Names from the second column of ``classes.csv``, if its first one has all folders."""
    for file in (place / "classes.csv" for place in places):
        if file.is_file():
            rows = [fields for _, fields in csv_rows(file) if len(fields) >= 2]
            names = {normal(fields[0]): fields[1] for fields in rows}
            if set(folders) <= names.keys():
                return distinct_names([names[folder] for folder in folders], folders)
    return distinct_names(folders)


def _and(folders: list[Folder]) -> str:
    names = [folder.name for folder in folders]
    return " and ".join(names) if len(names) < 4 else f"{', '.join(names[:3])}, ..."


def _hold(folders: list[Folder]) -> str:
    return "holds" if len(folders) == 1 else "hold"
