"""What a user probably meant where a folder is no data set: by what lies beside the photos."""

from pathlib import Path

from src.load.walk import Folder

IMAGES = frozenset(
    {"images", "image", "imgs", "img", "photos", "pictures", "jpegimages", "jpg", "jpgs"}
)
"""Folders whose names say nothing of what is in their photos, in lower case."""

LABELS = frozenset({"labels", "label", "annotations", "annotation"})
"""Folders of labels, in lower case."""

TABLES = ("train", "label", "class", "annotation")
"""Words in the names of tables that list photos with their labels, the surest first."""


def probably_meant(folder: Folder) -> str:
    """A question to put after a message, "; did you mean ...?"; nothing where nothing is beside."""
    files = {path.suffix.lower(): path for path in reversed(folder.files)}
    all_files = list(folder.all_files())
    yaml = files.get(".yaml") or files.get(".yml")
    if yaml:
        return (
            f"; {yaml.name} lies beside: {_try(yaml)}, or are its entries names and train missing?"
        )
    annotated = [path for path in all_files if _is_coco(path)]
    if annotated:
        return (
            f"; COCO's annotations ({annotated[0].name}) are not read: convert them to YOLO (a "
            "data.yaml and labels)"
        )
    if sum(path.suffix.lower() == ".xml" for path in all_files) > 1:
        return "; Pascal VOC's .xml files are not read: convert them to YOLO"
    table = _table(folder)
    if table:
        return f"; a table lies beside: did you mean {_try(table)}?"
    names = [path for path in all_files if path.name.lower() in ("classes.txt", "obj.names")]
    texts = [p for p in all_files if p.suffix.lower() == ".txt" and p not in names]
    beside = [inner.name for inner in folder.folders if inner.name.lower() in LABELS]
    if texts and (beside or names or _has_label_files(folder)):
        return (
            "; images with text files of their names are YOLO data: what is missing is a "
            "data.yaml with train, val and names, or classes.txt with a name a line"
        )
    matlab = [path for path in all_files if path.suffix.lower() == ".mat"]
    if matlab:
        return f"; MATLAB's files ({matlab[0].name}) are not read: write a CSV file of path,label"
    for suffix, kind in ((".npz", "arrays"), (".zip", "a zip file")):
        if suffix in files and len(all_files) < 3:
            advice = _try(files[suffix]) if suffix == ".npz" else "unpack it first"
            return f"; {files[suffix].name} is {kind}: {advice}"
    return ""


def _is_coco(path: Path) -> bool:
    named = "coco" in path.name.lower() or path.name.lower().startswith("instances")
    return path.suffix.lower() == ".json" and (named or path.parent.name.lower() == "annotations")


def _table(folder: Folder) -> Path | None:
    """The table that lists photos, of several the likeliest; in the folder or in one below it."""
    for place in (folder, *folder.folders):
        tables = [path for path in place.files if path.suffix.lower() in (".csv", ".tsv")]
        tables = [path for path in tables if path.name.lower() != "classes.csv"]
        for word in TABLES:
            found = [path for path in tables if word in path.name.lower()]
            if found:
                return found[0]
        others = [path for path in tables if "submission" not in path.name.lower()]
        if others:
            return others[0]
    return None


def _has_label_files(folder: Folder) -> bool:
    """Whether images and text files of the same names lie side by side."""
    for inner in folder.all_folders():
        texts = {path.stem for path in inner.files if path.suffix.lower() == ".txt"}
        if any(path.stem in texts for path in inner.images()):
            return True
    return False


def _try(path: object) -> str:
    return f"python -m src.load inspect {path}"
