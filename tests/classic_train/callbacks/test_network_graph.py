import numpy as np
from tensorboard.compat.proto.graph_pb2 import GraphDef

from src.classic_cnn import Conv2D, GlobalAveragePool
from src.classic_nn import BatchNorm, Dense, ReLU, Sequential
from src.classic_nn.layers import Parallel, Residual
from src.classic_train.callbacks.history import network_graph
from src.history.graph import graph_definition


def nodes_of(*layers):
    network = Sequential(layers)
    network.build((8, 8, 3), np.random.default_rng(0))
    return network, {node.name: node for node in network_graph(network)}


def test_a_chain():
    network, nodes = nodes_of(Conv2D(4), ReLU(), GlobalAveragePool(), Dense(2))
    assert list(nodes) == ["input", *(layer.name for layer in network.layers)]
    assert nodes["input"].shape == (8, 8, 3)
    assert nodes["conv2d1"].shape == (8, 8, 4)
    assert nodes["conv2d1"].inputs == ("input",)
    assert nodes["conv2d1"].operation == "Conv2D"
    assert nodes["conv2d1"].attributes["parameters"] == 3 * 3 * 3 * 4 + 4
    assert nodes["dense1"].inputs == (network.layers[2].name,)


def test_blocks_are_boxes_with_their_sum_or_their_branches():
    body = Sequential([Conv2D(3), BatchNorm()])
    branches = Parallel([Sequential([Conv2D(2)]), Sequential([Conv2D(5), ReLU()])])
    _, nodes = nodes_of(Residual(body), Residual(Conv2D(6), Conv2D(6, 1)), branches)
    assert nodes["residual1/add"].inputs == ("residual1/body/batchnorm1", "input")
    assert nodes["residual2/add"].inputs == ("residual2/body", "residual2/shortcut")
    assert nodes["residual2/body"].inputs == ("residual1/add",)
    joined = nodes["parallel1/concatenate"]
    assert joined.inputs == ("parallel1/branch1/conv2d1", "parallel1/branch2/relu1")
    assert joined.shape == (8, 8, 7)
    assert all(source in nodes for node in nodes.values() for source in node.inputs)


def test_the_definition_has_shapes_with_an_open_number_of_samples():
    _, nodes = nodes_of(Conv2D(4))
    definition = GraphDef.FromString(graph_definition(nodes.values()))
    (node,) = [node for node in definition.node if node.name == "conv2d1"]
    (shape,) = node.attr["_output_shapes"].list.shape
    assert [length.size for length in shape.dim] == [-1, 8, 8, 4]
    assert node.attr["kernel_size"].s == b"3"
    assert list(node.input) == ["input"]
