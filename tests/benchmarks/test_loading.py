import numpy as np
import pytest
from PIL import Image

from benchmarks import loading
from src.load import BatchLoader
from src.load.transforms import Compose, Resize, ToFloat


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


def test_the_memory_of_the_process_is_seen():
    before = loading.anonymous_memory()
    array = np.ones(64 << 20, np.uint8)
    assert loading.anonymous_memory() - before > 32 << 20
    assert array.all()


def test_unknown_measurements_are_refused(capsys):
    with pytest.raises(SystemExit) as stopped:
        loading.main(["speed"])
    assert stopped.value.code == 2
    assert "expected throughput, training, memory, datasets" in capsys.readouterr().err
