r"""One formula, from the notation of docstrings to TeX.

The notation is what one would type: ``dx = gamma * r * (dy - sum(dy) / n)``. It knows

- Greek letters by name, ``x_hat``, ``x~``, ``x'``, subscripts ``x_k``, ``a_{l-1}``, ``x[n, p]`` and
  powers ``2^(b-1)``, ``a^T``;
- sums ``sum(x)``, ``sum_k x_k``, ``sum over i, j of x``, likewise max, min and mean, and
  ``integral from 0 to 1 of``;
- factors side by side, ``*`` between numbers or element by element, ``@`` of matrices;
- fractions: ``a b / (c d)`` with spaces takes all factors beside each other, ``1/n sum(x)``
  without spaces only its two neighbours;
- words, which stay words.
"""

import re

from docs.generator.formulas.names import FUNCTIONS, is_quantity, name_to_tex
from docs.generator.formulas.tokens import BIG, END, FormulaError, Token, is_word, tokens_of

RELATIONS = {
    "<-": r"\leftarrow",
    "->": r"\rightarrow",
    "<=": r"\le",
    ">=": r"\ge",
    "==": "=",
    "!=": r"\ne",
}
SIGNS = {
    **{sign: sign for sign in "+-."},
    **{sign: rf"{sign}\;" for sign in ",;:"},
    "*": r"\cdot",
    "@": r"\,",
    "~": r"\sim",
}
CLOSING = {"(": ")", "[": "]", "{": "}"}
ENDS_PRODUCT = {"+", "-", "*", "@", ",", ";", ":", ".", ")", "]", "}", "~", "/"}


