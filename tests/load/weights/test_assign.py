"""Every array of a file is used or named, every array of a network is filled or named."""

import numpy as np
import pytest

from src.classic_cnn.architectures import create_network
from src.load.errors import UnreadableDataError
from src.load.weights import LAYOUTS, WeightFile, assign, find_layout
from tests.load.weights.files import foreign_arrays, random_network

LIKE_OTHERS = {"resnet34", "resnet101", "vgg13", "vgg19", "vgg13_bn", "vgg19_bn"}
LIKE_OTHERS |= {f"efficientnet_b{k}" for k in (2, 3, 4, 6, 7)} | {"resnet101_v1", "resnet101_v2"}

NETWORKS = ("resnet18", "squeezenet1_1", "mobilenet_v2")


def shapes_of(network):
    return {name: array.shape for name, array in {**network.parameters, **network.buffers}.items()}


@pytest.mark.parametrize("architecture", NETWORKS)
def test_all_is_used_and_all_is_filled(architecture, rng):
    network = random_network(architecture, "torchvision", rng)
    file = WeightFile(foreign_arrays(network, architecture, "torchvision"), {})
    needed = shapes_of(network)
    assert find_layout(architecture, list(needed), file, "w") == "torchvision"
    found = assign(LAYOUTS[architecture]["torchvision"], needed, file, "w")
    assert (found.missing, found.left_over) == ([], [])
    for name, array in {**network.parameters, **network.buffers}.items():
        assert (found.arrays[name] == array).all(), name


@pytest.fixture
def squeezenet(rng):
    network = random_network("squeezenet1_1", "torchvision", rng)
    file = WeightFile(foreign_arrays(network, "squeezenet1_1", "torchvision"), {})
    return LAYOUTS["squeezenet1_1"]["torchvision"], shapes_of(network), file


def test_what_is_missing_and_what_is_left_over_are_named(squeezenet):
    layout, needed, file = squeezenet
    file.arrays["features.99.weight"] = file.arrays.pop("features.3.squeeze.weight")
    file.arrays["bn.num_batches_tracked"] = np.zeros((), np.int64)
    found = assign(layout, needed, file, "w")
    assert found.missing == ["fire2.squeeze.W"]
    assert found.left_over == ["features.99.weight"]


def test_another_shape_is_refused(squeezenet):
    layout, needed, file = squeezenet
    file.arrays["classifier.1.bias"] = np.zeros(10, np.float32)
    with pytest.raises(UnreadableDataError, match=r"w: classifier.1.bias has the shape \(10,\)"):
        assign(layout, needed, file, "w")


def test_a_layout_that_was_taken_for_another(squeezenet):
    """Kernels of the same names, but with channels last."""
    layout, needed, file = squeezenet
    file.arrays["features.0.weight"] = file.arrays["features.0.weight"].transpose(2, 3, 1, 0)
    with pytest.raises(
        UnreadableDataError, match=r"features.0.weight has the shape \(3, 3, 3, 64\)"
    ):
        assign(layout, needed, file, "w")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_not_finite(squeezenet, value):
    layout, needed, file = squeezenet
    file.arrays["features.0.bias"][3] = value
    with pytest.raises(UnreadableDataError, match=r"features\.0\.bias holds numbers"):
        assign(layout, needed, file, "w")


def test_another_architecture_is_refused(squeezenet):
    *_, file = squeezenet
    network = create_network("resnet18")
    network.build((224, 224, 3), None)
    said = "not weights of resnet18 as torchvision, keras name"
    with pytest.raises(UnreadableDataError, match=said):
        find_layout("resnet18", list(shapes_of(network)), file, "w")


def test_names_of_two_layouts_whose_networks_differ(rng):
    """timm has its own EfficientNets and TensorFlow's: padding and epsilon are others."""
    network = random_network("efficientnet_b0", "timm_tf", rng)
    file = WeightFile(foreign_arrays(network, "efficientnet_b0", "timm_tf"), {})
    with pytest.raises(UnreadableDataError, match="timm and timm_tf, whose networks differ"):
        find_layout("efficientnet_b0", list(shapes_of(network)), file, "w")


@pytest.mark.parametrize(
    ("architecture", "layout"),
    [(a, name) for a, layouts in LAYOUTS.items() if a not in LIKE_OTHERS for name in layouts],
)
def test_a_layout_names_every_array_once(architecture, layout):
    chosen = LAYOUTS[architecture][layout]
    vgg = architecture.startswith("vgg")  # whose head is large
    network = create_network(architecture, None if vgg else 1000, **chosen.settings)
    network.build((75, 75, 3), None)
    ours = list(shapes_of(network))
    names = chosen.names(ours)
    lacking = {name for name in ours if name not in names}
    allowed = ("gamma", "beta", "running_mean", "running_variance")
    assert not {name for name in lacking if name.rpartition(".")[2] not in allowed}
    assert not lacking or layout == "tflite" or layout == "keras"
    assert len(set(names.values())) == len(names)
