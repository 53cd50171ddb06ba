import numpy as np
import pytest

from src.classic_nn import (
    Dense,
    Flatten,
    ReLU,
    Sequential,
    SoftmaxCrossEntropy,
    create_optimizer,
)
from src.classic_nn.utils import evaluate
from src.classic_train import MiniBatchTrainer, TrainingDivergedError
from src.classic_train.mini_batch import ArrayDataset, Batches, DataError
from src.classic_train.mini_batch.batches import ArrayBatches
from src.classic_train.mini_batch.metrics import MULTI_CLASS
from src.load import BatchLoader, ImageArrays, ImageDataset

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (50, 4, 5, 3)).astype(np.uint8)
CLASSES = RNG.integers(0, 3, 50)
DATASET = ImageDataset(
    ImageArrays(IMAGES),
    CLASSES,
    ["a", "b", "c"],
    {"train": np.arange(36), "validation": np.arange(36, 50)},
)


def build():
    network = Sequential([Flatten(), Dense(8), ReLU(), Dense(3)])
    network.build((4, 5, 3), np.random.default_rng(1), np.float64)
    return network


def trainer_of(network, **settings):
    adam = create_optimizer("adam", learning_rate=0.01)
    return MiniBatchTrainer(
        network, SoftmaxCrossEntropy(), adam, metrics=MULTI_CLASS, epochs=3, **settings
    )


class FromArrays:
    """Mini-batches in a fixed order, from arrays."""

    def __init__(self, *arrays):
        self.arrays = arrays

    def __len__(self):
        return -(-len(self.arrays[0]) // 8)

    def epoch(self, number):
        for start in range(0, len(self.arrays[0]), 8):
            yield tuple(array[start : start + 8] for array in self.arrays)


def loader(split, **settings):
    return BatchLoader(DATASET, split, batch_size=8, dtype=np.float64, **settings)


def test_a_loader_trains_as_the_arrays_that_it_gives():
    assert isinstance(loader("train"), Batches)
    x = (IMAGES / np.float32(255)).astype(np.float32).astype(np.float64)
    by_loader, by_arrays = build(), build()
    records = trainer_of(by_loader).fit(loader("train"), loader("validation"))
    arrays = FromArrays(x[:36], CLASSES[:36])
    others = trainer_of(by_arrays).fit(arrays, (x[36:], CLASSES[36:]))
    assert records == others
    assert np.array_equal(by_loader.parameters.vector, by_arrays.parameters.vector)


@pytest.mark.parametrize("workers", [1, 2])
def test_validation_by_parts_is_that_of_all_samples_at_once(workers):
    network = build()
    trainer = trainer_of(network, workers=workers)
    record = trainer.fit(loader("train", shuffle=True), loader("validation"))[-1]
    x, y = (np.concatenate(parts) for parts in zip(*loader("validation").epoch(), strict=True))
    figures = evaluate(network, trainer.loss, x, y, MULTI_CLASS)
    assert record["validation_cost"] == pytest.approx(figures["cost"], rel=1e-12)
    assert record["accuracy"] == figures["accuracy"]
    assert trainer.batches == 5


def test_sample_weights_come_through():
    x, weights = IMAGES / 255.0, np.linspace(0, 2, 50)
    arrays = FromArrays(x, CLASSES, weights)
    network = build()
    trainer = trainer_of(network)
    record = trainer.fit(arrays, arrays)[-1]
    figures = evaluate(network, trainer.loss, x, CLASSES, {}, weights)
    assert record["validation_cost"] == pytest.approx(figures["cost"], rel=1e-12)


def test_mini_batches_of_another_shape_are_refused():
    with pytest.raises(
        DataError, match=r"train \(mini-batch 0\) x: expected shape \(samples, 4, 5, 3\)"
    ):
        trainer_of(build()).fit(FromArrays(np.zeros((9, 4, 4, 3)), np.zeros(9, int)))


def test_a_diverging_run_on_a_loader_is_named():
    x = np.full((16, 4, 5, 3), np.nan)
    with pytest.raises(TrainingDivergedError, match="epoch 1"):
        trainer_of(build()).fit(FromArrays(x, np.zeros(16, int)), FromArrays(x, np.zeros(16, int)))


class Recorded(FromArrays):
    """Says which epochs were asked for, and whether they were closed."""

    def __init__(self, *arrays):
        super().__init__(*arrays)
        self.numbers, self.closed = [], 0

    def epoch(self, number):
        self.numbers.append(number)
        try:
            yield from super().epoch(number)
        finally:
            self.closed += 1


def test_epochs_are_counted_from_one_and_validation_is_always_the_same():
    train, validation = (Recorded(IMAGES / 255.0, CLASSES) for _ in range(2))
    trainer_of(build()).fit(train, validation)
    assert train.numbers == [1, 2, 3]
    assert validation.numbers == [0, 0, 0]


def test_a_loader_is_closed_when_training_fails():
    train = Recorded(np.full((16, 4, 5, 3), np.nan), np.zeros(16, int))
    with pytest.raises(TrainingDivergedError) as caught:
        trainer_of(build()).fit(train)
    assert train.closed == 1
    assert caught.value


def test_arrays_are_shuffled_anew_in_every_epoch():
    batches = ArrayBatches(ArrayDataset(np.arange(50.0)[:, None], np.arange(50)), 8, seed=3)
    orders = [np.concatenate([y for _, y in batches.epoch(number)]) for number in (1, 2, 1)]
    assert sorted(orders[0]) == list(range(50))
    assert np.array_equal(orders[0], orders[2])
    assert not np.array_equal(orders[0], orders[1])
    assert len(batches) == 7
