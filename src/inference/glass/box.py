"""The glass box of one model: questions about a photo's way through it, answered in plain values.

Answers are dictionaries of numbers, texts and arrays (``packed`` makes them fit for a page). The
numbers of the last few photos are kept, so that a second question about one is answered at once.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.array_types import Array
from src.classic_nn.context import PREDICTION
from src.classic_nn.layers.summary import parameter_count
from src.classic_nn.layers.trace import trace_network
from src.inference.classifier import Classifier
from src.inference.explain.drawing import Pictures
from src.inference.glass.answers import open_loss, open_output_gradient, open_probability
from src.inference.glass.goals import go_back, goal, loss_of, step_of_weight, stepped
from src.inference.glass.gradients import open_gradient, open_weight_gradient
from src.inference.glass.maps import as_bytes, strongest_maps
from src.inference.glass.packed import opened_values
from src.inference.glass.passes import Passes, forward_passes
from src.inference.glass.play import Changes, changed_input, changed_weights
from src.inference.glass.receptive import receptive_fields
from src.inference.glass.values import Place, arrays_of, check_place, open_value, opener_of
from src.load.errors import UnreadableDataError

KEPT = 6
"""Photos, or changes of one, whose numbers are kept."""

KEPT_BYTES = 256 << 20
"""Of these numbers; one photo's are kept whatever they take."""


@dataclass(frozen=True)
class Asked:
    """A question's circumstances.

    Attributes:
        x: the prepared photo, (height, width, channels).
        changes: of photo and network.
        chosen: classes or labels that are taken for right, by number; the answer's own if None.
    """

    x: Array
    changes: Changes = field(default_factory=Changes)
    chosen: Sequence[int] | None = None

    def key(self) -> str:
        """A text that is the same for the same circumstances."""
        digest = hashlib.sha256(self.x.tobytes())
        digest.update(repr((self.changes, self.chosen)).encode())
        return digest.hexdigest()


@dataclass
class _Kept:
    """The numbers of a photo, the loss (NaN before the way back), and what was taken for right."""

    passes: Passes
    loss: float
    chosen: list[int]

    @property
    def size(self) -> int:
        """Bytes of values, caches (about as much) and gradients."""
        return 3 * sum(value.nbytes for value in self.passes.values.values())


