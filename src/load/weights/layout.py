"""How another program names and arranges the weights of an architecture."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Names = dict[str, str]
"""From our names of arrays ("layer1.0.sum.body.conv1.W") to those of the other program."""

Rule = tuple[str, str | Callable[[re.Match[str]], str]]
"""A pattern for the whole path of a layer, and the other program's path."""

TORCH = {
    **{"W": ".weight", "b": ".bias", "gamma": ".weight", "beta": ".bias"},
    **{"running_mean": ".running_mean", "running_variance": ".running_var"},
}
"""Ends of PyTorch's names."""

KERAS = {
    **{"W": "/kernel", "b": "/bias", "gamma": "/gamma", "beta": "/beta"},
    **{"running_mean": "/moving_mean", "running_variance": "/moving_variance"},
}
"""Ends of Keras' names."""

AXES = {
    "oihw": ((2, 3, 1, 0), (1, 0)),
    "hwio": ((0, 1, 2, 3), (0, 1)),
    "ohwi": ((1, 2, 3, 0), (1, 0)),
}
"""For a kernel and for a matrix, where our axes (height, width, in, out) and (in, out) are."""

DEPTHWISE = {"oihw": (2, 3, 1, 0), "hwio": (0, 1, 3, 2), "ohwi": (1, 2, 0, 3)}
"""Where those of a depthwise kernel, (height, width, 1, channels), are."""


@dataclass(frozen=True)
class Layout:
    """The names and arrangement of an architecture's weights in another program.

    Attributes:
        names: from our names to theirs.
        axes: of kernels, one of ``AXES``.
        settings: of the architecture: where the other program's network differs from its default.
        preprocessing: that the weights were trained with, see ``preprocessing``.
        without: ends of our names that the layout lacks; those arrays keep the values that they
            have in a new network (batch normalization without gamma: 1).
        maps: for a dense layer that takes flattened maps with channels first, the shape of these,
            (channels, height, width), by the layer's path.
    """

    names: Callable[[Sequence[str]], Names]
    axes: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    preprocessing: str = "imagenet"
    without: tuple[str, ...] = ()
    maps: Mapping[str, tuple[int, int, int]] = field(default_factory=dict)

    def arrange(self, name: str, array: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
        """An array in our arrangement; as it is where it cannot be of this layout.

        Args:
            name: ours.
            array: as the file has it.
            shape: of ours.
        """
        path, _, kind = name.rpartition(".")
        if kind != "W":
            return array
        if path in self.maps and array.ndim == 2 and array.size == np.prod(shape):
            maps = array.reshape(-1, *self.maps[path])  # (out, channels, height, width)
            return maps.transpose(2, 3, 1, 0).reshape(shape)
        if array.ndim == 4:
            depthwise = len(shape) == 4 and path.endswith("depthwise")
            order = DEPTHWISE[self.axes] if depthwise else AXES[self.axes][0]
            array = array.transpose(order)
            if len(shape) == 2:  # a dense layer as a convolution
                array = array.reshape(-1, array.shape[3])
            return array
        return array.transpose(AXES[self.axes][1]) if array.ndim == 2 else array


def by_rules(ours: Iterable[str], rules: Sequence[Rule], ends: Mapping[str, str]) -> Names:
    """The other program's name of each of our arrays that it has, by the first rule that fits."""
    names = {}
    for name in ours:
        path, _, kind = name.rpartition(".")
        for pattern, their in rules:
            match = re.fullmatch(pattern, path) if kind in ends else None
            if match:
                names[name] = (match.expand(their) if isinstance(their, str) else their(match)) + (
                    ends[kind]
                )
                break
    return names


def paths_of(ours: Iterable[str]) -> list[str]:
    """The layers that our arrays belong to, each once, in order."""
    return list(dict.fromkeys(name.rpartition(".")[0] for name in ours))


def expanded_blocks(ours: Iterable[str]) -> set[str]:
    """Inverted residual blocks that begin with an expansion.

    >>> sorted(expanded_blocks(["stage1.0.top.W", "stage2.0.expand.W", "stage2.1.body.expand.W"]))
    ['stage2.0', 'stage2.1']
    """
    paths = (path for path in paths_of(ours) if path.endswith(".expand") and ".se." not in path)
    return {path.removesuffix(".expand").removesuffix(".body") for path in paths}


def numbered(paths: Iterable[str], pattern: str) -> dict[str, int]:
    """Numbers from 0 for what a pattern's group finds at the beginning of paths, in order.

    >>> numbered(["stem.conv", "stage1.0.a", "stage1.0.b", "stage1.1.a"], r"(stage\\d\\.\\d)\\..*")
    {'stage1.0': 0, 'stage1.1': 1}
    """
    matches = (re.match(pattern, path) for path in paths)
    found = dict.fromkeys(match[1] for match in matches if match)
    return {path: k for k, path in enumerate(found)}
