"""Passes over memory: how fast NumPy's form and the loop of an operation move their data.

``python -m benchmarks.passes``: for some operations, one thread, the time of NumPy's form and of
the loop, and the bytes that the formula has to read and write at least, divided by that time: GB/s.
Beside them the machine's own: adding two arrays into a third, which reads two and writes one.
Arrays are larger than the caches.
"""

import argparse
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

import src.classic_cnn
import src.classic_nn  # noqa: F401
from src.classic_cnn.pooling.forward import pool_geometry
from src.classic_train.parallel.memory import keep_freed_memory
from src.common.kernels import KERNELS, OPERATIONS, kernels_version

VALUES = 1 << 24
"""Of an array: 64 MiB in float32."""

Case = tuple[str, int, list[Any]]


def cases() -> dict[str, Case]:
    """By what is measured: the operation, arrays that it reads and writes, and its arguments."""
    rng = np.random.default_rng(0)

    def array(*shape: int) -> Any:
        return np.abs(rng.standard_normal(shape or VALUES, dtype=np.float32))

    maps, vector = array(VALUES // (64 * 64 * 32), 64, 64, 32), array(32)
    adam = [array() for _ in range(4)]
    where = pool_geometry((64, 64), 2, None, 0)
    norm = "src.classic_nn.batch_norm"
    return {
        "Adam": ("src.classic_nn.optimizers.adam.adam_update", 7, [*adam, 0.9, 0.999, 1e-6, 1e-8]),
        "SiLU, backward": ("src.classic_nn.math.silu_backward", 3, [maps, maps]),
        "leaky ReLU": ("src.classic_nn.math.leaky_relu", 2, [maps]),
        "batch norm: statistics": (f"{norm}.forward.shard_statistics", 1, [maps]),
        "batch norm: normalize and ReLU": (
            f"{norm}.forward.normalize",
            2,
            [maps, vector, vector, vector, vector, np.inf],
        ),
        "max pooling": ("src.classic_cnn.pooling.forward.maxima", 1, [maps, where]),
    }


def seconds(function: Callable[..., Any], arguments: list[Any], rounds: int) -> float:
    """Median time of a call."""
    times = []
    for _ in range(rounds + 1):
        start = time.perf_counter()
        function(*arguments)
        times.append(time.perf_counter() - start)
    return median(times[1:])


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9, metavar="N", help="(default: 9)")
    rounds = parser.parse_args().rounds
    if KERNELS != "numba":
        parser.error("there are no loops here: pip install 'classic-nn[fast]'")
    keep_freed_memory()
    size = 4 * VALUES
    with threadpool_limits(1):
        a, b, c = (np.ones(VALUES, np.float32) for _ in range(3))
        best = 3 * size / seconds(np.add, [a, b, c], rounds) / 1e9
        print(f"{kernels_version()}, one thread; adding two arrays: {best:.1f} GB/s\n")
        print(f"{'':32}{'NumPy':>16}{'loop':>18}")
        for name, (operation, arrays, arguments) in cases().items():
            forms = OPERATIONS[operation]
            found = [
                seconds(form, arguments, rounds) for form in (forms.numpy, forms.loops(np.float32))
            ]
            texts = [f"{s * 1e3:6.1f} ms {arrays * size / s / 1e9:5.1f}" for s in found]
            print(f"{name:32}{texts[0]:>16}{texts[1]:>18} GB/s")


if __name__ == "__main__":
    main()
