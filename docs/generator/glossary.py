"""Terms of the glossary: each has an anchor there, and is linked where a page first uses it."""

import re
from collections.abc import Callable, Iterator
from functools import cache
from html import escape, unescape

from docs.generator.paths import ROOT

ROW = re.compile(r"^\| (?P<term>[^|]+?) \| (?P<meaning>[^|]+?) \|(?P<rest>.*)$", re.MULTILINE)
PARAGRAPH = re.compile(r"(<(p|li|td)>)(.*?)(</\2>)", re.DOTALL)
TAG = re.compile(r"(<[^>]+>)")
OPAQUE = re.compile(r"<(a|code|pre|th|script|style|svg|button|label)\b|<span class=\"arithmatex")
VOID = re.compile(r"<(?:img|br|wbr|input|hr)\b|<[^>]*/>$")

EVERYDAY = {"run", "map", "step", "cost", "context", "head", "cache", "buffer", "threshold"}
"""Terms that are also words with other meanings ("run the cell"): not linked by themselves."""

Link = Callable[[re.Match[str]], str]


@cache
def terms() -> dict[str, str]:
    """What each term means, in plain text."""
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    rows = {row["term"]: row["meaning"] for row in ROW.finditer(text)}
    return {
        term: re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", meaning)
        for term, meaning in rows.items()
        if term not in ("term", "---")
    }


def anchor(term: str) -> str:
    """Where a term stands on the glossary's page."""
    return re.sub(r"[^a-z0-9]+", "-", term.lower()).strip("-")


def with_anchors(markdown: str) -> str:
    """The glossary's page with a place to link to at each term."""

    def marked(row: re.Match[str]) -> str:
        if row["term"] not in terms():
            return row[0]
        term = f'<span id="{anchor(row["term"])}">{row["term"]}</span>'
        return f"| {term} | {row['meaning']} |{row['rest']}"

    return ROW.sub(marked, markdown)


def with_links(html: str, glossary: str) -> str:
    """A page whose paragraphs link each term, where it first stands, to the glossary.

    Args:
        html: of the page's content.
        glossary: address of the glossary, from this page.
    """
    waiting = {term.lower(): term for term in terms()}

    def link(word: re.Match[str]) -> str:
        term = waiting.pop(_singular(word[0], waiting), None)
        if term is None:
            return word[0]
        meaning = escape(unescape(terms()[term]))
        return f'<a class="term" href="{glossary}#{anchor(term)}" title="{meaning}">{word[0]}</a>'

    def linked(paragraph: re.Match[str]) -> str:
        opening, _, inside, closing = paragraph.groups()
        if not waiting:
            return paragraph[0]
        return f"{opening}{''.join(_texts_linked(inside, link))}{closing}"

    return PARAGRAPH.sub(linked, html)


def _texts_linked(inside: str, link: Link) -> Iterator[str]:
    """The tags and texts of a paragraph, with links in those texts that stand in no other link."""
    depth = 0  # elements that are open, from one on whose text stays as it is
    for piece in TAG.split(inside):
        if not piece.startswith("<"):
            yield piece if depth else _pattern().sub(link, piece)
            continue
        if depth:
            depth += -1 if piece.startswith("</") else 0 if VOID.match(piece) else 1
        elif OPAQUE.match(piece):
            depth = 1
        yield piece


@cache
def _pattern() -> re.Pattern[str]:
    longest_first = sorted(set(terms()) - EVERYDAY, key=len, reverse=True)
    words = "|".join(re.escape(term) for term in longest_first)
    return re.compile(rf"\b(?:{words})(?:s|es)?\b", re.IGNORECASE)


def _singular(word: str, known: dict[str, str]) -> str:
    lower = word.lower()
    for ending in ("", "s", "es"):
        if lower.endswith(ending) and lower.removesuffix(ending) in known:
            return lower.removesuffix(ending)
    return lower
