"""Two forms of an operation: NumPy, and plain loops that Numba compiles for this machine.

The NumPy form always works. The loops do what the formula says in one pass over memory, with
nothing between two values but arithmetic; the extra ``fast`` compiles them. Which form is used is
decided once, when this file is first imported, by the variable ``CLASSIC_NN_KERNELS``:

    auto     loops where Numba is installed, else NumPy (the default)
    numpy    NumPy
    numba    loops; without Numba every operation says what is missing

An operation with two forms is written as a NumPy function that names the file of its loops:

    @operation("src.classic_nn.math_loops")
    def relu_backward(dy, y): ...

That file has a function of the same name, arguments and results. It is imported, and its loops are
compiled, when the operation is first used on float32 or float64. Everything else stays with NumPy:
other types, arrays of several types, and calls with keywords.
"""

import functools
import importlib
import os
import sys
import threading
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from types import ModuleType
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import DTypeLike

F = TypeVar("F", bound=Callable[..., Any])

VARIABLE = "CLASSIC_NN_KERNELS"
CHOICES = ("auto", "numpy", "numba")

MISSING = "Numba is not installed: pip install 'classic-nn[fast]'"

COMPILED_TYPES = (np.dtype(np.float32), np.dtype(np.float64))
"""Types that the loops are compiled for."""

INDEX = np.dtype(np.uint8)
"""Type of an array of indices, which goes along with either of those."""


def choose(wanted: str, installed: bool) -> tuple[str, str]:
    """The form of all operations, "numpy" or "numba", and what is wrong with the wish, if anything.

    Args:
        wanted: the value of the variable.
        installed: whether there is a Numba.

    >>> choose("auto", installed=False)
    ('numpy', '')
    """
    if wanted not in CHOICES:
        return "numpy", f"{VARIABLE}: expected {', '.join(CHOICES)}, got {wanted!r}"
    if wanted == "numba" and not installed:
        return "numpy", f"{VARIABLE} is numba, but {MISSING}"
    return ("numba" if installed and wanted != "numpy" else "numpy"), ""


KERNELS, PROBLEM = choose(os.environ.get(VARIABLE, "auto"), find_spec("numba") is not None)
"""The form in use, and the one line that says why it is not the one asked for."""


class Operation:
    """An operation with two forms.

    Args:
        numpy: the NumPy function.
        loops_file: module with the function of the same name.
    """

    def __init__(self, numpy: Callable[..., Any], loops_file: str) -> None:
        self.numpy = numpy
        self.loops_file = loops_file

    def loops(self, dtype: DTypeLike) -> Callable[..., Any]:
        """The function made of loops, compiled for the type."""
        module = compiled_module(self.loops_file, np.dtype(dtype))
        form: Callable[..., Any] = getattr(module, self.numpy.__name__)
        return form

    def form_for(self, dtype: np.dtype[Any]) -> Callable[..., Any]:
        """The form that arrays of a type are given to."""
        if dtype not in COMPILED_TYPES:
            return self.numpy
        return self.loops(dtype) if kernels_used() == "numba" else self.numpy


OPERATIONS: dict[str, Operation] = {}
"""All operations with two forms, by dotted name."""


def operation(loops_file: str, smallest: int = 0, elementwise: bool = False) -> Callable[[F], F]:
    """Decorator of a NumPy function that has a form made of loops in another file.

    Args:
        loops_file: its module, as it is imported.
        smallest: values of the first array below which NumPy is as fast, and is taken.
        elementwise: whether the loops take arrays of one shape and type only; NumPy broadcasts.
    """

    def choose_form(numpy: F) -> F:
        both = Operation(numpy, loops_file)
        OPERATIONS[f"{numpy.__module__}.{numpy.__qualname__}"] = both
        if PROBLEM:
            return cast(F, functools.wraps(numpy)(_refuse))
        if KERNELS == "numpy":
            return numpy
        forms: dict[np.dtype[Any], Callable[..., Any]] = {}

        @functools.wraps(numpy)
        def chosen(*arguments: Any, **settings: Any) -> Any:
            first = arguments[0] if arguments else None
            if settings or not isinstance(first, np.ndarray) or first.size < smallest:
                return numpy(*arguments, **settings)
            form = forms.get(first.dtype)
            if form is None:
                form = forms[first.dtype] = both.form_for(first.dtype)
            for other in arguments[1:]:
                if isinstance(other, np.ndarray):
                    if other.dtype != first.dtype and (elementwise or other.dtype != INDEX):
                        return numpy(*arguments)
                    if elementwise and other.shape != first.shape:
                        return numpy(*arguments)
            return form(*arguments)

        return cast(F, chosen)

    return choose_form


def numpy_form(function: F) -> F:
    """The NumPy function of an operation, whichever form is in use."""
    return cast(F, getattr(function, "__wrapped__", function))


def _refuse(*_: Any, **__: Any) -> Any:
    raise ValueError(PROBLEM)


_LOCK = threading.RLock()


def compiled_module(loops_file: str, dtype: np.dtype[Any]) -> ModuleType:
    """The module, with all its loops compiled for the type, or read from where they are kept.

    Raises ImportError where Numba is not there, or does not work with this NumPy.
    """
    with _LOCK:  # two workers may meet the same operation at the same time
        module = importlib.import_module(loops_file)
        importlib.import_module("src.common.loops").compile_loops(loops_file, dtype)
    return module


def compile_all() -> str:
    """Compile the loops of all operations known so far, for all types; returns what there is now.

    Raises ValueError where loops are not in use.
    """
    if kernels_used() == "numpy":
        reason = f"{VARIABLE} is numpy" if os.environ.get(VARIABLE) == "numpy" else MISSING
        if KERNELS == "numba":
            reason = "Numba cannot be imported"
        raise ValueError(f"there is nothing to compile: {reason}")
    for dtype in COMPILED_TYPES:
        for name in sorted({both.loops_file for both in OPERATIONS.values()}):
            compiled_module(name, dtype)
    summary: str = importlib.import_module("src.common.loops").summary()
    return summary


@functools.cache
def kernels_used() -> str:
    """``KERNELS``, but "numpy" where there is a Numba that cannot be imported; says so once."""
    if KERNELS == "numba":
        try:
            importlib.import_module("src.common.loops")
        except (ImportError, OSError) as error:
            say_once(f"compiled loops cannot be used, NumPy takes their place: {error}")
            return "numpy"
    return KERNELS


def kernels_version() -> str:
    """The form in use and what it depends on, for a report: "numba 0.68.1"."""
    try:
        return f"{kernels_used()} {version(kernels_used())}"
    except PackageNotFoundError:  # installed without metadata
        return kernels_used()


_quiet = False


def be_quiet() -> None:
    """Say nothing of compiling from now on."""
    global _quiet
    _quiet = True


def is_quiet() -> bool:
    """Whether nothing is said of compiling."""
    return _quiet


@functools.cache
def say_once(text: str) -> None:
    """Print a line on standard error, the first time that it is said, unless all is quiet."""
    if not _quiet:
        print(text, file=sys.stderr, flush=True)
