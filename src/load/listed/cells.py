"""The labels in the cells of a table: one, several, or none."""

from collections import Counter
from collections.abc import Sequence

from src.load.class_names import normal

BLANK = frozenset({"", "nan", "null", "na", "n/a", "#n/a", "<na>"})
"""What a cell without a label holds, in lower case."""

SEPARATORS = {"pipe": "|", "semicolon": ";", "comma": ",", "space": " "}
"""Between several labels in a cell, by what the command line calls them."""


def is_blank(cell: str) -> bool:
    """Whether a cell holds no label: empty, or what programs write for a missing value."""
    return cell.lower() in BLANK


def separator_of(cells: Sequence[str], several: bool, tags: bool = False) -> str | None:
    """What separates several labels in a cell; None where that is not certain.

    A pipe is certain. Semicolon and comma are where the column is called labels or tags, or every
    part also stands alone in a cell. A space is where the column is called tags; or labels, and
    every part stands in several different cells: "sweet potato" is one name.

    Args:
        cells: of the column.
        several: whether its name announces several labels in a cell.
        tags: whether it is called tags.

    >>> separator_of(["cat|dog", "cat"], several=False)
    '|'
    >>> separator_of(["sweet potato", "potato"], several=False)

    """
    distinct = sorted({cell for cell in cells if not is_blank(cell)})
    for separator in SEPARATORS.values():
        divided = [split_cell(cell, separator) for cell in distinct]
        long = [parts for parts in divided if len(parts) > 1]
        if not long:
            continue
        alone = {parts[0] for parts in divided if len(parts) == 1}
        counts = Counter(part for parts in divided for part in set(parts))
        if separator == "|":
            return separator
        if separator == " ":
            shared = all(counts[part] > 1 for parts in long for part in parts)
            return " " if tags or (several and shared and alone) else None
        if several or all(part in alone for parts in long for part in parts):
            return separator
    return None


def split_cell(cell: str, separator: str) -> list[str]:
    """The labels of a cell, each once.

    >>> split_cell("cat, dog,cat,", ",")
    ['cat', 'dog']
    """
    parts = (part.strip() for part in cell.split(None if separator == " " else separator))
    return list(dict.fromkeys(part for part in parts if part))


def label_names(labels: Sequence[Sequence[str]]) -> dict[str, str]:
    """What each label is called: composed Unicode; whole numbers without ".0" if all are such.

    >>> label_names([["1.0"], ["2"]])
    {'1.0': '1', '2': '2'}

    Raises ValueError where they are numbers with fractions, which are no classes.
    """
    given = list(dict.fromkeys(label for of_row in labels for label in of_row))
    try:
        numbers = [float(label) for label in given]
    except ValueError:
        return {label: normal(label) for label in given}
    for label, number in zip(given, numbers, strict=True):
        if not number.is_integer():
            raise ValueError(f"the labels are numbers with fractions, such as {label}: no classes")
    return {label: str(int(number)) for label, number in zip(given, numbers, strict=True)}


def sorted_names(names: Sequence[str]) -> list[str]:
    """Each name once; numbers by their value, others by their letters.

    >>> sorted_names(["10", "2"]), sorted_names(["b", "a", "b"])
    (['2', '10'], ['a', 'b'])
    """
    distinct = set(names)
    numbers = all(name.lstrip("-").isdecimal() for name in distinct)
    return sorted(distinct, key=int) if numbers else sorted(distinct)
