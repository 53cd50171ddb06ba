"""What it costs to look inside: an epoch of 100 steps of W1 with and without its history.

``python -m benchmarks.recording``: the MLP 12288-2048-1024-512-256-128-63 (28 million parameters),
batch 64, Adam, two threads in the products; interleaved rounds. Recorded are all parameters, the
gradients of 8 mini-batches and the outputs of the layers, with histograms.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from src.classic_nn import BinaryCrossEntropy, Dense, ReLU, Sequential, create_optimizer
from src.classic_train.callbacks import Callback, Diagnosis, History, Probe
from src.classic_train.mini_batch import MiniBatchTrainer
from src.history import TrainingHistoryWriter

STEPS, BATCH, INPUTS, LABELS = 100, 64, 12288, 63
WIDTHS = (2048, 1024, 512, 256, 128)
VARIANTS = ("nothing", "history", "history and diagnosis")


def epoch(variant: str, x: np.ndarray, y: np.ndarray, directory: Path) -> tuple[float, float]:
    """Seconds of an epoch, and of these what the writer took."""
    hidden = [layer for width in WIDTHS for layer in (Dense(width), ReLU())]
    network = Sequential([*hidden, Dense(LABELS)])
    network.build((INPUTS,), np.random.default_rng(0))
    writer = TrainingHistoryWriter(directory)
    history, diagnosis = History(writer, batches=8, report=False), Diagnosis(report=False)
    callbacks: list[Callback] = [] if variant == VARIANTS[0] else [history]
    if variant == VARIANTS[2]:
        callbacks = [Probe(x[:BATCH], [history.look, diagnosis.look]), history, diagnosis]
    trainer = MiniBatchTrainer(
        network,
        BinaryCrossEntropy(),
        create_optimizer("adam", learning_rate=1e-4),
        batch_size=BATCH,
        epochs=1,
        callbacks=callbacks,
        product_threads=2,
    )
    start = time.perf_counter()
    trainer.fit((x, y))
    return time.perf_counter() - start, writer.seconds


def main() -> None:
    """Measure and print medians and spreads."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="(default: 5)")
    rounds = parser.parse_args().rounds
    rng = np.random.default_rng(0)
    x = rng.normal(size=(STEPS * BATCH, INPUTS)).astype(np.float32)
    y = (rng.random((len(x), LABELS)) < 0.05).astype(np.float32)
    found: dict[str, list[tuple[float, float]]] = {variant: [] for variant in VARIANTS}
    for _ in range(rounds):
        for variant, times in found.items():
            with tempfile.TemporaryDirectory() as directory:
                times.append(epoch(variant, x, y, Path(directory)))
    alone = statistics.median(seconds for seconds, _ in found[VARIANTS[0]])
    for variant, times in found.items():
        epochs = sorted(seconds for seconds, _ in times)
        median, written = statistics.median(epochs), statistics.median(w for _, w in times)
        print(
            f"{variant}: {median:.2f} ({epochs[0]:.2f}-{epochs[-1]:.2f}) s an epoch, "
            f"{median / alone - 1:+.1%}; the writer {written:.3f} s, {written / alone:.1%}"
        )


if __name__ == "__main__":
    main()