class GlassBox:
    """A model whose every number can be asked for.

    Args:
        classifier: the model.

    Raises UnreadableDataError for one that cannot be shown: of vectors, or of integers.
    """

    def __init__(self, classifier: Classifier) -> None:
        self.classifier = classifier
        self.network: Any = classifier.model.network
        if len(classifier.input_shape) != 3 or classifier.transform is None:
            raise UnreadableDataError("the glass box shows models of photos, and this is none")
        self.nodes = {node.path: node for node in trace_network(self.network)}
        for path, node in self.nodes.items():
            if node.layer is not None and opener_of(node.layer) is None:
                raise UnreadableDataError(
                    f"the glass box cannot show {path}: {node.operation} computes with integers"
                )
        self.dtype = self.network.parameters.vector.dtype
        self._pictures = Pictures(classifier)
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    # questions

    def network_values(self) -> dict[str, Any]:
        """The diagram: every node with its inputs, shape, size and work."""
        fields = receptive_fields(self.nodes)
        shown = []
        for path, node in self.nodes.items():
            layer, before = node.layer, [self.nodes[source].shape for source in node.inputs]
            arrays = {} if layer is None else arrays_of(layer)
            found = fields[path]
            shown.append(
                {
                    "path": path,
                    "operation": node.operation,
                    "inputs": list(node.inputs),
                    "shape": list(node.shape),
                    "parameters": 0 if layer is None else parameter_count(layer),
                    "multiply_adds": 0 if layer is None else layer.multiply_adds(before[0]),
                    "settings": {} if layer is None else _settings(layer.config()),
                    "arrays": {name: list(array.shape) for name, array in arrays.items()},
                    "trained": bool(layer is not None and layer.parameters.vector.size),
                    "field": None if found is None else [list(pair) for pair in found],
                }
            )
        return {
            "nodes": shown,
            "classes": list(self.classifier.classes),
            "task": self.classifier.model.task,
            "input_shape": list(self.classifier.input_shape),
            "threshold": self.classifier.threshold,
        }

    def forward(self, asked: Asked, channels: int) -> dict[str, Any]:
        """The answer, and the strongest maps of every node.

        Args:
            asked: the circumstances.
            channels: of each node, at most.
        """
        passes = self._passes(asked).passes
        x = passes.values[next(iter(self.nodes))][0]
        return {
            "input": as_bytes(self._pictures.levels(x)),
            **self.answer(passes),
            "maps": {path: strongest_maps(y[0], channels) for path, y in passes.values.items()},
        }

    def answer(self, passes: Passes) -> dict[str, Any]:
        """Logits, probabilities at the model's temperature, labels."""
        outputs = self.classifier.from_logits(passes.output[np.newaxis])
        probabilities = self.classifier.class_probabilities(outputs)[0]
        return {
            "logits": passes.output,
            "temperature": self.classifier.model.temperature,
            "probabilities": probabilities,
            "labels": list(self.classifier.labels(outputs[0])),
        }

    def probabilities(self, asked: Asked) -> dict[str, Any]:
        """The answer alone, for changes that follow each other quickly; nothing is kept."""
        x = changed_input(asked.x, asked.changes).astype(self.dtype)
        if asked.changes.dropped:
            return self.answer(self._passes(asked).passes)
        with changed_weights(self.network, asked.changes):
            z = self.network.forward(x[np.newaxis], PREDICTION)[0]
        outputs = self.classifier.from_logits(z)
        return {
            "input": as_bytes(self._pictures.levels(x)),
            "logits": z[0],
            "probabilities": self.classifier.class_probabilities(outputs)[0],
            "labels": list(self.classifier.labels(outputs[0])),
        }

    def maps(
        self, asked: Asked, path: str, first: int, count: int, of: str = "values"
    ) -> dict[str, Any]:
        """Maps of a node from the strongest on; KeyError for another path."""
        return strongest_maps(self._arrays(asked, of)[path][0], count, first)

    def _arrays(self, asked: Asked, of: str) -> Mapping[str, Array]:
        """By path, the values or the gradients."""
        passes = self._passes(asked, backward=of == "gradients").passes
        return {"values": passes.values, "gradients": passes.gradients}[of]

    def channel(self, asked: Asked, path: str, channel: int, of: str) -> dict[str, Any]:
        """One map with all its numbers: of values, or of gradients.

        Raises KeyError for another path, IndexError for another channel.
        """
        y = self._arrays(asked, of)[path][0]
        if not 0 <= channel < y.shape[-1]:
            raise IndexError(f"expected a channel below {y.shape[-1]}, got {channel}")
        numbers = y[..., channel] if y.ndim == 3 else y
        return {"path": path, "channel": channel, "numbers": np.asarray(numbers, np.float32)}

    def value(self, asked: Asked, path: str, place: Place) -> dict[str, Any]:
        """What is behind one value."""
        passes = self._passes(asked).passes
        with changed_weights(self.network, asked.changes):
            found = opened_values(open_value(passes, path, place))
        return {**found, "dropped": place[-1] in asked.changes.dropped.get(path, ())}

    def backward(self, asked: Asked, channels: int) -> dict[str, Any]:
        """The loss, and the maps with the largest gradients of every node."""
        kept = self._passes(asked, backward=True)
        gradients = kept.passes.gradients
        return {
            "loss": kept.loss,
            "chosen": kept.chosen,
            "maps": {path: strongest_maps(dy[0], channels) for path, dy in gradients.items()},
        }

    def gradient(self, asked: Asked, path: str, place: Place) -> dict[str, Any]:
        """What is behind the gradient with respect to one value."""
        kept = self._passes(asked, backward=True)
        passes = kept.passes
        if path == next(reversed(self.nodes)):  # the answer: what the loss hands back
            check_place(place, self.nodes[path].shape)
            value, task = float(passes.gradients[path][0][place]), self.classifier.model.task
            return opened_values(
                open_output_gradient(task, passes.output, kept.chosen, place[-1], value)
            )
        with changed_weights(self.network, asked.changes):
            return opened_values(open_gradient(passes, path, place))

    def last_step(self, asked: Asked, number: int) -> dict[str, Any]:
        """From logits to the probability of a class or label, and to the loss.

        Raises IndexError for a number that is not that of a class.
        """
        model, classes = self.classifier.model, list(self.classifier.classes)
        if not 0 <= number < len(classes):
            raise IndexError(f"expected a class below {len(classes)}, got {number}")
        kept = self._passes(asked, backward=True)
        z, p = kept.passes.output, self.answer(kept.passes)["probabilities"]
        probability = open_probability(model.task, z, model.temperature, number, float(p[number]))
        loss = open_loss(model.task, z, classes, kept.chosen, kept.loss)
        return {
            "class": classes[number],
            "probability": opened_values(probability),
            "loss": opened_values(loss),
            "right": [classes[k] for k in kept.chosen],
        }

    def weight(
        self, asked: Asked, path: str, name: str, place: Place, optimizer: str, rate: float
    ) -> dict[str, Any]:
        """A weight, what is behind its gradient, and the step that an optimizer would take."""
        kept = self._passes(asked, backward=True)
        with changed_weights(self.network, asked.changes):
            opened = open_weight_gradient(kept.passes, path, name, place)
            layer: Any = self.nodes[path].layer
            weight = float(arrays_of(layer)[name][place])
        return {
            "weight": weight,
            "right": [self.classifier.classes[k] for k in kept.chosen],
            "step": step_of_weight(optimizer, rate, weight, opened.value),
            **opened_values(opened),
        }

    def kernel(self, asked: Asked, path: str, name: str, last: int) -> dict[str, Any]:
        """The array of a layer that makes one channel or unit: (..., last) of it."""
        with changed_weights(self.network, asked.changes):
            layer: Any = self.nodes[path].layer
            array = arrays_of(layer)[name]
            if not 0 <= last < array.shape[-1]:
                raise IndexError(f"expected a channel below {array.shape[-1]}, got {last}")
            return {"numbers": np.array(array[..., last], np.float32), "shape": list(array.shape)}

    def step(self, asked: Asked, optimizer: str, rate: float) -> dict[str, Any]:
        """Loss and answer before and after a step on all trained weights, of a copy."""
        kept = self._passes(asked, backward=True)
        x = changed_input(asked.x, asked.changes).astype(self.dtype)
        with changed_weights(self.network, asked.changes):
            _, after = stepped(self.network, kept.passes, x, optimizer, rate)
        loss, targets = self._goal(kept.chosen)
        return {
            "loss": [kept.loss, loss_of(after, loss, targets)],
            "before": self.answer(kept.passes),
            "after": self.answer(after),
        }

    # what they have in common

    def _goal(self, chosen: Sequence[int]) -> tuple[Any, NDArray[Any]]:
        return goal(self.classifier.model.task, len(self.classifier.classes), chosen)

    def _passes(self, asked: Asked, backward: bool = False) -> _Kept:
        """The numbers of a photo, computed or kept."""
        key = asked.key()
        kept = self._kept.pop(key, None)
        if kept is None:
            x = changed_input(asked.x, asked.changes).astype(self.dtype)
            with changed_weights(self.network, asked.changes):
                passes = forward_passes(self.network, x, asked.changes.dropped)
            chosen = asked.chosen
            if chosen is None:
                labels = self.answer(passes)["labels"]
                chosen = [list(self.classifier.classes).index(label) for label in labels]
            kept = _Kept(passes, float("nan"), list(chosen))
        self._kept[key] = kept
        if backward and not kept.passes.gradients:
            with changed_weights(self.network, asked.changes):
                kept.loss = go_back(kept.passes, *self._goal(kept.chosen))
        while len(self._kept) > 1 and (
            len(self._kept) > KEPT or sum(k.size for k in self._kept.values()) > KEPT_BYTES
        ):
            self._kept.popitem(last=False)
        return kept


def _settings(config: Mapping[str, Any]) -> dict[str, Any]:
    plain = (str, int, float, bool, type(None))
    return {
        name: value if isinstance(value, plain) else str(value)
        for name, value in config.items()
        if name != "type" and not isinstance(value, dict)
    }
