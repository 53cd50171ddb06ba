"""The backend node tests of ONNX: every case of five operators that the layers can express.

ONNX images are (samples, channels, height, width) and its kernels (filters, channels, KH, KW).
Skipped without the package ``onnx``.
"""

import warnings
from pathlib import Path

import numpy as np
import pytest

from src.classic_cnn import (
    average_pool_forward,
    conv_forward,
    global_average_pool_forward,
    max_pool_forward,
)
from src.classic_nn import BatchNorm, Context

onnx = pytest.importorskip("onnx", reason="needs the package onnx")

OPERATORS = {"Conv", "MaxPool", "AveragePool", "GlobalAveragePool", "BatchNormalization"}


def attributes(node):
    return {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}


def load_cases():
    """{name: (node, inputs, outputs)} of the cases whose graph is one node of the five."""
    from onnx.backend.test.loader import load_model_tests

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # making the cases of other operators overflows
        tests = [*load_model_tests(kind="node"), *load_model_tests(kind="pytorch-converted")]
    cases = {}
    for test in tests:
        model = test.model or onnx.load(Path(test.model_dir, "model.onnx"))
        nodes = [node for node in model.graph.node if node.op_type != "Constant"]
        if len(nodes) != 1 or nodes[0].op_type not in OPERATORS:
            continue
        if test.data_sets is not None:
            inputs, outputs = test.data_sets[0]
        else:
            inputs, outputs = (
                [read_tensor(p) for p in sorted(Path(test.model_dir).glob(f"*_0/{kind}_*.pb"))]
                for kind in ("input", "output")
            )
        known = {i.name: onnx.numpy_helper.to_array(i) for i in model.graph.initializer}
        for constant in (node for node in model.graph.node if node.op_type == "Constant"):
            value = constant.attribute[0].t
            known[constant.output[0]] = onnx.numpy_helper.to_array(value)
        given = iter(inputs)
        arguments = [known[name] if name in known else next(given) for name in nodes[0].input]
        cases[test.name] = (nodes[0], arguments, outputs)
    return cases


def read_tensor(path):
    return onnx.numpy_helper.to_array(onnx.load_tensor(path))


CASES = load_cases()

# what the layers cannot express, and why
ONE_OR_THREE_AXES = "images have two axes"
REASONS = {
    "windows that begin in the padding (ceil_mode)": lambda node, x, o: bool(
        attributes(node).get("ceil_mode", 0)
    ),
    "indices of maxima as an output": lambda node, x, o: (
        node.op_type == "MaxPool" and len(node.output) > 1
    ),
    "whole numbers": lambda node, x, o: x[0].dtype == np.uint8,
    ONE_OR_THREE_AXES: lambda node, x, o: (
        x[0].ndim != 4 and not (node.op_type == "BatchNormalization" and x[0].ndim in (2, 3, 5))
    ),
}
EXPRESSED = {
    name: case
    for name, case in CASES.items()
    if not any(reason(*case) for reason in REASONS.values())
}


def test_the_cases_are_there_and_most_are_expressed():
    by_operator = {op: [n for n in EXPRESSED if CASES[n][0].op_type == op] for op in OPERATORS}
    assert all(by_operator.values()), by_operator
    assert len(by_operator["Conv"]) >= 15
    assert len(by_operator["MaxPool"]) >= 9
    assert len(by_operator["AveragePool"]) >= 8


@pytest.mark.parametrize("name", EXPRESSED)
def test_outputs_are_those_of_the_standard(name):
    node, (x, *others), outputs = EXPRESSED[name]
    settings = attributes(node)
    images = np.moveaxis(x, 1, -1)
    if node.op_type == "BatchNormalization":
        results = batch_normalization(images, others, settings)
    else:
        results = [OPERATIONS[node.op_type](images, others, settings)]
    for result, expected in zip(results, outputs, strict=False):
        result = np.moveaxis(result, -1, 1) if result.ndim > 1 else result
        assert np.allclose(result.reshape(expected.shape), expected, rtol=1e-5, atol=1e-5)


def padding(settings, image, kernel, dilations=(1, 1)):
    """ONNX's padding as ours; its SAME_LOWER puts the odd pixel at the top and left."""
    rule = settings.get("auto_pad", b"NOTSET").decode()
    if rule in ("NOTSET", "VALID"):
        top, left, bottom, right = settings.get("pads", [0, 0, 0, 0])
        return ((top, bottom), (left, right))
    if rule == "SAME_UPPER":
        return "same_tf"
    strides = settings.get("strides", [1, 1])
    sides = []
    for size, k, stride, dilation in zip(image, kernel, strides, dilations, strict=True):
        total = max((-(-size // stride) - 1) * stride + dilation * (k - 1) + 1 - size, 0)
        sides.append((total - total // 2, total // 2))
    return tuple(sides)


def convolution(x, others, settings):
    w, *bias = others
    dilations = tuple(settings.get("dilations", (1, 1)))
    y, _ = conv_forward(
        x,
        np.ascontiguousarray(w.transpose(2, 3, 1, 0)),
        bias[0] if bias else None,
        stride=tuple(settings.get("strides", (1, 1))),
        padding=padding(settings, x.shape[1:3], w.shape[2:], dilations),
        dilation=dilations,
        groups=settings.get("group", 1),
    )
    return y


def pooling(forward):
    def pool(x, others, settings):
        window = tuple(settings["kernel_shape"])
        extra = {}
        if forward is average_pool_forward:
            extra["count_padding"] = bool(settings.get("count_include_pad", 0))
        stride = tuple(settings.get("strides", (1, 1)))
        extra["dilation"] = tuple(settings.get("dilations", (1, 1)))
        sides = padding(settings, x.shape[1:3], window, extra["dilation"])
        return forward(x, window, stride, sides, **extra)[0]

    return pool


OPERATIONS = {
    "Conv": convolution,
    "MaxPool": pooling(max_pool_forward),
    "AveragePool": pooling(average_pool_forward),
    "GlobalAveragePool": lambda x, others, settings: global_average_pool_forward(x)[0],
}


def batch_normalization(x, others, settings):
    """y and, while training, the running mean; the standard's running variance is the biased one,
    ours, as PyTorch's, the unbiased one."""
    layer = BatchNorm(settings.get("momentum", 0.9), settings.get("epsilon", 1e-5))
    layer.build(x.shape[1:], np.random.default_rng(0), x.dtype)
    layer.parameters["gamma"], layer.parameters["beta"] = others[:2]
    for buffer, value in zip(layer.buffers.values(), others[2:], strict=True):
        buffer[...] = value
    training = bool(settings.get("training_mode", 0))
    y, _ = layer.forward(x, Context(training=training))
    return [y, layer.buffers["running_mean"]] if training else [y]
