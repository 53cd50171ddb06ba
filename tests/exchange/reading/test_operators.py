"""Small graphs, as exporters write them, compute what onnxruntime computes."""

import numpy as np
import pytest

from src.classic_nn.context import PREDICTION
from src.exchange.reading import read_file, read_network
from tests.exchange.judges import by_onnxruntime, first, last
from tests.exchange.reading.files import FLOAT, file_of, refusal, save

onnx = pytest.importorskip("onnx", reason="needs the extra: onnx")
make = onnx.helper.make_node
rng = np.random.default_rng(3)


def normal(*shape):
    return rng.normal(size=shape).astype(np.float32)


CHANNELS = normal(3, 1, 1)
KERNEL = normal(3, 3, 3, 3) / 3
LOW, HIGH = np.float32(-0.4), np.float32(0.7)
MEAN = [make("GlobalAveragePool", ["x"], ["m"]), make("Flatten", ["m"], ["f"])]

# name: (nodes, arrays, types of the layers that are found)
GRAPHS = {
    "a number for all": ([make("Add", ["x", "c"], ["y"])], {"c": np.float32(2)}, ["ScaleShift"]),
    "a number for each": ([make("Mul", ["c", "x"], ["y"])], {"c": CHANNELS}, ["ScaleShift"]),
    "minus": ([make("Sub", ["x", "c"], ["y"])], {"c": CHANNELS[np.newaxis]}, ["ScaleShift"]),
    "from": ([make("Sub", ["c", "x"], ["y"])], {"c": CHANNELS}, ["ScaleShift"]),
    "divided": ([make("Div", ["x", "c"], ["y"])], {"c": CHANNELS}, ["ScaleShift"]),
    "normalized": (
        [
            make("Sub", ["x", "c"], ["a"]),
            make("Div", ["a", "d"], ["b"]),
            make("Relu", ["b"], ["y"]),
        ],
        {"c": CHANNELS, "d": np.abs(CHANNELS) + 1},
        ["ScaleShift", "ReLU"],
    ),
    "a bias behind a convolution": (
        [make("Conv", ["x", "w"], ["a"]), make("Add", ["a", "c"], ["y"])],
        {"w": KERNEL, "c": CHANNELS},
        ["Conv2D"],
    ),
    "a bias behind a product": (
        [*MEAN, make("MatMul", ["f", "w"], ["a"]), make("Add", ["c", "a"], ["y"])],
        {"w": normal(3, 5), "c": normal(5)},
        ["GlobalAveragePool", "Dense"],
    ),
    "a bias that another one sees without": (
        [
            make("Conv", ["x", "w"], ["a"], pads=[1, 1, 1, 1]),
            make("Add", ["a", "c"], ["b"]),
            make("Add", ["a", "b"], ["y"]),
        ],
        {"w": KERNEL, "c": CHANNELS},
        ["Conv2D", "Residual", "Sequential", "ScaleShift"],
    ),
    "gemm with factors": (
        [*MEAN, make("Gemm", ["f", "w", "c"], ["y"], alpha=0.5, beta=2.0, transB=1)],
        {"w": normal(5, 3), "c": normal(1, 5)},
        ["GlobalAveragePool", "Dense"],
    ),
    "a flatten behind which weights are turned": (
        [
            make("Flatten", ["x"], ["f"]),
            make("Mul", ["f", "s"], ["g"]),
            make("Relu", ["g"], ["r"]),
            make("Gemm", ["r", "w", "c"], ["y"]),
        ],
        {"w": normal(48, 5), "c": normal(5), "s": normal(48)},
        ["Flatten", "ScaleShift", "ReLU", "Dense"],
    ),
    "reshaped": (
        [make("Reshape", ["x", "s"], ["f"]), make("MatMul", ["f", "w"], ["y"])],
        {"s": np.array([-1, 48]), "w": normal(48, 2)},
        ["Flatten", "Dense"],
    ),
    "a product of pixels": (
        [
            make("Transpose", ["x"], ["t"], perm=[0, 2, 3, 1]),
            make("MatMul", ["t", "w"], ["a"]),
            make("Add", ["a", "c"], ["b"]),
            make("Transpose", ["b"], ["y"], perm=[0, 3, 1, 2]),
        ],
        {"w": normal(3, 4), "c": normal(4)},
        ["Conv2D"],
    ),
    "mean by axes": (
        [make("ReduceMean", ["x"], ["f"], axes=[2, 3], keepdims=0), make("Tanh", ["f"], ["y"])],
        {},
        ["GlobalAveragePool", "Tanh"],
    ),
    "mean of channels last": (
        [
            make("Transpose", ["x"], ["t"], perm=[0, 2, 3, 1]),
            make("ReduceMean", ["t"], ["f"], axes=[1, -2], keepdims=0),
            make("Tanh", ["f"], ["y"]),
        ],
        {},
        ["GlobalAveragePool", "Tanh"],
    ),
    "a classifier of one pixel": (
        [
            make("GlobalAveragePool", ["x"], ["m"]),
            make("Conv", ["m", "w", "c"], ["a"]),
            make("Relu", ["a"], ["b"]),
            make("Squeeze", ["b", "axes"], ["y"]),
        ],
        {"w": normal(4, 3, 1, 1), "c": normal(4), "axes": np.array([2, 3])},
        ["GlobalAveragePool", "Dense", "ReLU"],
    ),
    "squeeze and excitation": (
        [
            make("ReduceMean", ["x"], ["m"], axes=[2, 3]),
            make("Conv", ["m", "w"], ["a"]),
            make("HardSigmoid", ["a"], ["b"], alpha=1 / 6),
            make("Mul", ["b", "x"], ["y"]),
        ],
        {"w": normal(3, 3, 1, 1)},
        ["SqueezeExcitation", "Sequential", "Dense", "HardSigmoid"],
    ),
    "silu": ([make("Sigmoid", ["x"], ["s"]), make("Mul", ["s", "x"], ["y"])], {}, ["SiLU"]),
    "hard swish in two": (
        [make("HardSigmoid", ["x"], ["s"], alpha=1 / 6), make("Mul", ["x", "s"], ["y"])],
        {},
        ["HardSwish"],
    ),
    "clips": (
        [
            make("Clip", ["x", "zero"], ["a"]),
            make("Clip", ["a", "zero", "six"], ["b"]),
            make("Clip", ["b", "low", "high"], ["c"]),
            make("Clip", ["c", "", "high"], ["y"]),
        ],
        {"zero": np.float32(0), "six": np.float32(6), "low": LOW, "high": HIGH},
        ["ReLU", "ReLU6", "Clip", "Clip"],
    ),
    "prelu": ([make("PRelu", ["x", "s"], ["y"])], {"s": CHANNELS}, ["PReLU"]),
    "leaky": ([make("LeakyRelu", ["x"], ["y"])], {}, ["LeakyReLU"]),
    "pads": (
        [make("Pad", ["x", "s"], ["a"]), make("MaxPool", ["a"], ["y"], kernel_shape=[2, 2])],
        {"s": np.array([0, 0, 1, 0, 0, 0, 2, 1])},
        ["ZeroPad2D", "MaxPool2D"],
    ),
    "the last windows": (
        [
            make("MaxPool", ["x"], ["a"], kernel_shape=[3, 2], strides=[2, 3], ceil_mode=1),
            make("AveragePool", ["a"], ["y"], kernel_shape=[2, 2], pads=[1, 0, 0, 1], ceil_mode=1),
        ],
        {},
        ["MaxPool2D", "AveragePool2D"],
    ),
    "a window with holes": (
        [make("MaxPool", ["x"], ["y"], kernel_shape=[2, 2], dilations=[2, 3], ceil_mode=1)],
        {},
        ["MaxPool2D"],
    ),
    "the odd pixel in front": (
        [
            make(
                "Conv",
                ["x", "w"],
                ["y"],
                auto_pad="SAME_LOWER",
                strides=[1, 1],
                kernel_shape=[2, 2],
            )
        ],
        {"w": normal(2, 3, 2, 2)},
        ["Conv2D"],
    ),
    "dropout and identity": (
        [
            make("Dropout", ["x"], ["a", ""]),
            make("Identity", ["a"], ["b"]),
            make("Relu", ["b"], ["y"]),
        ],
        {},
        ["ReLU"],
    ),
    "what leads nowhere": (
        [make("Sigmoid", ["x"], ["unused"]), make("Relu", ["x"], ["y"])],
        {},
        ["ReLU"],
    ),
    "a dense block": (
        [
            make("Conv", ["x", "w"], ["a"], pads=[1, 1, 1, 1]),
            make("Concat", ["x", "a"], ["c1"], axis=1),
            make("Conv", ["c1", "v"], ["b"], pads=[1, 1, 1, 1]),
            make("Concat", ["x", "a", "b"], ["c2"], axis=1),
            make("Relu", ["c2"], ["y"]),
        ],
        {"w": KERNEL, "v": normal(2, 6, 3, 3)},
        ["Parallel", "Layer", "Conv2D", "Parallel", "Layer", "Conv2D", "ReLU"],
    ),
    "branches inside of a branch": (
        [
            make("Tanh", ["x"], ["t"]),
            make("Relu", ["x"], ["r"]),
            make("Sigmoid", ["r"], ["a"]),
            make("Tanh", ["r"], ["b"]),
            make("Concat", ["t", "a", "b"], ["c"], axis=1),
            make("Relu", ["c"], ["y"]),
        ],
        {},
        ["Parallel", "Tanh", "Sequential", "ReLU", "Parallel", "Sigmoid", "Tanh", "ReLU"],
    ),
    "twice the same": ([make("Add", ["x", "x"], ["y"])], {}, ["Graph", "Join"]),
    "ways across": (
        [
            make("Relu", ["x"], ["r"]),
            make("Relu", ["r"], ["a"]),
            make("Conv", ["r", "w"], ["b1"], pads=[1, 1, 1, 1]),
            make("Tanh", ["b1"], ["b"]),
            make("Add", ["a", "b"], ["c"]),
            make("Sigmoid", ["b"], ["d"]),
            make("Concat", ["c", "d"], ["e"], axis=1),
            make("Tanh", ["e"], ["y"]),
        ],
        {"w": KERNEL},
        [
            *("ReLU", "Graph", "ReLU", "Sequential", "Conv2D", "Tanh", "Join", "Sigmoid", "Join"),
            "Tanh",
        ],
    ),
    "a value under another name, used twice": (
        [
            make("Mul", ["x", "c"], ["a"]),
            make("Identity", ["a"], ["b"]),
            make("Add", ["b", "c"], ["d"]),
            make("Relu", ["b"], ["e"]),
            make("Add", ["d", "e"], ["y"]),
        ],
        {"c": CHANNELS},
        ["ScaleShift", "Residual", "Sequential", "ScaleShift", "ReLU"],
    ),
    "a branch of a branch's value": (
        [
            make("Add", ["x", "c"], ["a"]),
            make("Add", ["a", "x"], ["b"]),
            make("Concat", ["a", "b"], ["y"], axis=1),
        ],
        {"c": CHANNELS},
        ["Graph", "ScaleShift", "Join", "Join"],
    ),
    "a part that nobody takes": (
        [make("Split", ["x", "s"], ["a", "b"], axis=1), make("Relu", ["b"], ["y"])],
        {"s": np.array([1, 2])},
        ["SliceChannels", "ReLU"],
    ),
    "a convolution of one pixel behind a flatten": (
        [
            make("Flatten", ["x"], ["f"]),
            make("Unsqueeze", ["f", "axes"], ["u"]),
            make("Conv", ["u", "w"], ["y"]),
        ],
        {"axes": np.array([2, 3]), "w": normal(4, 48, 1, 1)},
        ["Flatten", "Dense"],
    ),
    "rows of channels and back": (
        [
            make("Reshape", ["x", "a"], ["r"]),
            make("Reshape", ["r", "b"], ["z"]),
            make("Relu", ["z"], ["y"]),
        ],
        {"a": np.array([-1, 3, 1, 4, 4]), "b": np.array([-1, 3, 4, 4])},
        ["ReLU"],
    ),
    "weights of integers with a zero point": (
        [
            make("DequantizeLinear", ["q", "s", "z"], ["w"], axis=0),
            make("Conv", ["x", "w"], ["y"]),
        ],
        {
            "q": rng.integers(0, 255, (2, 3, 3, 3), np.uint8),
            "s": np.array([0.01, 0.02], np.float32),
            "z": np.array([100, 130], np.uint8),
        },
        ["Conv2D"],
    ),
    "a sum in front of a branch": (
        [
            make("Relu", ["x"], ["a"]),
            make("Add", ["a", "x"], ["b"]),
            make("Tanh", ["b"], ["c"]),
            make("Sigmoid", ["b"], ["d"]),
            make("Add", ["c", "d"], ["e"]),
            make("Relu", ["e"], ["y"]),
        ],
        {},
        ["Residual", "Sequential", "ReLU", "Residual", "Sequential", "Tanh", "Sigmoid", "ReLU"],
    ),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_layers_and_values(name, tmp_path):
    nodes, arrays, kinds = GRAPHS[name]
    model = file_of(nodes, arrays)
    found = read_network(read_file(save(model, tmp_path / "m.onnx")).graph)
    assert [type(layer).__name__ for layer in found.network.descendants()] == kinds
    x = normal(3, 4, 4, 3)
    y, _ = found.network.forward(x, PREDICTION)
    expected = by_onnxruntime(model, first(x))
    expected = last(expected) if y.ndim == 4 else expected.reshape(y.shape)
    assert y.shape == expected.shape
    assert np.allclose(y, expected, rtol=1e-5, atol=1e-6)


REFUSED = {
    "a gate of another slope": (
        [make("HardSigmoid", ["x"], ["s"], alpha=0.2), make("Mul", ["x", "s"], ["y"], "n")],
        {},
        "Mul (n): products of two values",
    ),
    "a gate that is seen otherwise": (
        [
            make("Pad", ["x", "p"], ["q"]),
            make("Sigmoid", ["q"], ["s"]),
            make("Transpose", ["s"], ["t"], perm=[0, 2, 3, 1]),
            make("Mul", ["q", "t"], ["y"], "n"),
        ],
        {"p": np.array([0, 0, 0, 0, 0, 0, 0, 0])},
        "Mul (n): products of two values",
    ),
    "more channels by resizing": (
        [make("Resize", ["x", "", "s"], ["y"], "n", mode="linear")],
        {"s": np.array([1, 2, 2, 2], np.float32)},
        "Resize (n): expected scales of 1 for samples and channels",
    ),
    "a scale that chooses other pixels": (
        [
            make(
                *("Resize", ["x", "", "s"], ["y"], "n"),
                mode="nearest",
                coordinate_transformation_mode="asymmetric",
                nearest_mode="floor",
            )
        ],
        {"s": np.array([1, 1, 2.0001, 2], np.float32)},
        "Resize (n): its scales choose other pixels",
    ),
    "a bias for each sample": (
        [*MEAN, make("Gemm", ["f", "w", "c"], ["y"], "n")],
        {"w": normal(3, 5), "c": normal(5, 1)},
        "Gemm (n): expected a bias for each of 5 outputs",
    ),
    "dropout in training": (
        [make("Dropout", ["x", "r", "t"], ["y"], "n")],
        {"r": np.float32(0.5), "t": np.array(True)},
        "Dropout (n): it is in training mode",
    ),
    "channels in rows at the end": (
        [
            make("Pad", ["x", "p"], ["q"]),
            make("Reshape", ["q", "s"], ["r"]),
            make("Relu", ["r"], ["y"], "n"),
        ],
        {"s": np.array([-1, 3, 1, 4, 4]), "p": np.array([0, 0, 0, 0, 0, 0, 0, 0])},
        "Relu (n): its images have their channels in rows",
    ),
    "a constant of another shape": (
        [make("Add", ["x", "c"], ["y"], "n")],
        {"c": normal(4, 4)},
        "Add (n): a constant of shape [4, 4] has no number for each of 3 channels",
    ),
    "one over": ([make("Div", ["c", "x"], ["y"], "n")], {"c": CHANNELS}, "Div (n): division of"),
    "a product of maps": (
        [make("Relu", ["x"], ["a"]), make("Mul", ["a", "x"], ["y"], "n")],
        {},
        "Mul (n): products of two values",
    ),
    "a sum of samples and features": (
        [*MEAN, make("Add", ["f", "x"], ["y"], "n")],
        {},
        "Add (n): samples of shapes (3,) and (4, 4, 3) do not fit together",
    ),
    "channels last": (
        [make("Transpose", ["x"], ["t"], perm=[0, 2, 3, 1]), make("Conv", ["t", "w"], ["y"], "n")],
        {"w": normal(2, 4, 1, 1)},
        "Conv (n): its images have channels last",
    ),
    "an order of axes": (
        [make("Transpose", ["x"], ["y"], "n", perm=[0, 1, 3, 2])],
        {},
        "Transpose (n): expected channels to be moved to the other side, got the order",
    ),
    "flat, channels first": ([make("Flatten", ["x"], ["y"])], {}, "made flat, channels first"),
    "samples side by side": (
        [make("Relu", ["x"], ["a"]), make("Concat", ["x", "a"], ["y"], "n", axis=0)],
        {},
        "Concat (n): expected channels, or features, side by side",
    ),
    "a window as large as its padding": (
        [make("MaxPool", ["x"], ["y"], "n", kernel_shape=[2, 2], pads=[2, 2, 2, 2])],
        {},
        "MaxPool (n): padding ((2, 2), (2, 2)) must be less than the window (2, 2)",
    ),
    "in training": (
        [make("BatchNormalization", ["x", *"ssss"], ["y"], "n", training_mode=1)],
        {"s": normal(3)},
        "BatchNormalization (n): it is in training mode: export the network for use",
    ),
    "statistics of other channels": (
        [make("BatchNormalization", ["x", *"ssss"], ["y"], "n")],
        {"s": normal(4)},
        "BatchNormalization (n): expected 3 numbers for each of its inputs",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_layer_has_is_refused_by_name(name, tmp_path):
    nodes, arrays, message = REFUSED[name]
    assert message in refusal(save(file_of(nodes, arrays), tmp_path / "m.onnx"))


def test_images_with_channels_last_need_no_work(tmp_path):
    nodes = [
        make("Transpose", ["x"], ["t"], perm=[0, 3, 1, 2]),
        make("Conv", ["t", "w"], ["a"]),
        make("Transpose", ["a"], ["y"], perm=[0, 2, 3, 1]),
    ]
    inputs = [onnx.helper.make_tensor_value_info("x", FLOAT, ["n", 6, 5, 3])]
    model = file_of(nodes, {"w": normal(2, 3, 3, 3)}, inputs=inputs)
    found = read_network(read_file(save(model, tmp_path / "m.onnx")).graph)
    assert found.source.channels_last
    assert len(found.network.layers) == 1
    x = normal(2, 6, 5, 3)
    assert np.allclose(found.network.forward(x)[0], by_onnxruntime(model, x), atol=1e-5)


def test_a_softmax_of_maps_meant_something_else_before(tmp_path):
    path = save(
        file_of([make("Softmax", ["x"], ["y"], "n", axis=1)], opset=11), tmp_path / "m.onnx"
    )
    assert "Softmax (n): a softmax of maps before version 13 is not supported" in refusal(path)
