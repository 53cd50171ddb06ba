"""A model of a training step on many machines.

    step(P) = compute / P + update + messages (2 log2 P) latency + 2 (P - 1) / P bytes / bandwidth

for a mini-batch that P processes share, with the compute of the whole mini-batch on one worker, the
update that every process makes, the number of all-reduces and the bytes of them, of one process.
The communication is that of a ring (bandwidth) and of a tree (latency): Thakur, Rabenseifner and
Gropp 2005. Where every process has a whole mini-batch of its own, compute / P becomes compute.

What it leaves out: waiting for the slowest process, the input pipeline, communication that is
hidden behind the backward pass, switches that are shared.
"""

import math
from dataclasses import dataclass
from statistics import median
from typing import Any, Self

from src.common.tables import format_table

RANKS = [2**k for k in range(1, 11)]

NETWORKS = {"1 Gbit/s": (50e-6, 0.117e9), "25 Gbit/s": (20e-6, 2.9e9), "200 Gbit/s": (3e-6, 23e9)}
"""Latency in seconds and bandwidth in bytes a second: Ethernet of an office, of a data centre, and
InfiniBand; 94% of the line's rate."""


@dataclass(frozen=True)
class StepModel:
    """Seconds of the parts of a step.

    Attributes:
        compute: forwards and backwards of the whole mini-batch on one worker.
        update: of the optimizer.
        calls: all-reduces in a step.
        reduced: bytes of all of them.
        latency: of one message on this machine, measured.
        bandwidth: bytes a second of a large all-reduce of two processes, measured.
    """

    compute: float
    update: float
    calls: float
    reduced: float
    latency: float
    bandwidth: float

    @classmethod
    def from_runs(cls, alone: list[dict[str, Any]], pair: list[dict[str, Any]]) -> Self:
        """From measurements of one worker and of two processes."""
        update = median(run["parts"]["update"] for run in alone)
        return cls(
            compute=median(run["step"] for run in alone) - update,
            update=update,
            calls=pair[0]["calls"],
            reduced=pair[0]["reduced_bytes"],
            latency=median(run["latency"] for run in pair) / 2,
            bandwidth=median(run["bandwidth"] for run in pair),
        )

    def step(self, ranks: int, latency: float, bandwidth: float, own_batch: bool = False) -> float:
        """Seconds of a step; with ``own_batch`` every process has a whole mini-batch."""
        compute = self.compute if own_batch else self.compute / ranks
        return compute + self.update + self.communication(ranks, latency, bandwidth)

    def communication(self, ranks: int, latency: float, bandwidth: float) -> float:
        """Seconds of a step that messages and bytes take."""
        messages = self.calls * 2 * math.log2(ranks) * latency
        return messages + 2 * (ranks - 1) / ranks * self.reduced / bandwidth


def cluster_table(model: StepModel) -> str:
    """Efficiencies for 2 to 1,024 processes of one core each."""
    rows = [
        (
            "ranks",
            *(f"shared, {name}" for name in NETWORKS),
            *(f"own batch, {name}" for name in NETWORKS),
        )
    ]
    alone = model.compute + model.update
    for ranks in RANKS:
        shared = [alone / ranks / model.step(ranks, *link) for link in NETWORKS.values()]
        own = [alone / model.step(ranks, *link, own_batch=True) for link in NETWORKS.values()]
        rows.append((str(ranks), *(f"{efficiency:.2f}" for efficiency in (*shared, *own))))
    return (
        "efficiency by the model: one mini-batch shared by all ranks, or one for each\n"
        + format_table(rows)
    )
