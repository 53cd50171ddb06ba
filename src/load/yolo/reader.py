"""Reading a YOLO data set: images with objects in boxes, each a class."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from src.load.account import UNEXPLAINED
from src.load.dataset import ImageDataset
from src.load.errors import UnreadableDataError
from src.load.files import read_text
from src.load.image_folder import (
    account_for_others,
    find_files,
    leave_out_links,
    read_image_folder,
)
from src.load.image_kinds import is_image_file
from src.load.problems import Problems
from src.load.walk import walk
from src.load.yolo.boxes import BOX
from src.load.yolo.description import NAME_FILES, Description, describe_yolo
from src.load.yolo.labels import LabelFinder, read_labels
from src.load.yolo.samples import LabelledImages, as_images, as_objects

NO_LABEL_FILE = "images without a label file"
BAD_LINES = "images whose label files cannot be read"
UNNAMED = "images that no split names"


def read_yolo(
    path: str | Path, objects: bool = True, problems: Problems | None = None
) -> ImageDataset:
    """Read a data set in one of YOLO's layouts.

    Args:
        path: the file that describes it (``description`` says which), or the folder that holds it.
            Places in it are relative to its ``path`` entry, and that to the file; what does not
            exist here, as on the author's machine, is looked for without the folders before it.
        objects: True for one sample an object, cut out by its box, with one class; False for whole
            images with the labels of all objects in them, none included.
        problems: where to file what cannot be used: lines with classes out of range or boxes
            outside the image, images without a label file, label files without an image. Of an
            image with such lines, whole, nobody knows the labels: it is left out.

    Every image, label file and line is accounted for, see ``Problems.accounts``.

    Raises:
        UnreadableDataError: the description is missing or damaged, there is no image, none has a
            label file, or none can be used; with the first cause.
    """
    path, problems = Path(path), problems if problems is not None else Problems()
    described = describe_yolo(path)
    images = LabelledImages()
    listed: list[Path] = []
    for split, places in described.entries.items():
        images.splits[split] = _images_of_split(described, split, places, listed, problems)
    found = list(dict.fromkeys(image for split in images.splits.values() for image in split))
    if not found:
        named = ", ".join(place for of_split in described.entries.values() for place in of_split)
        raise UnreadableDataError(
            f"{described.file}: found no images in the places that it names: {named or 'none'}"
            f"{problems.first_cause()}"
        )
    finder = LabelFinder()
    label_files = {image: finder.find(image) for image in found}
    if not any(label_files.values()):
        return _without_labels(described, found, finder, problems)
    if path.is_dir():
        find_files(walk(path), problems)
    files = problems.account("files")
    files.find([*found, *described.used, *listed, *finder.text_files()])
    for file in (*described.used, *listed):
        files.set(file, "used", "descriptions")
    _read_boxes(label_files, finder, described, objects, images, problems)
    if not images.labels or (objects and not any(each.boxes for each in images.labels.values())):
        raise UnreadableDataError(
            f"{described.file}: the label files hold no usable box{problems.first_cause()}"
        )
    _account_for_rest(finder, problems)
    make = as_objects if objects else as_images
    return make(images, described, problems)


def _images_of_split(
    described: Description, split: str, places: list[str], listed: list[Path], problems: Problems
) -> list[Path]:
    """Images of a split, each once; lists that were read are added to ``listed``."""
    images: list[Path] = []
    for place in places:
        found = described.places.find(place)
        here: list[Path] = []
        if found is None:
            text = f"{described.file}: {split}: {place}: no such place"
            problems.add("splits without images", text)
            continue
        if found.is_dir():
            tree = walk(found)
            here = tree.all_images()
            for folder in tree.all_folders():
                leave_out_links(folder, problems)
        elif not is_image_file(found):
            listed.append(found)
            here = list(_listed_images(found, described, problems))
        if not here:
            text = f"{described.file}: {split}: {place} has no images"
            problems.add("splits without images", text)
        images += here
    once = list(dict.fromkeys(images))
    if len(once) < len(images):
        twice = len(images) - len(once)
        problems.note("images listed twice", f"{described.file}: {split}: {twice}")
    return once


def _listed_images(file: Path, described: Description, problems: Problems) -> Iterator[Path]:
    """Images that a text file lists, relative to itself or to the data."""
    try:
        lines = read_text(file).splitlines()
    except UnreadableDataError as error:
        problems.add("unreadable text files", str(error))
        return
    account = problems.account("lines of lists")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        image = described.places.find(line, also=[file.parent])
        if image is not None and image.is_file():
            account.set((file, number), "used", "images found")
            yield image
        else:
            text = f"{file}: {line.strip()}: no such file"
            problems.leave_out("lines of lists", (file, number), "missing images", text)


def _without_labels(
    described: Description, images: list[Path], finder: LabelFinder, problems: Problems
) -> ImageDataset:
    """Folders of classes where the images lie in folders called as the classes are.

    Raises UnreadableDataError where they do not.
    """
    folder = described.places.bases[0]
    if {image.parent.name for image in images} <= set(described.names):
        problems.note(
            "how the data set was understood",
            f"{described.file}: there are no label files, and the images lie in folders called as "
            "the classes are: read as folders of classes",
        )
        problems.account("files").set_all(described.used, "used", "descriptions")
        return read_image_folder(folder, problems)
    place = finder.places(str(images[0].parent))[0]
    raise UnreadableDataError(
        f"{described.file}: found no label file for any of {len(images)} images; the first place "
        f"looked at: {Path(place, images[0].stem + '.txt')}"
    )


def _read_boxes(
    label_files: dict[Path, Path | None],
    finder: LabelFinder,
    described: Description,
    objects: bool,
    images: LabelledImages,
    problems: Problems,
) -> None:
    """Read the objects of all images; those that cannot be used are left out."""
    files, lines = problems.account("files"), problems.account("label lines")
    kinds: Counter[str] = Counter()
    for image, file in label_files.items():
        if file is None:
            place = finder.places(str(image.parent))[0]
            problems.leave_out(
                *("files", image, NO_LABEL_FILE),
                f"{image}: has no label file {Path(place, image.stem + '.txt')} (an empty one says "
                "that it shows no object)",
            )
            continue
        try:
            labels = read_labels(file, len(described.names), described.key_points)
        except UnreadableDataError as error:
            files.set(file, "left out", "label files that cannot be read")
            problems.leave_out("files", image, BAD_LINES, f"{image}: {error}")
            continue
        files.set(file, "used", "label files")
        for number, cause in labels.mistakes:
            text = f"{file}: line {number}: {cause}"
            problems.leave_out("label lines", (file, number), "unusable boxes", text)
        again = [(file, "again", number) for number in range(labels.repeated)]
        lines.set_all(again, "passed over", "lines that stand twice")
        if labels.mistakes and not (objects and labels.boxes):
            lines.set_all(labels.line_items(), "left out", BAD_LINES)
            number, cause = labels.mistakes[0]
            text = f"{image}: {file}: line {number}: {cause}"
            problems.leave_out("files", image, BAD_LINES, text)
            continue
        lines.set_all(labels.line_items(), "used", "objects")
        kinds += labels.kinds
        images.labels[image] = labels
        if labels.boxes or not objects:
            files.set(image, "used", "photos" if labels.boxes else "photos without an object")
        else:
            files.set(image, "passed over", "photos without an object")
    for kind, count in kinds.items():
        if kind != BOX:
            problems.note("label lines that are no plain boxes", f"{count} {kind}: read as boxes")


def _account_for_rest(finder: LabelFinder, problems: Problems) -> None:
    """Account for files that no split names and no image has."""
    files = problems.account("files")
    images_first = sorted(files.undecided(), key=lambda item: not is_image_file(Path(str(item))))
    for item in images_first:
        path = Path(str(item))
        if files.what(item) != UNEXPLAINED:
            continue
        if path.name.lower() in NAME_FILES:
            files.set(item, "passed over", "lists of names")
        elif path.suffix.lower() == ".txt" and str(path.parent) in finder.folders:
            text = f"{path}: there is no image of this name"
            problems.leave_out("files", item, "label files without an image", text)
        elif is_image_file(path):
            problems.leave_out("files", item, UNNAMED, f"{path}: is in no split")
            label_file = finder.find(path)
            if label_file is not None:
                files.set(label_file, "left out", f"label files of {UNNAMED}")
        elif path.suffix.lower() in (".cache", ".json"):
            files.set(item, "passed over", "files of other programs")
    account_for_others(problems)
