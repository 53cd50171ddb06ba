import json
import shutil

import numpy as np
import pytest

from src.classic_nn import (
    BinaryCrossEntropy,
    Dense,
    Sequential,
    create_optimizer,
    create_schedule,
)
from src.classic_nn.schedules import ReduceLROnPlateau
from src.classic_nn.serialization import TensorFileError, read_tensor_file, write_tensor_file
from src.classic_train import MiniBatchTrainer
from src.classic_train.callbacks import (
    Callback,
    Checkpoint,
    EarlyStopping,
    History,
    LearningRate,
    Progress,
    read_checkpoint,
)
from src.history import TrainingHistoryReader, TrainingHistoryWriter
from src.history.events import read_events
from src.history.runs import notes_of


def trainer_of(callbacks, epochs=6, validation_costs=None, metrics=None):
    """A trainer on a few points; its validation costs are replaced by the given ones."""

    class Prescribed(Callback):
        order = -1

        def on_epoch_end(self, trainer):
            if validation_costs:
                trainer.record["validation_cost"] = validation_costs[trainer.epoch - 1]

    network = Sequential([Dense(1)])
    network.build((2,), np.random.default_rng(0))
    return MiniBatchTrainer(
        network,
        BinaryCrossEntropy(),
        create_optimizer("sgd"),
        batch_size=4,
        epochs=epochs,
        metrics=metrics,
        callbacks=[Prescribed(), *callbacks],
    )


def points():
    x = np.random.default_rng(1).normal(size=(12, 2))
    return x, (x[:, :1] > 0).astype(np.float32)


def fit(trainer):
    return trainer.fit(points(), points())


class KeepWeights(Callback):
    def __init__(self):
        self.weights = {}

    def on_epoch_end(self, trainer):
        self.weights[trainer.epoch] = trainer.network.parameters.vector.copy()


@pytest.mark.parametrize(
    ("costs", "patience", "epochs", "best"),
    [
        ([5, 4, 3, 3.5, 3.4, 9], 2, 5, 3),
        ([5, 4, 3, 3.5, 2, 9], 2, 6, 5),
        ([5, 6, 7, 8, 9, 10], 1, 2, 1),
        ([5, 4, 3, 2, 3, 4], None, 6, 4),
    ],
)
def test_early_stopping_keeps_patience_and_restores_the_best(costs, patience, epochs, best):
    keep, stopping = KeepWeights(), EarlyStopping(patience)
    trainer = trainer_of([keep, stopping], validation_costs=costs)
    fit(trainer)
    assert trainer.epoch == epochs
    assert stopping.best.epoch == best
    assert np.array_equal(trainer.network.parameters.vector, keep.weights[best])
    assert (trainer.stop_reason is None) == (patience is None or epochs == 6)


def test_early_stopping_without_restoring_leaves_the_last_weights():
    keep, stopping = KeepWeights(), EarlyStopping(1, restore_best=False)
    trainer = trainer_of([keep, stopping], validation_costs=[1, 2, 3, 4, 5, 6])
    fit(trainer)
    assert np.array_equal(trainer.network.parameters.vector, keep.weights[2])
    assert trainer.stop_reason == "no better validation_cost since epoch 1 (patience 1)"


def test_the_best_may_be_the_largest():
    stopping = EarlyStopping(None, monitor="accuracy", mode="max")
    values = iter([0.1, 0.3, 0.2])
    metrics = {"accuracy": lambda y, probabilities: next(values)}
    fit(trainer_of([stopping], 3, metrics=metrics))
    assert (stopping.best.epoch, stopping.best.value) == (2, 0.3)
    with pytest.raises(ValueError, match="mode must be 'min' or 'max', got 'median'"):
        EarlyStopping(mode="median")


@pytest.mark.parametrize("make", [lambda n: EarlyStopping(monitor=n), None])
def test_a_monitor_that_does_not_exist_is_refused_with_the_nearest_name(make, tmp_path):
    """Once it maximized the training cost."""
    make = make or (lambda name: Checkpoint(tmp_path, monitor=name))
    name = "validation_acuracy"
    callbacks = [make(name)]
    metrics = {"validation_accuracy": lambda y, probabilities: 0.5}
    with pytest.raises(ValueError, match="unknown monitor 'validation_acuracy': did you mean 'val"):
        fit(trainer_of(callbacks, metrics=metrics))
    with pytest.raises(ValueError, match=r"there are: cost, learning_rate$"):
        trainer_of([make("accuracy")], metrics=metrics).fit(points())  # there is no validation data
    alone = trainer_of([make("validation_cost")], epochs=1)
    alone.fit(points())  # the training cost stands in for it
    assert alone.callbacks[-1].best.value == alone.history[0]["cost"]


