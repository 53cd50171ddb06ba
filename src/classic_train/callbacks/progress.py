"""Progress of training on the terminal or in a notebook."""

from __future__ import annotations

import sys
import time

from tqdm.auto import tqdm

from src.classic_train.mini_batch.callback import Callback, Training


def in_notebook() -> bool:
    """Whether this is a notebook's kernel; a program that only starts kernels is none."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and "ipykernel" in str(type(ipython.get_ipython()).__module__)


class Progress(Callback):
    """A bar with epoch, cost, learning rate and time left.

    Where nobody can see a bar move (a log file, a pipe), a line for every tenth part of
    the epochs takes the bar's place.
    """

    def __init__(self) -> None:
        self._bar: tqdm | None = None
        self._start = 0.0
        self._first_epoch = 0

    def on_fit_begin(self, trainer: Training) -> None:
        """Show the bar."""
        self._start, self._first_epoch = time.perf_counter(), trainer.epoch
        if sys.stderr.isatty() or in_notebook():
            self._bar = tqdm(
                total=trainer.epochs * trainer.batches,
                initial=trainer.epoch * trainer.batches,
                unit="batch",
                dynamic_ncols=True,
            )

    def on_batch_end(self, trainer: Training) -> None:
        """Move the bar by one mini-batch."""
        if self._bar is not None:
            self._bar.set_description(f"epoch {trainer.epoch}/{trainer.epochs}", refresh=False)
            self._bar.set_postfix_str(
                f"cost {trainer.batch_cost:.4f}, lr {trainer.optimizer.learning_rate:.2g}",
                refresh=False,
            )
            self._bar.update()

    def on_epoch_end(self, trainer: Training) -> None:
        """Without a terminal: a line now and then."""
        tenth = max(trainer.epochs // 10, 1)
        if self._bar is None and (trainer.epoch % tenth == 0 or trainer.epoch == trainer.epochs):
            elapsed = time.perf_counter() - self._start
            done = trainer.epoch - self._first_epoch
            left = elapsed / done * (trainer.epochs - trainer.epoch)
            values = [f"cost {trainer.record['cost']:.4f}"]
            if "validation_cost" in trainer.record:
                values.append(f"validation cost {trainer.record['validation_cost']:.4f}")
            print(
                f"epoch {trainer.epoch}/{trainer.epochs}: {', '.join(values)}, "
                f"learning rate {trainer.optimizer.learning_rate:.2g}, {left:.0f} s left",
                file=sys.stderr,
                flush=True,
            )

    def on_fit_end(self, trainer: Training) -> None:
        """Close the bar."""
        if self._bar is not None:
            self._bar.close()

    def on_fit_failed(self, trainer: Training) -> None:
        """Close the bar, so that the message stands on a line of its own."""
        self.on_fit_end(trainer)
