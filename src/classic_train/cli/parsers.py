"""From the text of an option to its value, or to one line that says what was expected."""

from collections.abc import Callable
from typing import Any

from src.common.cli import number, whole_number
from src.common.lookup import create, lookup


class OptionError(ValueError):
    """A value that an option cannot take; the text says what was expected."""


def whole_number_or_auto(minimum: int) -> Callable[[str], int | str]:
    """Parser of "auto", or of whole numbers from ``minimum``."""
    parse = whole_number(minimum)
    return lambda text: text if text == "auto" else parse(text)


def quantized_bits(text: str) -> int:
    """Parser of 0, or a number of bits from 2 to 8; it raises ValueError."""
    bits = whole_number(0)(text)
    if bits and not 2 <= bits <= 8:
        raise ValueError(f"expected 0, or from 2 to 8 bits, got {bits}")
    return bits


def rate(text: str) -> float | str:
    """Parser of a learning rate: "auto", or a number above 0."""
    return text if text == "auto" else number(0, exclusive=True)(text)


def unfreezing(text: str) -> str:
    """Parser of "layer4@5,layer3@8": names, each with an epoch counted from 1."""
    names = [part.partition("@")[0] for part in text.split(",")]
    if len(set(names)) < len(names):
        raise OptionError(f"expected each layer once, got {text!r}")
    for part in filter(None, text.split(",")):
        name, at, epoch = part.partition("@")
        if not (name and at and epoch.isdecimal() and int(epoch)):
            raise OptionError(f"expected LAYER@EPOCH, as layer4@5,layer3@8, got {part!r}")
    return text


def units(text: str) -> tuple[int, ...]:
    """Parser of layer sizes: "256,128"; "none" for no hidden layer."""
    return () if text == "none" else tuple(whole_number(1)(part) for part in text.split(","))


def one_of(kind: str, names: Any) -> Callable[[str], str]:
    """Parser of a name from a table; a wrong one is answered with the nearest."""

    def parse(text: str) -> str:
        lookup(kind, text, dict.fromkeys(names))
        return text

    return parse


def specification(kind: str, names: Any) -> Callable[[str], str]:
    """Parser of "name" or "name:setting=value,setting=value", checked by making the object."""

    def parse(text: str) -> str:
        name, settings = parse_specification(text)
        create(kind, name, names, {"learning_rate": 1e-3, **settings})
        return text

    return parse


def parse_specification(text: str) -> tuple[str, dict[str, Any]]:
    """Name and settings of a specification.

    >>> parse_specification("step:factor=0.5,every=10")
    ('step', {'factor': 0.5, 'every': 10})
    >>> parse_specification("discrete:boundaries=10/20,factors=0.1/0.01")
    ('discrete', {'boundaries': (10, 20), 'factors': (0.1, 0.01)})
    """
    name, _, rest = text.partition(":")
    if "learning_rate" in rest:
        raise OptionError("give the learning rate as --learning-rate")
    settings: dict[str, Any] = {}
    for part in filter(None, rest.split(",")):
        key, _, value = part.partition("=")
        try:
            values = tuple(_number(item) for item in value.split("/"))
        except ValueError:
            raise OptionError(f"expected {name}:setting=number,..., got {text!r}") from None
        settings[key] = values if "/" in value or key in ("boundaries", "factors") else values[0]
    return name, settings


def _number(text: str) -> int | float:
    return int(text) if text.lstrip("-").isdigit() else float(text)
