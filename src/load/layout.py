"""What the folders of a data set are: splits, classes, or something that is refused."""

from collections.abc import Sequence
from dataclasses import dataclass

from src.load.class_names import normal
from src.load.dataset import UNDIVIDED
from src.load.errors import UnreadableDataError
from src.load.meant import IMAGES, LABELS, probably_meant
from src.load.split_names import (
    TRAIN,
    is_unlabelled,
    names_of_splits,
    split_name,
    splits_and_classes,
)
from src.load.walk import Folder

MASKS = frozenset(
    {
        *LABELS,
        *("masks", "mask", "trimaps", "ground_truth", "groundtruth", "gt", "segmentation"),
        *("segmentationclass", "segmentationobject"),
    }
)
"""Folders of pictures that are labels themselves, in lower case."""


@dataclass(frozen=True)
class Layout:
    """The folders of a data set.

    Attributes:
        top: the folder of splits or classes; another than that which was given if it was gone
            through.
        parts: splits, each with the folders of its classes; one called ``UNDIVIDED`` if there are
            none. Images elsewhere have no class.
        strangers: folders beside the splits.
    """

    top: Folder
    parts: Sequence[tuple[str, Sequence[Folder]]]
    strangers: Sequence[Folder] = ()


def layout_of(tree: Folder) -> Layout:
    """The splits and classes of a folder.

    Raises UnreadableDataError where the folders can be read in two ways, or are no classes.
    """
    top = _gone_through(tree)
    full = _full(top)
    _check_masks(top, full)
    named = names_of_splits(folder.name for folder in full)
    splits = [folder for folder in full if folder.name in named]
    others = [folder for folder in full if folder.name not in named]
    if not any(_full(folder) for folder in splits):  # a class may be called train
        if splits and not others:
            raise UnreadableDataError(
                f"{top.path}: {_and(splits)} {_hold(splits)} photos, and no folders of classes; "
                f"expected train/CLASS/photo.jpg{probably_meant(top)}"
            )
        _check_classes(top, full)
        return Layout(top, [(UNDIVIDED, top.folders)])
    strangers = [folder for folder in others if not is_unlabelled(folder.name)]
    if strangers and len({named[folder.name] for folder in splits}) == 1:
        raise UnreadableDataError(
            f"{top.path}: expected folders of splits (train, val, test) or folders of classes, "
            f"found both: {splits[0].name} and {strangers[0].name}; move one of them elsewhere"
            f"{probably_meant(top)}"
        )
    for folder in splits:
        _check_masks(folder, _full(folder))
    known = _shared_classes(splits)
    parts = [(named[folder.name], _classes(folder, known)) for folder in splits]
    return Layout(top, parts, strangers)


def _full(folder: Folder) -> list[Folder]:
    """Folders in it that hold images."""
    return [inner for inner in folder.folders if inner.has_images()]


def _gone_through(tree: Folder) -> Folder:
    """The folder that holds several, where it is the only one inside one or more others."""
    found = tree
    while not found.images():
        full = _full(found)
        _check_yolo(found, full)
        if len(full) > 1 or (full and names_of_splits([full[0].name])):
            return found
        if not full:
            return tree
        found = full[0]
    return tree


def _check_yolo(folder: Folder, full: Sequence[Folder]) -> None:
    """Refuse images beside labels of them: they are no class, and their description is missing."""
    texts = {
        inner.name.lower(): {normal(f.name) for f in inner.folders}
        for inner in folder.folders
        if inner.name.lower() in LABELS
        and any(p.suffix.lower() == ".txt" for p in inner.all_files())
    }
    for images in (inner for inner in full if inner.name.lower() in IMAGES):
        inside = {normal(inner.name) for inner in _full(images)}
        split = all(split_name(name) for name in inside)
        if texts and (split or inside in texts.values()):
            names = " and ".join(inner.name for inner in folder.folders)
            raise UnreadableDataError(f"{folder.path}: holds {names}{probably_meant(folder)}")


