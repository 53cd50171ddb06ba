"""Names of classes: compared in Unicode's composed form, and never two classes of one name."""

import unicodedata
from collections import Counter
from collections.abc import Sequence

from src.common.files import printable


def normal(name: str) -> str:
    """A name in Unicode's composed form (NFC): macOS writes é as e and an accent.

    >>> len("e\\u0301"), len(normal("e\\u0301"))
    (2, 1)
    """
    return unicodedata.normalize("NFC", name)


def distinct_names(names: Sequence[str], keys: Sequence[object] | None = None) -> list[str]:
    """The names, those that occur several times told apart by a key of each.

    Args:
        names: of the classes.
        keys: what tells them apart: folders, say; their numbers if None.

    >>> distinct_names(["crane", "crane", "tabby"], ["n02012849", "n03126707", "n02123045"])
    ['crane (n02012849)', 'crane (n03126707)', 'tabby']
    """
    shown = [printable(normal(str(name))) for name in names]
    keys = range(len(names)) if keys is None else keys
    counts = Counter(shown)
    apart = [
        f"{name} ({printable(str(key))})" if counts[name] > 1 else name
        for name, key in zip(shown, keys, strict=True)
    ]
    return apart if len(set(apart)) == len(apart) else distinct_names(apart)
