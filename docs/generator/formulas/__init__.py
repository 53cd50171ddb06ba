"""Formulas of docstrings, typeset: written to be read as text, translated to TeX for the pages."""

from docs.generator.formulas.blocks import typeset_block, typeset_summary
from docs.generator.formulas.docstrings import typeset_docstring
from docs.generator.formulas.tex import to_tex
from docs.generator.formulas.tokens import FormulaError

__all__ = ["FormulaError", "to_tex", "typeset_block", "typeset_docstring", "typeset_summary"]
