"""Tables of a history whose names or figures are unusual."""

import numpy as np
import pytest

from src.history import TrainingHistoryWriter
from src.history.reader import run_history
from src.history.tables import array_summary, array_table, comparison_table, epoch_table


def history(directory, metrics=None, offset=0.0):
    with TrainingHistoryWriter(directory) as writer:
        for epoch in (1, 2):
            writer.write_cost(epoch, 1 / epoch + offset)
            writer.write_metrics(epoch, metrics or {})
            writer.write_activations(epoch, {"relu1": np.array([0.0, 2.0])})
            writer.write_gradients(epoch, 0, {"W1": np.ones(4)})
    return run_history(directory)


def test_metrics_whose_names_have_slashes_are_columns_of_their_own(tmp_path):
    metrics = {"recall/cat": 0.25, "precision/cat": 0.75, "accuracy": 0.5}
    table = epoch_table(history(tmp_path, metrics))
    assert list(table.columns) == ["cost", "accuracy", "precision/cat", "recall/cat"]
    assert list(table.loc[2]) == [0.5, 0.5, 0.75, 0.25]


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        ("zeros", ["std, epoch 1", "std, epoch 2"]),
        ("std", ["zeros, epoch 1", "zeros, epoch 2"]),
    ],
)
def test_a_figure_that_no_record_has_is_left_out(tmp_path, missing, expected):
    found = history(tmp_path)
    layers = found[found["tag"].str.startswith("/activations/")]
    arrays = array_table(layers[~layers["tag"].str.endswith(f"_{missing}")])
    assert list(array_summary(arrays)["activations"].columns) == expected


def test_without_any_figure_there_is_still_a_table(tmp_path):
    found = history(tmp_path)
    gradients = found[found["tag"].str.startswith("/batch_no_0/gradients/")]
    arrays = array_table(gradients[~gradients["tag"].str.endswith("_norm")])
    table = array_summary(arrays)["gradients"]
    assert list(table.index) == ["dW1"]
    assert list(table.columns) == []


def test_a_setting_named_epochs_stands_next_to_the_epochs_that_were_trained(tmp_path):
    histories = {name: history(tmp_path / name) for name in ("a", "b")}
    rows = comparison_table(histories, {"a": {"epochs": 2}, "b": {"epochs": 30}})
    assert ("epochs", "2", "30") in rows
    assert ("epochs trained", "2", "2") in rows


def test_settings_that_differ_in_a_late_digit_are_shown(tmp_path):
    histories = {name: history(tmp_path / name) for name in ("a", "b")}
    settings = {"a": {"l2": 1.234561e-5, "seed": 1}, "b": {"l2": 1.234562e-5, "seed": 1}}
    rows = comparison_table(histories, settings)
    assert ("l2", "1.234561e-05", "1.234562e-05") in rows
    assert not any(name == "seed" for name, *_ in rows)
