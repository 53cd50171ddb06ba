"""Finding the files that a table names: people write paths in many ways."""

import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from src.load.class_names import normal
from src.load.image_kinds import EXTENSIONS
from src.load.walk import is_system_name

IMAGE_FOLDERS = ("images", "image", "imgs", "img", "photos", "pictures", "jpg", "jpgs", "data")
"""Folders beside a table in which its images are looked for, in lower case."""

OF_TABLE = ("labels", "label", "list", "annotations", "set", "data")
"""Words after the name of a folder in the name of its table: train_labels.csv."""


class FileFinder:
    """Finds images by what a table calls them.

    A name is looked for as it stands, with slashes for backslashes, and with any suffix of an
    image; below the folder of the table, in its folders ``images`` and the like, in the folder that
    is called as the table is, in the folder above and its ``images``, and at last in any one folder
    beside the table, if no other has the same.

    Args:
        table: the file; names are relative to its folder first.
    """

    def __init__(self, table: Path) -> None:
        self.table = table
        self.root = table.parent
        self.places = self._places()
        self._listings: dict[tuple[str, str, bool], _Listing] = {}

    def find(self, name: str, hints: Sequence[str] = ()) -> str | None:
        """The path of a file by its name.

        Args:
            name: as the table has it.
            hints: names of folders, such as the split and the label of the row: of several files
                of the name in folders beside the table, one of these is taken.

        Returns:
            The path; None where there is none, or more than one.
        """
        if "\\" in name:  # in names of files it is rare, and then exact
            folder, _, base = name.rpartition("/")
            for place in self.places:
                listing = self._listing(place, folder, "/" in name)
                if base in listing.files:
                    return os.path.join(listing.folder, base)
            name = name.replace("\\", "/")
        folder, _, base = name.rpartition("/")
        for place in self.places:
            found = self._listing(place, folder, "/" in name).find(base)
            if found:
                return found
        beside = self._beside(name)
        named = {hint.lower() for hint in hints if hint}
        if len(beside) > 1 and named:
            beside = [path for path in beside if self._top_folder(path).lower() in named]
        return beside[0] if len(beside) == 1 else None

    def several(self, name: str) -> list[str]:
        """The files that a name may mean where it means more than one."""
        name = name.replace("\\", "/")
        folder, _, base = name.rpartition("/")
        for place in self.places:
            listing = self._listing(place, folder, "/" in name)
            found = listing.stems.get(base, ())
            if len(found) > 1:
                return [os.path.join(listing.folder, file) for file in found]
        beside = self._beside(name)
        return beside if len(beside) > 1 else []

    def looked_in(self) -> str:
        """Where names are looked for, for a message."""
        return ", ".join(f"{place}/" for place in self.places)

    def _places(self) -> list[str]:
        """Folders that names may be relative to, the first one first."""
        stem = self.table.stem.lower()
        named = {stem, *(stem.removesuffix(word).rstrip("_- .") for word in OF_TABLE)}
        own = _folders(self.root)
        places = [
            self.root,
            *(self.root / own[name] for name in IMAGE_FOLDERS if name in own),
            *(self.root / own[name] for name in sorted(named - {""}) if name in own),
        ]
        above = self.root.resolve().parent
        beside = _folders(above)
        places += [above, *(above / beside[name] for name in IMAGE_FOLDERS if name in beside)]
        return [str(place) for place in dict.fromkeys(places)]

    def _listing(self, place: str, folder: str, below: bool = False) -> "_Listing":
        """The folder that a name leads to from a place; ``below`` if it has a slash."""
        listing = self._listings.get((place, folder, below))
        if listing is None:
            path = self._path(place, folder or "/") if below else place
            listing = self._listings[place, folder, below] = _Listing(path)
        return listing

    def _path(self, place: str, folder: str) -> str:
        """A folder below a place, in any case; an absolute one as the table's own is written."""
        path = os.path.normpath(os.path.join(place, folder))
        root, here = str(self.root), os.path.abspath(self.root)
        if os.path.isabs(path) and not os.path.isabs(root) and path.startswith(f"{here}{os.sep}"):
            path = os.path.normpath(os.path.join(root, os.path.relpath(path, here)))
        return path if os.path.isdir(path) else _in_any_case(path)

    def _beside(self, name: str) -> list[str]:
        """Files of the name in the folders beside the table."""
        name = name.replace("\\", "/")
        if os.path.isabs(name):
            return []
        folder, _, base = name.rpartition("/")
        places = [str(self.root / inner) for inner in _folders(self.root).values()]
        listings = [self._listing(place, folder, "/" in name) for place in places]
        return [path for listing in listings if (path := listing.find(base))]

    def _top_folder(self, path: str) -> str:
        """The folder beside the table that a file lies in or below."""
        return Path(path).relative_to(self.root).parts[0]


def _in_any_case(path: str) -> str:
    """The folder whose parts are these in another case; the path itself where there is none."""
    above, name = os.path.split(path)
    if not name:
        return path
    above = above if not above or os.path.isdir(above) else _in_any_case(above)
    try:
        found = [entry for entry in os.listdir(above or ".") if _folded(entry) == _folded(name)]
    except (OSError, ValueError):
        return path
    return os.path.join(above, found[0]) if len(found) == 1 else path


def _folded(name: str) -> str:
    """A name as file systems compare it that know neither case nor forms of Unicode."""
    return normal(name).casefold()


class _Listing:
    """A folder, read once: 100,000 rows that name its files would ask the system as often.

    Args:
        folder: its path; one that cannot be read is empty.

    Attributes:
        files: names of its files.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        try:
            with os.scandir(folder) as entries:
                self.files = frozenset(entry.name for entry in entries if entry.is_file())
        except (OSError, ValueError):
            self.files = frozenset()

    @cached_property
    def stems(self) -> dict[str, list[str]]:
        """Names of its images by what stands before the suffix."""
        stems: dict[str, list[str]] = {}
        for name in sorted(self.files):
            stem, suffix = os.path.splitext(name)
            if suffix.lower() in EXTENSIONS:
                stems.setdefault(stem, []).append(name)
        return stems

    @cached_property
    def folded(self) -> dict[str, list[str]]:
        """Names of its files by what ``_folded`` makes of them."""
        folded: dict[str, list[str]] = {}
        for name in sorted(self.files):
            folded.setdefault(_folded(name), []).append(name)
        return folded

    def find(self, base: str) -> str | None:
        """The path of a file by its name, by that without suffix, or in another case."""
        if base in self.files:
            return os.path.join(self.folder, base)
        found = self.stems.get(base, ())
        if len(found) != 1:
            found = self.folded.get(_folded(base), ())
        return os.path.join(self.folder, found[0]) if len(found) == 1 else None


def _folders(place: Path) -> dict[str, str]:
    """Names of the folders in a folder, by their lower case; none where it cannot be read."""
    try:
        with os.scandir(place) as entries:
            names = sorted(entry.name for entry in entries if entry.is_dir())
    except OSError:
        return {}
    return {name.lower(): name for name in reversed(names) if not is_system_name(name)}
