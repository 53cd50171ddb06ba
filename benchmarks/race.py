"""Contestants in turn: A B C A B C ..., each in a process of its own, medians of the rounds.

What else the machine does, and how fast it happens to be, then meets all of them alike.
"""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from statistics import median
from types import TracebackType
from typing import Any, Self

KEPT_MEMORY = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "17179869184"}
"""Settings with which glibc's allocator gives no memory back: no page faults from step to step."""

PAUSE = 0.05
"""Seconds between rounds, so that idle threads of the last contestant have gone to sleep."""


@dataclass
class Contestant:
    """A process that does rounds of a workload.

    Args:
        name: in the table, unique in a race.
        description: what ``contestant`` needs to build it.
        environment: additional variables of the process.
    """

    name: str
    description: dict[str, Any]
    environment: dict[str, str] = field(default_factory=dict)
    seconds: list[float] = field(init=False, default_factory=list)
    peak: int = field(init=False, default=0)
    process_peak: int = field(init=False, default=0)
    version: str = field(init=False, default="")

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.contestant", json.dumps(self.description)],
            env={**os.environ, **self.environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.version = self._read()["version"]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        if error is not None:
            self._process.kill()
        self._process.wait()

    def round(self) -> None:
        """Do one round, and file its mean time of a step and the peak of memory so far."""
        assert self._process.stdin is not None
        self._process.stdin.write("round\n")
        self._process.stdin.flush()
        answer = self._read()
        self.seconds.append(answer["seconds"])
        self.peak, self.process_peak = answer["peak"], answer["process"]

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended with status {self._process.wait()}")
        fields: dict[str, Any] = json.loads(line)
        return fields

    @property
    def median(self) -> float:
        """Median seconds of a step."""
        return median(self.seconds)

    def result(self) -> dict[str, Any]:
        """Measurements for the JSON file."""
        return {
            "median_s": self.median,
            "fastest_s": min(self.seconds),
            "slowest_s": max(self.seconds),
            "rounds": len(self.seconds),
            "peak_bytes": self.peak,
            "process_peak_bytes": self.process_peak,
            "version": self.version,
            "environment": self.environment,
            **self.description,
        }


TRIAL, SLOWER = 2, 1.2
"""After so many rounds, variants of a side that are so many times slower than its fastest stop."""


def race(sides: list[list[Contestant]], rounds: int) -> None:
    """Let the contestants of all sides do ``rounds`` rounds in turn."""
    for k in range(rounds):
        if k == TRIAL:
            sides = [_still_in(side) for side in sides]
        for contestant in [contestant for side in sides for contestant in side]:
            contestant.round()
            time.sleep(PAUSE)


def _still_in(side: list[Contestant]) -> list[Contestant]:
    """Those that may yet turn out to be the fastest of their side."""
    fastest = min(min(contestant.seconds) for contestant in side)
    return [one for one in side if min(one.seconds) <= SLOWER * fastest]
