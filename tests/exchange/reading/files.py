"""Small files of ONNX, and what is said of those that are refused."""

import pytest

from src.exchange.reading import read_file, read_network
from src.load.errors import UnreadableDataError

FLOAT = 1


def file_of(nodes, arrays=None, *, inputs=None, outputs=("y",), opset=17, **graph_fields):
    """A model of nodes, with an input x (samples, 3, 4, 4)."""
    import onnx
    from onnx import helper

    inputs = inputs or [helper.make_tensor_value_info("x", FLOAT, ["n", 3, 4, 4])]
    ends = [helper.make_tensor_value_info(name, FLOAT, None) for name in outputs]
    constants = [onnx.numpy_helper.from_array(a, name) for name, a in (arrays or {}).items()]
    graph = helper.make_graph(nodes, "g", inputs, ends, constants, **graph_fields)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])


def save(model, path):
    path.write_bytes(model.SerializeToString())
    return path


def refusal(path):
    with pytest.raises(UnreadableDataError) as caught:
        read_network(read_file(path).graph)
    text = str(caught.value)
    assert text.count("\n") == 0
    assert len(text) < 1500
    return text
