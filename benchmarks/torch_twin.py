"""The twin on a device: is a step the same, and how long do ten take?

``python -m benchmarks.torch_twin --device cuda``: each network of the recipes and each published
one, a step of training in float64 here and there (losses and gradients), and then the median of ten
steps in float32, on the device, with bfloat16 products (--amp), compiled (--compile), and on the
processor by NumPy.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from src.classic_cnn.architectures import create_network, lenet, photo_cnn, tiny_vgg
from src.classic_nn import Dense, Flatten, ReLU, Sequential, SoftmaxCrossEntropy, create_optimizer
from src.classic_nn.array_types import Array
from src.classic_train import MiniBatchTrainer
from src.classic_train.mini_batch import ArrayDataset
from src.classic_train.mini_batch.callback import Callback
from src.common.cli import Parser, run_command
from src.common.files import write_json
from src.torch_train.trainer import TorchTrainer

STEPS, PREPARING = 10, 3


def mlp() -> Sequential:
    """The documents' network of produce: 12288-2048-1024-512-256-128-63."""
    layers: list[Any] = [Flatten()]
    for width in (2048, 1024, 512, 256, 128):
        layers += [Dense(width), ReLU()]
    return Sequential([*layers, Dense(63)])


NETWORKS: dict[str, tuple[Callable[[], Sequential], tuple[int, int, int], int, int]] = {
    "mlp (28 million)": (mlp, (64, 64, 3), 63, 64),
    "lenet": (lambda: lenet(10), (28, 28, 1), 10, 128),
    "tiny_vgg": (lambda: tiny_vgg(2), (128, 128, 3), 2, 32),
    "photo_cnn": (lambda: photo_cnn(2), (128, 128, 3), 2, 32),
    "mobilenet_v2": (lambda: create_network("mobilenet_v2", 100), (224, 224, 3), 100, 32),
    "efficientnet_lite2": (
        lambda: create_network("efficientnet_lite2", 100),
        (224, 224, 3),
        100,
        32,
    ),
    "resnet50": (lambda: create_network("resnet50_v1", 100), (224, 224, 3), 100, 32),
    "vgg16": (lambda: create_network("vgg16", 100), (224, 224, 3), 100, 32),
    "inception_v3": (lambda: create_network("inception_v3", 100), (224, 224, 3), 100, 32),
}
"""By name: how it is made, a sample's shape, classes, and samples in a mini-batch."""


def built(name: str, dtype: type, samples: int) -> tuple[Sequential, Array, NDArray[np.int64]]:
    """A network with random weights, and a mini-batch."""
    make, shape, classes, _ = NETWORKS[name]
    rng = np.random.default_rng(0)
    network = make()
    network.build(shape, rng, dtype)
    x: Array = rng.standard_normal((samples, *shape)).astype(dtype)
    y: NDArray[np.int64] = rng.integers(classes, size=samples)
    return network, x, y


class Gradients(Callback):
    """Keeps the gradients of a step."""

    vector: Array

    def after_backward(self, trainer: Any) -> None:
        """Copy them."""
        self.vector = trainer.gradients.vector.copy()


def parity(name: str, device: str) -> tuple[float, float]:
    """Relative differences of the loss and of the gradients of a step in float64."""
    found = []
    here: dict[str, Any] = {}
    there: dict[str, Any] = {"device": device, "same_masks": True}
    for kind, settings in ((MiniBatchTrainer, here), (TorchTrainer, there)):
        network, x, y = built(name, np.float64, 4)
        kept = Gradients()
        optimizer = create_optimizer("sgd", learning_rate=0.01)
        trainer = kind(network, SoftmaxCrossEntropy(), optimizer, callbacks=[kept], **settings)
        with trainer.team:
            found.append((trainer.train_on_batch(x, y), kept.vector))
    (one, first), (other, second) = found
    return abs(other / one - 1), float(np.abs(second - first).max() / np.abs(first).max())


def step_seconds(name: str, device: str | None, **settings: Any) -> float:
    """Median of ten training steps, with Adam; by NumPy where there is no device."""
    network, x, y = built(name, np.float32, NETWORKS[name][3])
    optimizer = create_optimizer("adam", learning_rate=1e-4)
    kind = MiniBatchTrainer if device is None else TorchTrainer
    if device is not None:
        settings["device"] = device
    trainer = kind(network, SoftmaxCrossEntropy(), optimizer, **settings)
    batch = ArrayDataset(x, y)
    seconds = []
    with trainer.team:
        for _ in range(PREPARING + STEPS):
            began = time.perf_counter()
            trainer.train_on_batch(batch.x, batch.y)  # which reads the cost: the device is done
            seconds.append(time.perf_counter() - began)
    return median(seconds[PREPARING:])


def measure(arguments: argparse.Namespace) -> int:
    """Measure and print; returns the exit status."""
    device = arguments.device
    what = torch.cuda.get_device_name(device) if device.startswith("cuda") else device
    print(f"PyTorch {torch.__version__}, {what}")
    columns = ["ms", "amp ms"] + ["compiled"] * arguments.compile
    columns += ["NumPy ms"] * bool(arguments.numpy)
    print(f"{'network':20} {'loss':>9} {'gradients':>9}  {' '.join(f'{c:>8}' for c in columns)}")
    rows = []
    for name in arguments.only or NETWORKS:
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
        loss, gradients = parity(name, device)
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
        times = [1000 * step_seconds(name, device), 1000 * step_seconds(name, device, amp=True)]
        if arguments.compile:
            times.append(1000 * step_seconds(name, device, compiled=True))
        if arguments.numpy:
            times.append(1000 * step_seconds(name, None, workers=arguments.numpy))
        shown = " ".join(f"{value:8.2f}" for value in times)
        print(f"{name:20} {loss:9.1e} {gradients:9.1e}  {shown}", flush=True)
        rows.append(
            {
                "network": name,
                "loss": loss,
                "gradients": gradients,
                **dict(zip(columns, times, strict=True)),
            }
        )
    if arguments.output:
        write_json(arguments.output, {"torch": torch.__version__, "device": what, "rows": rows})
    return 0


def main() -> int:
    """Run the command line; returns the exit status."""
    parser = Parser(prog="python -m benchmarks.torch_twin", description=(__doc__ or "")[:70])
    parser.add_argument("--device", default="cpu", metavar="NAME")
    parser.add_argument("--only", action="append", choices=list(NETWORKS), metavar="NETWORK")
    parser.add_argument("--compile", action="store_true", help="also by torch.compile")
    parser.add_argument(
        "--numpy", type=int, default=0, metavar="N", help="also by NumPy, with N workers"
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="figures as JSON")
    arguments = parser.parse_args()
    return run_command("python -m benchmarks.torch_twin", lambda: measure(arguments), (ValueError,))


if __name__ == "__main__":
    sys.exit(main())
