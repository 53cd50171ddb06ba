"""Formulas of docstrings, which are text in the code, are typeset on the pages."""

from typing import Any

import griffe

from docs.generator.formulas import typeset_docstring


class Typeset(griffe.Extension):
    """Puts TeX in the place of formulas in every docstring."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Called for every module, class and function that is read."""
        if obj.docstring is not None:
            obj.docstring.value = typeset_docstring(obj.docstring.value)
