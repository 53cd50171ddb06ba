"""Checks of settings that a person chose."""

import math
import numbers
from typing import Any


def check_number(
    name: str,
    value: Any,
    minimum: float = -math.inf,
    maximum: float = math.inf,
    *,
    above: float = -math.inf,
    below: float = math.inf,
    whole: bool = False,
) -> None:
    """Raise ValueError unless value is a finite number within the limits.

    Args:
        name: of the setting, for the message.
        value: to be checked.
        minimum, maximum: limits that are allowed themselves.
        above, below: limits that are not.
        whole: whether only whole numbers are allowed.

    >>> check_number("rate", 1.5, 0, below=1)
    Traceback (most recent call last):
        ...
    ValueError: rate must be 0 or more and below 1, got 1.5
    """
    kind = numbers.Integral if whole else numbers.Real  # NumPy's scalars are such numbers too
    number = isinstance(value, kind) and not isinstance(value, bool)
    if number and math.isfinite(value) and minimum <= value <= maximum and above < value < below:
        return
    if not number or not math.isfinite(value):
        raise ValueError(f"{name} must be a {'whole' if whole else 'finite'} number, got {value}")
    limits = (
        (minimum, "{:g} or more"),
        (maximum, "{:g} or less"),
        (above, "above {:g}"),
        (below, "below {:g}"),
    )
    wanted = [text.format(limit) for limit, text in limits if math.isfinite(limit)]
    raise ValueError(f"{name} must be {' and '.join(wanted)}, got {value}")
