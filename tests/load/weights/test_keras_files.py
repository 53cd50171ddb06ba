"""Names of arrays in files of Keras, written here by h5py; those that Keras itself writes are
read in ``test_keras_parity``.
"""

import numpy as np
import pytest

from src.load.weights import LAYOUTS, WeightFile, assign, read_weight_file

h5py = pytest.importorskip("h5py", reason="needs h5py")


def names_in(path, groups):
    """Of a file with groups of arrays, each with the name of its layer."""
    with h5py.File(path, "w") as file:
        for place, (layer, count) in groups.items():
            group = file.create_group(f"{place}/vars")
            if layer:
                group.attrs["name"] = layer
            for number in range(count):
                group[str(number)] = np.zeros(2, np.float32)
    return set(read_weight_file(path).arrays)


def test_arrays_are_named_after_layers(tmp_path):
    groups = {
        "layers/conv2d_1": ("a", 2),
        "layers/depthwise_conv2d": ("b", 1),
        "layers/functional/layers/dense_12": ("c", 2),
        "layers/batch_normalization": ("d", 4),
        "layers/batch_normalization_1": ("without_gamma", 3),
    }
    normalized = {f"d/{kind}" for kind in ("gamma", "beta", "moving_mean", "moving_variance")}
    names = {"a/kernel", "a/bias", "b/kernel", "c/kernel", "c/bias"} | normalized
    names |= {f"without_gamma/{kind}" for kind in ("beta", "moving_mean", "moving_variance")}
    assert names_in(tmp_path / "x.weights.h5", groups) == names


def test_what_cannot_be_named_keeps_its_place(tmp_path):
    groups = {"layers/conv2d": ("", 1), "layers/attention": ("a", 1), "optimizer": ("adam", 1)}
    names = {f"{place}/vars/0" for place in groups} | {"twice/kernel"}
    groups |= {"a/layers/dense": ("twice", 1), "b/layers/dense": ("twice", 1)}
    names |= {"b/layers/dense/vars/0"}
    assert names_in(tmp_path / "x.weights.h5", groups) == names


def test_layers_without_names_of_their_own_are_counted_from_one(tmp_path):
    groups = {
        "layers/conv2d": ("conv2d_9", 1),
        "layers/conv2d_1": ("conv2d_10", 1),
        "layers/conv2d_2": ("conv2d_100_mine", 1),
        "layers/batch_normalization": ("batch_normalization", 3),
    }
    names = {"conv2d_1/kernel", "conv2d_2/kernel", "conv2d_100_mine/kernel"}
    names |= {f"batch_normalization_1/{k}" for k in ("beta", "moving_mean", "moving_variance")}
    assert names_in(tmp_path / "x.weights.h5", groups) == names


def test_arrays_that_are_no_weights_are_not_left_over():
    ignored = [
        *("normalization/mean", "normalization_3/count", "layers/normalization/vars/0"),
        *("optimizer/vars/0", "AuxLogits.fc.bias", "layer1.0.bn1.num_batches_tracked"),
    ]
    weights = ["batch_normalization/beta", "other.weight"]
    file = WeightFile(dict.fromkeys([*ignored, *weights], np.zeros(2)), {})
    assert assign(LAYOUTS["resnet18"]["torchvision"], {}, file, "file").left_over == weights
