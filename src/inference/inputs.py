"""The images that a command line names: files, folders, standard input."""

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from src.load.errors import UnreadableDataError
from src.load.image_kinds import EXTENSIONS, is_image_file, suffixes_of
from src.load.images import decode_image
from src.load.walk import walk

STDIN = "-"


def named_images(arguments: Sequence[str]) -> Iterator[Path | Image.Image]:
    """Image files in the order in which they are named; of folders all below them, by name.

    ``-`` is standard input: an image, or a list of files, one a line.

    Raises UnreadableDataError, before the first image: a folder without images, or standard input
    named twice.
    """
    for argument in arguments:
        if argument != STDIN and Path(argument).is_dir():
            folder_images(Path(argument))
    if list(arguments).count(STDIN) > 1:
        raise UnreadableDataError(f"{STDIN}: standard input can be read once")
    for argument in arguments:
        if argument == STDIN:
            yield from _standard_input(sys.stdin.buffer)
        elif Path(argument).is_dir():
            yield from folder_images(Path(argument))
        else:
            yield Path(argument)


def folder_images(folder: Path) -> list[Path]:
    """All images below a folder; raises UnreadableDataError where there is none."""
    tree = walk(folder)
    images = tree.all_images()
    if not images:
        kinds = " ".join(sorted(EXTENSIONS))
        others = suffixes_of(tree.all_files())
        found = f", only {others}" if others else ""
        raise UnreadableDataError(f"{folder}: found no images ({kinds}) in this folder{found}")
    return images


def passed_over(arguments: Sequence[str]) -> list[str]:
    """What is passed over in the folders among the arguments, a line for each folder."""
    lines = []
    for argument in arguments:
        if argument == STDIN or not Path(argument).is_dir():
            continue
        folders = list(walk(Path(argument)).all_folders())
        others = [p for folder in folders for p in folder.files if not is_image_file(p)]
        system = sum(len(folder.system) for folder in folders)
        links = sum(len(folder.dead_links) for folder in folders)
        parts = [f"{len(others)} files that are no images ({suffixes_of(others)})"] * bool(others)
        parts += [f"{system} system files and folders"] * bool(system)
        parts += [f"{links} links that lead nowhere"] * bool(links)
        lines += [f"{argument}: passed over {', '.join(parts)}"] * bool(parts)
    return lines


def _standard_input(stream: BinaryIO) -> Iterator[Path | Image.Image]:
    """One image, if the bytes are one; else lines of paths, as they come."""
    start = stream.readline()
    if not start:
        raise UnreadableDataError(
            "standard input: expected an image or a list of files, got nothing"
        )
    if _is_text(start):
        while start:
            name = os.fsdecode(start).strip()
            if name:
                yield Path(name)
            start = stream.readline()
        return
    image = decode_image(start + stream.read(), "standard input")
    image.info["name"] = "standard input"
    yield image


def _is_text(line: bytes) -> bool:
    """Whether a line can be a file's name: images begin with other bytes, or have zeros there."""
    control = any(byte < 32 and byte not in b"\t\r\n" for byte in line)
    return not control and not line.startswith((b"\x89PNG", b"\xff\xd8"))
