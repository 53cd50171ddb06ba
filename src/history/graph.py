"""The graph of a network, as TensorBoard's Graphs view shows it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tensorboard.compat.proto.attr_value_pb2 import AttrValue
from tensorboard.compat.proto.graph_pb2 import GraphDef
from tensorboard.compat.proto.node_def_pb2 import NodeDef
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.compat.proto.versions_pb2 import VersionDef


@dataclass(frozen=True)
class GraphNode:
    """One operation.

    Attributes:
        name: unique; what stands before a slash is the box that the node is drawn in.
        operation: its kind, for example "Conv2D".
        inputs: names of the nodes whose outputs it takes.
        shape: of its output, without the samples' axis, which may have any length.
        attributes: settings, shown next to the node.
    """

    name: str
    operation: str
    inputs: tuple[str, ...] = ()
    shape: tuple[int, ...] = ()
    attributes: Mapping[str, object] = field(default_factory=dict)


def graph_definition(nodes: Iterable[GraphNode]) -> bytes:
    """The nodes as a serialized GraphDef, the format of TensorFlow's graphs."""
    definitions = []
    for node in nodes:
        # a length of -1 is an unknown one, drawn as "?"
        lengths = [TensorShapeProto.Dim(size=length) for length in (-1, *node.shape)]
        shapes = AttrValue.ListValue(shape=[TensorShapeProto(dim=lengths)])
        attributes = {"_output_shapes": AttrValue(list=shapes)}
        for name, value in node.attributes.items():
            attributes[name] = AttrValue(s=str(value).encode())
        definitions.append(
            NodeDef(name=node.name, op=node.operation, input=node.inputs, attr=attributes)
        )
    return GraphDef(node=definitions, versions=VersionDef(producer=22)).SerializeToString()
