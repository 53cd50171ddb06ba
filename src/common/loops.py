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
user's cache folder (``NUMBA_CACHE_DIR`` says otherwise), else nowhere. It is compiled again when the
file changes; so a loop calls only functions of its own file. Processes take turns, because two that
write one file of Numba's index at the same time can leave it wrong.
"""

import contextlib
import inspect
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_type_hints

import numba
import numpy as np
from filelock import FileLock
from numba import njit, types
from numba.core import event
from numba.core.dispatcher import Dispatcher
from numpy.typing import NDArray

from src.common.kernels import COMPILED_TYPES

Floats = NDArray[Any]
Vector = Annotated[Floats, 1]
"""An array with one axis, of the type that is compiled for."""
Matrix = Annotated[Floats, 2]
Array3 = Annotated[Floats, 3]
Array4 = Annotated[Floats, 4]
Array5 = Annotated[Floats, 5]
Bytes1 = Annotated[NDArray[np.uint8], 1, "uint8"]
Bytes4 = Annotated[NDArray[np.uint8], 4, "uint8"]
Number = Annotated[Any, 0]
"""A number of the type that is compiled for: ``x.dtype.type(2)``, since a Python number is not."""
Whole = Annotated[int, 0, "int64"]

F = TypeVar("F", bound=Callable[..., Any])

KEEPS_NAN = {"contract", "reassoc", "nsz"}
"""What arithmetic may do: fuse multiply-adds, reorder sums, ignore the sign of zero."""

LOOPS: dict[str, list["Dispatcher"]] = {}
"""Compiled functions by file, in their order."""

SHOWN_AFTER = 2.0
"""Seconds of compiling after which a bar is shown."""


def loop(function: F) -> F:
    """Compile a function for float32 and float64 at its file's first use; see the file's text."""
    compiled = _compiled(function)
    if isinstance(compiled, Dispatcher):  # else NUMBA_DISABLE_JIT is set, and it is Python
        LOOPS.setdefault(function.__module__, []).append(compiled)
    return compiled


def part(function: F) -> F:
    """Compile a function that loops of the same file call: it becomes part of them."""
    compiled: F = njit(nogil=True, fastmath=KEEPS_NAN, error_model="numpy")(function)
    return compiled


def _compiled(function: F) -> Any:
    settings = {"nogil": True, "fastmath": KEEPS_NAN, "error_model": "numpy"}
    try:
        return njit(cache=True, **settings)(function)
    except RuntimeError:  # there is no place that can be written to
        return njit(**settings)(function)


def compile_loops(file: str, dtype: np.dtype[Any]) -> None:
    """Compile all loops of a file for a type, or read them from where they are kept."""
    loops = LOOPS.get(file, [])
    missing = [(one, signature(one.py_func, dtype)) for one in loops]
    missing = [(one, wanted) for one, wanted in missing if wanted not in one.overloads]
    if not missing:
        return
    from tqdm.auto import tqdm

    with (
        _one_process_at_a_time(missing[0][0]),
        _announced(),
        tqdm(
            missing,
            desc=f"compiling {file.rpartition('.')[2]}",
            unit="loop",
            leave=False,
            delay=SHOWN_AFTER,
            disable=None,
        ) as bar,
    ):
        for one, wanted in bar:
            one.disable_compile(False)
            _compile(one, wanted)
            one.disable_compile()  # another type is a mistake, not a reason to compile in between


def _compile(one: Dispatcher, wanted: tuple[Any, ...]) -> None:
    try:
        one.compile(wanted)
    except numba.errors.NumbaError:
        raise
    except OSError as error:  # compiled, but not kept
        if wanted not in one.overloads:
            raise
        print(f"a compiled loop could not be kept: {error}", file=sys.stderr, flush=True)
    except Exception:  # what was kept cannot be read
        one._cache.flush()
        one.compile(wanted)


def signature(function: Callable[..., Any], dtype: np.dtype[Any]) -> tuple[Any, ...]:
    """Numba's types of a loop's parameters, for float32 or float64.

    Raises TypeError for a parameter that does not say what it is.
    """
    number = numba.from_dtype(dtype)
    hints = get_type_hints(function, include_extras=True)
    found = []
    for name in inspect.signature(function).parameters:
        what = getattr(hints.get(name), "__metadata__", None)
        if what is None:
            raise TypeError(f"{function.__name__}: {name} is none of the types of src.common.loops")
        axes, kind = what[0], getattr(types, what[1]) if len(what) > 1 else number
        found.append(types.Array(kind, axes, "C") if axes else kind)
    return tuple(found)


def contiguous(*arrays: Floats) -> tuple[Floats, ...]:
    """The arrays, as the loops are compiled for them: values side by side, aligned, writeable.

    An array that is otherwise is copied.
    """
    return tuple(
        array if array.flags.carray else np.require(array, requirements="CAW") for array in arrays
    )


def numbers(dtype: np.dtype[Any], *values: float) -> tuple[Any, ...]:
    """Numbers of the type that loops are compiled for."""
    return tuple(dtype.type(value) for value in values)


def aligned(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Floats:
    """Like ``numpy.empty``, but from the beginning of a cache line on.

    NumPy's large arrays begin 16 bytes after one, so every second load of 64 bytes takes from two
    lines: half the speed in loops whose data stay in the cache.
    """
    size = int(np.prod(shape)) * dtype.itemsize
    memory = np.empty(size + 64, np.uint8)
    start = -memory.ctypes.data % 64
    return memory[start : start + size].view(dtype).reshape(shape)


def summary() -> dict[str, Any]:
    """How many loops there are, compiled for how many types, and the folders that they are kept in."""
    loops = [one for file in LOOPS.values() for one in file]
    folders = {Path(one.stats.cache_path) for one in loops if one.stats.cache_path}
    return {"loops": len(loops), "types": len(COMPILED_TYPES), "folders": sorted(folders)}


@contextlib.contextmanager
def _one_process_at_a_time(one: Dispatcher) -> Iterator[None]:
    """Hold a lock in the folder where compiled loops are kept, if there is one."""
    folder = one.stats.cache_path
    if not folder:
        yield
        return
    Path(folder).mkdir(parents=True, exist_ok=True)
    with FileLock(Path(folder) / "classic_nn_loops.lock"):
        yield


class _Announcement(event.Listener):
    """Says once that loops are being compiled."""

    said = False

    def on_start(self, event: event.Event) -> None:
        if not _Announcement.said:
            _Announcement.said = True
            print(
                "compiling loops for this machine, once (CLASSIC_NN_KERNELS=numpy does without)",
                file=sys.stderr,
                flush=True,
            )

    def on_end(self, event: event.Event) -> None:
        """Nothing to say."""


@contextlib.contextmanager
def _announced() -> Iterator[None]:
    with event.install_listener("numba:compile", _Announcement()):
        yield
