"""The published architectures: their published numbers, their passes, their stages."""

import numpy as np
import pytest

from src.classic_cnn.architectures import ARCHITECTURES, create_network
from src.classic_nn import check_layer
from src.classic_nn.layers import layer_from_config, trace_network

PUBLISHED = {
    # parameters, and billions of multiply-adds of one image, as torchvision's pages state them
    "resnet18": (11_689_512, 1.814),
    "resnet34": (21_797_672, 3.664),
    "resnet50": (25_557_032, 4.089),
    "resnet101": (44_549_160, 7.801),
    "vgg11": (132_863_336, 7.609),
    "vgg13": (133_047_848, 11.308),
    "vgg16": (138_357_544, 15.470),
    "vgg19": (143_667_240, 19.632),
    "vgg16_bn": (138_365_992, 15.470),
    "inception_v3": (23_834_568, 5.713),
    "mobilenet_v2": (3_504_872, 0.301),
    "squeezenet1_0": (1_248_424, 0.819),
    "squeezenet1_1": (1_235_496, 0.349),
    "efficientnet_b0": (5_288_548, 0.386),
    "efficientnet_b1": (7_794_184, None),
    "efficientnet_b2": (9_109_994, None),
    "efficientnet_b3": (12_233_232, None),
    "efficientnet_b4": (19_341_616, None),
    "efficientnet_b5": (30_389_784, None),
    "efficientnet_b6": (43_040_704, None),
    "efficientnet_b7": (66_347_960, None),
    # the package that has their weights, of github.com/ml-illustrated
    "efficientnet_lite0": (4_652_008, None),
    "efficientnet_lite2": (6_092_072, None),
    # Keras' pages, without the running statistics that it counts as parameters too
    "resnet50_v2": (25_613_800 - 45_440, None),
    "resnet50_v1": (25_557_032, None),
}

SMALLEST = {"inception_v3": 75, "squeezenet1_0": 40, "squeezenet1_1": 40}
"""Sides of the images of quick tests, where 32 pixels are too few."""


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameters_and_multiply_adds_are_the_published_ones(name):
    parameters, billions = PUBLISHED[name]
    network, pixels = create_network(name), ARCHITECTURES[name].pixels
    network.build((pixels, pixels, 3), None)
    assert network.parameters.vector.size == parameters
    if billions is not None:
        assert network.multiply_adds((pixels, pixels, 3)) / 1e9 == pytest.approx(billions, abs=6e-4)


SMALL = ["resnet18", "resnet50", "resnet50_v1", "resnet50_v2", "vgg11_bn", "inception_v3"]
SMALL += ["efficientnet_b0", "efficientnet_lite0", "mobilenet_v2", "squeezenet1_1"]


@pytest.mark.parametrize("name", SMALL)
def test_passes_of_a_small_image(name, rng):
    """Shapes, finite numbers, a gradient for every parameter."""
    side = SMALLEST.get(name, 32)
    network = create_network(name, classes=3)
    assert network.build((side, side, 3), rng) == (3,)
    x = rng.normal(size=(2, side, side, 3)).astype(np.float32)
    y, caches = network.forward(x)
    dx, gradients = network.backward(rng.normal(size=y.shape).astype(np.float32), caches)
    assert np.isfinite(y).all()
    assert dx.shape == x.shape
    silent = [name for name, gradient in gradients.items() if not gradient.any()]
    assert not silent
    assert len(trace_network(network)) > len(network.layers)
    assert layer_from_config(network.config()).config() == network.config()


@pytest.mark.parametrize("name", ["resnet50", "efficientnet_lite0", "squeezenet1_1", "vgg11"])
def test_without_classes_a_network_ends_with_features(name):
    network = create_network(name, classes=None)
    shape = network.build((64, 64, 3), None)
    assert shape == {"resnet50": (2048,), "efficientnet_lite0": (1280,)}.get(name, (512,))


def test_gradients_of_a_bottleneck_and_of_an_inverted_residual(rng):
    for name, stage, channels in (
        ("resnet50", "layer2", 256),
        ("resnet50_v1", "layer2", 256),
        ("resnet50_v2", "layer2", 256),
        ("efficientnet_b0", "stage3", 24),
        ("mobilenet_v2", "stage3", 24),
        ("squeezenet1_1", "fire3", 128),
    ):
        block = create_network(name)[stage]
        block = layer_from_config(block.config())
        block.build((5, 5, channels), rng, np.float64)
        block.parameters.vector += rng.normal(0, 0.05, block.parameters.vector.shape)  # off kinks
        x = rng.normal(size=(2, 5, 5, channels))
        report = check_layer(block, x, rng, training=False, max_elements=4)
        assert report.passed, f"{name}.{stage}: {report}"


def test_stages_have_the_published_sizes():
    network = create_network("resnet50", classes=None)
    network.build((224, 224, 3), None)
    shape, sizes = (224, 224, 3), {}
    for layer in network.layers:
        shape = sizes[layer.name] = layer.output_shape(shape)
    assert sizes["conv1"] == (112, 112, 64)
    assert sizes["maxpool"] == (56, 56, 64)
    assert [sizes[f"layer{k}"] for k in (1, 2, 3, 4)] == [
        *((56, 56, 256), (28, 28, 512), (14, 14, 1024), (7, 7, 2048))
    ]
    inception = create_network("inception_v3", classes=None)
    inception.build((299, 299, 3), None)
    shape = (299, 299, 3)
    for layer in inception.layers[:-1]:
        shape = layer.output_shape(shape)
    assert shape == (8, 8, 2048)


def test_the_stride_of_v1_is_in_the_first_convolution():
    for version, strides in (("v1", (2, 1)), ("v1.5", (1, 2))):
        network = create_network("resnet50", version=version)
        body = network["layer2.0.sum.body"]
        assert (body["conv1"].stride, body["conv2"].stride) == strides


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "resnet5"}, "unknown architecture 'resnet5': did you mean"),
        (
            {"name": "vgg16", "batchnorm": True},
            "setting of vgg16: 'batchnorm': did you mean 'batch_norm'",
        ),
        ({"name": "resnet18", "version": "v2"}, "expected depth 50 or 101, got 18"),
        ({"name": "resnet18", "version": "v3"}, "unknown version 'v3'"),
        ({"name": "resnet18", "classes": 0}, "classes"),
        ({"name": "mobilenet_v2", "width": 0}, "width"),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        create_network(**arguments)


def test_an_image_that_is_too_small():
    with pytest.raises(ValueError, match="smaller than a kernel"):
        create_network("inception_v3").build((32, 32, 3), None)


def test_wider_mobilenets_have_more_filters():
    sizes = {}
    for width in (0.5, 1.0, 1.4):
        network = create_network("mobilenet_v2", width=width)
        network.build((32, 32, 3), None)
        sizes[width] = network.parameters.vector.size
    # torchvision's and Keras' numbers for 0.5 and 1.4
    assert (sizes[0.5], sizes[1.4]) == (1_968_680, 6_108_776)
