"""The pictures that TensorBoard is given: which, when, and of what."""

import io
import json

import numpy as np
import pytest
from PIL import Image
from tensorboard.compat.proto.event_pb2 import Event

from src.classic_cnn import Conv2D, GlobalAveragePool
from src.classic_cnn.architectures import small_cnn
from src.classic_cnn.layers import MaxPool2D
from src.classic_nn import BinaryCrossEntropy, Dense, Sequential, SoftmaxCrossEntropy
from src.classic_nn.layers import Flatten
from src.classic_nn.optimizers import create_optimizer
from src.classic_nn.utils import plot_curves
from src.classic_train.callbacks import Pictures
from src.classic_train.callbacks import images as module
from src.classic_train.callbacks.images import (
    FILTER_SIDE,
    figure_pixels,
    first_filters,
    visible,
)
from src.classic_train.mini_batch import MiniBatchTrainer
from src.history import TrainingHistoryWriter
from src.history.records import Records
from src.load.image_grid import GAP
from src.load.transforms import Compose, Normalize, Resize, ToFloat, transform_config


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
    monkeypatch.setattr(module, "TIME_FRACTION", 1e9)
    every = train(tmp_path / "every", rng, *TASKS["classes"], epochs=4)
    monkeypatch.setattr(module, "TIME_FRACTION", 0.0)
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


def built(layers, shape):
    network = Sequential(layers)
    network.build(shape, np.random.default_rng(0))
    return network


def test_filters_have_one_scale_and_grey_is_zero():
    network = built([Conv2D(2, 1), GlobalAveragePool()], (4, 4, 3))
    network.parameters["W1"][0, 0] = [[1.0, 0.25], [-1.0, 0.0], [0.0, 0.0]]  # channels x filters
    page = first_filters(network)
    assert page[GAP, GAP].tolist() == [255, 0, 128]
    assert page[GAP, 2 * GAP + FILTER_SIDE].tolist() == [159, 128, 128]


@pytest.mark.parametrize(
    ("layers", "shape", "shown"),
    [
        ([Conv2D(3), Flatten(), Dense(2)], (6, 6, 1), True),
        ([Flatten(), Dense(5)], (6, 6, 3), True),
        ([Conv2D(3), Flatten(), Dense(2)], (6, 6, 2), False),
        ([MaxPool2D(), Flatten(), Dense(2)], (6, 6, 3), False),
        ([Dense(5)], (7,), False),
        ([Conv2D(3, groups=3), GlobalAveragePool()], (6, 6, 3), False),
        ([Flatten()], (6, 6, 3), False),
    ],
)
def test_filters_are_shown_where_a_layer_sees_the_image(layers, shape, shown):
    assert (first_filters(built(layers, shape)) is not None) == shown


def test_preprocessing_is_undone(rng):
    x = rng.random((2, 3, 3, 3))
    mean, std = [0.5, 0.4, 0.3], [0.2, 0.1, 0.3]
    steps = transform_config(Compose([Resize(8), ToFloat(), Normalize(mean, std)]))
    assert visible((x - mean) / std, steps) == pytest.approx(x)
    assert visible((x - mean) / std, json.loads(json.dumps(steps))) == pytest.approx(x)
    assert np.array_equal(visible(x, steps[:1]), x)
    stretched = visible(np.array([-1.0, 0.0, 3.0]).reshape(1, 1, 3, 1), None)
    assert stretched.ravel() == pytest.approx([0, 0.25, 1])


def test_a_figure_is_drawn():
    pixels = figure_pixels(plot_curves({"a": [1.0, 2.0]}, [1, 2], "cost"))
    assert pixels.shape[2] == 3
    assert pixels.dtype == np.uint8
    assert 0 < (pixels < 255).mean() < 0.5
