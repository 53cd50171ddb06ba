import json
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from src.classic_cnn.architectures import tiny_vgg_dishes
from src.classic_nn import BatchNorm, Dense, Dropout, ReLU, Residual, Sequential
from src.classic_nn.serialization import (
    SavedModel,
    TensorFileError,
    load_model,
    read_tensor_file,
    save_model,
    tensor_file,
    write_tensor_file,
)
from src.common.files import write_json


@pytest.fixture
def model(rng):
    network = Sequential([Dense(5), BatchNorm(), ReLU(), Dropout(0.5), Dense(2)])
    network.build((3,), rng)
    network.buffers["running_mean1"] += rng.normal(size=5).astype(np.float32)
    return SavedModel(
        network, "multi_label", ["apple", "pear"], {"scale": 1 / 255}, {"micro_f1": 0.9}
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_model_comes_back_bit_for_bit(dtype, rng, tmp_path):
    network = Sequential([Dense(5), BatchNorm(), Sequential([ReLU(), Dense(2)])])
    network.build((3,), rng, dtype)
    path = tmp_path / "model.safetensors"
    save_model(path, SavedModel(network, class_names=["a", "b"], metrics={"f1": 0.25}))
    loaded = load_model(path)
    assert loaded.class_names == ["a", "b"]
    assert loaded.metrics == {"f1": 0.25}
    assert loaded.network.parameters.vector.dtype == dtype
    x = rng.normal(size=(4, 3)).astype(dtype)
    assert np.array_equal(loaded.network.forward(x)[0], network.forward(x)[0])


def test_metadata_travel_with_the_weights(model, tmp_path):
    save_model(tmp_path / "m.safetensors", model)
    loaded = load_model(tmp_path / "m.safetensors")
    assert (loaded.task, loaded.class_names) == ("multi_label", ["apple", "pear"])
    assert (loaded.preprocessing, loaded.metrics) == ({"scale": 1 / 255}, {"micro_f1": 0.9})
    for name, buffer in model.network.buffers.items():
        assert np.array_equal(loaded.network.buffers[name], buffer)


def test_a_file_cut_anywhere_is_one_clear_error(model, tmp_path):
    path = tmp_path / "model.safetensors"
    save_model(path, model)
    data = path.read_bytes()
    for length in [0, 1, 7, 8, 9, *range(10, len(data), 97), len(data) - 1]:
        path.write_bytes(data[:length])
        with pytest.raises(TensorFileError, match=r"model\.safetensors: "):
            load_model(path)


def test_a_changed_byte_anywhere_is_one_clear_error(model, tmp_path):
    path = tmp_path / "model.safetensors"
    save_model(path, model)
    data = path.read_bytes()
    for position in range(0, len(data), 41):
        changed = bytearray(data)
        changed[position] ^= 0x01
        path.write_bytes(changed)
        with pytest.raises(TensorFileError, match=r"model\.safetensors: "):
            load_model(path)


def test_a_newer_format_asks_for_an_update(model, tmp_path, monkeypatch):
    monkeypatch.setattr(tensor_file, "FORMAT_VERSION", 3)
    save_model(tmp_path / "m.safetensors", model)
    monkeypatch.undo()
    with pytest.raises(TensorFileError, match="format version 3 is newer than this program's 2"):
        load_model(tmp_path / "m.safetensors")


def test_other_files_are_told_apart(model, tmp_path):
    save_file({"a": np.ones(2)}, tmp_path / "foreign.safetensors")
    with pytest.raises(TensorFileError, match=r"foreign\.safetensors: .* not one of classic-nn"):
        load_model(tmp_path / "foreign.safetensors")
    write_tensor_file(tmp_path / "c.safetensors", {}, {"kind": "checkpoint"})
    with pytest.raises(TensorFileError, match="holds a checkpoint, expected a model"):
        load_model(tmp_path / "c.safetensors")
    with pytest.raises(TensorFileError, match="no such file"):
        load_model(tmp_path / "missing.safetensors")
    with pytest.raises(TensorFileError, match="no such file"):
        load_model(tmp_path)


def test_weights_that_do_not_fit_the_architecture_are_refused(model, tmp_path):
    path = tmp_path / "m.safetensors"
    save_model(path, model)
    arrays, metadata = read_tensor_file(path)
    del arrays["parameters/W2"]
    write_tensor_file(path, arrays, metadata)
    with pytest.raises(TensorFileError, match="weights and architecture do not fit"):
        load_model(path)


def test_a_failed_write_leaves_the_old_file_and_no_rest(model, tmp_path, monkeypatch):
    path = tmp_path / "m.safetensors"
    save_model(path, model)
    before = path.read_bytes()

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tensor_file, "save_file", full)
    with pytest.raises(OSError, match="No space left"):
        save_model(path, model)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["m.safetensors"]


