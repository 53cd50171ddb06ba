"""Every option reaches the object that it is about."""

from dataclasses import replace

import numpy as np
import pytest

from src.classic_nn import BatchNorm, BinaryCrossEntropy, Dense, Dropout, SiLU
from src.classic_nn.optimizers import Adam
from src.classic_nn.regularization import L2
from src.classic_nn.schedules import ExponentialDecay
from src.classic_train.callbacks import (
    Checkpoint,
    Diagnosis,
    EarlyStopping,
    History,
    LearningRate,
    Progress,
)
from src.classic_train.mini_batch.metrics import MULTI_LABEL
from src.classic_train.recipes.registry import RECIPES
from src.classic_train.run.directory import Run
from src.classic_train.run.train import create_trainer
from src.classic_train.run.trained_part import trained_part
from src.common.files import write_json

OPTIONS = replace(
    RECIPES["multi_label"].options,
    train_samples=20,
    epochs=7,
    batch_size=5,
    learning_rate=0.25,
    optimizer="adam:beta1=0.5",
    hidden=(6, 4),
    activation="silu",
    initialization="xavier",
    dropout=0.3,
    l2=0.01,
    clip_norm=2.0,
    clip_value=0.5,
    miss_weight=3.0,
    patience=4,
    seed=3,
    workers=2,
    history_every=5,
    history_batches=2,
    checkpoint_every=6,
)


@pytest.fixture(scope="module")
def data():
    return RECIPES["multi_label"].load_data(OPTIONS)


def trainer_for(recipe, options, data, directory):
    network = recipe.build_network(options, data)
    run = Run(directory / "run", directory / "logs")
    loss = recipe.create_loss(options, data)
    part = trained_part(network, options, data, run)
    return create_trainer(recipe, options, run, part, loss, data)


def test_options_reach_the_trainer_and_its_callbacks(data, tmp_path):
    trainer = trainer_for(RECIPES["multi_label"], OPTIONS, data, tmp_path)
    assert trainer.optimizer == Adam(0.25, beta1=0.5)
    assert trainer.loss == BinaryCrossEntropy(pos_weight=3.0)
    assert (trainer.epochs, trainer.batch_size, trainer.seed) == (7, 5, 3)
    assert (trainer.clip_norm, trainer.clip_value, trainer.l2) == (2.0, 0.5, L2(0.01))
    assert trainer.team.size == 2
    assert trainer.metrics == MULTI_LABEL
    by_type = {type(callback): callback for callback in trainer.callbacks}
    assert by_type[LearningRate].schedule == ExponentialDecay(0.25, base=0.85)
    assert by_type[EarlyStopping].patience == 4
    assert (by_type[History].every, by_type[History].batches) == (5, 2)
    assert by_type[Checkpoint].every == 6
    assert by_type[Checkpoint].metadata["options"] == OPTIONS.as_dict()
    assert Progress in by_type
    diagnosis, history = by_type[Diagnosis], by_type[History]
    assert diagnosis.writer is history.writer
    # of a run that fails the diagnosis is written before the history is closed
    assert trainer.callbacks.index(diagnosis) < trainer.callbacks.index(history)
    assert type(trainer.callbacks[-1]) is Checkpoint


def test_zero_means_no_limit_and_no_early_stop(data, tmp_path):
    options = replace(OPTIONS, l2=0.0, clip_norm=0.0, clip_value=0.0, patience=0, miss_weight=1.0)
    trainer = trainer_for(RECIPES["multi_label"], options, data, tmp_path)
    assert (trainer.l2, trainer.clip_norm, trainer.clip_value) == (None, None, None)
    assert next(c for c in trainer.callbacks if isinstance(c, EarlyStopping)).patience is None
    assert type(trainer.loss) is BinaryCrossEntropy


def test_networks_are_built_as_the_options_say(data):
    network = RECIPES["multi_label"].build_network(OPTIONS, data)
    kinds = [type(layer).__name__ for layer in network.layers]
    assert kinds == ["Flatten", "Dense", "SiLU", "Dropout", "Dense", "SiLU", "Dropout", "Dense"]
    dense = [layer for layer in network.layers if isinstance(layer, Dense)]
    assert [layer.out_features for layer in dense] == [6, 4, 10]
    assert all(layer.bias and layer.initialization == "xavier" for layer in dense)
    assert all(layer.rate == 0.3 for layer in network.layers if isinstance(layer, Dropout))
    other = RECIPES["multi_label"].build_network(replace(OPTIONS, seed=4), data)
    assert not np.array_equal(network.parameters.vector, other.parameters.vector)


def test_the_batch_norm_recipe_normalizes_before_the_activation_and_has_no_bias_there(data):
    network = RECIPES["batch_norm"].build_network(replace(OPTIONS, dropout=0.0), data)
    assert [type(layer) for layer in network.layers[1:4]] == [Dense, BatchNorm, SiLU]
    assert list(network.parameters)[:3] == ["W1", "gamma1", "beta1"]
    assert [layer.bias for layer in network.layers if isinstance(layer, Dense)] == [
        *(False, False, True)
    ]


def test_what_is_not_a_number_is_null_in_json(tmp_path):
    write_json(tmp_path / "m.json", {"a": [1.5, float("nan")], "b": {"c": float("inf")}})
    text = (tmp_path / "m.json").read_text()
    assert text.split() == [
        "{",
        '"a":',
        "[",
        "1.5,",
        "null",
        "],",
        '"b":',
        "{",
        '"c":',
        "null",
        "}",
        "}",
    ]
    assert len(list(tmp_path.iterdir())) == 1
