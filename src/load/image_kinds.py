"""Which files are images: by their suffix; where that says nothing, by how their content begins.

One answer for training, YOLO data sets, ``predict DIR`` and ``inspect``.
"""

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

EXTENSIONS = frozenset(
    {
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".bmp", ".dib", ".webp", ".gif"),
        *(
            ".tif",
            ".tiff",
            ".avif",
            ".heic",
            ".heif",
            ".jp2",
            ".j2k",
            ".jpx",
            ".ppm",
            ".pgm",
            ".pbm",
            ".pnm",
        ),
    }
)
"""Of image files, in lower case."""

NO_IMAGES = frozenset(
    {
        *(".txt", ".csv", ".tsv", ".json", ".jsonl", ".xml", ".yaml", ".yml", ".md", ".rst", ".py"),
        *(".names", ".data", ".cache", ".npy", ".npz", ".mat", ".h5", ".pkl", ".pt", ".zip", ".gz"),
        *(".tar", ".log", ".html", ".ipynb", ".safetensors", ".mp4", ".pdf", ".svg", ".xlsx"),
    }
)
"""Of files that are never opened to see whether they are images."""

HEAD = 64
"""Bytes of a file that tell what it is."""

SIGNATURES = (
    (rb"\xff\xd8\xff", "JPEG"),
    (rb"\x89PNG\r\n\x1a\n", "PNG"),
    (rb"GIF8[79]a", "GIF"),
    (rb"BM.{4}\0\0\0\0", "BMP"),
    (rb"RIFF.{4}WEBP", "WebP"),
    (rb"II[*+]\0|MM\0[*+]", "TIFF"),
    (rb".{4}ftyp(?:avif|avis)", "AVIF"),
    (rb".{4}ftyp(?:hei[cfmsx]|hev[cmsx]|mif1|msf1)", "HEIC"),
    (rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51", "JPEG 2000"),
    (rb"P[1-6]\s", "PPM"),
)
"""How images begin, as regular expressions, and what they are."""

OTHER_SIGNATURES = (
    (rb"%PDF", "PDF document"),
    (rb"%!PS", "PostScript file"),
    (rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml[^>]*>\s*<)?svg", "SVG drawing"),
    (rb"(?:\xef\xbb\xbf)?(?i:\s*<(?:!doctype html|html|head|body))", "web page"),
    (rb"(?:\xef\xbb\xbf)?\s*<\?xml", "XML file"),
    (rb"PK\x03\x04", "zip file"),
    (rb"\x1f\x8b", "gzip file"),
    (rb"version https://git-lfs", "Git LFS pointer (fetch the files with git lfs pull)"),
    (rb".{4}ftyp", "video or another file of the MPEG-4 family"),
)
"""The same for what people take for images."""


def kind_of_image(head: bytes) -> str | None:
    """What kind of image begins with these bytes; None if none does.

    >>> kind_of_image(b"GIF89a..."), kind_of_image(b"a,b")
    ('GIF', None)
    """
    return _first_match(SIGNATURES, head)


def description_of(head: bytes) -> str | None:
    """What begins with these bytes, for a message; None where nobody knows.

    >>> description_of(b"%PDF-1.4"), description_of(bytes(8))
    ('PDF document', 'file of zeros')
    """
    kind = kind_of_image(head)
    if kind:
        return f"{kind} image"
    if head and not head.strip(b"\0"):
        return "file of zeros"
    other = _first_match(OTHER_SIGNATURES, head)
    if other is None and head.isascii() and head.decode().replace("\n", " ").strip().isprintable():
        return "text file"
    return other


def _first_match(signatures: Iterable[tuple[bytes, str]], head: bytes) -> str | None:
    return next((kind for sign, kind in signatures if re.match(sign, head, re.DOTALL)), None)


def is_image_file(path: Path) -> bool:
    """Whether a file is to be read as an image: by its suffix, in any case, else by its content."""
    suffix = path.suffix.lower()
    if suffix in EXTENSIONS:
        return True
    if suffix in NO_IMAGES:
        return False
    try:
        with open(path, "rb") as file:
            return kind_of_image(file.read(HEAD)) is not None
    except OSError:
        return False


def suffixes_of(paths: Iterable[Path]) -> str:
    """How many files there are of each suffix, for a message.

    >>> suffixes_of([Path("a.txt"), Path("b.TXT"), Path("c")])
    '2 .txt, 1 without a suffix'
    """
    counts = Counter(path.suffix.lower() or "without a suffix" for path in paths)
    return ", ".join(f"{count} {suffix}" for suffix, count in counts.most_common())
