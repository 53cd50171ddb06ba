"""Formulas of docstrings, which are text in the code, are typeset on the pages."""

import re
from typing import Any

import griffe

from docs.generator.formulas import typeset_block, typeset_summary

BLOCK = re.compile(r"(?:\A|(?<=\n\n))(?P<indent> {4,})(?!>>>)\S.*(?:\n(?P=indent).*\S.*)*")
"""Indented lines that stand by themselves."""


class Typeset(griffe.Extension):
    """Puts TeX in the place of formulas in every docstring."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Called for every module, class and function that is read."""
        if obj.docstring is not None:
            obj.docstring.value = typeset_docstring(obj.docstring.value)


def typeset_docstring(text: str) -> str:
    """A docstring with its blocks of formulas, and the one that its summary begins with, in TeX."""
    summary, gap, rest = text.partition("\n\n")
    return typeset_summary(summary) + gap + BLOCK.sub(_typeset, rest)


def _typeset(block: re.Match[str]) -> str:
    table = typeset_block(block[0])
    return block[0] if table is None else block["indent"][4:] + table
