"""Docstrings whose formulas are typeset."""

import re

from docs.generator.formulas.blocks import typeset_block, typeset_summary

BLOCK = re.compile(r"(?:\A|(?<=\n\n))(?P<indent> {4,})(?!>>>)\S.*(?:\n(?P=indent).*\S.*)*")
"""Indented lines that stand by themselves."""


def typeset_docstring(text: str) -> str:
    """A docstring with its blocks of formulas, and the one that its summary begins with, in TeX."""
    summary, gap, rest = text.partition("\n\n")
    return typeset_summary(summary) + gap + BLOCK.sub(_typeset, rest)


def _typeset(block: re.Match[str]) -> str:
    table = typeset_block(block[0])
    return block[0] if table is None else block["indent"][4:] + table
