"""One contestant in a process of its own, which does a round of steps on request.

Started by ``race``: reads a description (JSON) from the command line, builds its workload, warms
up, and prints one line of JSON. Then every line "round" on standard input is answered with the
seconds of each of its steps, until standard input ends.
"""

import contextlib
import ctypes
import gc
import json
import math
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROUND_SECONDS = 0.25
"""A round has as many steps as fit this time, at least one."""


def main() -> None:
    """Build, warm up, and answer rounds."""
    description = json.loads(sys.argv[1])
    # BLAS reads these when it is loaded, so they are set before any framework is imported
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(description["threads"])
    step, version, base = _build(description)
    _reset_peak()
    step()
    start = time.perf_counter()
    for _ in range(2):
        step()
    seconds = (time.perf_counter() - start) / 2
    steps = max(1, math.ceil(ROUND_SECONDS / seconds))
    for _ in range(min(steps, 50)):
        step()
    _answer({"version": version, "steps": steps})
    for _ in sys.stdin:
        times = []
        for _ in range(steps):
            start = time.perf_counter()
            step()
            times.append(time.perf_counter() - start)
        most = _memory("VmHWM")
        _answer({"seconds": sum(times) / steps, "peak": most - base, "process": most})


def _build(description: dict[str, Any]) -> tuple[Callable[[], object], str, int]:
    """The step, the framework's version, and resident bytes with the framework just imported."""
    side = description["side"]
    if side == "torch":
        from benchmarks import torch_side as module
    elif side == "backbone":
        from benchmarks import backbone_side as module  # type: ignore[no-redef]
        from src.common.kernels import compile_all

        compile_all()  # the loops are part of the framework, as PyTorch's are of its library
    elif side == "backbone_torch":
        from benchmarks import backbone_torch as module  # type: ignore[no-redef]
    elif side == "operation":
        from benchmarks import operation_side as module  # type: ignore[no-redef]
        from src.common.kernels import KERNELS

        if KERNELS == "numba":
            import src.common.loops
    elif side == "operation_torch":
        from benchmarks import operation_torch as module  # type: ignore[no-redef]
    elif side == "jax":
        from benchmarks import jax_side as module  # type: ignore[no-redef]
    elif side == "sklearn":
        from benchmarks import sklearn_side as module  # type: ignore[no-redef]
    elif side == "peak":
        from benchmarks import peak as module  # type: ignore[no-redef]
    else:
        import src
        from benchmarks import our_side as module  # type: ignore[no-redef]
        from src.common.kernels import KERNELS

        if KERNELS == "numba":
            import src.common.loops  # noqa: F401 - part of the framework, as the rest
    base = _memory("VmRSS")
    step = module.build(description)
    return step, module.VERSION, base


def _memory(field: str) -> int:
    """Bytes of this process: VmRSS (resident now) or VmHWM (most since the last reset)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"no {field} in /proc/self/status")


def _reset_peak() -> None:
    """Forget the peak so far: it counts from the first step, not from building the network."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):  # glibc's: what building has freed goes back
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")


def _answer(fields: dict[str, Any]) -> None:
    print(json.dumps(fields), flush=True)


if __name__ == "__main__":
    main()
