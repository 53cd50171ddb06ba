"""Places that a description names: here, or as they were on the machine where it was written."""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

FEWEST_PARTS = 2
"""Parts of a folder's path that must be found here, where it was another machine's."""


class Places:
    """Finds what a description names.

    Any slash will do. What cannot be found as it stands is looked for

    - without leading ``../`` and ``./``, as Roboflow writes what lies beside the file;
    - without ``data/`` or the name of the folder before it, as Darknet does;
    - of an absolute path, by its last parts: two or more of a folder, one or more of a file.

    Args:
        bases: folders that names may be relative to, the first one first.
    """

    def __init__(self, bases: Sequence[Path]) -> None:
        self.bases = list(bases)

    def find(self, name: str, also: Sequence[Path] = ()) -> Path | None:
        """The place of a name; None where there is none.

        Args:
            name: as it is written.
            also: further folders that it may be relative to, before the others.
        """
        for variant in self._variants(name.replace("\\", "/").strip()):
            for base in (*also, *self.bases):
                path = os.path.join(base, variant)
                if _exists(path):
                    return Path(os.path.normpath(path))
        return None

    def _variants(self, name: str) -> Iterator[str]:
        yield name
        parts = [part for part in name.split("/") if part not in ("", ".")]
        if re.match(r"/|[A-Za-z]:", name):
            for start in range(1, len(parts)):
                tail = parts[start:]
                if len(tail) >= FEWEST_PARTS or os.path.splitext(tail[-1])[1]:
                    yield "/".join(tail)
            return
        while parts and parts[0] == "..":
            del parts[0]
            yield "/".join(parts)
        if len(parts) > 1 and parts[0] in {"data", *(base.resolve().name for base in self.bases)}:
            yield "/".join(parts[1:])


def _exists(path: str) -> bool:
    try:
        return os.path.exists(path)
    except ValueError:  # a name that no file can have
        return False
