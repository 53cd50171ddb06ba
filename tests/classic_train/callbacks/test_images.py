"""The pictures that TensorBoard is given: which, when, and of what."""

import io

import numpy as np
import pytest
from PIL import Image
from tensorboard.compat.proto.event_pb2 import Event

from src.classic_cnn.architectures import small_cnn
from src.classic_nn import BinaryCrossEntropy, Dense, Sequential, SoftmaxCrossEntropy
from src.classic_nn.layers import Flatten
from src.classic_nn.optimizers import create_optimizer
from src.classic_train.callbacks import Pictures
from src.classic_train.callbacks import images as module
from src.classic_train.mini_batch import MiniBatchTrainer
from src.history import TrainingHistoryWriter
from src.history.records import Records


def train(directory, rng, y, outputs, names, epochs=3, network=None, **settings):
    x = rng.random((len(y), 8, 8, 3), dtype=np.float32)
    network = network or small_cnn(outputs, ((4,),), (8,), 0.0)
    network.build((8, 8, 3), np.random.default_rng(0))
    writer = TrainingHistoryWriter(directory)
    loss = SoftmaxCrossEntropy() if y.ndim == 1 else BinaryCrossEntropy()
    pictures = Pictures(writer, names, lambda epoch: x[:20], x[:20], **settings)
    adam = create_optimizer("adam")
    trainer = MiniBatchTrainer(network, loss, adam, epochs=epochs, callbacks=[pictures])
    trainer.fit((x, y), (x, y))
    writer.close()
    found = {}
    for file in (directory / "images").iterdir():
        for event in map(Event.FromString, Records(file)):
            for value in event.summary.value:
                picture = Image.open(io.BytesIO(value.image.encoded_image_string))
                assert picture.size == (value.image.width, value.image.height)
                found.setdefault(value.tag, {})[event.step] = np.asarray(picture)
    return found


TASKS = {
    "classes": (np.arange(40) % 3, 3, ["a", "b", "c"]),
    "yes or no": ((np.arange(40) % 2)[:, np.newaxis].astype(np.float32), 1, ["plant"]),
    "labels": (np.eye(3, dtype=np.float32)[np.arange(40) % 3], 3, ["a", "b", "c"]),
}


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_its_pictures(tmp_path, rng, task):
    found = train(tmp_path, rng, *TASKS[task])
    expected = {"/images/filters", "/images/augmented_samples", "/images/predictions"}
    expected |= {"/images/confusion_matrix"} if task != "labels" else set()
    assert set(found) == expected
    for pictures in found.values():
        assert {1, 3} <= set(pictures)
        for picture in pictures.values():
            assert picture.std() > 5


def test_where_there_is_time_every_epoch_has_pictures_and_else_first_and_last(
    tmp_path, rng, monkeypatch
):
    monkeypatch.setattr(module, "SHARE", 1e9)
    every = train(tmp_path / "every", rng, *TASKS["classes"], epochs=4)
    monkeypatch.setattr(module, "SHARE", 0.0)
    few = train(tmp_path / "few", rng, *TASKS["classes"], epochs=4)
    assert set(every["/images/filters"]) == {1, 2, 3, 4}
    assert set(few["/images/filters"]) == {1, 4}


def test_answers_are_those_of_the_network(rng, tmp_path):
    pictures = Pictures(TrainingHistoryWriter(tmp_path), ["no", "yes"])
    texts, right = pictures._answers(np.array([[0.9], [0.2]]), np.array([[1.0], [1.0]]))
    assert (texts, list(right)) == (["yes", "no"], [True, False])
    texts, right = pictures._answers(np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([0, 0]))
    assert (texts, list(right)) == (["no", "yes"], [True, False])
    both = np.array([[0.9, 0.8], [0.2, 0.1]])
    texts, right = pictures._answers(both, np.array([[1.0, 1.0], [0.0, 1.0]]))
    assert (texts, list(right)) == (["no, yes", "none"], [True, False])


def test_a_dense_layer_on_the_image_has_filters_too(tmp_path, rng):
    y, outputs, names = TASKS["classes"]
    network = Sequential([Flatten(), Dense(outputs)])
    found = train(tmp_path, rng, y, outputs, names, network=network)
    assert "/images/filters" in found
