"""A network as a list of operations and of what each of them takes.

Every container says its own wiring (``Layer.trace``); whoever needs the whole, to draw it or to
write it in another format, walks this one list and knows no container.
"""

from src.classic_nn.layers.base import TraceNode
from src.classic_nn.layers.container import Container

INPUT = "input"
"""Path of the node that is the network's input."""


def trace_network(network: Container) -> list[TraceNode]:
    """All operations, each after those whose outputs it takes; the last has the network's output.

    Args:
        network: built; ValueError if it isn't.

    >>> import numpy as np
    >>> from src.classic_nn import Dense, ReLU, Residual, Sequential
    >>> network = Sequential([Dense(3), Residual(Sequential([Dense(3), ReLU()]))])
    >>> _ = network.build((2,), np.random.default_rng(0))
    >>> for node in trace_network(network):
    ...     print(node.path, node.inputs, node.shape)
    input () (2,)
    dense1 ('input',) (3,)
    residual1.body.dense1 ('dense1',) (3,)
    residual1.body.relu1 ('residual1.body.dense1',) (3,)
    residual1.add ('residual1.body.relu1', 'dense1') (3,)
    """
    source = TraceNode(INPUT, "Input", (), network.built_shape())
    nodes = [source]
    network.trace(source, "", nodes)
    return nodes