def _check_masks(folder: Folder, full: Sequence[Folder]) -> None:
    """Refuse photos beside pictures of their labels."""
    images = [inner.name for inner in full if inner.name.lower() in IMAGES]
    masks = [inner.name for inner in full if inner.name.lower() in MASKS]
    if images and masks:
        raise UnreadableDataError(
            f"{folder.path}: {images[0]} and {masks[0]} are no classes: pictures of labels are not "
            f"read; expected folders of classes{probably_meant(folder)}"
        )


def _shared_classes(splits: Sequence[Folder]) -> set[str]:
    """Names of classes of the splits that have several."""
    known: set[str] = set()
    for _ in range(2):  # what one split says helps to understand another
        for folder in splits:
            classes = [inner for inner in _classes(folder, known) if inner.has_images()]
            if len(classes) > 1:
                known |= {normal(inner.name) for inner in classes}
    return known


def _classes(folder: Folder, known: set[str]) -> Sequence[Folder]:
    """The folders of classes of a split; none where its photos have no class.

    One folder that holds all others is gone through, unless another split has a class of its name.
    """
    full = _full(folder)
    if len(full) != 1 or folder.images() or normal(full[0].name) in known:
        return folder.folders
    only, inside = full[0], _full(full[0])
    wrapper = bool(split_name(only.name)) or only.name.lower() in {*IMAGES, folder.name.lower()}
    if inside and (wrapper or len(inside) > 1):
        return _classes(only, known)
    return [] if wrapper else folder.folders


def _check_classes(top: Folder, classes: Sequence[Folder]) -> None:
    """Refuse folders that are no classes: they hold splits, or all the same folders."""
    mixed = splits_and_classes(folder.name for folder in classes)
    if mixed:
        raise UnreadableDataError(
            f"{top.path}: {' and '.join(mixed[:2])} name a split and a class at once: expected "
            "train/CLASS/photo.jpg"
        )
    ends = [_end_of_chain(folder) for folder in classes]
    inside = [{normal(inner.name) for inner in _full(end)} for end in ends if not end.images()]
    shared = set.intersection(*inside) if len(inside) == len(classes) > 1 else set()
    splits = names_of_splits(sorted(shared))
    if splits:
        raise UnreadableDataError(
            f"{top.path}: {_and(classes)} all hold the same folders, {_some(shared)}: the splits "
            f"lie inside of the classes; expected {min(splits)}/{classes[0].name}/photo.jpg"
        )
    if len(shared) > 1:
        raise UnreadableDataError(
            f"{top.path}: {_and(classes)} all hold the same folders, {_some(shared)}: are they "
            "splits? then call them train, val and test; are they classes? then put the photos of "
            "each into one folder"
        )
    for end in ends:
        splits = names_of_splits(inner.name for inner in _full(end))
        if len(set(splits.values())) > 1 or (TRAIN in splits.values() and len(classes) > 1):
            raise UnreadableDataError(
                f"{top.path}: {end.path} is no class: it holds splits, {_some(splits)}; did you "
                f"mean python -m src.load inspect {end.path}?"
            )


def _end_of_chain(folder: Folder) -> Folder:
    """The folder that holds images or several folders, inside of folders that hold one."""
    full = _full(folder)
    return _end_of_chain(full[0]) if len(full) == 1 and not folder.images() else folder


def _and(folders: Sequence[Folder]) -> str:
    names = [folder.name for folder in folders]
    return " and ".join(names) if len(names) < 4 else f"{', '.join(names[:3])}, ..."


def _some(names: "set[str] | dict[str, str]") -> str:
    ordered = sorted(names)
    return " and ".join(ordered[:3]) + (", ..." if len(ordered) > 3 else "")


def _hold(folders: Sequence[Folder]) -> str:
    return "holds" if len(folders) == 1 else "hold"
