"""Recording the history of training for TensorBoard and pandas."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence

from src.classic_nn.array_types import Array
from src.classic_nn.layers import Layer, Sequential, trace_network
from src.classic_nn.layers.summary import parameter_count
from src.classic_train.mini_batch.callback import Callback, Training
from src.history import GraphNode, TrainingHistoryWriter

COST_LIMIT = 0.05
"""Fraction of training time above which the cost of recording is reported."""

NEGLIGIBLE = 0.1
"""Seconds of recording that are never reported."""


class History(Callback):
    """Writes the network's graph, costs and metrics of every epoch, arrays of chosen ones.

    Arrays are parameters, gradients, and outputs of layers, of which a ``Probe`` tells that has
    ``look`` among its listeners.

    Args:
        writer: where records go.
        every: arrays are recorded in epoch 1 and every so many epochs.
        batches: gradients are recorded of the first so many mini-batches of such an epoch; None
            for all of them.
        report: whether to print, on standard error, what recording cost if it was much.
        settings: of the run, by name, for TensorBoard's HParams view; None records none.
        metrics: names of those that stand next to the settings.
    """

    def __init__(
        self,
        writer: TrainingHistoryWriter,
        every: int = 1,
        batches: int | None = None,
        report: bool = True,
        settings: Mapping[str, str | float | bool] | None = None,
        metrics: Sequence[str] = (),
    ) -> None:
        if every < 1:
            raise ValueError(f"history must be recorded every 1 or more epochs, got {every}")
        self.writer = writer
        self.every = every
        self.batches = batches
        self.report = report
        self.settings = settings
        self.metrics = metrics
        self._start = 0.0

    def on_fit_begin(self, trainer: Training) -> None:
        """Start the clock; record settings, which may differ where a run is resumed, and graph."""
        self._start = time.perf_counter()
        if trainer.epoch == 0:
            self.writer.write_graph(network_graph(trainer.network))
        if self.settings is not None:
            self.writer.write_hyperparameters(self.settings, self.metrics)
        self.writer.flush()

    def look(self, epoch: int, path: str, layer: Layer, y: Array) -> None:
        """Record the output of a layer; see ``Probe``."""
        if self._chosen(epoch):
            self.writer.write_activations(epoch, {path: y})

    def after_backward(self, trainer: Training) -> None:
        """Record the gradients of this mini-batch if it is one of those."""
        if self._chosen(trainer.epoch) and (self.batches is None or trainer.batch < self.batches):
            self.writer.write_gradients(trainer.epoch, trainer.batch, trainer.gradients)

    def on_epoch_end(self, trainer: Training) -> None:
        """Record the epoch and put it on the disk, where TensorBoard sees it."""
        epoch, record = trainer.epoch, dict(trainer.record)
        record.pop("epoch")
        self.writer.write_cost(epoch, record.pop("cost"))
        if "validation_cost" in record:
            self.writer.write_cost(epoch, record.pop("validation_cost"), split="validation")
        self.writer.write_metrics(epoch, record)
        if self._chosen(epoch):
            self.writer.write_parameters(epoch, trainer.network.parameters)
        self.writer.flush()

    def on_fit_end(self, trainer: Training) -> None:
        """Close the files; report what recording cost if it was more than a little."""
        self.writer.close()
        elapsed = time.perf_counter() - self._start
        training = max(elapsed - self.writer.seconds, 1e-9)
        if self.report and self.writer.seconds > max(COST_LIMIT * training, NEGLIGIBLE):
            print(
                f"recording the history took {self.writer.seconds:.1f} s, training "
                f"{training:.1f} s ({self.writer.seconds / training:.0%}); record less often "
                "(--history-every, or History(every=...))",
                file=sys.stderr,
            )

    def on_fit_failed(self, trainer: Training) -> None:
        """Keep what has been recorded."""
        self.writer.close()

    def _chosen(self, epoch: int) -> bool:
        return epoch == 1 or epoch % self.every == 0


def network_graph(network: Sequential) -> list[GraphNode]:
    """What TensorBoard draws of a network: a node for every operation, containers as boxes."""
    nodes = []
    for path, operation, inputs, shape, layer in trace_network(network):
        settings: dict[str, object] = {}
        if layer is not None:
            settings = {name: value for name, value in layer.config().items() if name != "type"}
            settings["parameters"] = parameter_count(layer)
        boxes = (name.replace(".", "/") for name in (path, *inputs))
        name, *sources = boxes
        nodes.append(GraphNode(name, operation, tuple(sources), shape, settings))
    return nodes
