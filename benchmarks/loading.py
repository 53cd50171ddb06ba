"""How fast images become mini-batches, and how little of training waits for them.

    python -m benchmarks.loading [throughput] [training] [memory] [datasets] [--rounds N]

- throughput: images/s of the loader at 128 and 224, next to a plain loop over Pillow;
- training: the dish classifier's TinyVGG at 128 x 128, fed by the loader and by arrays that are
  ready in memory, in turns: the fraction of the time that is training;
- memory: an epoch over a memory-mapped set of 4 GiB, and the memory that was the process's own;
- datasets: every set below CLASSIC_NN_DATA, read, cleaned, divided, and trained on for one epoch.
"""

import argparse
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Literal

import numpy as np
from PIL import Image

from src.classic_cnn.architectures import small_cnn, tiny_vgg_dishes
from src.classic_nn import BinaryCrossEntropy, SoftmaxCrossEntropy, create_optimizer
from src.classic_nn.layers import Dense, Flatten, ReLU, Sequential
from src.classic_train import MiniBatchTrainer
from src.load import BatchLoader, ImageArrays, ImageDataset, ImageFiles, load_dataset
from src.load.dataset import one_split
from src.load.loader import Batch
from src.load.transforms import PRESETS, Compose, PadToSquare, Resize, ToFloat, Transform

GIB = 1 << 30

