"""What a layer is.

A layer holds named parameters and settings and calls the functions of the mathematics. It keeps
nothing of a call: ``forward`` returns its output and a cache, ``backward`` takes that cache. So a
layer serves several threads at once, and a second forward never spoils the first. A network is a
layer made of layers.
"""

from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, NamedTuple
from weakref import WeakKeyDictionary, ref

import numpy as np
from numpy.typing import DTypeLike

from src.classic_nn.array_types import Array, Shape
from src.classic_nn.context import EVALUATION, Context
from src.classic_nn.parameters import ParameterVector


class TraceNode(NamedTuple):
    """One operation on the way of a sample through a network; see ``Layer.trace``.

    Attributes:
        path: unique in the network: "conv2d1", "residual1.body.dense1", "residual1.add".
        operation: type of the layer; "Input", "Add", "Concatenate", "Mean" or "Multiply" where a
            container joins its children.
        inputs: paths of the nodes whose outputs it takes.
        shape: of one sample's output.
        layer: that computes it; None for the operations of containers.
    """

    path: str
    operation: str
    inputs: tuple[str, ...]
    shape: Shape
    layer: "Layer | None" = None


OWNERS: "WeakKeyDictionary[Layer, ref[Layer]]" = WeakKeyDictionary()
"""The container that each layer stands in; of one that no longer exists, the reference is dead."""


@dataclass(eq=False)
class Layer:
    """Base of all layers; on its own it is the identity.

    A subclass is a dataclass whose fields are its settings. It overrides ``forward`` and
    ``backward``, and ``build`` where it has parameters.

    Attributes:
        name: set by the network that the layer stands in ("dense1"); error messages use it.
        parameters: trained arrays, views of one vector.
        frozen: the arrays that would be parameters, where the layer is not trained: they have no
            gradient, no optimizer state and no place in the vector.
        buffers: arrays that are never trained (running statistics). Optimizers and gradient checks
            see neither these nor the frozen ones.
        trainable: False for a frozen layer, which computes as in evaluation also in training.
    """

    weight_name: ClassVar[str] = ""
    """The parameter that gives the layer its number in a network: "W", "gamma" or none."""

    kind_name: ClassVar[str] = ""
    """What layers of the class are counted as, "dense" in "dense1"; empty for the class's name."""

    name: str = field(init=False, default="", repr=False)
    parameters: ParameterVector = field(init=False, repr=False)
    frozen: dict[str, Array] = field(init=False, repr=False)
    trainable: bool = field(init=False, default=True, repr=False)
    buffers: dict[str, Array] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.name = type(self).__name__
        self.parameters = ParameterVector({})
        self.frozen = {}
        self.buffers = {}

    def build(
        self, input_shape: Shape, rng: np.random.Generator | None, dtype: DTypeLike = np.float32
    ) -> Shape:
        """Create parameters and buffers for samples of ``input_shape``; return the output shape.

        Shapes are those of one sample, without the samples axis. Without ``rng`` no weights are
        drawn: for those who load them. Raises ValueError, naming the layer, for a shape that the
        layer cannot take.
        """
        self.parameters = ParameterVector({}, dtype=dtype)
        return self.output_shape(input_shape)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Shape of one sample's output; that of the input unless a subclass says otherwise."""
        return input_shape

    def forward(self, x: Array, context: Context = EVALUATION) -> tuple[Array, Any]:
        """Compute the output and the cache that ``backward`` needs; ``x`` is not modified.

        The cache may hold x and y themselves: leave both as they are until ``backward``.
        """
        return x.copy(), None

    def backward(
        self,
        dy: Array,
        cache: Any,
        context: Context = EVALUATION,
        out: ParameterVector | None = None,
        input_gradient: bool = True,
    ) -> tuple[Array | None, ParameterVector]:
        """Gradients of the loss with respect to the input and the parameters.

        Args:
            dy: gradient with respect to the output, of the output's shape.
            cache: what ``forward`` returned with that output.
            context: that of the forward pass.
            out: where to write the parameter gradients (assigned, not added); new memory if None.
            input_gradient: False where nobody needs dx, as in the first layer of a network.

        Returns:
            dx of the input's shape (None if not asked for), and the parameter gradients.
        """
        return (dy.copy() if input_gradient else None), self.gradient_vector(out)

    def gradient_vector(self, out: ParameterVector | None = None) -> ParameterVector:
        """``out``, or a new vector of zeros, with the layout of the parameters."""
        return self.view_of(np.zeros_like(self.parameters.vector)) if out is None else out

    def view_of(self, vector: Array) -> ParameterVector:
        """See ``vector`` (total size,) with the layout of this layer's parameters."""
        return ParameterVector(self.parameters.shapes, vector)

    def bind(self, views: ParameterVector) -> None:
        """Keep the parameters in the memory of ``views`` from now on; values are not copied."""
        self.parameters = views

    def freeze(self) -> None:
        """Train this layer no more, and what is inside of it.

        The network that it stands in joins its parameters anew, without those of the layer:
        gradient vectors, optimizer states and parts of the network made before no longer fit.
        """
        self.mark_trainable(False)
        self.outermost().join()

    def unfreeze(self) -> None:
        """Train this layer, and what is inside of it; the inverse of ``freeze``."""
        self.mark_trainable(True)
        self.outermost().join()

    def mark_trainable(self, trainable: bool) -> None:
        """Say whether the layer is trained; ``join`` acts on it."""
        self.trainable = trainable

    def outermost(self) -> "Layer":
        """The network that the layer stands in; itself where it stands in none."""
        owner = OWNERS[self]() if self in OWNERS else None
        return self if owner is None else owner.outermost()

    def join(self) -> None:
        """Have the arrays in ``parameters`` or in ``frozen``, as ``trainable`` says."""
        dtype = self.parameters.vector.dtype
        if self.trainable and self.frozen:
            self.parameters, self.frozen = ParameterVector.pack(self.frozen, dtype), {}
        elif not self.trainable and self.parameters:
            self.frozen = ParameterVector.pack(self.parameters, dtype)  # memory of its own
            self.parameters = ParameterVector({}, dtype=dtype)

    def trace(self, source: TraceNode, path: str, nodes: list[TraceNode]) -> TraceNode:
        """Append the nodes that this layer is made of; see ``trace_network``.

        Args:
            source: the node whose output the layer takes.
            path: of this layer in the network.
            nodes: of the network so far, every node after those that it takes.

        Returns:
            The node with the layer's output.
        """
        shape = self.output_shape(source.shape)
        nodes.append(TraceNode(path, type(self).__name__, (source.path,), shape, self))
        return nodes[-1]

    def multiply_adds(self, input_shape: Shape) -> int:
        """Multiply-adds of the forward pass of one sample; elementwise work is not counted."""
        return 0

    def config(self) -> dict[str, Any]:
        """Type and settings as plain values, from which ``layer_from_config`` makes the layer."""
        settings = {f.name: getattr(self, f.name) for f in fields(self) if f.init}
        for name, value in settings.items():
            if isinstance(value, np.generic):  # a NumPy scalar, which JSON does not know
                settings[name] = value.item()
        return {"type": type(self).__name__, **settings}

    def check_input(self, x: Array, sample_shape: Shape) -> None:
        """Raise ValueError unless x is (samples, *sample_shape)."""
        if x.shape[1:] != sample_shape:
            expected = ", ".join(["samples", *map(str, sample_shape)])
            raise ValueError(f"{self.name}: expected x of shape ({expected}), got {x.shape}")
