"""Files from anybody: whole, cut off, wrong, hostile. One line, bounded memory, nothing written."""

import os
import resource
import time

import numpy as np
import pytest

from src.exchange.export import network_graph
from src.exchange.protobuf import model_of, written
from src.exchange.reading import read_file, read_network
from tests.exchange.networks import networks
from tests.exchange.reading.files import FLOAT, file_of, refusal, save

onnx = pytest.importorskip("onnx", reason="needs the extra: onnx")
helper = pytest.importorskip("onnx.helper")


def relu(**fields):
    return helper.make_node("Relu", ["x"], ["y"], "act", **fields)


@pytest.mark.parametrize("name", ["squeeze", "flat"])
def test_cut_off_anywhere(name, tmp_path, rng):
    whole = model_of(network_graph(networks(rng)[name], opset=17), {}).SerializeToString()
    for part in range(50):
        path = tmp_path / "cut.onnx"
        path.write_bytes(whole[: len(whole) * part // 50])
        assert "not whole" in refusal(path) or part == 0


def test_no_file_and_no_onnx(tmp_path):
    assert refusal(tmp_path / "none.onnx") == f"{tmp_path}/none.onnx: No such file or directory"
    for content in (b"", b"\x00" * 1000, b"PK\x03\x04 a zip", os.urandom(5000), b'{"a": 1}'):
        (tmp_path / "odd.onnx").write_bytes(content)
        assert "not an ONNX file, or not whole" in refusal(tmp_path / "odd.onnx")


def tensor(name="w", dims=(2, 3), data_type=FLOAT, raw=b"\x00" * 24):
    made = onnx.TensorProto(name=name, data_type=data_type, raw_data=raw)
    made.dims.extend(dims)
    return made


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (tensor(dims=(-2, -3)), "w: sizes must be 0 or more, got [-2, -3]"),
        (tensor(dims=(1 << 40, 1 << 20)), "needs 1,152,921,504,606,846,976 values, there are 6"),
        (tensor(dims=(2, 4)), "w: its shape [2, 4] needs 8 values, there are 6"),
        (tensor(dims=(2,)), "w: its shape [2] needs 2 values, there are 6"),
        (tensor(data_type=99), "w: unknown type 99"),
        (tensor(data_type=8), "w: values of type object are not supported"),
        (tensor(data_type=14), "w: values of type complex64 are not supported"),
    ],
)
def test_arrays_that_are_none(made, message, tmp_path):
    model = file_of([helper.make_node("MatMul", ["x", "w"], ["y"])])
    model.graph.initializer.append(made)
    assert message in refusal(save(model, tmp_path / "m.onnx"))


def test_a_constant_in_a_node_is_checked_too(tmp_path):
    node = helper.make_node("Constant", [], ["w"])
    node.attribute.append(helper.make_attribute("value", tensor()))
    node.attribute[0].t.dims[0] = 1 << 33
    model = file_of([node, helper.make_node("Add", ["x", "w"], ["y"])])
    assert "values, there are 6" in refusal(save(model, tmp_path / "m.onnx"))


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([helper.make_node("Relu", ["z"], ["y"], "a")], "Relu (a) takes 'z', which nothing before"),
        (
            [helper.make_node("Add", ["x", "b"], ["a"]), helper.make_node("Relu", ["a"], ["b"])],
            "Add (a) takes 'b', which nothing before it gives",  # a cycle
        ),
        ([relu(), relu()], "Relu (act) gives 'y', which something else gives too"),
        ([helper.make_node("Relu", ["x"], ["x"])], "gives 'x', which something else gives too"),
        ([helper.make_node("Relu", ["x"], ["q"])], "nothing gives the output 'y'"),
        (
            [helper.make_node("ConvTranspose", ["x", "w"], ["y"], "up")],
            "ConvTranspose (up): no layer",
        ),
        ([helper.make_node("Shape", ["x"], ["y"], "s")], "Shape (s): no layer computes this"),
        ([helper.make_node("Rely", ["x"], ["y"], "s")], "Rely (s): ONNX has no such operator"),
        (
            [helper.make_node("Gelu", ["x"], ["y"], "s", domain="com.microsoft")],
            "Gelu (s): operators of com.microsoft are not supported",
        ),
        (
            [helper.make_node("Relu", [], ["y"], "s")],
            "Relu (s): expected 1 inputs or more, got 0",
        ),
        ([helper.make_node("Conv", ["x", "x"], ["y"], "s")], "Conv (s): its input 'x' is computed"),
        (
            [helper.make_node("Conv", ["x"], ["y"], "s")],
            "Conv (s): expected 2 inputs or more, got 1",
        ),
        (
            [helper.make_node("Conv", ["x", "w"], ["y"], "s", strides=[0, 1])],
            "Conv (s): kernel size, stride and dilation must be 1 or more",
        ),
        (
            [helper.make_node("Conv", ["x", "w"], ["y"], "s", pads=[-1, 0, 0, 0])],
            "Conv (s): pads: expected four numbers of 0 or more, got [-1, 0, 0, 0]",
        ),
        (
            [helper.make_node("Conv", ["x", "w"], ["y"], "s", group=7)],
            "Conv (s): its weights are for 21 channels, it is given 3",
        ),
        (
            [helper.make_node("Conv", ["x", "w"], ["y"], "s", pads=[2**62, 2**62, 2**62, 2**62])],
            "is too large",
        ),
    ],
)
def test_graphs_that_are_none(nodes, message, tmp_path):
    path = save(file_of(nodes, {"w": np.ones((2, 3, 3, 3), np.float32)}), tmp_path / "m.onnx")
    assert message in refusal(path)


