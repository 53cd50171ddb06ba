"""Targets of a loader are checked before training, as those of arrays are; no image is read."""

import numpy as np
import pytest

from src.classic_nn import (
    BinaryCrossEntropy,
    Dense,
    Flatten,
    Sequential,
    SoftmaxCrossEntropy,
    create_optimizer,
)
from src.classic_train.callbacks import Callback
from src.classic_train.mini_batch import DataError, MiniBatchTrainer
from src.load import BatchLoader, ImageArrays, ImageDataset


def loader(targets, split="train", classes=3):
    images = ImageArrays(np.zeros((len(targets), 2, 2, 1), np.uint8))
    names = [str(k) for k in range(classes)]
    rows = np.arange(len(targets))
    return BatchLoader(
        ImageDataset(images, targets, names, {split: rows}), split, batch_size=8, shuffle=True
    )


class Steps(Callback):
    def __init__(self):
        self.count = 0

    def on_batch_end(self, trainer):
        self.count += 1


@pytest.mark.parametrize("where", ["train", "validation"])
@pytest.mark.parametrize(
    ("loss", "good", "bad", "message"),
    [
        (
            SoftmaxCrossEntropy(),
            np.arange(40) % 3,
            np.where(np.arange(40) == 35, 7, 0),
            "class numbers must be in 0 ... 2, got 7 in sample 35",
        ),
        (
            BinaryCrossEntropy(),
            np.zeros((40, 3), int),
            np.where(np.arange(40)[:, None] == 35, 255, np.zeros((40, 3), int)),
            "got 255 in sample 35",
        ),
    ],
)
def test_a_wrong_target_is_named_before_the_first_step(where, loss, good, bad, message):
    network = Sequential([Flatten(), Dense(3)])
    network.build((2, 2, 1), np.random.default_rng(0))
    steps = Steps()
    trainer = MiniBatchTrainer(network, loss, create_optimizer("sgd"), epochs=1, callbacks=[steps])
    data = {"train": loader(good), "validation": loader(good, "validation")}
    data[where] = loader(bad, where)
    with pytest.raises(DataError, match=f"{where} y: .*{message}"):
        trainer.fit(data["train"], data["validation"])
    assert steps.count == 0
    trainer.fit(loader(good), loader(good, "validation"))
    assert steps.count == 5
