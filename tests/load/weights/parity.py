"""What the comparisons with the networks of other programs have in common.

Both networks get the same random weights, gamma, beta and running statistics: theirs directly, ours
by way of a file of weights. Every number is one of float32, so nothing is rounded on the way.
"""

from importlib import import_module

import numpy as np
import pytest

from src.classic_cnn.architectures import create_network
from src.classic_nn import Dense
from src.inference.pretrained import load_arrays, needed_arrays
from src.load.errors import UnreadableDataError
from src.load.weights import LAYOUTS, WeightFile, assign, find_layout

CLASSES = 7


def random_array(name, shape, fan_in, rng):
    """Values that neither grow nor fade from layer to layer, so that no rounding error does."""
    if len(shape) > 1:  # a kernel
        return rng.standard_normal(shape, np.float32) * np.float32(np.sqrt(2 / fan_in))
    if "var" in name:
        return rng.uniform(1, 3, shape).astype(np.float32)
    if name.endswith(("weight", "gamma")):
        return rng.uniform(0.5, 1.5, shape).astype(np.float32)
    return rng.normal(0, 0.2, shape).astype(np.float32)


def joined(name, file, program, image, classes=CLASSES, dtype=np.float32):
    """Our network with the arrays of a file, and their layout: all are there, none is left over."""
    skeleton = create_network(name, classes)
    skeleton.build(image, None)
    ours = list(needed_arrays(skeleton))
    if program.startswith("timm") and "timm_tf" in LAYOUTS[name]:  # two of the same names
        with pytest.raises(UnreadableDataError, match="timm and timm_tf"):
            find_layout(name, ours, file, "file")
    else:
        assert find_layout(name, ours, file, "file") == program
    layout = LAYOUTS[name][program]
    network = create_network(name, classes, **layout.settings)
    network.build(image, None, dtype)
    needed = {key: array.shape for key, array in needed_arrays(network).items()}
    assigned = assign(layout, needed, file, "file")
    assert assigned.missing == []
    assert assigned.left_over == []
    load_arrays(network, assigned.arrays)
    return layout, network


def with_fewer_units(monkeypatch):
    """From now on, dense layers of our VGG's head have 16 units at most instead of 4096."""
    functions = vars(import_module("src.classic_cnn.architectures.vgg"))
    monkeypatch.setitem(
        functions, "Dense", lambda units, **settings: Dense(min(units, 16), **settings)
    )


def assert_close(ours, theirs, tolerance, name):
    """Equal, relative to the largest number."""
    assert ours.shape == theirs.shape, name
    error, largest = np.abs(ours - theirs).max(), np.abs(theirs).max()
    assert largest > 0, name
    assert error <= tolerance * largest, f"{name}: {error / largest:.1e}"


def assert_arrays_close(ours, theirs, layout, tolerance):
    """Each of our arrays equals the other program's, as its layout names and arranges them."""
    names = layout.names(list(ours))
    for name, array in ours.items():
        arranged = layout.arrange(name, theirs[names[name]], array.shape)
        assert_close(array, arranged, tolerance, name)


# PyTorch's modules; torch is imported by the tests that need it


def filled(make, rng):
    """The module that a function makes, with random weights, in evaluation mode.

    It is made without memory, as drawing its own first weights takes long.
    """
    import torch

    with torch.device("meta"):
        module = make()
    module.to_empty(device="cpu").eval()
    for name, tensor in module.state_dict().items():
        if tensor.is_floating_point():
            fan_in = tensor[0].numel() if tensor.ndim else 1
            tensor.copy_(torch.from_numpy(random_array(name, tensor.shape, fan_in, rng)))
        else:
            tensor.zero_()
    return module


def shapes_only(make):
    """A file like that of the module that a function makes, of zeros that take no memory."""
    import torch

    with torch.device("meta"):
        state = make().state_dict()
    zero = np.float32(0)
    return WeightFile({key: np.broadcast_to(zero, value.shape) for key, value in state.items()}, {})


def to_numpy(tensor):
    """(N, C, H, W) -> (N, H, W, C), and anything else as it is."""
    array = tensor.detach().numpy()
    return array.transpose(0, 2, 3, 1) if array.ndim == 4 else array


def file_of(module):
    """The arrays of a module, as they are at this moment."""
    return WeightFile({key: v.numpy().copy() for key, v in module.state_dict().items()}, {})


def compare(name, module, program, image, classes=CLASSES, dtype=np.float64):
    """Outputs equal; in float64 also the gradients of the input and of all parameters."""
    import torch

    rng = np.random.default_rng(1)
    module.to(torch.float64 if dtype is np.float64 else torch.float32)
    layout, network = joined(name, file_of(module), program, image, classes, dtype)
    x = rng.normal(size=(2, *image)).astype(dtype)
    leaf = torch.from_numpy(x.transpose(0, 3, 1, 2).copy()).requires_grad_(dtype is np.float64)
    theirs = module(leaf)
    y, cache = network.forward(x)
    assert y.dtype == dtype
    assert_close(y, theirs.detach().numpy(), 1e-8 if dtype is np.float64 else 1e-4, "y")
    if dtype is not np.float64:
        return
    dy = rng.normal(size=y.shape)
    theirs.backward(torch.from_numpy(dy))
    dx, gradients = network.backward(dy, cache)
    assert_close(dx, to_numpy(leaf.grad), 1e-8, "dx")
    other = {key: parameter.grad for key, parameter in module.named_parameters()}
    other = {key: gradient.numpy() for key, gradient in other.items() if gradient is not None}
    assert len(other) == len(gradients)
    assert_arrays_close(gradients, other, layout, 1e-8)
