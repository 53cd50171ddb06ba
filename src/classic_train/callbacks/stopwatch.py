"""How long training took, all sessions of a resumed run together."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from src.classic_nn.array_types import Array
from src.classic_train.mini_batch.callback import Callback, Training


class Stopwatch(Callback):
    """Counts the seconds of ``fit``."""

    name = "stopwatch"

    def __init__(self) -> None:
        self._before = 0.0
        self._start: float | None = None

    @property
    def seconds(self) -> float:
        """Of training so far."""
        running = 0.0 if self._start is None else time.perf_counter() - self._start
        return self._before + running

    def on_fit_begin(self, trainer: Training) -> None:
        """Start."""
        self._start = time.perf_counter()

    def on_fit_end(self, trainer: Training) -> None:
        """Stop."""
        self._before, self._start = self.seconds, None

    def state(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """The seconds."""
        return {}, {"seconds": self.seconds}

    def load_state(self, arrays: Mapping[str, Array], metadata: Mapping[str, Any]) -> None:
        """Continue from ``state``."""
        self._before = float(metadata["seconds"])
