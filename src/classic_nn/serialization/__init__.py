"""Networks on disk: .safetensors files that are written atomically and checked when read."""

from src.classic_nn.serialization.model_file import SavedModel, load_model, save_model
from src.classic_nn.serialization.network_arrays import (
    arrays_digest,
    frozen_digest,
    load_network_arrays,
    network_arrays,
    trained_arrays,
)
from src.classic_nn.serialization.tensor_file import (
    TensorFileError,
    read_tensor_file,
    write_tensor_file,
)
from src.common.files import atomic_path, write_json

__all__ = [
    "SavedModel",
    "TensorFileError",
    "arrays_digest",
    "atomic_path",
    "frozen_digest",
    "load_model",
    "load_network_arrays",
    "network_arrays",
    "read_tensor_file",
    "save_model",
    "trained_arrays",
    "write_json",
    "write_tensor_file",
]
