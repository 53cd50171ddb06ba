"""From the arrays of a file to those that a network needs: nothing guessed, nothing left unsaid."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.common.lookup import lookup
from src.load.errors import UnreadableDataError
from src.load.weights.formats import FloatArray, WeightFile
from src.load.weights.layout import Layout
from src.load.weights.layouts import LAYOUTS

IGNORED = re.compile(r"num_batches_tracked$|^AuxLogits\.|^optimizer|^(.*/)?normalization(_\d+)?/")
"""Where it is found, a name is that of no weight of the network."""


@dataclass(frozen=True)
class Assigned:
    """The arrays that a network gets from a file.

    Attributes:
        arrays: float32, by our names.
        missing: our names that the file has nothing for.
        left_over: the file's names that the network has no place for.
    """

    arrays: dict[str, FloatArray]
    missing: list[str]
    left_over: list[str]


def find_layout(architecture: str, ours: Sequence[str], file: WeightFile, path: str) -> str:
    """The name of the layout of an architecture's weights that a file has.

    Args:
        architecture: name.
        ours: names of the network's arrays, in any of the layouts' settings.
        file: of weights.
        path: of the file, for messages.

    Raises UnreadableDataError where none of the architecture's layouts fits: most often the file is
    of another architecture.
    """
    layouts = lookup("architecture", architecture, LAYOUTS)
    found = {
        name: sum(their in file.arrays for their in layout.names(ours).values())
        for name, layout in layouts.items()
    }
    best = max(found, key=lambda name: found[name])
    if found[best] < len(file.arrays) / 4:
        some = ", ".join(list(file.arrays)[:3])
        raise UnreadableDataError(
            f"{path}: not weights of {architecture} as {', '.join(layouts)} name them; its arrays "
            f"are called {some}, ..."
        )
    equal = [name for name in found if found[name] == found[best]]
    settings = [dict(layouts[name].settings) for name in equal]
    if any(one != settings[0] for one in settings):
        raise UnreadableDataError(
            f"{path}: its names are those of {' and '.join(equal)}, whose networks differ "
            f"({' and '.join(map(str, settings))}): say which, as layout= or --weights LAYOUT:FILE"
        )
    return best


def assign(
    layout: Layout, needed: Mapping[str, tuple[int, ...]], file: WeightFile, path: str
) -> Assigned:
    """Arrange a file's arrays as a network needs them.

    Args:
        layout: of the file.
        needed: shapes of the network's arrays, by our names.
        file: of weights.
        path: of the file, for messages.

    Raises UnreadableDataError: an array of another shape, or one that is not finite.
    """
    names = layout.names(list(needed))
    arrays: dict[str, FloatArray] = {}
    missing = []
    for name, shape in needed.items():
        their = names.get(name)
        if their is None or their not in file.arrays:
            if name.rpartition(".")[2] not in layout.without:
                missing.append(name)
            continue
        array = layout.arrange(name, file.arrays[their], shape)
        if array.shape != shape:
            raise UnreadableDataError(
                f"{path}: {their} has the shape {file.arrays[their].shape}; the network needs "
                f"{shape} for {name}: is it another architecture, width or number of classes?"
            )
        arrays[name] = _finite(array, their, path)
    used = {names[name] for name in arrays}
    left_over = [their for their in file.arrays if their not in used and not IGNORED.search(their)]
    return Assigned(arrays, missing, left_over)


def _finite(array: NDArray[Any], name: str, path: str) -> FloatArray:
    values: FloatArray = array.astype(np.float32)
    if not np.isfinite(values).all():
        raise UnreadableDataError(f"{path}: {name} holds numbers that are not finite")
    return values
