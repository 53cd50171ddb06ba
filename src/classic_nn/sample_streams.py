"""Random numbers that belong to samples, whichever worker has the sample.

Dropout needs numbers for every sample and every layer. If each worker drew its own, a run would
change with the number of workers. So a layer has one stream of numbers in an epoch, which goes
through the samples in the order in which they are met, and whoever has a sample skips to its place:
a permuted congruential generator jumps over any distance in a few steps (O'Neill 2014; Brown 1994).
The numbers depend on (key, layer, place of the sample), and on nothing else: not on the number of
workers, nor on how samples are grouped into mini-batches.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.array_types import Shape


class SampleStreams:
    """One worker's access to the streams of all layers.

    Args:
        key: whole numbers that the streams are made of, such as seed and epoch.
        layers: all that may draw; each has a stream of its own, by its place among them.

    Attributes:
        first: place, among the samples of the epoch, of the first one that the worker has now.

    >>> whole, part = (SampleStreams([0, 1], ["dropout1", "dropout2"]) for _ in range(2))
    >>> part.first = 3
    >>> numbers = whole.uniform("dropout2", (5, 7))
    >>> bool((part.uniform("dropout2", (2, 7)) == numbers[3:]).all())
    True
    """

    def __init__(self, key: Sequence[int], layers: Iterable[Any]) -> None:
        self.first = 0
        self._keys = {layer: [*key, number] for number, layer in enumerate(layers)}
        self._streams: dict[Any, tuple[np.random.PCG64, Any]] = {}

    def uniform(self, layer: Any, shape: Shape) -> NDArray[np.float32]:
        """Numbers in [0, 1) for samples from ``first`` on; the same ones when asked again.

        Args:
            layer: that draws.
            shape: (samples, ...).
        """
        values = math.prod(shape[1:])
        # one step of the stream makes two numbers of single precision
        steps, odd = divmod(self.first * values, 2)
        stream = self._at(layer, steps)
        numbers = np.random.Generator(stream).random(odd + shape[0] * values, dtype=np.float32)
        return numbers[odd:].reshape(shape)

    def _at(self, layer: Any, steps: int) -> np.random.PCG64:
        """The stream of a layer, so many steps after its beginning."""
        if layer not in self._streams:
            stream = np.random.PCG64(self._keys[layer])
            self._streams[layer] = stream, stream.state
        stream, beginning = self._streams[layer]
        stream.state = beginning
        return stream.advance(steps)
