"""Blocks of formulas in docstrings: a line each, with its label, its two sides and a remark."""

import re
from dataclasses import dataclass, field
from html import escape

from docs.generator.formulas.tex import to_tex
from docs.generator.formulas.tokens import FormulaError, is_word, tokens_of

RELATION = re.compile(r"(?<![<>=!])(?:<-|==|=|<=|>=)(?!=)|\s~\s")
NUMBERED = re.compile(r"(\d+\. +[a-z]+) +(?=\S)")
COUNTS = re.compile(r"= \d+ \.\.\. ")
"""A condition such as l = 1 ... L."""

LABEL = re.compile(r"(?:[A-Z][A-Za-z]{2}|[a-z]{3})[A-Za-z, ]*")
FORMULA_FIRST = re.compile(
    r"[A-Za-z_]+ (?:=|<-) .+?"
    r"(?=\.?$|[.:;] |,? \([A-Z]|,? (?:from|with|also|on|for|as) |, (?!else )[a-z]{3,} |, \([a-z])"
)
"""A sentence that begins with a formula, up to where its words begin."""

FORMULA_LATER = re.compile(
    r"(?P<before>, | with | and | output )(?P<formula>[A-Za-z_]+ = (?:[^()]|\([^()]*\))+?)"
    r"(?=\.?$|[.:;] |, | of | from | and | as | \(|\))"
)
"""Formulas among the words that follow."""


@dataclass
class Line:
    """A line of a block: label, left side, right side with its relation, and remarks."""

    label: str = ""
    left: str = ""
    right: str = ""
    remarks: list[str] = field(default_factory=list)


def typeset_block(block: str) -> str | None:
    """A block of formulas as a table in HTML, or None if it is something else.

    Args:
        block: indented lines of a docstring.
    """
    lines = _joined(block)
    if not lines or sum(RELATION.search(line) is not None for line in lines) * 2 < len(lines):
        return None
    try:
        rows = [_row(_line(line)) for line in lines]
    except FormulaError:
        return None
    return f'<table class="formulas">{"".join(rows)}</table>'


def typeset_summary(summary: str) -> str:
    """A summary whose formula, if it begins with one, is typeset; its words stay as they are."""
    found = FORMULA_FIRST.match(summary)
    if found is None or any(map(is_word, tokens_of(found[0])[:3])):
        return summary
    try:
        return inline(to_tex(found[0])) + FORMULA_LATER.sub(_inline_later, summary[found.end() :])
    except FormulaError:
        return summary


def _inline_later(found: re.Match[str]) -> str:
    try:
        name, formula = tokens_of(found["formula"])[0], to_tex(found["formula"])
    except FormulaError:
        return found[0]
    return found[0] if is_word(name) else found["before"] + inline(formula)


def inline(tex: str) -> str:
    """TeX within a line, marked as the Markdown extension arithmatex marks that of notebooks."""
    return rf'<span class="arithmatex">\(\displaystyle {escape(tex)}\)</span>'


def _joined(block: str) -> list[str]:
    """Lines, each with those that go on with it: these are indented deeper and have no relation."""
    joined: list[str] = []
    start = 0
    for line in filter(str.strip, block.splitlines()):
        indent = len(line) - len(line.lstrip())
        if joined and indent > start + 2 and not _begins_anew(line, start):
            joined[-1] += " " + line.strip()
        else:
            start = start if joined and indent > start else indent
            joined.append(line.strip())
    return joined


def _begins_anew(line: str, start: int) -> bool:
    """Whether an indented line has a left side of its own."""
    found = RELATION.search(line)
    return found is not None and len(line[: found.start()].split()) <= 2


def _line(text: str) -> Line:
    line = Line()
    numbered = NUMBERED.match(text)
    if numbered:
        line.label, text = " ".join(numbered[1].split()), text[numbered.end() :]
    segments: list[str] = []
    for segment in re.split(r"\s{2,}", text):
        if segments and (RELATION.match(segment) or RELATION.search(segments[-1][-2:])):
            segments[-1] += f" {segment}"
        else:
            segments.append(segment)
    if len(segments) > 1 and not RELATION.search(segments[0]) and LABEL.fullmatch(segments[0]):
        line.label = " ".join(filter(None, [line.label, segments.pop(0)]))
    first = segments.pop(0)
    found = RELATION.search(first)
    if found is None:
        line.right = inline(to_tex(first))
    else:
        line.left = inline(to_tex(first[: found.start()])) if found.start() else ""
        line.right = _with_remark(first[found.start() :])
    if not line.left and not line.remarks and line.label and _is_prose(first, 2):
        line.right = escape(first)
    for segment in segments:
        if RELATION.search(segment) and not COUNTS.search(segment):
            # another formula, which goes on beside this one, or below it
            line.right += f" &emsp;{inline(to_tex(segment))}"
        else:
            line.remarks.append(_remark(segment))
    return line


def _with_remark(text: str) -> str:
    """A right side, of which brackets of prose at its end stay prose."""
    found = re.search(r" (\([^()]*\))$", text)
    if found and _is_prose(found[1].strip("()"), 2):
        return f"{inline(to_tex(text[: found.start()]))} {escape(found[1])}"
    return inline(to_tex(text))


def _remark(text: str) -> str:
    """What stands behind a formula: another formula, or prose."""
    if _is_prose(text.strip("()"), 2) and not RELATION.search(text):
        return escape(text)
    return inline(to_tex(text))


def _is_prose(text: str, most: int) -> bool:
    """Whether a text has at least so many words, and no signs of calculation."""
    if re.search(r"[*/^@<>=\[\]|+]", text):
        return False
    try:
        tokens = tokens_of(re.sub(r"[\"?\u2013]", "", text))
    except FormulaError:
        return True
    return sum(map(is_word, tokens)) >= most


def _row(line: Line) -> str:
    cells = [
        f"<th scope=row>{escape(line.label)}</th>" if line.label else "<td></td>",
        f"<td>{line.left}</td>",
        f"<td{'' if line.remarks else ' colspan=2'}>{line.right}</td>",
        f"<td>{'&emsp;'.join(line.remarks)}</td>" if line.remarks else "",
    ]
    return f"<tr>{''.join(cells)}</tr>"
