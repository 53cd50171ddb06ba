"""Files of weights of every format, whole and broken."""

import builtins
import pickle

import numpy as np
import pytest
from safetensors.numpy import save_file

from src.load.errors import UnreadableDataError
from src.load.weights import read_weight_file

ARRAYS = {
    "conv.weight": np.arange(24, dtype=np.float32).reshape(2, 3, 2, 2),
    "conv.bias": np.array([1.5, -2.0], np.float16),
}


def same(file):
    assert set(file.arrays) == set(ARRAYS)
    assert all((file.arrays[name] == array).all() for name, array in ARRAYS.items())


def test_safetensors_with_what_it_says_of_itself(tmp_path):
    save_file(ARRAYS, tmp_path / "w.safetensors", {"licence": "MIT"})
    file = read_weight_file(tmp_path / "w.safetensors")
    same(file)
    assert file.metadata == {"licence": "MIT"}


def test_codes_of_eight_bits(tmp_path):
    codes = {"a": np.array([0, 255], np.uint8), "b": np.array([7.0], np.float32)}
    text = '{"a": [0.5, -1.0]}'
    save_file(codes, tmp_path / "w.safetensors", {"quantization": text})
    file = read_weight_file(tmp_path / "w.safetensors")
    assert file.arrays["a"].tolist() == [-1.0, 126.5]
    assert file.arrays["b"].tolist() == [7.0]
    for wrong in ("{", '{"a": [1]}', "[]"):
        save_file(codes, tmp_path / "w.safetensors", {"quantization": wrong})
        if wrong != "[]":
            with pytest.raises(UnreadableDataError, match="scale and minimum"):
                read_weight_file(tmp_path / "w.safetensors")


def test_an_npz_that_is_one_array(tmp_path):
    with (tmp_path / "w.npz").open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(UnreadableDataError, match="one array without a name"):
        read_weight_file(tmp_path / "w.npz")


def test_npz(tmp_path):
    np.savez(tmp_path / "w.npz", **ARRAYS)
    same(read_weight_file(tmp_path / "w.npz"))


class Harm:
    def __reduce__(self):
        return exec, ("raise SystemExit('code was run')",)


def test_no_code_of_a_file_is_run(tmp_path):
    np.savez(tmp_path / "w.npz", w=np.array([Harm()], object))
    with pytest.raises(UnreadableDataError, match="holds objects"):
        read_weight_file(tmp_path / "w.npz")
    pytest.importorskip("torch", reason="needs the extra 'torch'")
    (tmp_path / "w.pth").write_bytes(pickle.dumps({"w": Harm()}))
    with pytest.raises(UnreadableDataError, match="not plain tensors"):
        read_weight_file(tmp_path / "w.pth")


def test_keras_old_files(tmp_path):
    h5py = pytest.importorskip("h5py", reason="needs the extra 'keras'")
    with h5py.File(tmp_path / "w.h5", "w") as file:
        file.attrs["layer_names"] = [b"conv1"]
        file.create_dataset("conv1/conv1/kernel:0", data=np.ones((3, 3, 1, 2), np.float32))
        file.create_dataset("conv1/conv1/bias:0", data=np.zeros(2, np.float32))
    arrays = read_weight_file(tmp_path / "w.h5").arrays
    assert {name: array.shape for name, array in arrays.items()} == {
        "conv1/kernel": (3, 3, 1, 2),
        "conv1/bias": (2,),
    }
    (tmp_path / "broken.h5").write_bytes((tmp_path / "w.h5").read_bytes()[:500])
    with pytest.raises(UnreadableDataError, match="not an HDF5 file"):
        read_weight_file(tmp_path / "broken.h5")


def test_torch_files(tmp_path):
    torch = pytest.importorskip("torch", reason="needs the extra 'torch'")
    tensors = {name: torch.tensor(array) for name, array in ARRAYS.items()}
    torch.save(tensors, tmp_path / "w.pth")
    same(read_weight_file(tmp_path / "w.pth"))
    wrapped = {f"module.{name}": tensor for name, tensor in tensors.items()}
    torch.save({"epoch": 3, "state_dict": wrapped}, tmp_path / "w.pt")
    same(read_weight_file(tmp_path / "w.pt"))


@pytest.mark.parametrize(
    ("module", "name", "said"),
    [
        ("torch", "w.pth", "weights_only=True"),
        ("h5py", "w.h5", r"\.\[keras\]"),
    ],
)
def test_a_missing_extra_is_named(module, name, said, tmp_path, monkeypatch):
    (tmp_path / name).write_bytes(b"anything")
    real = builtins.__import__

    def without(wanted, *arguments, **settings):
        if wanted == module:
            raise ImportError(wanted)
        return real(wanted, *arguments, **settings)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UnreadableDataError, match=said):
        read_weight_file(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("missing.safetensors", None, "no such file"),
        ("w.txt", b"weights", "expected a file of weights"),
        ("w.safetensors", b"", "damaged or not a safetensors file"),
        ("w.safetensors", b"\xff" * 64, "damaged or not a safetensors file"),
        ("w.npz", b"PK", "damaged"),
        ("w.npz", b"", "damaged"),
    ],
)
def test_broken_files_get_one_line(name, content, said, tmp_path):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UnreadableDataError, match=said) as raised:
        read_weight_file(tmp_path / name)
    assert name in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_truncated_file(tmp_path):
    save_file(ARRAYS, tmp_path / "w.safetensors")
    content = (tmp_path / "w.safetensors").read_bytes()
    for length in range(0, len(content), 7):
        (tmp_path / "cut.safetensors").write_bytes(content[:length])
        with pytest.raises(UnreadableDataError):
            read_weight_file(tmp_path / "cut.safetensors")


def test_no_arrays(tmp_path):
    save_file({}, tmp_path / "w.safetensors")
    with pytest.raises(UnreadableDataError, match="no arrays"):
        read_weight_file(tmp_path / "w.safetensors")
