"""ResNet50 v1 in Keras (He, Zhang, Ren and Sun 2016), and the copying of weights to ours and back.

Layers bear the names that they have in ``keras.applications.ResNet50``, so that its files of
weights fit. ``classic_cnn.architectures.resnet`` has the table of stages.
"""

from typing import Any

import keras
import numpy as np

from src.classic_cnn import Conv2D
from src.classic_cnn.architectures.resnet import BLOCKS, resnet
from src.classic_cnn.layers import Resize2D
from src.classic_nn import Layer, Sequential
from src.classic_nn.array_types import Array, Shape
from src.inference.pretrained import new_layers
from src.load.weights import LAYOUTS
from src.tf_train.batch_normalization import BatchNormalization

layers = keras.layers

LAYOUT = LAYOUTS["resnet50_v1"]["keras"]

EPSILON = LAYOUT.settings["epsilon"]
"""Of all batch normalizations."""

ENLARGE, COLOUR = "enlarge", "colour"
"""Names of our layers that make what ResNet takes of small grey images."""


def keras_resnet50(input_shape: Shape, size: int | None, classes: int) -> Any:
    """ResNet50 for images of any size, in grey or in colour, whose outputs are logits.

    Args:
        input_shape: (height, width, channels), of 1 or 3 channels.
        size: height and width that they are enlarged to; None leaves them as they are.
        classes: number of outputs.

    Returns a ``keras.Model``.
    """
    x = inputs = keras.Input(input_shape)
    if size is not None:
        x = layers.Resizing(size, size, interpolation="bilinear", name=ENLARGE)(x)
    if input_shape[2] == 1:
        x = layers.Concatenate(name=COLOUR)([x, x, x])
    x = layers.ZeroPadding2D(3, name="conv1_pad")(x)
    x = _convolution(x, 64, 7, 2, "conv1", padding="valid")
    x = layers.ReLU(name="conv1_relu")(x)
    x = layers.ZeroPadding2D(1, name="pool1_pad")(x)
    x = layers.MaxPooling2D(3, 2, name="pool1_pool")(x)
    for stage, blocks in enumerate(BLOCKS[50]):
        for k in range(blocks):
            stride = 2 if stage and k == 0 else 1
            x = _bottleneck(x, 64 * 2**stage, stride, k == 0, f"conv{stage + 2}_block{k + 1}")
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    return keras.Model(inputs, layers.Dense(classes, name="predictions")(x), name="resnet50")


def _convolution(
    x: Any, filters: int, kernel: int, stride: int, name: str, padding: str = "same"
) -> Any:
    """A convolution and its normalization: "conv1_conv", "conv1_bn"; of a block "..._1_conv"."""
    x = layers.Conv2D(filters, kernel, stride, padding, name=f"{name}_conv")(x)
    return BatchNormalization(epsilon=EPSILON, name=f"{name}_bn")(x)


def _bottleneck(x: Any, filters: int, stride: int, project: bool, name: str) -> Any:
    """1 x 1 to fewer channels, 3 x 3, 1 x 1 to four times as many, added to the input."""
    shortcut = _convolution(x, 4 * filters, 1, stride, f"{name}_0") if project else x
    x = _convolution(x, filters, 1, stride, f"{name}_1")
    x = layers.ReLU(name=f"{name}_1_relu")(x)
    x = _convolution(x, filters, 3, 1, f"{name}_2")
    x = layers.ReLU(name=f"{name}_2_relu")(x)
    x = _convolution(x, 4 * filters, 1, 1, f"{name}_3")
    x = layers.Add(name=f"{name}_add")([shortcut, x])
    return layers.ReLU(name=f"{name}_out")(x)


def our_resnet50(input_shape: Shape, size: int | None, classes: int) -> Sequential:
    """The same network here, not yet built; see ``keras_resnet50``.

    Three channels are made of one by a convolution 1 x 1, which ``set_colour`` has copy it.
    """
    before: dict[str, Layer] = {}
    if size is not None:
        before[ENLARGE] = Resize2D(size)
    if input_shape[2] == 1:
        before[COLOUR] = Conv2D(3, 1)
    return Sequential({**before, **new_layers(resnet(50, classes, **LAYOUT.settings))})


def set_colour(network: Sequential) -> None:
    """Have the convolution that makes three channels of one copy it, and freeze it."""
    if any(layer.name == COLOUR for layer in network.layers):
        network[COLOUR].parameters["W"][...] = 1
        network[COLOUR].freeze()


def to_keras(network: Sequential) -> Any:
    """Keras's model of a network of ``our_resnet50``, built, with its weights."""
    shape = network.input_shape
    assert shape is not None
    sizes = [layer.size for layer in network.layers if isinstance(layer, Resize2D)]
    size = sizes[0] if sizes else None
    assert not isinstance(size, tuple)
    model = keras_resnet50(shape, size, len(network.parameters["head.b"]))
    copy_to_keras(network, model)
    return model


def paired_variables(model: Any, network: Sequential) -> dict[str, Any]:
    """Keras's variables by the names of the arrays that hold the same in our network.

    Kernels are (height, width, in, out) and matrices (in, out) on both sides.
    """
    theirs = {f"{layer.name}/{v.name}": v for layer in model.layers for v in layer.weights}
    names = LAYOUT.names(list(_arrays(network)))
    return {ours: theirs[name] for ours, name in names.items()}


def copy_to_keras(network: Sequential, model: Any) -> None:
    """Copy weights and running statistics of our network to Keras's."""
    arrays = _arrays(network)
    for name, variable in paired_variables(model, network).items():
        variable.assign(arrays[name])


def copy_from_keras(model: Any, network: Sequential) -> None:
    """Copy weights and running statistics of Keras's network to ours."""
    arrays = _arrays(network)
    for name, variable in paired_variables(model, network).items():
        np.copyto(arrays[name], variable.numpy())


def _arrays(network: Sequential) -> dict[str, Array]:
    return {**network.parameters, **network.buffers}
