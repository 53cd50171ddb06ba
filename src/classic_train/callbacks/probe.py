"""The outputs of the layers for a few fixed samples, epoch after epoch."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from src.classic_nn.array_types import Array
from src.classic_nn.layers import Dropout, Flatten, Layer
from src.classic_nn.layers.container import Container
from src.classic_nn.layers.observing import observe_outputs
from src.classic_nn.utils import predict_logits
from src.classic_train.mini_batch.callback import Callback, Training

Listener = Callable[[int, str, Layer, Array], None]
"""Is given the epoch, a layer's path, the layer and its output."""


class Probe(Callback):
    """Puts the same samples through the network at the end of epochs, and shows every output.

    Args:
        x: (samples, *input_shape), as the network takes them.
        listeners: who looks. They come after this callback where they need it in the same event.
        every: so many epochs, and the first.

    Containers, and layers that in evaluation hand on what they are given, are left out, and so are
    frozen layers at the beginning of the network.
    """

    def __init__(self, x: Array, listeners: Sequence[Listener], every: int = 1) -> None:
        self.x = x
        self.listeners = listeners
        self.every = every
        self._frozen = 0
        self._inside = x

    def on_epoch_end(self, trainer: Training) -> None:
        """Look, if it is the epoch's turn."""
        if trainer.epoch != 1 and trainer.epoch % self.every:
            return

        def look(path: str, layer: Layer, y: Array) -> None:
            if not isinstance(layer, Container | Dropout | Flatten):
                for listener in self.listeners:
                    listener(trainer.epoch, path, layer, y)

        network = trainer.network
        frozen = next((k for k, x in enumerate(network.layers) if x.trainable), 0)
        if frozen:  # says the same in every epoch
            if frozen != self._frozen:
                self._frozen, self._inside = frozen, predict_logits(network[:frozen], self.x)
            observe_outputs(network[frozen:], self._inside, look)
            return
        observe_outputs(network, self.x, look)
