"""Files of weights as other programs would write them, with random numbers in them."""

import numpy as np
from safetensors.numpy import save_file

from src.classic_cnn.architectures import ARCHITECTURES, create_network
from src.load.weights import LAYOUTS


def random_network(architecture, layout, rng, classes=1000, dtype=np.float32):
    """A network as a layout has it, with random statistics too."""
    network = create_network(architecture, classes, **LAYOUTS[architecture][layout].settings)
    pixels = ARCHITECTURES[architecture].pixels
    network.build((pixels, pixels, 3), rng, dtype)
    for name, array in {**network.parameters, **network.buffers}.items():
        if name.endswith(("gamma", "running_variance")):
            array[...] = rng.uniform(0.5, 1.5, array.shape)
        elif not name.endswith("W"):
            array[...] = rng.normal(0, 0.1, array.shape)
    return network


def foreign_arrays(network, architecture, layout):
    """Its arrays by PyTorch's names, and in its arrangement."""
    arrays = {**network.parameters, **network.buffers}
    names = LAYOUTS[architecture][layout].names(list(arrays))
    orders = {4: (3, 2, 0, 1), 2: (1, 0), 1: (0,)}
    return {
        names[name]: np.ascontiguousarray(array.transpose(orders[array.ndim]))
        for name, array in arrays.items()
    }


def save_weights(path, architecture, layout, rng, classes=1000):
    """Write such a file; returns the network that it was made of."""
    network = random_network(architecture, layout, rng, classes)
    save_file(foreign_arrays(network, architecture, layout), path)
    return network
