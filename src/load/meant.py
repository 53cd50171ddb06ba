"""What a user probably meant where a folder is no data set: by what lies beside the photos."""

from src.load.walk import Folder

LABELS = ("labels", "annotations")
"""Folders of labels, in lower case."""


def probably_meant(folder: Folder) -> str:
    """A question to put after a message, "; did you mean ...?"; nothing where nothing is beside."""
    files = {path.suffix.lower(): path for path in reversed(folder.files)}
    names = {path.name.lower() for path in folder.files}
    all_files = list(folder.all_files())
    yaml = files.get(".yaml") or files.get(".yml")
    if yaml:
        return f"; {yaml.name} lies beside: {_try(yaml)}, or is its entry names missing?"
    table = next((p for p in folder.files if p.suffix.lower() in (".csv", ".tsv")), None)
    if table and table.name != "classes.csv":
        return f"; a table lies beside: did you mean {_try(table)}?"
    if any("coco" in path.name.lower() and path.suffix == ".json" for path in all_files):
        return "; COCO's annotations are not read: convert them to YOLO (a data.yaml and labels)"
    beside = [inner.name for inner in folder.folders if inner.name.lower() in LABELS]
    if beside:
        return (
            f"; {beside[0]} beside images are YOLO data: what is missing is a data.yaml with "
            "train, val and names, or classes.txt with a name a line"
        )
    if names & {"obj.data", "obj.names", "classes.txt"}:
        return "; classes.txt or obj.names without label files beside the images: export them too"
    if any(path.suffix.lower() == ".xml" for path in all_files):
        return "; Pascal VOC's .xml files are not read: convert them to YOLO"
    for suffix, kind in ((".npz", "arrays"), (".zip", "a zip file")):
        if suffix in files and len(all_files) < 3:
            advice = _try(files[suffix]) if suffix == ".npz" else "unpack it first"
            return f"; {files[suffix].name} is {kind}: {advice}"
    return ""


def _try(path: object) -> str:
    return f"python -m src.load inspect {path}"
