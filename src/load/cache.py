"""Images decoded once and kept as bytes, in memory or on disk.

Decoding a photo takes milliseconds, copying its pixels microseconds. What is kept is what the
fixed transforms at the beginning of a pipeline make of it, a ``Resize`` above all, so it is small.
"""

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from src.common.files import atomic_path
from src.load.errors import UnreadableDataError
from src.load.problems import Problems
from src.load.progress import progress_bar
from src.load.sources import Source
from src.load.transforms.base import Compose

AHEAD = 256
"""Images that are decoded before the first of them is kept."""


class CachedImages:
    """Some samples of a source, decoded and prepared.

    Args:
        source: of the images.
        rows: (samples,), those that are kept; others are not in the cache.
        transform: what is done to each before it is kept; draws nothing.
        directory: keep them in files there, mapped into memory; None for memory itself.
        threads: that decode.
        problems: where to file what cannot be read; those samples are left out of ``rows``.
        progress: show a bar on standard error, on a terminal.

    Attributes:
        rows: (samples,), those that could be read.

    The file's name is made of what it depends on: names, sizes and times of the files, and the
    transform. So it is used until one of them changes, and a file that was not finished never is.
    That the kept bytes are still those that were written is not checked.
    """

    def __init__(
        self,
        source: Source,
        rows: NDArray[np.intp],
        transform: Compose,
        directory: Path | None = None,
        *,
        threads: int = 2,
        problems: Problems | None = None,
        progress: bool = False,
    ) -> None:
        self._rng = np.random.default_rng(0)  # fixed transforms draw nothing
        problems = problems if problems is not None else Problems()

        def prepared() -> Iterator[tuple[int, NDArray[np.uint8]]]:
            bar = progress_bar("decoding", len(rows), "image", progress)
            with bar, ThreadPoolExecutor(threads) as pool:
                for start in range(0, len(rows), AHEAD):  # so that few wait to be written
                    some = rows[start : start + AHEAD].tolist()
                    made = pool.map(lambda row: self._prepare(source, transform, row), some)
                    for row, image in zip(some, made, strict=True):
                        if not isinstance(image, UnreadableDataError):
                            yield row, image
                    bar.update(len(some))

        self._kept: dict[int, NDArray[np.uint8]]
        if directory is None:
            self._kept = dict(prepared())
        else:
            name = _name(source, rows, transform)
            self._kept = _on_disk(Path(directory) / name, prepared())
        for row in rows.tolist():
            if row not in self._kept:  # also where the cache was filled by an earlier run
                error = self._prepare(source, transform, row)
                cause = f": {error}" if isinstance(error, UnreadableDataError) else ""
                problems.add("unreadable images", f"{source.name(row)}{cause}")
        self.rows = np.array([row for row in rows.tolist() if row in self._kept], np.intp)

    def __getitem__(self, row: int) -> Image.Image:
        return Image.fromarray(self._kept[int(row)])

    @property
    def nbytes(self) -> int:
        """Bytes that the kept images take."""
        return sum(image.nbytes for image in self._kept.values())

    def _prepare(
        self, source: Source, transform: Compose, row: int
    ) -> NDArray[np.uint8] | UnreadableDataError:
        try:
            image = transform(source[row], self._rng)
        except UnreadableDataError as error:
            return error
        if not isinstance(image, Image.Image):
            raise ValueError(
                f"cache: {source.name(row)} is an array, which needs no decoding; leave cache out"
            )
        return np.asarray(image)


def _name(source: Source, rows: NDArray[np.intp], transform: Compose) -> str:
    """A name for the samples as they are now, after the transform."""
    digest = hashlib.sha256(repr(transform).encode())
    for row in rows.tolist():
        try:
            digest.update(source.state(row).encode() + b"\n")
        except OSError:  # the file is gone; reading it says so
            digest.update(b"none\n")
    return digest.hexdigest()[:24]


def _on_disk(
    base: Path, prepared: Iterator[tuple[int, NDArray[np.uint8]]]
) -> dict[int, NDArray[np.uint8]]:
    """Images in two files: all bytes, one image after the other, and a table of the images.

    The table is written last, so that what was interrupted is made anew.
    """
    pixels, table = base.with_suffix(".bytes"), base.with_suffix(".npy")
    if not _complete(pixels, table):
        entries: list[tuple[int, ...]] = []
        with atomic_path(pixels) as partial, partial.open("wb") as file:
            for row, image in prepared:
                entries.append((row, file.tell(), *image.shape, *[0] * (3 - image.ndim)))
                file.write(image.tobytes())
        with atomic_path(table) as partial:
            np.save(partial, np.array(entries, np.int64).reshape(-1, 5))
    content = np.memmap(pixels, np.uint8, "r") if pixels.stat().st_size else np.zeros(0, np.uint8)
    return {
        row: content[start : start + _size(shape)].reshape([n for n in shape if n])
        for row, start, *shape in np.load(table).tolist()
    }


def _complete(pixels: Path, table: Path) -> bool:
    try:
        entries = np.load(table, allow_pickle=False)
        end = 0 if not len(entries) else int(entries[-1, 1]) + _size(entries[-1, 2:].tolist())
        return pixels.stat().st_size == end
    except (OSError, ValueError, EOFError, IndexError):
        return False


def _size(shape: Sequence[int]) -> int:
    """Bytes of an image of a shape that ends in 0 where there is no third axis."""
    return int(np.prod([n for n in shape if n]))
