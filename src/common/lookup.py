"""Looking things up by the name that a user typed."""

import difflib
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

T = TypeVar("T")


def lookup(kind: str, name: str, table: Mapping[str, T]) -> T:
    """``table[name]``, or a ValueError that says which names there are and which is nearest.

    >>> lookup("optimizer", "adma", {"adam": 1, "momentum": 2})
    Traceback (most recent call last):
        ...
    ValueError: unknown optimizer 'adma': did you mean 'adam'? There are: adam, momentum
    """
    if name in table:
        return table[name]
    near = difflib.get_close_matches(name, table, n=2)
    hint = (
        f": did you mean {' or '.join(map(repr, near))}? There are: " if near else "; there are: "
    )
    raise ValueError(f"unknown {kind} {name!r}{hint}{', '.join(table)}")


def create(kind: str, name: str, table: Mapping[str, type[T]], settings: Mapping[str, Any]) -> T:
    """Make an object of the dataclass called ``name``, with the given settings.

    Raises ValueError for an unknown name or an unknown setting, with what there is instead.
    """
    made = lookup(kind, name, table)
    known = [f.name for f in fields(made) if f.init]  # type: ignore[arg-type]
    for setting in settings:
        lookup(f"setting of {kind} {name}:", setting, dict.fromkeys(known))
    return made(**settings)
