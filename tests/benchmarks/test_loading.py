import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from benchmarks import loading
from src.load import BatchLoader
from src.load.transforms import Compose, Resize, ToFloat
from tests.paths import ROOT


def test_the_plain_loop_and_the_loader_do_the_same_work(tmp_path):
    dataset = loading.generated_photos(tmp_path, 5, (50, 40))
    ((x, _),) = BatchLoader(dataset, None, Compose([Resize((16, 16)), ToFloat()])).epoch()
    for path, image in zip(dataset.images.paths, x, strict=True):
        with Image.open(path) as file:
            plain = file.convert("RGB").resize((16, 16), Image.Resampling.BILINEAR)
        assert np.array_equal(np.asarray(plain, np.float32) / 255, image)
    loading.pillow_loop(dataset, 16)
    loading.epoch_of(dataset, Compose([Resize((16, 16)), ToFloat()]), 2, "memory")()


def test_contestants_take_turns():
    turns = []
    seconds = loading.interleaved({name: lambda name=name: turns.append(name) for name in "ab"}, 3)
    assert turns == list("abababab")
    assert [len(times) for times in seconds.values()] == [3, 3]


GROWTH = """
import numpy as np
from benchmarks import loading
before = loading.anonymous_memory()
array = np.ones(64 << 20, np.uint8)
print(loading.anonymous_memory() - before)
"""


def test_the_memory_of_the_process_is_seen():
    """In a process that nothing else has used: other tests' memory may go meanwhile."""
    done = subprocess.run([sys.executable, "-c", GROWTH], capture_output=True, text=True, cwd=ROOT)
    assert 48 << 20 < int(done.stdout) < 80 << 20, done.stderr


def test_unknown_measurements_are_refused(capsys):
    with pytest.raises(SystemExit) as stopped:
        loading.main(["speed"])
    assert stopped.value.code == 2
    assert "expected throughput, training, memory, datasets" in capsys.readouterr().err