def test_a_loop_is_refused(tmp_path):
    inner = file_of([relu()]).graph
    node = helper.make_node("If", ["x"], ["y"], "choice", then_branch=inner, else_branch=inner)
    path = save(file_of([node]), tmp_path / "m.onnx")
    assert "If (choice): branches and loops are not supported" in refusal(path)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"opset": 5}, "its operators are of version 5; expected 6 to 26"),
        ({"opset": 99}, "its operators are of version 99"),
        ({"outputs": ("y", "x")}, "expected one output, found y, x"),
        ({"outputs": ()}, "expected one output, found none"),
        (
            {"inputs": [helper.make_tensor_value_info("x", FLOAT, ["n", 3, "h", "w"])]},
            "x leaves the size of images open: say it with --image-size N",
        ),
        (
            {"inputs": [helper.make_tensor_value_info("x", FLOAT, ["n", "c", 4, 4])]},
            "x: expected a known number of channels or features",
        ),
        (
            {"inputs": [helper.make_tensor_value_info("x", FLOAT, ["n", -3, 4, 4])]},
            "x: expected a known number of channels or features",
        ),
        (
            {"inputs": [helper.make_tensor_value_info("x", 7, ["n", 3, 4, 4])]},
            "x: expected an input of floating point, got int64",
        ),
        (
            {"inputs": [helper.make_tensor_value_info("x", FLOAT, ["n", 3, 4])]},
            "expected an input of features, or of images; x has 3 axes",
        ),
    ],
)
def test_ends_that_are_none(fields, message, tmp_path):
    assert message in refusal(save(file_of([relu()], **fields), tmp_path / "m.onnx"))


def test_sizes_that_are_open_are_asked_for(tmp_path):
    inputs = [helper.make_tensor_value_info("x", FLOAT, ["n", 3, "h", "w"])]
    graph = read_file(save(file_of([relu()], inputs=inputs), tmp_path / "m.onnx")).graph
    assert read_network(graph, size=9).network.built_shape() == (9, 9, 3)


@pytest.fixture
def beside(tmp_path, rng):
    """A file whose weights stand beside it, and its model."""
    (tmp_path / "in").mkdir()
    model = model_of(network_graph(networks(rng)["flat"], opset=17), {})
    with written(model, tmp_path / "in/m.onnx", most=0):
        pass
    return tmp_path / "in/m.onnx"


def change(path, **entries):
    model = onnx.load(path, load_external_data=False)
    for entry in model.graph.initializer[0].external_data:
        if entry.key in entries:
            entry.value = str(entries.pop(entry.key))
    for key, value in entries.items():
        model.graph.initializer[0].external_data.add(key=key, value=str(value))
    path.write_bytes(model.SerializeToString())


def test_weights_beside_the_file(beside, rng):
    network = read_network(read_file(beside).graph).network
    assert beside.stat().st_size < 3000
    assert network.parameters.vector.std() > 0.05


@pytest.mark.parametrize(
    "location",
    [
        "../secret",
        "/etc/passwd",
        "a/../../secret",
        "a/../m.onnx.data",
        "",
        ".",
        "link",
        "none.data",
    ],
)
def test_weights_elsewhere_are_refused(beside, location):
    secret = beside.parent.parent / "secret"
    secret.write_bytes(beside.with_name("m.onnx.data").read_bytes())
    (beside.parent / "link").symlink_to(secret)
    change(beside, location=location)
    text = refusal(beside)
    assert "its data" in text or "where its data should be" in text


