"""Files that are written whole or not at all, and names and text that any file can hold."""

import hashlib
import json
import math
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A temporary path next to ``path`` to write to; it replaces ``path`` if the block succeeds.

    The new file is complete on the disk before it takes the old one's name: whenever the process
    or the machine stops, the path holds the old file or the new one. If the block fails, the old
    file stays and nothing else. Folders are made as needed, the suffix stays (libraries recognize
    a format by it), and the file has the usual permissions of a new one.

    Raises OSError that names ``path``, not the temporary file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # a name of its own: another process may be writing the same file
    partial = path.with_name(f".{secrets.token_hex(4)}.partial{path.suffix}")
    try:
        partial.touch()
        mode = partial.stat().st_mode
        yield partial
        partial.chmod(mode)  # libraries that make their own file make it private
        with open(partial, "rb") as file:
            os.fsync(file.fileno())
        os.replace(partial, path)
    except OSError as error:
        # people know their file by its name, and a full disk names none
        if error.filename in (None, str(partial)):
            error.filename, error.filename2 = str(path), None
        raise
    finally:
        partial.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8, whole or not at all."""
    with atomic_path(path) as partial:
        partial.write_text(text, encoding="utf-8", errors="backslashreplace")


def write_json(path: Path, content: Any) -> None:
    r"""Write a JSON file, whole or not at all; NaN and infinity become null.

    Names of files that are not Unicode are written as JSON's own escapes, \udcff.
    """
    text = json.dumps(finite(content), indent=2, allow_nan=False, ensure_ascii=False)
    write_text(path, f"{text}\n")


def finite(content: Any) -> Any:
    """The content with NaN and infinities replaced by None, which JSON can hold."""
    if isinstance(content, Mapping):
        return {key: finite(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [finite(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content


def printable(text: str) -> str:
    r"""The text on one line; characters that cannot be shown, as a Python string escapes them.

    >>> printable("r\udcffn\n")
    'r\\udcffn\\n'
    """
    return "".join(
        character if character.isprintable() else ascii(character)[1:-1] for character in text
    )


def safe_file_name(name: str) -> str:
    """A class name as the name of a file: all but letters, digits, "-", "_" and "." becomes "_"."""
    safe = "".join(sign if sign.isalnum() or sign in "-_." else "_" for sign in name).strip(".")
    return safe.encode("utf-8", "replace")[:80].decode("utf-8", "ignore") or "_"


def results_directory(base: Path, place: Path, marker: str, prefix: str = "") -> Path:
    """Where the results on a place go by default: a folder of its name, which no other place has.

    Args:
        base: of all results.
        place: what was looked at.
        marker: the file in a folder of results whose first line ends in the place.
        prefix: of the folder's name.
    """
    path = place.resolve()
    name = prefix + ((path.stem if path.is_file() else path.name) or "root")
    try:
        taken = (base / name / marker).read_text(encoding="utf-8").splitlines()[0]
    except (OSError, UnicodeDecodeError, IndexError):
        taken = "" if not (base / name).exists() else "unknown"
    if not taken or taken.endswith(f" {path}"):
        return base / name
    return base / f"{name}-{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"


def model_name(model: Path) -> str:
    """What a model is called: by its run, and by its epoch if it is not that of the end."""
    folder = model.resolve().parent
    if folder.name == "epochs":
        return f"{folder.parent.name}-{model.stem}"
    return folder.name if model.stem == "model" else model.stem