def test_the_header_is_plain_json(model, tmp_path):
    """What any other reader of safetensors sees."""
    path = tmp_path / "m.safetensors"
    save_model(path, model)
    data = path.read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    metadata = json.loads(header["__metadata__"]["metadata"])
    assert metadata["architecture"]["layers"][0]["type"] == "Dense"
    assert "parameters/W1" in header


def test_an_unbuilt_network_is_not_saved(tmp_path):
    with pytest.raises(ValueError, match="call build"):
        save_model(tmp_path / "m.safetensors", SavedModel(Sequential([Dense(2)])))
    assert not list(tmp_path.iterdir())


def test_a_write_that_breaks_off_leaves_no_rest(model, tmp_path, monkeypatch):
    path = tmp_path / "m.safetensors"
    save_model(path, model)
    before = path.read_bytes()

    def torn(arrays, partial, metadata):
        partial.write_bytes(b"half of a fi")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tensor_file, "save_file", torn)
    with pytest.raises(OSError, match="No space left"):
        save_model(path, model)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["m.safetensors"]


def test_the_old_file_is_there_until_the_new_one_takes_its_place(model, tmp_path, monkeypatch):
    path, seen = tmp_path / "m.safetensors", []
    save_model(path, model)

    def replace(source, target):
        seen.append((load_model(source), load_model(target)))  # both are complete
        Path(source).rename(target)

    monkeypatch.setattr("os.replace", replace)
    save_model(path, model)
    assert len(seen) == 1


def test_others_may_read_a_model(model, tmp_path):
    save_model(tmp_path / "m.safetensors", model)
    (tmp_path / "plain").touch()
    assert (tmp_path / "m.safetensors").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize(
    "change",
    [
        lambda arrays: {"b": arrays["a"]},
        lambda arrays: {"a": arrays["a"].reshape(3, 2)},
        lambda arrays: {"a": arrays["a"].view(np.int32)},
    ],
    ids=["name", "shape", "type"],
)
def test_the_checksum_covers_names_shapes_and_types(change, tmp_path):
    path = tmp_path / "t.safetensors"
    arrays = {"a": np.arange(6, dtype=np.float32).reshape(2, 3)}
    write_tensor_file(path, arrays, {})
    with safe_open(path, framework="numpy") as file:
        metadata = file.metadata()
    save_file(change(arrays), path, metadata)
    with pytest.raises(TensorFileError, match="checksum"):
        read_tensor_file(path)


def test_an_array_of_another_shape_is_not_stretched(model, tmp_path):
    path = tmp_path / "m.safetensors"
    save_model(path, model)
    arrays, metadata = read_tensor_file(path)
    arrays["parameters/b1"] = arrays["parameters/b1"][:1]
    write_tensor_file(path, arrays, metadata)
    with pytest.raises(
        TensorFileError, match=r"expected parameters/b1 of shape \(5,\), got \(1,\)"
    ):
        load_model(path)


def test_any_container_is_a_network_and_a_layer_is_none(rng, tmp_path):
    network = Residual(Sequential([Dense(3)]))
    network.build((3,), rng)
    save_model(tmp_path / "m.safetensors", SavedModel(network, metrics={"f1": np.float32(0.5)}))
    loaded = load_model(tmp_path / "m.safetensors")
    x = rng.normal(size=(2, 3)).astype(np.float32)
    assert np.array_equal(loaded.network.forward(x)[0], network.forward(x)[0])
    arrays, metadata = read_tensor_file(tmp_path / "m.safetensors")
    metadata["architecture"] = {"type": "Dense", "out_features": 3}
    write_tensor_file(tmp_path / "m.safetensors", arrays, metadata)
    with pytest.raises(TensorFileError, match="Dense is a layer, expected a network"):
        load_model(tmp_path / "m.safetensors")


def test_convolutional_networks_come_back(rng, tmp_path):
    network = tiny_vgg_dishes(2)
    network.build((16, 16, 3), rng)
    save_model(tmp_path / "m.safetensors", SavedModel(network))
    x = rng.normal(size=(2, 16, 16, 3)).astype(np.float32)
    loaded = load_model(tmp_path / "m.safetensors").network
    assert np.array_equal(loaded.forward(x)[0], network.forward(x)[0])


def test_a_file_name_that_is_not_unicode_passes_through_json(tmp_path):
    content = {"image": "ä\udcff.png", "written": "\\udcff"}
    write_json(tmp_path / "m.json", content)
    text = (tmp_path / "m.json").read_text(encoding="utf-8")
    assert '"ä\\udcff.png"' in text
    assert json.loads(text) == content
