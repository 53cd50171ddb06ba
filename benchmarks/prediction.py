"""How fast a saved model answers: ``python -m benchmarks.prediction``.

Images a second of ``Classifier.stream`` (reading the files, preprocessing, network) for the
course's TinyVGG on JPEGs of 64 x 64, by number of threads; and the seconds from starting
``python -m src.inference predict`` to its end for one image, next to starting Python itself.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from src.classic_cnn.architectures import tiny_vgg, tiny_vgg_dishes
from src.classic_nn import Sequential
from src.classic_nn.serialization import SavedModel, save_model
from src.inference import load_model
from src.load.transforms import Compose, Resize, ToFloat, transform_config


def main() -> None:
    """Measure and print medians and ranges."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.prediction", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, metavar="N")
    parser.add_argument("--images", type=int, default=2000, metavar="N")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        models = {
            "TinyVGG, 64 x 64": (tiny_vgg(2), 64),
            "the dish classifier's TinyVGG, 128 x 128": (tiny_vgg_dishes(2), 128),
        }
        for name, (network, side) in models.items():
            model = _saved(root / f"{side}.safetensors", network, side)
            count = arguments.images * 64 // side
            files = _photos(root / str(side), side, count)
            throughput(name, model, files, arguments.rounds)
        starting(root / "64.safetensors", files[0], arguments.rounds)


def throughput(name: str, model: Path, files: list[Path], rounds: int) -> None:
    """Print images a second by number of threads, in turns."""
    found: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(rounds):
        for threads, rates in found.items():
            classifier = load_model(model, threads)
            start = time.perf_counter()
            answers = sum(1 for _ in classifier.stream(files))
            rates.append(answers / (time.perf_counter() - start))
    for threads, rates in found.items():
        print(f"{name}, {threads} threads: {_spread(rates)} images/s")


def starting(model: Path, image: Path, rounds: int) -> None:
    """Print the time of whole commands, in turns."""
    predict = ["-m", "src.inference", "predict", str(model), str(image)]
    commands = {"predict one image": predict, "import numpy": ["-c", "import numpy"]}
    found: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, *command], check=True, capture_output=True)
            found[name].append(time.perf_counter() - start)
    for name, seconds in found.items():
        print(f"{name}, a new process: {_spread(seconds, 3)} s")


def _saved(path: Path, network: Sequential, side: int) -> Path:
    network.build((side, side, 3), np.random.default_rng(0))
    steps = transform_config(Compose([Resize((side, side)), ToFloat()]))
    save_model(path, SavedModel(network, "multi_class", ["clean", "dirty"], {"transform": steps}))
    return path


def _photos(folder: Path, side: int, count: int) -> list[Path]:
    """JPEGs of smooth noise."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    files = []
    for number in range(count):
        coarse = Image.fromarray(rng.integers(0, 256, (12, 12, 3), dtype=np.uint8))
        files.append(folder / f"{number}.jpg")
        coarse.resize((side, side), Image.Resampling.BICUBIC).save(files[-1], quality=87)
    return files


def _spread(values: list[float], digits: int = 0) -> str:
    low, high = min(values), max(values)
    return f"{statistics.median(values):.{digits}f} ({low:.{digits}f}-{high:.{digits}f})"


if __name__ == "__main__":
    main()