def test_checkpoints_are_last_best_and_numbered(tmp_path):
    costs = [5, 4, 3, 6, 7, 8]
    trainer = trainer_of(
        [Checkpoint(tmp_path, every=2, metadata={"recipe": "x"})], validation_costs=costs
    )
    fit(trainer)
    epochs = {path.name: read_checkpoint(path)[1]["epoch"] for path in tmp_path.iterdir()}
    assert epochs == {
        "last.safetensors": 6,
        "best.safetensors": 3,
        "epoch-0002.safetensors": 2,
        "epoch-0004.safetensors": 4,
        "epoch-0006.safetensors": 6,
    }
    arrays, metadata = read_checkpoint(tmp_path)  # a directory means its last checkpoint
    assert metadata["epoch"] == 6
    assert metadata["recipe"] == "x"
    assert np.array_equal(arrays["parameters/W1"], trainer.network.parameters["W1"])
    assert [record["validation_cost"] for record in metadata["history"]] == costs


def test_a_checkpoint_holds_the_state_of_callbacks_given_after_it(tmp_path):
    stopping = EarlyStopping(None)
    fit(trainer_of([Checkpoint(tmp_path), stopping], validation_costs=[5, 4, 3, 6, 7, 2]))
    assert read_checkpoint(tmp_path)[1]["callbacks"]["early_stopping"] == {"epoch": 6, "value": 2}


def test_a_full_disk_leaves_the_last_good_checkpoint(tmp_path, monkeypatch):
    from src.classic_nn.serialization import tensor_file

    save, calls = tensor_file.save_file, []

    def full_at_the_fourth(*arguments):
        calls.append(1)
        if len(calls) > 3:
            raise OSError(28, "No space left on device")
        save(*arguments)

    monkeypatch.setattr(tensor_file, "save_file", full_at_the_fourth)
    with pytest.raises(OSError, match="No space left"):
        fit(trainer_of([Checkpoint(tmp_path)], validation_costs=[9, 10, 11, 12, 13, 14]))
    assert read_checkpoint(tmp_path)[1]["epoch"] == 2  # best and last of 1, last of 2
    assert sorted(p.name for p in tmp_path.iterdir()) == ["best.safetensors", "last.safetensors"]


def test_a_model_is_no_checkpoint(tmp_path):
    write_tensor_file(tmp_path / "model.safetensors", {}, {"kind": "model"})
    with pytest.raises(TensorFileError, match="holds a model, which cannot be resumed"):
        read_checkpoint(tmp_path / "model.safetensors")


def test_history_records_what_was_asked_for(tmp_path):
    history = History(TrainingHistoryWriter(tmp_path), every=3, batches=2)
    trainer = trainer_of([history])
    fit(trainer)
    reader = TrainingHistoryReader(tmp_path)
    assert sorted(reader.get_costs()["step"]) == [1, 2, 3, 4, 5, 6]
    assert set(reader.get_parameters()["step"]) == {1, 3, 6}
    gradients = reader.get_gradients()
    assert set(gradients["step"]) == {1, 3, 6}
    assert set(gradients["tag"].str.extract(r"batch_no_(\d+)")[0]) == {"0", "1"}
    costs = reader.get_costs("validation")["value"].to_numpy()
    assert costs == pytest.approx([r["validation_cost"] for r in trainer.history], rel=1e-6)
    assert set(reader.get_metrics()["tag"]) == {"/metrics/learning_rate"}


def test_costly_recording_is_reported_and_cheap_recording_is_not(tmp_path, capsys):
    costly = TrainingHistoryWriter(tmp_path / "costly")
    trainer = trainer_of([History(costly)])
    costly.seconds = 100.0
    fit(trainer)
    assert "record less often (--history-every, or History(every=...))" in capsys.readouterr().err
    cheap = TrainingHistoryWriter(tmp_path / "cheap")

    class Free(Callback):
        def on_epoch_end(self, trainer):
            cheap.seconds = 0.0

    fit(trainer_of([History(cheap), Free()], epochs=1))
    assert capsys.readouterr().err == ""


def test_history_must_be_recorded_sometimes(tmp_path):
    with pytest.raises(ValueError, match="every 1 or more epochs, got 0"):
        History(TrainingHistoryWriter(tmp_path), every=0)


def test_progress_without_a_terminal_is_lines(capsys):
    import ipykernel.kernelspec  # noqa: F401  as whoever starts a kernel does

    fit(trainer_of([Progress()], epochs=20))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 10
    assert lines[-1].startswith("epoch 20/20: cost 0.")
    assert "learning rate 0.01, 0 s left" in lines[-1]


