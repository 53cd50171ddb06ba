"""The labels in the cells of a table: one, several, or none."""

import ast
import re
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


def list_cell(cell: str) -> list[str]:
    """The labels of a cell that holds a list, as Python or JSON writes it.

    >>> list_cell("['cat', 'dog']")
    ['cat', 'dog']

    Raises ValueError where it is no list of texts.
    """
    if is_blank(cell):
        return []
    try:
        labels = ast.literal_eval(cell)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        labels = None
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise ValueError(
            f"a cell holds {cell[:40]!r}: expected labels, or a list of them as ['cat', 'dog']"
        )
    return [label.strip() for label in labels if label.strip()]


def label_names(labels: Sequence[Sequence[str]]) -> dict[str, str]:
    """What each label is called: composed Unicode; whole numbers without ".0" if all are such.

    >>> label_names([["1.0"], ["2"], ["02"]])
    {'1.0': '1', '2': '2', '02': '02'}

    Raises ValueError where they are numbers with fractions, which are no classes.
    """
    given = list(dict.fromkeys(label for of_row in labels for label in of_row))
    if not all(re.fullmatch(r"-?[0-9]+(\.[0-9]*)?", label) for label in given):
        return {label: normal(label) for label in given}
    for label in given:
        if label.partition(".")[2].strip("0"):
            raise ValueError(f"the labels are numbers with fractions, such as {label}: no classes")
    return {label: label.partition(".")[0] for label in given}


def sorted_names(names: Sequence[str]) -> list[str]:
    """Each name once; numbers by their value, others by their letters.

    >>> sorted_names(["10", "2"]), sorted_names(["b", "a", "b"])
    (['2', '10'], ['a', 'b'])
    """
    distinct = set(names)
    numbers = all(re.fullmatch(r"-?[0-9]{1,18}", name) for name in distinct)
    return sorted(distinct, key=lambda name: (int(name), name)) if numbers else sorted(distinct)