def to_tex(text: str) -> str:
    """TeX of one formula.

    Raises FormulaError if the text has characters that the notation lacks, or brackets that do not
    close.
    """
    parser = _Parser(tokens_of(text))
    tex = parser.sequence(())
    if parser.peek() != END:
        raise FormulaError(f"{text}: what does {parser.peek().text!r} close?")
    return tex


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.place = 0
        self.bars = 0  # absolute values that are open

    def peek(self, ahead: int = 0) -> Token:
        place = self.place + ahead
        return self.tokens[place] if place < len(self.tokens) else END

    def take(self) -> Token:
        token = self.peek()
        self.place += 1
        return token

    def expect(self, text: str) -> None:
        if self.peek().text != text:
            raise FormulaError(f"expected {text!r}, got {self.peek().text!r}")
        self.take()

    def sequence(self, ends: tuple[str, ...]) -> str:
        """Products, relations, signs and words up to one of the ends, which stays."""
        parts: list[str] = []
        while (token := self.peek()).kind != "end" and token.text not in ends:
            if token.kind == "relation" and not self._opens_angle(token):
                if token.text == ">" and not token.before and ">" in ends:
                    break
                self.take()
                parts.append(RELATIONS.get(token.text, token.text))
            elif is_word(token) or self._is_article(token):
                parts.append(self._words())
            elif token.text == "." and token.before and self.peek(1) != END:  # of two vectors
                self.take()
                parts.append(r"\cdot")
            elif token.text in SIGNS:
                parts.append(SIGNS[self.take().text])
            elif token.text in (")", "]", "}"):
                break
            else:
                parts.append(self._product())
        return " ".join(parts)

    def _is_article(self, token: Token) -> bool:
        return token.text == "a" and is_word(self.peek(1))

    def _words(self) -> str:
        words = []
        while is_word(self.peek()) or self._is_article(self.peek()):
            words.append(self.take().text.replace("_", " "))
            while self.peek().kind == "possessive" or (
                self.peek().text in (",", ";", ":") and is_word(self.peek(1))
            ):
                words[-1] += self.take().text
        left = r"\ " if self.place > len(words) else ""
        return rf"{left}\text{{{' '.join(words)}}}\ "

    def _product(self) -> str:
        """Factors side by side, and their fractions."""
        factors: list[str] = []
        outside = 0  # factors before a fraction that do not stand above it: "sum over i of"
        while True:
            token = self.peek()
            if token.text == "/":
                if not factors:
                    raise FormulaError("nothing stands above a fraction")
                self.take()
                if token.before and token.after:
                    above, factors = factors[outside:], factors[:outside]
                    below = self._factors()
                else:
                    above, below = [factors.pop()], [self._factor()]
                factors.append(rf"\frac{{{_bare(above)}}}{{{_bare(below)}}}")
            elif self._ends_product(token):
                break
            else:
                runs_over = token.text in BIG and self.peek(1).text == "over"
                factors.append(self._factor())
                outside = len(factors) if runs_over else outside
        if not factors:
            raise FormulaError(f"nothing stands before {self.peek().text!r}")
        return r" \, ".join(factors)

    def _factors(self) -> list[str]:
        """What stands below a fraction."""
        factors = [self._factor()]
        while not self._ends_product(self.peek()):
            factors.append(self._factor())
        return factors

    def _ends_product(self, token: Token) -> bool:
        if token.kind == "end" or token.text in ENDS_PRODUCT or is_word(token):
            return True
        if self._is_article(token) or (token.text == "|" and self.bars):
            return True
        return token.kind == "relation" and not self._opens_angle(token)

    def _opens_angle(self, token: Token) -> bool:
        return token.text == "<" and not token.after

    def _factor(self) -> str:
        token, applies = self.take(), False
        if token.text == "-":  # below a fraction or above a power
            return f"-{self._factor()}"
        if token.kind == "number":
            tex = re.sub(r"e(-?\d+)", r" \\cdot 10^{\1}", token.text)
        elif token.kind == "code":
            tex = rf"\mathtt{{{token.text.strip('`')}}}".replace("_", r"\_")
        elif token.kind == "dots":
            tex = r"\dots"
        elif token.kind == "name":
            tex, applies = self._name(token), True
        elif token.text in ("(", "["):
            tex = self._brackets(token)
        elif token.text == "|":
            self.bars += 1
            tex = rf"\left| {self.sequence(('|',))} \right|"
            self.expect("|")
            self.bars -= 1
        elif self._opens_angle(token):
            tex = rf"\left\langle {self.sequence(('>',))} \right\rangle"
            self.expect(">")
        else:
            raise FormulaError(f"unexpected {token.text!r}")
        return self._marks(tex, applies)

    def _brackets(self, opening: Token) -> str:
        ends = (")", "]")  # an interval may be open at one end
        inside = self.sequence(ends)
        if self.peek().text not in ends:
            raise FormulaError(f"{opening.text!r} does not close")
        return rf"\left{opening.text} {inside} \right{self.take().text}"

    def _marks(self, tex: str, applies: bool) -> str:
        """What is written right behind a factor: subscripts, powers, arguments of a function."""
        while True:
            token = self.peek()
            if token.text == "^" and not token.before:
                self.take()
                tex += f"^{{{self._script()}}}"
            elif token.text == "!" and not token.before:
                self.take()
                tex += "!"
            elif token.text == "[" and not token.before:
                self.take()
                tex += f"_{{{self.sequence((']',))}}}"
                self.expect("]")
            elif token.text == "_" and not token.before:
                self.take()
                tex += f"_{{{self._script()}}}"
            elif token.text == "'" and not token.before:
                self.take()
                tex += "'"
            elif token.text == "(" and not token.before and applies:
                tex += self._brackets(self.take())
            elif token.kind == "possessive":
                self.take()
                tex += r"\text{'s}\ "
            else:
                return tex

    def _script(self) -> str:
        """What stands above or below a line: one factor without its brackets, or T."""
        token = self.peek()
        if token.text in ("{", "("):
            self.take()
            inside = self.sequence((CLOSING[token.text],))
            self.expect(CLOSING[token.text])
            return inside
        if token.text == "T":
            self.take()
            return r"\mathsf{T}"
        if token.text == "-":
            self.take()
            return f"-{self._script()}"
        if token.kind == "number":
            return self.take().text
        if token.kind == "name":
            return self._name(self.take())
        raise FormulaError(f"{token.text!r} cannot be a power or an index")

    def _name(self, token: Token) -> str:
        base, *indices = token.text.split("_")
        if token.text in BIG or (base in BIG and indices):
            return self._big(base, indices)
        if token.text == "integral":
            return self._integral()
        if token.text == "sqrt" and self.peek().text == "(":
            self.take()
            inside = self.sequence((")",))
            self.expect(")")
            return rf"\sqrt{{{inside}}}"
        tex = name_to_tex(base)
        if tex is None:
            words = token.text.replace("_", r"\ ") if is_quantity(token.text) else base
            tex = rf"\text{{{words}}}"
            indices = [] if is_quantity(token.text) else indices
        if "hat" in indices:
            indices.remove("hat")
            tex = rf"\hat{{{tex}}}"
        if self.peek().text == "~" and not self.peek().before:
            self.take()
            tex = rf"\tilde{{{tex}}}"
        while self.peek().text == "'" and not self.peek().before:
            self.take()
            tex += "'"
            if self.peek().text == "_" and not self.peek().before:
                break
        if indices:
            written = [_index(index) for index in indices]
            tex += f"_{{{', '.join(written)}}}"
        return tex

    def _big(self, name: str, indices: list[str]) -> str:
        """A sum and its like, with what it runs over."""
        tex = BIG[name]
        if indices:
            return f"{tex}_{{{', '.join(map(_index, indices))}}}"
        if self.peek().text == "over":
            self.take()
            start = self.place
            while self.peek().text != "of":
                if self.peek().kind == "end":
                    raise FormulaError(f"{name} over ... of what?")
                self.take()
            over = _Parser(self.tokens[start : self.place]).sequence(())
            self.take()
            return rf"{tex}_{{{over}}}"
        if self.peek().text == "of":
            self.take()
            return tex
        if name == "sum" and self.peek().text == "(" and not self.peek().before:
            brackets = self._brackets(self.take())
            inside = _bare([brackets])
            return rf"{tex} {brackets if re.search('[-+]', inside) else inside}"
        return FUNCTIONS.get(name, tex)

    def _integral(self) -> str:
        limits = ""
        if self.peek().text == "from":
            self.take()
            low = self._factor()
            self.expect("to")
            limits = f"_{{{low}}}^{{{self._factor()}}}"
        if self.peek().text == "of":
            self.take()
        return rf"\int{limits}"


def _index(index: str) -> str:
    """A subscript: letters side by side are indices of their own, words are words."""
    tex = name_to_tex(index)
    if tex is None:
        tex = r"\,".join(index) if len(index) <= 3 else rf"\text{{{index}}}"
    return tex


def _bare(factors: list[str]) -> str:
    """Factors of a fraction, of which a single one needs no brackets."""
    (first, *more) = factors
    if not more and first.startswith(r"\left(") and _closes_at_end(first) and not COMPARES(first):
        return first.removeprefix(r"\left(").removesuffix(r"\right)")
    return r" \, ".join(factors)


COMPARES = re.compile(r"\\[lg]e\b|[<>=]").search
"""Whether a bracket is 1 where a comparison holds: it stays a bracket."""


def _closes_at_end(tex: str) -> bool:
    depth = 0
    for found in re.finditer(r"\\left[(\[|]|\\left\\langle|\\right[)\]|]|\\right\\rangle", tex):
        depth += 1 if found[0].startswith(r"\left") else -1
        if depth == 0:
            return found.end() == len(tex) and found[0] == r"\right)"
    return False
