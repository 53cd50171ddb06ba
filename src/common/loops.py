"""Plain loops, compiled for this machine by Numba (extra ``fast``).

``loop`` compiles a function whose parameters say what they are:

    @loop
    def scale(x: Vector, factor: Number, y: Vector) -> None:
        for k in range(len(x)):
            y[k] = factor * x[k]

Loops are compiled for float32 and for float64, one thread, without Python's lock, and write to
arrays that they are given. Sums may be reordered and multiply-adds fused, which is what lets a
compiler take 8 or 16 values at once; NaN and infinity keep their meaning. A comparison that a NaN
should pass is written ``not v <= best``.

What has been compiled is kept on disk by Numba: in ``__pycache__`` beside the source, else in the
user's cache folder (``NUMBA_CACHE_DIR`` says otherwise), else nowhere. It is compiled again when
the file changes, so a loop calls only functions of its own file. Processes take turns, because two
that write one of Numba's index files at the same time can leave it wrong.
"""

import contextlib
import inspect
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_type_hints

import numba
import numpy as np
from filelock import FileLock
from numba import njit, types
from numba.core import event
from numba.core.dispatcher import Dispatcher
from numpy.typing import NDArray

from src.common.kernels import COMPILED_TYPES, is_quiet, say_once

Floats = NDArray[Any]

Vector = Annotated[Floats, 1]
"""An array with one axis, of the type that is compiled for; the others have more axes."""
Matrix = Annotated[Floats, 2]
Array3 = Annotated[Floats, 3]
Array4 = Annotated[Floats, 4]
Bytes4 = Annotated[NDArray[np.uint8], 4, "uint8"]
Number = Annotated[Any, 0]
"""A number of the type that is compiled for, see ``numbers``: a Python number is a float64."""
Whole = Annotated[int, 0, "int64"]

Loop = Callable[..., None]

F = TypeVar("F", bound=Callable[..., Any])

SETTINGS = {
    "nogil": True,
    "fastmath": {"contract", "reassoc", "nsz"},  # NaN and infinity keep their meaning
    "error_model": "numpy",
}

LOOPS: dict[str, list[Any]] = {}
"""Compiled functions by file, in their order."""

SHOWN_AFTER = 2.0
"""Seconds of compiling, over all files, after which a bar is shown."""

_spent = 0.0  # seconds of compiling and reading so far


def loop(function: Loop) -> Loop:
    """Compile a function for float32 and float64 at its file's first use; see the file's text."""
    try:
        compiled: Loop = njit(cache=True, **SETTINGS)(function)
    except RuntimeError:  # there is no folder that can be written to
        compiled = njit(**SETTINGS)(function)
    if isinstance(compiled, Dispatcher):  # else NUMBA_DISABLE_JIT is set, and it is Python
        LOOPS.setdefault(function.__module__, []).append(compiled)
    return compiled


def part(function: F) -> F:
    """Compile a function that loops of the same file call: it becomes part of them."""
    compiled: F = njit(**SETTINGS)(function)
    return compiled


def compile_loops(file: str, dtype: np.dtype[Any]) -> None:
    """Compile all loops of a file for a type, or read them from where they are kept."""
    wanted = [(one, signature(one.py_func, dtype)) for one in LOOPS.get(file, [])]
    missing = [(one, types_of) for one, types_of in wanted if types_of not in one.overloads]
    if not missing:
        return
    from tqdm.auto import tqdm

    global _spent
    start = time.perf_counter()
    # Compilers call back from C, where Python drops an exception: Ctrl-C, which is raised in the
    # main thread alone, would be lost. So another one compiles, and ends the loop that it is at.
    with (
        _one_process_at_a_time(missing[0][0]),
        _announced(),
        ThreadPoolExecutor(1, thread_name_prefix="compiling") as other,
    ):
        bar = tqdm(
            missing,
            desc=f"compiling {file.rpartition('.')[2]}",
            unit="loop",
            leave=False,
            delay=max(SHOWN_AFTER - _spent, 0),
            disable=True if is_quiet() else None,  # None: unless standard error is a terminal
        )
        for one, types_of in bar:
            one.disable_compile(False)
            other.submit(_compile, one, types_of).result()
            one.disable_compile()  # another type is a mistake, not a reason to compile in between
    _spent += time.perf_counter() - start