def test_progress_on_a_terminal_is_a_bar(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    fit(trainer_of([Progress()], epochs=2))
    error = capsys.readouterr().err
    assert "6/6" in error
    assert "lr 0.01" in error


def test_checkpoint_metadata_are_json(tmp_path):
    fit(trainer_of([Checkpoint(tmp_path)], epochs=1))
    shutil.copy(tmp_path / "last.safetensors", tmp_path / "copy.safetensors")
    _, metadata = read_tensor_file(tmp_path / "copy.safetensors")
    assert json.loads(json.dumps(metadata)) == metadata


def resumed(tmp_path, callbacks, epochs, costs):
    trainer = trainer_of(callbacks, epochs, costs)
    trainer.load_state(*read_checkpoint(tmp_path))
    fit(trainer)
    return trainer


def test_a_resumed_run_still_knows_the_best_weights(tmp_path):
    """The best epoch, 2, was before the interruption; its weights are put back at the end."""
    costs = [5, 1, 3, 4, 5, 6]
    keep = KeepWeights()
    fit(trainer_of([keep, EarlyStopping(None), Checkpoint(tmp_path)], 3, costs))
    trainer = resumed(tmp_path, [EarlyStopping(None), Checkpoint(tmp_path)], 6, costs)
    assert np.array_equal(trainer.network.parameters.vector, keep.weights[2])
    assert read_checkpoint(tmp_path / "best.safetensors")[1]["epoch"] == 2


def test_a_run_that_lost_its_patience_stays_stopped_when_resumed(tmp_path):
    costs = [5, 1, 3, 4, 5, 6]
    fit(trainer_of([EarlyStopping(2), Checkpoint(tmp_path)], 6, costs))
    assert read_checkpoint(tmp_path)[1]["epoch"] == 4
    trainer = resumed(tmp_path, [EarlyStopping(2), Checkpoint(tmp_path)], 6, costs)
    assert trainer.epoch == 4
    assert trainer.stop_reason == "no better validation_cost since epoch 2 (patience 2)"
    patient = resumed(tmp_path, [EarlyStopping(3), Checkpoint(tmp_path)], 6, costs)
    assert patient.epoch == 5


def test_an_equal_cost_is_no_improvement():
    stopping = EarlyStopping(None)
    fit(trainer_of([stopping], validation_costs=[3, 2, 2, 2, 2, 2]))
    assert stopping.best.epoch == 2


def test_a_cosine_moves_with_every_mini_batch():
    rates = []

    class Watch(Callback):
        def on_batch_end(self, trainer):
            rates.append(trainer.optimizer.learning_rate)

    schedule = create_schedule("cosine", learning_rate=1.0, epochs=2)
    trainer = trainer_of([LearningRate(schedule), Watch()], epochs=2)
    fit(trainer)
    assert rates == pytest.approx(
        [schedule(time / 3) for time in range(6)]
    )  # three mini-batches an epoch


def test_a_plateau_schedule_goes_on_where_it_was(tmp_path):
    costs = [5, 5, 5, 5, 5, 5]

    def rate():
        return LearningRate(ReduceLROnPlateau(1.0, factor=0.5, patience=1))

    whole = trainer_of([rate()], 6, costs)
    fit(whole)
    fit(trainer_of([rate(), Checkpoint(tmp_path)], 4, costs))
    parts = resumed(tmp_path, [rate(), Checkpoint(tmp_path)], 6, costs)
    rates = [record["learning_rate"] for record in whole.history]
    assert rates == [1, 1, 1, 0.5, 0.5, 0.25]
    assert [record["learning_rate"] for record in parts.history] == rates


def test_history_is_on_the_disk_after_every_epoch(tmp_path):
    seen = []

    class Look(Callback):
        order = 1

        def on_epoch_end(self, trainer):
            seen.append(len(TrainingHistoryReader(tmp_path).get_costs()))

    fit(trainer_of([History(TrainingHistoryWriter(tmp_path)), Look()], epochs=3))
    assert seen == [1, 2, 3]


def test_a_failed_run_closes_its_history(tmp_path):
    class Interrupt(Callback):
        def on_epoch_end(self, trainer):
            if trainer.epoch == 2:
                raise KeyboardInterrupt

    trainer = trainer_of([History(TrainingHistoryWriter(tmp_path)), Interrupt()])
    with pytest.raises(KeyboardInterrupt):
        fit(trainer)
    assert list(TrainingHistoryReader(tmp_path).get_costs()["step"]) == [1, 2]
    assert not trainer.callbacks[1].writer._writers


def test_a_resumed_run_records_the_settings_that_it_goes_on_with(tmp_path):
    logs = tmp_path / "logs"
    for epochs in (2, 4):
        writer = TrainingHistoryWriter(logs, resume_after=0 if epochs == 2 else 2)
        history = History(writer, settings={"epochs": epochs, "seed": 3})
        trainer = trainer_of([history, Checkpoint(tmp_path / "run")], epochs)
        if epochs == 4:
            trainer.load_state(*read_checkpoint(tmp_path / "run"))
        fit(trainer)
        assert notes_of(logs).settings == {"epochs": epochs, "seed": 3}
    events = [event for file in logs.glob("*tfevents*") for event in read_events(file)]
    assert sum(bool(event.graph_def) for event in events) == 1
    assert list(TrainingHistoryReader(logs).get_costs()["step"]) == [1, 2, 3, 4]
