"""The tokens of a formula: names, numbers, signs, and words of English."""

import re
from typing import NamedTuple

from docs.generator.formulas.names import is_quantity, name_to_tex


class FormulaError(ValueError):
    """A text is not in the notation of formulas."""


class Token(NamedTuple):
    """Kind, text, and whether white space stands before and after it."""

    kind: str
    text: str
    before: bool
    after: bool


END = Token("end", "", True, True)

TOKEN = re.compile(
    r"(?P<code>``[^`]+``)"
    r"|(?P<possessive>'s\b)"
    r"|(?P<number>\d+(?:\.\d+)?(?:e-?\d+)?)"
    r"|(?P<name>[a-z]{3,}(?:-[a-z]{3,})+|[A-Za-z]+\d*(?:_(?:hat|[A-Za-z0-9]+))*)"
    r"|(?P<dots>\.\.\.)"
    r"|(?P<relation><-|->|<=|>=|==|!=|=|<|>)"
    r"|(?P<mark>[-+*/@^_(){}\[\]|,;:.!~'])"
)

BIG = {"sum": r"\sum", "max": r"\max", "min": r"\min", "mean": r"\operatorname*{mean}"}
"""What runs over something, in TeX."""


def tokens_of(text: str) -> list[Token]:
    """The tokens of a text."""
    tokens: list[Token] = []
    place = 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        found = TOKEN.match(text, place)
        if found is None:
            raise FormulaError(f"{text}: unknown character {text[place]!r}")
        before = place == 0 or text[place - 1].isspace()
        after = found.end() == len(text) or text[found.end()].isspace()
        tokens.append(Token(found.lastgroup or "", found[0], before, after))
        place = found.end()
    return tokens


def is_word(token: Token) -> bool:
    """Whether a token is a word of English and no symbol."""
    return token.kind == "name" and not _is_symbol(token.text)


def _is_symbol(name: str) -> bool:
    base = name.split("_")[0]
    return (
        base in (*BIG, "integral", "sqrt")
        or is_quantity(name)
        or is_quantity(base)
        or name_to_tex(base) is not None
    )
