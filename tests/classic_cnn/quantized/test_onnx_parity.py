"""The same integers as ONNX's operators, bit for bit, by its reference and by onnxruntime."""

import numpy as np
import pytest

from src.classic_cnn.quantized import IntegerConv2D, IntegerDense, ToIntegers, integer_convolution
from src.classic_cnn.quantized.layers import input_quantization
from src.classic_cnn.utils import geometry
from src.classic_nn.quantization import Quantization, asymmetric, integer_matmul, symmetric
from src.classic_nn.quantization.integer_products import exact_parts

onnx = pytest.importorskip("onnx", reason="needs the extra 'onnx'")
helper = onnx.helper

TYPES = {
    np.dtype(np.float32): onnx.TensorProto.FLOAT,
    np.dtype(np.uint8): onnx.TensorProto.UINT8,
    np.dtype(np.int8): onnx.TensorProto.INT8,
    np.dtype(np.int32): onnx.TensorProto.INT32,
}


def run(operator, inputs, outputs, **attributes):
    """Outputs of one operator, the same from both programs; ``outputs`` are their types."""
    names = [f"x{k}" for k in range(len(inputs))]
    results = [f"y{k}" for k in range(len(outputs))]
    node = helper.make_node(operator, names, results, **attributes)
    graph = helper.make_graph(
        [node],
        "one",
        [
            helper.make_tensor_value_info(n, TYPES[a.dtype], a.shape)
            for n, a in zip(names, inputs, strict=True)
        ],
        [
            helper.make_tensor_value_info(n, TYPES[np.dtype(t)], None)
            for n, t in zip(results, outputs, strict=True)
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
    feed = dict(zip(names, inputs, strict=True))
    from onnx.reference import ReferenceEvaluator

    found = ReferenceEvaluator(model).run(None, feed)
    try:
        import onnxruntime
    except ImportError:
        return found
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    for ours, theirs in zip(found, session.run(None, feed), strict=True):
        assert np.array_equal(ours, theirs)
    return found


def first(x):
    return np.ascontiguousarray(np.moveaxis(x, -1, 1))


def last(x):
    return np.moveaxis(x, 1, -1)


@pytest.mark.parametrize("signed", [False, True])
def test_quantize_linear(signed, rng):
    x = (3 * rng.normal(size=(4, 50))).astype(np.float32)
    x[0, :4] = [0.5, 1.5, 1e6, -1e6]
    q = symmetric(-2.5, 2) if signed else asymmetric(-1.3, 4)
    zero = np.array(q.zero_point, q.dtype)
    (theirs,) = run("QuantizeLinear", [x, q.scale, zero], [q.dtype])
    ours = q.quantize(x)
    assert np.array_equal(np.maximum(theirs, -127) if signed else theirs, ours)
    (back,) = run("DequantizeLinear", [ours, q.scale, zero], [np.float32])
    assert np.array_equal(back, q.dequantize(ours))


def test_quantize_linear_halves():
    halves = (np.arange(-20, 20) + 0.5).astype(np.float32)
    q = Quantization(np.array(1, np.float32), np.array(100, np.int32))
    (theirs,) = run("QuantizeLinear", [halves, q.scale, np.array(100, np.uint8)], [np.uint8])
    assert np.array_equal(theirs, q.quantize(halves))


@pytest.mark.parametrize("shift", [-3.0, 0.0, 2.0, 30.0])
def test_dynamic_quantize_linear(shift, rng):
    x = (rng.normal(size=(3, 40)) + shift).astype(np.float32)
    integers, scale, zero = run("DynamicQuantizeLinear", [x], [np.uint8, np.float32, np.uint8])
    q = input_quantization(x)
    assert (q.scale, q.zero_point) == (scale, zero)
    assert np.array_equal(q.quantize(x), integers)


def test_matmul_integer(rng):
    a = rng.integers(0, 256, (7, 2000)).astype(np.uint8)
    b = rng.integers(-128, 128, (2000, 5)).astype(np.int8)
    (theirs,) = run(
        "MatMulInteger", [a, b, np.array(131, np.uint8), np.array(0, np.int8)], [np.int32]
    )
    assert np.array_equal(integer_matmul(a, b, 131), theirs)


CASES = [
    ({"kernel": 3, "stride": 1, "padding": 1, "groups": 1}, 6, 8),
    ({"kernel": 3, "stride": 2, "padding": 1, "groups": 1}, 70, 5),
    ({"kernel": 1, "stride": 1, "padding": 0, "groups": 1}, 2000, 4),
    ({"kernel": 5, "stride": 1, "padding": 2, "groups": 6}, 6, 6),
    ({"kernel": 3, "stride": 1, "padding": 1, "groups": 2}, 140, 4),
]


@pytest.mark.parametrize(("case", "channels", "filters"), CASES)
def test_conv_integer(case, channels, filters, rng):
    kernel, groups = case["kernel"], case["groups"]
    x = rng.integers(0, 256, (2, 9, 8, channels)).astype(np.uint8)
    w = rng.integers(-127, 128, (kernel, kernel, channels // groups, filters)).astype(np.int8)
    zero = 77
    (theirs,) = run(
        "ConvInteger",
        [first(x), w.transpose(3, 2, 0, 1).copy(), np.array(zero, np.uint8)],
        [np.int32],
        pads=[case["padding"]] * 4,
        strides=[case["stride"]] * 2,
        group=groups,
    )
    where = geometry((9, 8), (kernel, kernel), case["stride"], case["padding"])
    values, weights = x.astype(np.float32) - zero, w.astype(np.float32)
    parts = exact_parts(weights, 255)
    ours = integer_convolution(values, weights, where, groups, parts)
    assert np.array_equal(ours, last(theirs))
    if channels == 2000:
        assert len(parts) > 1


@pytest.mark.parametrize("per_channel", [True, False])
@pytest.mark.parametrize(("case", "channels", "filters"), CASES)
def test_qlinear_conv(case, channels, filters, per_channel, rng):
    kernel, groups = case["kernel"], case["groups"]
    x = rng.integers(0, 256, (2, 9, 8, channels)).astype(np.uint8)
    shape = (kernel, kernel, channels // groups, filters)
    w = rng.integers(-127, 128, shape).astype(np.int8)
    b = rng.integers(-20_000, 20_000, filters).astype(np.int32)
    x_scale, y_scale = np.float32(0.037), np.float32(0.9)
    w_scale = rng.uniform(0.001, 0.02, filters).astype(np.float32)
    w_scale = w_scale if per_channel else w_scale[:1].reshape(())
    (theirs,) = run(
        "QLinearConv",
        [
            *(first(x), np.array(x_scale), np.array(77, np.uint8)),
            *(w.transpose(3, 2, 0, 1).copy(), w_scale, np.zeros(w_scale.shape, np.int8)),
            *(np.array(y_scale), np.array(101, np.uint8), b),
        ],
        [np.uint8],
        pads=[case["padding"]] * 4,
        strides=[case["stride"]] * 2,
        group=groups,
    )
    layer = IntegerConv2D(
        scale=float(y_scale),
        zero_point=101,
        low=-101,
        high=154,
        input_scale=float(x_scale),
        per_channel=per_channel,
        out_channels=filters,
        kernel_size=kernel,
        stride=case["stride"],
        padding=case["padding"],
        groups=groups,
    )
    layer.make([x.shape[1:]], np.float32)
    layer.buffers["W"][...], layer.buffers["b"][...] = w, b
    layer.buffers["W_scale"][...] = w_scale
    ours = layer.compute(x.astype(np.float32) - 77) + 101
    assert len(np.unique(ours)) > 20  # not all cut off
    assert np.array_equal(ours, last(theirs))


def test_qlinear_matmul(rng):
    a = rng.integers(0, 256, (6, 1200)).astype(np.uint8)
    b = rng.integers(-127, 128, (1200, 9)).astype(np.int8)
    scales = [np.float32(s) for s in (0.021, 0.004, 0.35)]
    (theirs,) = run(
        "QLinearMatMul",
        [
            *(a, np.array(scales[0]), np.array(120, np.uint8)),
            *(b, np.array(scales[1]), np.array(0, np.int8)),
            *(np.array(scales[2]), np.array(90, np.uint8)),
        ],
        [np.uint8],
    )
    layer = IntegerDense(
        float(scales[2]),
        90,
        -90,
        165,
        input_scale=float(scales[0]),
        per_channel=False,
        out_features=9,
    )
    layer.make([(1200,)], np.float32)
    layer.buffers["W"][...], layer.buffers["W_scale"][...] = b, scales[1]
    assert np.array_equal(layer.compute(a.astype(np.float32) - 120) + 90, theirs)


def test_numbers_become_the_integers_of_quantize_linear(rng):
    x = rng.normal(size=(3, 40)).astype(np.float32)
    q = asymmetric(-1.5, 2)
    layer = ToIntegers(
        float(q.scale), int(q.zero_point), -int(q.zero_point), 255 - int(q.zero_point)
    )
    ours = layer.compute(x) + int(q.zero_point)
    assert np.array_equal(ours, q.quantize(x))
    with pytest.raises(ValueError, match="not finite"):
        layer.compute(np.array([[np.nan]], np.float32))