@pytest.mark.parametrize(
    "entries", [{"offset": -8}, {"length": 1 << 40}, {"offset": 1 << 40}, {"length": "x"}]
)
def test_weights_that_are_not_there(beside, entries):
    change(beside, **entries)
    assert "its data are not in m.onnx.data, or not all of them" in refusal(beside)


def test_a_cache_of_links_is_no_escape(beside, tmp_path):
    """Hubs keep files under other names, and link to them."""
    (tmp_path / "snapshot").mkdir()
    for name in ("m.onnx", "m.onnx.data"):
        (tmp_path / "snapshot" / name).symlink_to(beside.with_name(name))
    assert read_network(read_file(tmp_path / "snapshot/m.onnx").graph).network


def test_a_bomb_of_constants_takes_bounded_memory(tmp_path):
    nodes = [helper.make_node("Constant", [], ["c0"], value_floats=[1.0] * 1000)]
    nodes += [
        helper.make_node("Concat", [f"c{k}", f"c{k}"], [f"c{k + 1}"], axis=0) for k in range(60)
    ]
    nodes.append(helper.make_node("Add", ["x", "c60"], ["y"]))
    path = save(file_of(nodes), tmp_path / "m.onnx")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert "its constants take more than" in refusal(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400_000  # KiB


def test_chains_of_constants_are_computed(tmp_path):
    """As exporters write them: a type changed, a shape changed."""
    nodes = [
        helper.make_node("Constant", [], ["c"], value_ints=[1, 2, 3]),
        helper.make_node("Cast", ["c"], ["d"], to=FLOAT),
        helper.make_node("Unsqueeze", ["d", "axes"], ["e"]),
        helper.make_node("Mul", ["x", "e"], ["y"]),
    ]
    path = save(file_of(nodes, {"axes": np.array([1, 2])}), tmp_path / "m.onnx")
    network = read_network(read_file(path).graph).network
    x = np.ones((1, 4, 4, 3), np.float32)
    assert np.array_equal(network.forward(x)[0], x * [1, 2, 3])


def test_weights_of_half_the_bytes(tmp_path, rng):
    w = rng.normal(size=(2, 3, 3, 3)).astype(np.float16)
    path = save(
        file_of([helper.make_node("Conv", ["x", "w"], ["y"])], {"w": w}), tmp_path / "m.onnx"
    )
    network = read_network(read_file(path).graph).network
    assert np.array_equal(network.parameters["W1"].transpose(3, 2, 0, 1), w.astype(np.float32))


def test_weights_made_of_one_number_are_bounded(tmp_path):
    nodes = [
        helper.make_node("ConstantOfShape", ["s"], ["w"]),
        helper.make_node("Flatten", ["x"], ["f"]),
    ]
    nodes.append(helper.make_node("MatMul", ["f", "w"], ["y"]))
    path = save(file_of(nodes, {"s": np.array([48, 1 << 24])}), tmp_path / "m.onnx")
    assert "makes more than 268,435,456 weights of single numbers" in refusal(path)
    path = save(file_of(nodes, {"s": np.array([48, -1])}), tmp_path / "m.onnx")
    assert "sizes must be 0 or more, got [48, -1]" in refusal(path)


def test_long_files_end(tmp_path):
    """A chain of 20,000 nodes is read in seconds; a longer one is refused before."""
    chain = [
        helper.make_node("Relu", ["x" if k == 0 else f"v{k}"], [f"v{k + 1}"]) for k in range(20_000)
    ]
    chain[-1].output[0] = "y"
    start = time.monotonic()
    network = read_network(read_file(save(file_of(chain), tmp_path / "m.onnx")).graph).network
    assert len(network.layers) == 20_000
    assert time.monotonic() - start < 60
    chain.insert(0, helper.make_node("Relu", ["x"], ["v0"]))
    assert "it has 20,001 nodes" in refusal(save(file_of(chain), tmp_path / "m.onnx"))


def test_many_blocks_and_deep_ones(tmp_path):
    """6,000 residual blocks in a row are read; a thousand inside of each other are refused."""
    nodes, value = [], "x"
    for k in range(6000):
        nodes.append(helper.make_node("Relu", [value], [f"r{k}"]))
        nodes.append(helper.make_node("Add", [f"r{k}", value], [f"s{k}"]))
        value = f"s{k}"
    nodes.append(helper.make_node("Relu", [value], ["y"]))
    network = read_network(read_file(save(file_of(nodes), tmp_path / "m.onnx")).graph).network
    assert len(network.layers) == 6001
    nodes = [
        helper.make_node("Relu", ["x" if k == 0 else f"r{k}"], [f"r{k + 1}"]) for k in range(1000)
    ]
    value = "r1000"
    for k in reversed(range(1000)):
        nodes.append(helper.make_node("Add", [value, "x" if k == 0 else f"r{k}"], [f"s{k}"]))
        value = f"s{k}"
    nodes.append(helper.make_node("Relu", [value], ["y"]))
    assert "branches inside of 50 others" in refusal(save(file_of(nodes), tmp_path / "m.onnx"))


@pytest.mark.parametrize(
    ("node", "message"),
    [
        (helper.make_node("Conv", ["x", "w"], ["y"], "n", strides=1), "its attribute 'strides'"),
        (helper.make_node("Conv", ["x", "w"], ["y"], "n", auto_pad=1), "its attribute 'auto_pad'"),
        (
            helper.make_node("Conv", ["x", "w"], ["y"], "n", odd=1),
            "its attribute 'odd' is not known",
        ),
        (helper.make_node("Concat", ["x", "x"], ["y"], "n"), "it lacks its attribute 'axis'"),
        (helper.make_node("Add", ["x"], ["y"], "n"), "expected 2 inputs or more, got 1"),
        (helper.make_node("Constant", [], [], "n"), "expected 1 outputs or more, got 0"),
        (helper.make_node("Reshape", ["x", "e"], ["y"], "n"), "is not supported"),
        (
            helper.make_node("Reshape", ["x", "i"], ["y"], "n"),
            "cannot be used: cannot convert float",
        ),
        (
            helper.make_node("Split", ["x"], ["", "y"], "n", axis=1),
            "a name for each of its outputs",
        ),
        (helper.make_node("Add", ["w", "w"], ["y"], "n"), "both of its inputs are constants"),
        (helper.make_node("Identity", ["w"], ["y"], "n"), "does not depend on its input"),
        (
            helper.make_node("MaxPool", ["x"], ["y"], "n", kernel_shape=[1, 1 << 20]),
            "windows of more than 65,536 pixels",
        ),
        (helper.make_node("LRN", ["x"], ["y"], "n", size=1 << 25), "expected a size of twice"),
    ],
)
def test_nodes_that_are_none(node, message, tmp_path):
    arrays = {
        "w": np.ones((2, 3, 3, 3), np.float32),
        "e": np.zeros(0, np.int64),
        "i": np.full(2, np.inf, np.float32),
    }
    opset = 11 if node.op_type == "Split" else 17
    assert message in refusal(save(file_of([node], arrays, opset=opset), tmp_path / "m.onnx"))


def test_weights_are_not_taken_again_and_again(tmp_path):
    w = np.eye(48, dtype=np.float32).repeat(100, axis=1).repeat(100, axis=0)
    nodes = [
        helper.make_node("Flatten", ["x"], ["f"]),
        helper.make_node("MatMul", ["f", "v"], ["a0"]),
    ]
    nodes += [helper.make_node("MatMul", [f"a{k}", "w"], [f"a{k + 1}"]) for k in range(9)]
    nodes.append(helper.make_node("Relu", ["a9"], ["y"]))
    arrays = {"w": w, "v": np.ones((48, 4800), np.float32)}
    message = "the file takes the same weights again and again"
    assert message in refusal(save(file_of(nodes, arrays), tmp_path / "m.onnx"))


def test_a_batch_that_no_machine_holds(tmp_path):
    inputs = [helper.make_tensor_value_info("x", FLOAT, [10**9, 3, 4, 4])]
    path = save(file_of([relu()], inputs=inputs), tmp_path / "m.onnx")
    assert "has more than 67,108,864 values" in refusal(path)


def test_constants_of_one_number_are_not_copied_first(tmp_path):
    nodes = [
        helper.make_node("ConstantOfShape", ["s"], ["w"]),
        helper.make_node("Transpose", ["w"], ["t"], perm=[1, 0]),
        helper.make_node("Flatten", ["x"], ["f"]),
        helper.make_node("MatMul", ["f", "t"], ["y"]),
    ]
    path = save(file_of(nodes, {"s": np.array([1 << 24, 48])}), tmp_path / "m.onnx")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert "Transpose (t): its constants take more than 67,108,864 bytes" in refusal(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400_000  # KiB


def test_many_constants_of_one_are_bounded_together(tmp_path):
    w = np.ones((1000, 1000), np.float32)
    nodes = [helper.make_node("Transpose", ["w"], [f"t{k}"], perm=[1, 0]) for k in range(20)]
    nodes.append(relu())
    path = save(file_of(nodes, {"w": w}), tmp_path / "m.onnx")
    assert "Transpose (t16): its constants take more than 67,108,864 bytes" in refusal(path)
