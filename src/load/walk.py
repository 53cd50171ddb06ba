"""The files below a folder: the system's own are passed over, links are followed, loops not."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from src.load.errors import UnreadableDataError
from src.load.image_kinds import is_image_file

SYSTEM_FOLDERS = frozenset(
    {
        *("__macosx", "__pycache__", "@eadir", "@recycle", "#recycle", "#snapshot"),
        *("$recycle.bin", "system volume information", "lost+found"),
    }
)
"""Folders that operating systems, network drives and editors make, in lower case."""

SYSTEM_FILES = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"})
"""Files of the same, in lower case."""


RESULTS = frozenset({"runs", "inspect", "evaluations", "history"})
"""Folders in ``assets`` that this program writes."""

RESULT_FILES = frozenset({"cache", "augmentations.png"})
"""What else it writes there."""

MOST_LINKS = 3
"""Links on the way to a folder: several folders with links to each other would have no end."""


@dataclass
class Folder:
    """A folder and all that is below it.

    Attributes:
        path: of the folder.
        files: in it, sorted by name.
        folders: in it, sorted by name.
        system: what the system has put into it.
        results: folders of this program's own results: a run's pictures are no class.
        dead_links: links in it that lead nowhere, back to a folder that holds them, or through
            more than ``MOST_LINKS`` others.
    """

    path: Path
    files: list[Path] = field(default_factory=list)
    folders: list["Folder"] = field(default_factory=list)
    system: list[Path] = field(default_factory=list)
    results: list[Path] = field(default_factory=list)
    dead_links: list[Path] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Of the folder."""
        return self.path.name

    def all_folders(self) -> Iterator["Folder"]:
        """The folder itself, then those below it."""
        yield self
        for folder in self.folders:
            yield from folder.all_folders()

    def all_files(self) -> Iterator[Path]:
        """All files in it and below it."""
        for folder in self.all_folders():
            yield from folder.files

    def images(self) -> list[Path]:
        """Images that lie in the folder itself."""
        return [path for path in self.files if is_image_file(path)]

    def all_images(self) -> list[Path]:
        """Images in it and below it, sorted by path."""
        return sorted(path for path in self.all_files() if is_image_file(path))

    def has_images(self) -> bool:
        """Whether there is an image in it or below it."""
        return any(map(is_image_file, self.all_files()))


def walk(root: str | Path) -> Folder:
    """All files below a folder.

    Raises UnreadableDataError: it is no folder, or it or one below it cannot be read.
    """
    root = Path(root)
    if not root.is_dir():
        raise UnreadableDataError(f"{root}: expected a folder")
    try:
        return _walk(root, frozenset(), 0)
    except RecursionError:
        raise UnreadableDataError(f"{root}: has too many folders inside of each other") from None


def _walk(path: Path, above: frozenset[tuple[int, int]], links: int) -> Folder:
    """``above`` are device and inode of the folders that hold it, ``links`` those on the way."""
    folder = Folder(path)
    try:
        metadata = path.stat()
        with os.scandir(path) as scan:
            entries = sorted(scan, key=lambda entry: entry.name)
    except OSError as error:
        raise UnreadableDataError(f"{path}: cannot be read ({error.strerror})") from None
    here = above | {(metadata.st_dev, metadata.st_ino)}
    for entry in entries:
        place = path / entry.name
        if is_system_name(entry.name):
            folder.system.append(place)
        elif _is(entry.is_dir) and is_of_this_program(place):
            folder.results.append(place)
        elif _is(entry.is_dir):
            link = entry.is_symlink()
            if link and (links == MOST_LINKS or _leads_back(place, here)):
                folder.dead_links.append(place)
            else:
                folder.folders.append(_walk(place, here, links + link))
        elif _is(entry.is_file):
            folder.files.append(place)
        elif entry.is_symlink():
            folder.dead_links.append(place)
        else:  # a socket, a named pipe: nothing that can be read as a file
            folder.system.append(place)
    return folder


def _is(question: Callable[[], bool]) -> bool:
    try:
        return question()
    except OSError:  # a link that leads to itself
        return False


def _leads_back(link: Path, above: frozenset[tuple[int, int]]) -> bool:
    metadata = link.stat()
    return (metadata.st_dev, metadata.st_ino) in above


def is_of_this_program(folder: Path) -> bool:
    """Whether a folder holds what this program writes by default: results, or histories of runs."""
    if folder.name not in ("assets", "logs"):
        return False
    try:
        names = {entry for entry in os.listdir(folder) if not is_system_name(entry)}
    except OSError:
        return False
    if folder.name == "assets":
        return bool(names & RESULTS) and names <= RESULTS | RESULT_FILES
    return bool(names) and all(_is_history(folder / name) for name in names)


def _is_history(folder: Path) -> bool:
    return any(folder.glob("*tfevents*")) or any(folder.glob("*/*tfevents*"))


def is_system_name(name: str) -> bool:
    """Whether a file or folder of this name is the system's own, or hidden.

    >>> is_system_name("__MACOSX"), is_system_name("._a.jpg"), is_system_name("__background__")
    (True, True, False)
    """
    lower = name.lower()
    return lower.startswith(".") or lower in SYSTEM_FOLDERS or lower in SYSTEM_FILES