def _compile(one: Any, types_of: tuple[Any, ...]) -> None:
    try:
        one.compile(types_of)
    except numba.errors.NumbaError:
        raise
    except OSError as error:
        if types_of not in one.overloads:
            raise
        say_once(f"compiled loops could not be kept: {error}")
    except Exception:  # what was kept cannot be read
        one._cache.flush()
        one.compile(types_of)


def signature(function: Callable[..., Any], dtype: np.dtype[Any]) -> tuple[Any, ...]:
    """Numba's types of a loop's parameters, for float32 or float64.

    Raises TypeError for a parameter that does not say what it is.
    """
    hints = get_type_hints(function, include_extras=True)
    found = []
    for name in inspect.signature(function).parameters:
        what = getattr(hints.get(name), "__metadata__", None)
        if what is None:
            raise TypeError(f"{function.__name__}: {name} is none of the types of src.common.loops")
        axes, kind = what[0], getattr(types, what[1] if len(what) > 1 else dtype.name)
        found.append(types.Array(kind, axes, "C") if axes else kind)
    return tuple(found)


def contiguous(*arrays: Floats) -> tuple[Floats, ...]:
    """The arrays, as the loops are compiled for them: values side by side, aligned, writeable.

    An array that is otherwise is copied.
    """
    for array in arrays:
        if not array.flags.carray:
            return tuple([np.require(array, requirements=["C", "A", "W"]) for array in arrays])
    return arrays


def numbers(dtype: np.dtype[Any], *values: float) -> tuple[Any, ...]:
    """Numbers of the type that loops are compiled for."""
    return tuple(map(dtype.type, values))


def relu_ends(dtype: np.dtype[Any], ceiling: float | None) -> tuple[Any, ...]:
    """Smallest and largest output of a ReLU with this upper end; without one, of the identity."""
    return numbers(dtype, -np.inf, np.inf) if ceiling is None else numbers(dtype, 0, ceiling)


def aligned(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Floats:
    """Like ``numpy.empty``, but from the beginning of a cache line on.

    NumPy's large arrays begin 16 bytes after one, so every second load of 64 bytes takes from two
    lines: half the speed in loops whose data stay in the cache.
    """
    size = int(np.prod(shape)) * dtype.itemsize
    memory = np.empty(size + 64, np.uint8)
    start = -memory.ctypes.data % 64
    return memory[start : start + size].view(dtype).reshape(shape)


def summary() -> str:
    """How many loops there are, and where they are kept, in one line."""
    loops = [one for file in LOOPS.values() for one in file]
    if not loops:
        return "no loop is compiled: NUMBA_DISABLE_JIT is set"
    folders = sorted({one.stats.cache_path for one in loops if one.stats.cache_path})
    kept = f"kept in {', '.join(folders)}" if folders else "not kept: no folder can be written to"
    return f"{len(loops)} loops compiled for {len(COMPILED_TYPES)} types; {kept}"


@contextlib.contextmanager
def _one_process_at_a_time(one: Any) -> Iterator[None]:
    """Hold a lock in the folder where compiled loops are kept, if there is one."""
    folder = one.stats.cache_path
    if not folder:
        yield
        return
    lock = FileLock(Path(folder) / "classic_nn_loops.lock")
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError:  # a folder of somebody else's: what is there can be read
        yield
        return
    try:
        yield
    finally:
        lock.release()


class _Announcement(event.Listener):  # type: ignore[misc]
    """Says once that loops are being compiled."""

    def on_start(self, event: Any) -> None:
        """A loop was not found where they are kept."""
        say_once("compiling loops for this machine, once (CLASSIC_NN_KERNELS=numpy does without)")

    def on_end(self, event: Any) -> None:
        """Nothing to say."""


@contextlib.contextmanager
def _announced() -> Iterator[None]:
    with event.install_listener("numba:compile", _Announcement()):
        yield
