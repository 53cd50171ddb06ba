"""The backend node tests of ONNX: computed as the standard says, or refused by name.

Of the cases of the operators that are read, those whose first input is images or features (two or
four axes, floating point); other inputs become constants, as weights are.
"""

from collections import Counter

import numpy as np
import pytest

from src.classic_nn.context import PREDICTION
from src.exchange.reading import read_file, read_network
from src.load.errors import UnreadableDataError
from tests.exchange.reading.node_cases import load_cases

onnx = pytest.importorskip("onnx", reason="needs the extra: onnx")

CASES = load_cases()

REFUSED = {
    "expected one output, found ": 9,
    "is a constant, or left out": 4,
    "expected the axes of a sample to become one": 6,
    "it ends in images made flat, channels first": 3,
    "transA is not supported": 2,
    "expected a bias for each of ": 1,
    "has 1 axes": 1,
    "do not fit samples of shape": 3,
    "expected zeros at the sides of images": 4,
    "axes are not supported: expected pads for all four": 2,
    "expected mode linear with half_pixel coordinates": 34,
    "expected scales that give whole numbers of pixels": 1,
    "pytorch_half_pixel is not supported for an output of one pixel": 1,
    "expected images, and no antialias": 2,
    "products of two values are supported as activations and excitation alone": 1,
    "expected the axes of one pixel": 2,
    "expected axes behind features": 1,
    "Reshape (2): from samples of shape": 1,
    "expected features, or channels, got axis 3": 1,
    "has no number for each of 3 channels": 1,
}
"""Why the others are not read, and how many of them there are at most."""

refusals = Counter()
computed = Counter()


def network_or_refusal(model, path):
    onnx.save_model(model, path)
    try:
        return read_network(read_file(path).graph)
    except UnreadableDataError as error:
        return str(error)


@pytest.mark.parametrize("name", CASES)
def test_a_case(name, tmp_path):
    model, x, outputs = CASES[name]
    found = network_or_refusal(model, tmp_path / "m.onnx")
    if isinstance(found, str):
        (reason,) = (one for one in REFUSED if one in found)
        assert "\n" not in found
        refusals[reason] += 1
        return
    images = np.moveaxis(x, 1, -1) if x.ndim == 4 and not found.source.channels_last else x
    y, _ = found.network.forward(np.ascontiguousarray(images, np.float32), PREDICTION)
    for layer in reversed(found.ending):
        y, _ = layer.forward(y)
    expected = outputs[0]
    if y.ndim == 4 and "transpose" not in name.lower():
        y = np.moveaxis(y, -1, 1)
    assert y.size == expected.size
    assert np.allclose(y.reshape(expected.shape), expected, rtol=1e-3, atol=1e-5)
    computed[found.network.layers[0].__class__.__name__] += 1


def test_most_that_can_be_are_computed():
    """Runs after the cases: of each reason no more than are listed."""
    if computed.total() + refusals.total() < len(CASES):
        pytest.skip("only some of the cases ran in this process")
    assert computed.total() >= 77
    assert all(count <= REFUSED[reason] for reason, count in refusals.items())