Cache = Literal["memory"] | Path | None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the chosen measurements."""
    measurements: dict[str, Callable[[int], None]] = {
        "throughput": throughput,
        "training": training,
        "memory": lambda rounds: memory(),
        "datasets": lambda rounds: datasets(),
    }
    parser = argparse.ArgumentParser(prog="python -m benchmarks.loading", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("measurement", nargs="*", help=", ".join(measurements))
    parser.add_argument("--rounds", type=int, default=9, help="interleaved rounds")
    options = parser.parse_args(arguments)
    unknown = set(options.measurement) - set(measurements)
    if unknown or options.rounds < 1:
        parser.error(f"expected {', '.join(measurements)}, and 1 round or more")
    for name in options.measurement or measurements:
        print(f"== {name}", flush=True)
        measurements[name](options.rounds)
    return 0


def throughput(rounds: int) -> None:
    """Images/s from JPEGs of 500 x 375, decoded and resized; cached ones only augmented."""
    with tempfile.TemporaryDirectory() as folder:
        dataset = generated_photos(Path(folder), 256)
        for side in (128, 224):
            plain = Compose([Resize((side, side)), ToFloat()])
            augmented = PRESETS["dishes_128"].training.transforms
            changes = Compose([Resize((side, side)), *augmented[1:]])
            contestants: dict[str, Callable[[], object]] = {
                "a plain loop over Pillow": partial(pillow_loop, dataset, side),
            }
            for threads in (1, 2):
                contestants[f"loader, {threads} thread(s)"] = epoch_of(dataset, plain, threads)
            contestants["loader, 2 threads, cached"] = epoch_of(dataset, plain, 2, "memory")
            contestants["loader, 2 threads, augmented"] = epoch_of(dataset, changes, 2)
            contestants["loader, 2 threads, cached, augmented"] = epoch_of(
                dataset, changes, 2, "memory"
            )
            seconds = interleaved(contestants, rounds)
            first = median(next(iter(seconds.values())))
            for name, times in seconds.items():
                rates = sorted(len(dataset) / second for second in times)
                print(
                    f"{side} x {side}  {name:38} {median(rates):7.0f} images/s "
                    f"({rates[0]:.0f} to {rates[-1]:.0f})  {first / median(times):5.2f} x plain"
                )


def training(rounds: int) -> None:
    """The same mini-batches from the loader and from memory, a pass over 480 photos each."""
    pipeline = PRESETS["dishes_128"].training
    with tempfile.TemporaryDirectory() as folder:
        dataset = generated_photos(Path(folder), 480, (213, 160))
        ready = list(BatchLoader(dataset, None, pipeline, shuffle=True).epoch(1))
        loss = SoftmaxCrossEntropy()
        network = tiny_vgg_dishes(2)
        network.build((128, 128, 3), np.random.default_rng(0))
        trainer = MiniBatchTrainer(
            network, loss, create_optimizer("radam", learning_rate=0.01), workers=2
        )

        def train(batches: Callable[[], Iterable[Batch]]) -> None:
            for x, y in batches():
                trainer.train_on_batch(x, y)

        contestants: dict[str, Callable[[], object]] = {
            "ready in memory": partial(train, lambda: ready)
        }
        caches: dict[str, Cache] = {"cached": "memory", "decoded every time": None}
        for name, cache in caches.items():
            for threads in (1, 2):
                loader = BatchLoader(
                    dataset, None, pipeline, shuffle=True, threads=threads, cache=cache
                )
                contestants[f"loader, {name}, {threads} thread(s)"] = partial(
                    train, partial(loader.epoch, 1)
                )
        with trainer.team:
            seconds = interleaved(contestants, rounds)
    alone = median(seconds["ready in memory"])
    for name, times in seconds.items():
        print(
            f"{name:40} {median(times):6.2f} s an epoch ({min(times):.2f} to {max(times):.2f}), "
            f"training is {alone / median(times):.1%} of it"
        )


def memory() -> None:
    """Train a small network for an epoch on 4 GiB of float32 in a file."""
    with tempfile.TemporaryDirectory() as folder:
        samples, features = 1 << 16, (64, 64, 4)
        x = np.lib.format.open_memmap(
            Path(folder) / "X.npy", "w+", np.float32, (samples, *features)
        )
        rng = np.random.default_rng(0)
        y = rng.integers(0, 2, samples)
        for start in range(0, samples, 256):
            noise = rng.standard_normal((256, *features), dtype=np.float32)
            x[start : start + 256] = noise + y[start : start + 256, None, None, None] * 0.1
        x.flush()
        size = x.nbytes
        del x
        np.save(Path(folder) / "Y.npy", y)
        dataset = load_mapped(Path(folder))
        loader = BatchLoader(dataset, None, Identity(), batch_size=64, shuffle=True)
        network = Sequential([Flatten(), Dense(32), ReLU(), Dense(2)])
        network.build(features, np.random.default_rng(0))
        adam = create_optimizer("adam", learning_rate=1e-3)
        trainer = MiniBatchTrainer(network, SoftmaxCrossEntropy(), adam, epochs=1)
        own = [0]

        class Watch:
            """The loader, with a look at the memory after every mini-batch."""

            def __len__(self) -> int:
                return len(loader)

            def epoch(self, number: int) -> Generator[Batch, None, None]:
                for batch in loader.epoch(number):
                    own[0] = max(own[0], anonymous_memory())
                    yield batch

        began = time.perf_counter()
        history = trainer.fit(Watch())
        seconds = time.perf_counter() - began
        print(
            f"{size / GIB:.1f} GiB on disk, one epoch in {seconds:.1f} s, cost "
            f"{history[0]['cost']:.3f}; resident anonymous memory at most {own[0] / GIB:.2f} GiB"
        )


def datasets() -> None:
    """Every real set: read, cleaned, divided by content, one epoch of a small CNN at 64 x 64."""
    root = Path(os.environ.get("CLASSIC_NN_DATA", "../shared/data"))
    if not root.is_dir():
        print(f"skipped: no real data in {root}; set CLASSIC_NN_DATA", file=sys.stderr)
        return
    places: list[tuple[str, dict[str, Any]]] = [
        ("dishes", {}),
        ("tomato", {"objects": True}),
        ("tomato", {"objects": False}),
        ("produce/LVIS_Fruits_And_Vegetables", {"objects": True}),
        ("produce/LVIS_Fruits_And_Vegetables", {"objects": False}),
        ("grocery", {"labels": "both"}),
        ("grocery", {"labels": "coarse"}),
        ("plants", {}),
        ("tiny_imagenet", {}),
        ("sign_mnist", {}),
    ]
    for place, options in places:
        start = time.perf_counter()
        dataset = load_dataset(root / place, divide=True, **options)
        read = time.perf_counter() - start
        size = 28 if place == "sign_mnist" else 64
        pipeline = Compose([PadToSquare(), Resize((size, size)), ToFloat()])
        loaders = {
            split: BatchLoader(dataset, split, pipeline, shuffle=split == "train")
            for split in dataset.splits
        }
        outputs = len(dataset.class_names)
        network = small_cnn(outputs, ((16,), (32,)), (32,), 0.0)
        network.build(next(loaders["train"].epoch(0))[0].shape[1:], np.random.default_rng(0))
        loss = BinaryCrossEntropy() if dataset.multi_label else SoftmaxCrossEntropy()
        adam = create_optimizer("adam", learning_rate=1e-3)
        trainer = MiniBatchTrainer(network, loss, adam, epochs=1, workers=2)
        start = time.perf_counter()
        record = trainer.fit(loaders["train"], loaders["validation"])[0]
        seconds = time.perf_counter() - start
        sizes = ", ".join(f"{split} {len(rows)}" for split, rows in dataset.splits.items())
        print(
            f"{place} {options or ''}: {sizes}; read in {read:.1f} s, {len(dataset.problems)} "
            f"problems; epoch {seconds:.1f} s, cost {record['cost']:.3f}, validation "
            f"{record['validation_cost']:.3f}",
            flush=True,
        )


class Identity(Transform):
    """Samples as they are."""

    def __call__(self, image: object, rng: np.random.Generator) -> object:
        """The sample."""
        return image


def load_mapped(folder: Path) -> ImageDataset:
    """X.npy and Y.npy of a folder, mapped."""
    x = np.load(folder / "X.npy", mmap_mode="r")
    targets = np.load(folder / "Y.npy")
    return ImageDataset(ImageArrays(x), targets, ["a", "b"], one_split(len(x)))


def generated_photos(folder: Path, count: int, size: tuple[int, int] = (500, 375)) -> ImageDataset:
    """JPEGs with the detail of photos: smooth shapes and some noise."""
    rng = np.random.default_rng(0)
    width, height = size
    y, x = np.mgrid[:height, :width]
    paths = []
    for number in range(count):
        waves = [np.sin(x / rng.uniform(9, 60) + y / rng.uniform(9, 60)) for _ in range(3)]
        levels = 128 + 80 * np.stack(waves, -1) + rng.normal(0, 12, (height, width, 3))
        path = folder / f"{number}.jpg"
        Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8)).save(path, quality=87)
        paths.append(path)
    return ImageDataset(ImageFiles(paths), np.arange(count) % 2, ["a", "b"], one_split(count))


def epoch_of(
    dataset: ImageDataset, pipeline: Compose, threads: int, cache: Cache = None
) -> Callable[[], object]:
    """An epoch of a loader, its mini-batches thrown away."""
    loader = BatchLoader(dataset, None, pipeline, threads=threads, cache=cache)

    def run() -> None:
        for _ in loader.epoch(1):
            pass

    return run


def pillow_loop(dataset: ImageDataset, side: int) -> None:
    """What one would write without a loader."""
    assert isinstance(dataset.images, ImageFiles)
    batch = []
    for path in dataset.images.paths:
        with Image.open(path) as file:
            image = file.convert("RGB").resize((side, side), Image.Resampling.BILINEAR)
        batch.append(np.asarray(image, np.float32) / 255)
        if len(batch) == 32:
            np.stack(batch)
            batch = []


def interleaved(
    contestants: dict[str, Callable[[], object]], rounds: int
) -> dict[str, list[float]]:
    """Seconds of each contestant in each round, A B C A B C ..., after one round of warming up."""
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(rounds + 1):
        for name, run in contestants.items():
            start = time.perf_counter()
            run()
            if number:
                seconds[name].append(time.perf_counter() - start)
    return seconds


def anonymous_memory() -> int:
    """Bytes of this process's memory that no file stands behind (Linux)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    sys.exit(main())
