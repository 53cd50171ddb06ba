"""What photos show, whatever their files are called: fingerprints of their pixels.

Two photos are the same if their size and all their pixels are: a SHA-256 tells. Two are nearly the
same, one perhaps a smaller or a recompressed copy of the other, if few of 128 bits differ that
describe them coarsely:

- 64 bits of a difference hash: is each of 8 x 8 places brighter than its left neighbour?
- 64 bits of a perceptual hash: is each of the 8 x 8 lowest frequencies (discrete cosine transform
  of the photo at 32 x 32) above their median?

Both are by N. Krawetz ("Kind of like that", hackerfactor.com, 2013). Photos of two plates on one
table agree in up to 10 bits of one hash; in both together, copies differ in 0 to 5.
"""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from src.load.errors import UnreadableDataError
from src.load.progress import progress_bar
from src.load.sources import Source
from src.load.transforms.base import Picture

NEAR = 5
"""Bits of 128 in which photos may differ and still count as nearly the same."""

FLAT = 8
"""Grey levels between the darkest and the brightest place of a photo of one colour, at most."""

MOST_COMPARED = 30_000
"""Photos up to which each is compared with each other: ten seconds."""

ROWS_COMPARED = 64
"""Photos that are compared with all others at a time."""


@dataclass(frozen=True)
class Fingerprints:
    """Fingerprints of the photos of a source.

    Attributes:
        digests: (photos,), SHA-256 of size and pixels; empty where the photo cannot be read.
        hashes: (photos, 2), 128 bits that near-duplicates share; or None for samples that are no
            images.
        sizes: (photos, 2), width and height; zero where the photo cannot be read.
        errors: what is wrong with a photo, by its number.
        bits: of images of 16 bits that use fewer, by number; see ``open_image``.
    """

    digests: Sequence[str]
    hashes: NDArray[np.uint64] | None
    sizes: NDArray[np.int64]
    errors: dict[int, str]
    bits: dict[int, int] = field(default_factory=dict)

    def short_digests(self) -> NDArray[np.uint64]:
        """(photos,): the first 64 bits of each digest; 0 where the photo cannot be read."""
        return np.array([int(digest[:16] or "0", 16) for digest in self.digests], np.uint64)

    def joined(self, other: "Fingerprints") -> "Fingerprints":
        """Those of the photos of two sources, one after the other."""
        count = len(self.digests)
        hashes = None
        if self.hashes is not None and other.hashes is not None:
            hashes = np.concatenate([self.hashes, other.hashes])
        return Fingerprints(
            [*self.digests, *other.digests],
            hashes,
            np.concatenate([self.sizes, other.sizes]),
            {**self.errors, **{count + k: text for k, text in other.errors.items()}},
            {**self.bits, **{count + k: bits for k, bits in other.bits.items()}},
        )

    def copies(self) -> list[list[int]]:
        """Numbers of photos that are the same, for every photo that there is more than once."""
        groups: dict[str, list[int]] = {}
        for number, digest in enumerate(self.digests):
            if digest:
                groups.setdefault(digest, []).append(number)
        return [group for group in groups.values() if len(group) > 1]

    def near_duplicates(self, bits: int = NEAR) -> list[tuple[int, int, int]]:
        """(photo, photo, differing bits) of pairs that are nearly, but not exactly, the same.

        No pairs for samples that are no images, nor for more than ``MOST_COMPARED`` photos.
        """
        if self.hashes is None or len(self.digests) > MOST_COMPARED:
            return []
        readable = np.flatnonzero([bool(digest) for digest in self.digests])
        hashes = self.hashes[readable]
        pairs = []
        for start in range(0, len(hashes), ROWS_COMPARED):
            block = hashes[start : start + ROWS_COMPARED]
            differing = np.bitwise_count(block[:, np.newaxis] ^ hashes[start:]).sum(
                axis=2, dtype=np.uint8
            )
            for first, second in zip(*np.nonzero(differing <= bits), strict=True):
                one, other = int(readable[start + first]), int(readable[start + second])
                if one < other and self.digests[one] != self.digests[other]:
                    pairs.append((one, other, int(differing[first, second])))
        return pairs

    def groups(self, near: int | None = NEAR) -> NDArray[np.int64]:
        """(photos,): a number for every photo, the same for copies, and for near ones.

        Args:
            near: bits in which near-duplicates may differ; None to group exact copies only.
        """
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        links = [(group[0], other) for group in self.copies() for other in group[1:]]
        if near is not None:
            links += [(one, other) for one, other, _ in self.near_duplicates(near)]
        count = len(self.digests)
        ends = np.array(links, np.int64).reshape(-1, 2)
        graph = coo_array((np.ones(len(ends), bool), ends.T), shape=(count, count))
        return connected_components(graph, directed=False)[1].astype(np.int64)


