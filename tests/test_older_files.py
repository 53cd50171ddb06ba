"""Files that earlier versions wrote are still read: format 1, of a network of two dense layers.

They were written by ``save_model`` and ``Checkpoint`` of the last version with that format.
"""

import gzip
from pathlib import Path

import numpy as np
import pytest

from src.classic_nn import (
    BatchNorm,
    BinaryCrossEntropy,
    Dense,
    ReLU,
    Sequential,
    create_optimizer,
)
from src.classic_nn.serialization import load_model
from src.classic_train.callbacks import Diagnosis, read_checkpoint
from src.classic_train.mini_batch import MiniBatchTrainer
from tests.paths import ROOT

X = [[-2.32503080368042, -0.218791663646698], [-1.2459110021591187, -0.7322673797607422]]
LOGITS = [[-0.264232337474823], [-0.20196741819381714]]
"""What the network answered when it was saved."""


@pytest.fixture
def older(tmp_path):
    def unpacked(name: str) -> Path:
        packed = ROOT / "tests" / "older_files" / f"{name}.safetensors.gz"
        path = tmp_path / f"{name}.safetensors"
        path.write_bytes(gzip.decompress(packed.read_bytes()))
        return path

    return unpacked


def test_a_model_answers_as_it_did(older):
    model = load_model(older("model_of_format_1"))
    assert (model.task, list(model.class_names)) == ("binary", ["spots"])
    assert model.metrics == {"accuracy": 0.5}
    y, _ = model.network.forward(np.array(X, np.float32))
    assert y == pytest.approx(np.array(LOGITS), rel=1e-6)


def test_a_checkpoint_goes_on_with_its_history_and_findings(older):
    rng = np.random.default_rng(0)
    network = Sequential([Dense(4), BatchNorm(), ReLU(), Dense(1)])
    network.build((2,), rng)
    x = rng.normal(size=(200, 2)).astype(np.float32)
    y = np.zeros((200, 1), np.float32)
    y[0] = 1
    diagnosis = Diagnosis(y, ["spots"], report=False)
    trainer = MiniBatchTrainer(
        network,
        BinaryCrossEntropy(),
        create_optimizer("adam"),
        epochs=3,
        batch_size=64,
        seed=3,
        callbacks=[diagnosis],
    )
    trainer.load_state(*read_checkpoint(older("checkpoint_of_format_1")))
    assert trainer.epoch == 2
    assert [record["validation_cost"] for record in trainer.history] == pytest.approx(
        [0.47512011289596556, 0.4584121283888817]
    )
    answered, _ = network.forward(np.array(X, np.float32))
    assert answered == pytest.approx(np.array(LOGITS), rel=1e-6)
    trainer.fit((x, y), (x[:50], y[:50]))
    assert [record["epoch"] for record in trainer.history] == [1, 2, 3]
    assert [finding.problem for finding in diagnosis.findings] == ["label imbalance"]
    assert "rare classes: spots 1" in str(diagnosis.findings[0])


def test_a_changed_byte_of_an_older_file_is_found(older):
    path = older("model_of_format_1")
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match="the checksum does not fit"):
        load_model(path)
