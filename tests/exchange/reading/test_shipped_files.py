"""The networks that ONNX's package has with it, of Caffe2's time, without their weights.

Their weights are one number each; where there are not too many, random ones take their place.
"""

from pathlib import Path

import numpy as np
import pytest

from src.classic_nn.context import PREDICTION
from src.exchange.reading import read_file, read_network
from tests.exchange.judges import by_onnxruntime, first

onnx = pytest.importorskip("onnx", reason="needs the extra: onnx")

FOLDER = Path(onnx.__file__).parent / "backend/test/data/light"

INSIDE = {
    "light_bvlc_alexnet": "LocalResponseNorm",
    "light_densenet121": "Parallel",
    "light_inception_v1": "Parallel",
    "light_inception_v2": "ScaleShift",
    "light_resnet50": "Residual",
    "light_shufflenet": "ShuffleChannels",
    "light_squeezenet": "Parallel",
    "light_vgg19": "Dropout",
    "light_zfnet512": "LocalResponseNorm",
}
"""A layer that the network has; of Dropout nothing is left."""

LARGE = ("light_bvlc_alexnet", "light_vgg19", "light_zfnet512")
"""With a hundred million weights: read, but not filled."""


def filled(path, rng):
    """The model with random weights."""
    model = onnx.load(path)
    arrays = {one.name: onnx.numpy_helper.to_array(one) for one in model.graph.initializer}
    kept = []
    for node in model.graph.node:
        if node.op_type != "ConstantOfShape":
            kept.append(node)
            continue
        shape = tuple(arrays[node.input[0]])
        values = rng.uniform(0.5, 1.5, shape)
        if len(shape) > 1:
            values = rng.normal(size=shape) / np.sqrt(np.prod(shape[1:]) / 2)
        made = onnx.numpy_helper.from_array(values.astype(np.float32), node.output[0])
        model.graph.initializer.append(made)
    del model.graph.node[:]
    model.graph.node.extend(kept)
    return model


@pytest.mark.parametrize("name", INSIDE)
def test_networks(name, tmp_path, rng):
    path = FOLDER / f"{name}.onnx"
    if name not in LARGE:
        onnx.save_model(filled(path, rng), tmp_path / "m.onnx")
        path = tmp_path / "m.onnx"
    found = read_network(read_file(path).graph)
    kinds = {type(layer).__name__ for layer in found.network.descendants()}
    assert (INSIDE[name] in kinds) == (INSIDE[name] != "Dropout")
    if name in LARGE:
        return
    x = rng.normal(size=(1, *found.network.built_shape())).astype(np.float32)
    y, _ = found.network.forward(x, PREDICTION)
    for layer in reversed(found.ending):
        y, _ = layer.forward(y)
    expected = by_onnxruntime(onnx.load(path), first(x)).reshape(y.shape)
    assert expected.std() > 1e-6 * np.abs(expected).max()
    assert np.abs(y - expected).max() < 1e-4 * np.abs(expected).max()


def test_the_folder_has_no_others():
    assert {path.stem for path in FOLDER.glob("*.onnx")} == set(INSIDE)