def fingerprint_photos(photos: Source, threads: int = 2, progress: bool = False) -> Fingerprints:
    """Decode every photo once and take its fingerprints; what cannot be read is noted.

    Args:
        photos: whole photos, as ``Source.photos`` gives them.
        threads: that decode at the same time.
        progress: show a bar on standard error, on a terminal.
    """
    digests: list[str] = []
    hashes = np.zeros((len(photos), 2), np.uint64)
    sizes = np.zeros((len(photos), 2), np.int64)
    errors: dict[int, str] = {}
    few_bits: dict[int, int] = {}
    images = True

    def look(number: int) -> tuple[str, Picture | None, NDArray[np.uint64], tuple[int, int]]:
        try:
            picture = photos[number]
        except UnreadableDataError as error:
            errors[number] = str(error)
            return "", None, np.zeros(2, np.uint64), (0, 0)
        if isinstance(picture, Image.Image):
            if "bits" in picture.info:
                few_bits[number] = picture.info["bits"]
            return pixel_digest(picture), None, perceptual_hash(picture), picture.size
        return array_digest(picture), picture, np.zeros(2, np.uint64), (0, 0)

    bar = progress_bar("reading", len(photos), "photo", progress)
    pool = ThreadPoolExecutor(threads)
    try:
        for number, (digest, other, bits, size) in enumerate(pool.map(look, range(len(photos)))):
            digests.append(digest)
            hashes[number], sizes[number] = bits, size
            images = images and other is None
            bar.update()
    finally:  # interrupted, nobody waits for the rest
        pool.shutdown(cancel_futures=True)
        bar.close()
    return Fingerprints(
        digests,
        hashes if images else None,
        sizes,
        dict(sorted(errors.items())),
        dict(sorted(few_bits.items())),
    )


def pixel_digest(image: Image.Image) -> str:
    """SHA-256 of mode, size and pixels."""
    return hashlib.sha256(f"{image.mode} {image.size}".encode() + image.tobytes()).hexdigest()


def array_digest(array: NDArray[np.generic]) -> str:
    """SHA-256 of type, shape and values."""
    return hashlib.sha256(f"{array.dtype} {array.shape}".encode() + array.tobytes()).hexdigest()


def perceptual_hash(image: Image.Image) -> NDArray[np.uint64]:
    """(2,): difference hash and perceptual hash.

    A photo of one colour has neither, and would be near every other such: its bits are of its
    content instead.
    """
    from scipy.fft import dctn  # here, since predicting needs no SciPy and starts sooner without

    grey = image.convert("L")
    small = np.asarray(grey.resize((9, 8), Image.Resampling.BILINEAR)).astype(np.int16)
    levels = np.asarray(grey.resize((32, 32), Image.Resampling.LANCZOS)).astype(np.float64)
    if np.ptp(levels) < FLAT:
        return np.frombuffer(bytes.fromhex(pixel_digest(image))[:16], np.uint64)
    frequencies = dctn(levels, norm="ortho")[:8, :8]
    bits = [small[:, 1:] > small[:, :-1], frequencies > np.median(frequencies)]
    return np.packbits(np.concatenate(bits).reshape(2, 64), axis=1).view(np.uint64).reshape(2)
