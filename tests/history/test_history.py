"""Writer and reader together: what goes into event files comes out as pandas tables."""

import math
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from src.history import GraphNode, HistoryWarning, TrainingHistoryReader, TrainingHistoryWriter
from src.history.events import read_events
from src.history.reader import run_history
from src.history.statistics import BLOCK, array_histogram, array_statistics
from tests.paths import ROOT

EPOCHS, BATCHES = (2000, 2050, 2100), 5


def write_run(directory, epochs=EPOCHS, resume_after=0, offset=0.0):
    """A run like the user's: gradients of several batches, parameters, costs, metrics."""
    rng = np.random.default_rng(0)
    with TrainingHistoryWriter(directory, resume_after) as writer:
        for epoch in epochs:
            for batch in range(BATCHES):
                writer.write_gradients(
                    epoch, batch, {"W1": rng.normal(size=(3, 2)), "W3": rng.normal(size=(2, 1))}
                )
            writer.write_parameters(epoch, {"W1": np.full((3, 2), epoch / 1000), "b1": np.ones(2)})
            writer.write_cost(epoch, 1 / epoch + offset)
            writer.write_cost(epoch, 2 / epoch + offset, split="validation")
            writer.write_metrics(epoch, {"micro_f1": 0.5})


@pytest.fixture
def logs(tmp_path):
    write_run(tmp_path / "logs" / "first")
    return tmp_path / "logs"


def test_a_run_has_a_directory_of_event_files_for_each_kind(logs):
    found = {path.name for path in (logs / "first").iterdir() if path.is_dir()}
    assert found == {"cost", "parameters", "gradients", "metrics"}
    assert all(list((logs / "first" / kind).glob("*tfevents*")) for kind in found)
    assert len(list((logs / "first").glob("*tfevents*"))) == 1  # the layout of charts


def test_the_users_queries_work_as_written(logs):
    reader = TrainingHistoryReader(logs)
    df = reader.get_history()
    one_epoch = df[(df["step"] == 2100) & (df["tag"].str.startswith("/batch_no_3/gradients/"))]
    assert set(one_epoch["tag"]) == {
        f"/batch_no_3/gradients/d{name}_{statistic}"
        for name in ("W1", "W3")
        for statistic in ("mean", "std", "norm", "min", "max")
    }
    w1 = reader.get_parameters()
    w1 = w1[w1["tag"].str.contains("/W1")]
    assert w1["step"].nunique() == 3
    explosions = df[df["tag"].str.contains("_norm")].groupby("step")["value"].max()
    assert list(explosions.index) == list(EPOCHS)
    gradients = reader.get_gradients()
    norms = gradients[gradients["tag"].str.contains("/d(?:W1|W3)_norm$")]
    assert explosions.equals(norms.groupby("step")["value"].max())
    costs = reader.get_costs()
    means = costs.groupby("step")["value"].mean()
    assert means.to_numpy() == pytest.approx([1 / epoch for epoch in EPOCHS], rel=1e-6)
    layer = df[df["tag"].str.contains("/gradients/dW3")]
    assert len(layer) == len(EPOCHS) * BATCHES * 5


def test_the_query_for_exploding_gradients_finds_gradients_and_nothing_else(tmp_path):
    """Weights and outputs of layers are larger, and have a Euclidean norm as well."""
    with TrainingHistoryWriter(tmp_path / "run") as writer:
        for epoch in (1, 2):
            writer.write_gradients(epoch, 0, {"W1": np.full(4, epoch), "gamma1": np.ones(4)})
            writer.write_parameters(epoch, {"W1": np.full(4, 100.0), "gamma1": np.full(4, 50.0)})
            writer.write_activations(epoch, {"batchnorm1": np.full((8, 4), 1000.0)})
    df = TrainingHistoryReader(tmp_path).get_history()
    explosions = df[df["tag"].str.contains("_norm")].groupby("step")["value"].max()
    assert explosions.to_dict() == {1: 2.0, 2: 4.0}
    of_arrays = df[df["tag"].str.contains("_l2")].groupby("tag")["value"].max()
    assert of_arrays["/parameters/W1_l2"] == 200
    assert of_arrays["/activations/batchnorm1_l2"] == pytest.approx(1000 * 32**0.5)


def test_older_histories_are_read_with_todays_tags(tmp_path):
    """They had ``_norm`` for parameters and activations as well."""
    values = {
        "parameters": "/parameters/W1_norm",
        "activations": "/activations/relu1_norm",
        "gradients": "/batch_no_0/gradients/dW1_norm",
        "metrics": "/metrics/weights_norm",
    }
    for kind, tag in values.items():
        writer = EventFileWriter(str(tmp_path / "run" / kind))
        value = Summary.Value(tag=tag, simple_value=2.0)
        writer.add_event(Event(step=1, wall_time=5.0, summary=Summary(value=[value])))
        writer.close()
    found = set(TrainingHistoryReader(tmp_path).get_history()["tag"])
    assert found == {
        "/parameters/W1_l2",
        "/activations/relu1_l2",
        "/batch_no_0/gradients/dW1_norm",
        "/metrics/weights_norm",
    }


def test_subsets_are_the_right_ones(logs):
    reader = TrainingHistoryReader(logs)
    assert list(reader.get_history().columns) == ["run", "step", "tag", "value", "wall_time"]
    assert set(reader.get_costs()["tag"]) == {"/cost"}
    assert set(reader.get_costs("validation")["tag"]) == {"/validation_cost"}
    assert len(reader.get_costs("all")) == 2 * len(EPOCHS)
    assert set(reader.get_metrics()["tag"]) == {"/metrics/micro_f1"}
    assert set(reader.get_parameters(epoch=2050)["step"]) == {2050}
    gradients = reader.get_gradients(epoch=2100)
    assert len(gradients) == BATCHES * 2 * 5
    assert gradients["tag"].str.contains("/gradients/").all()
    parts = [
        reader.get_costs("all"),
        reader.get_metrics(),
        reader.get_parameters(),
        reader.get_gradients(),
    ]
    assert sum(map(len, parts)) == len(reader.get_history())
    with pytest.raises(ValueError, match="split must be 'train', 'validation' or 'all'"):
        reader.get_costs("test")


def test_one_run_or_all_runs(logs):
    write_run(logs / "group" / "second", epochs=(1,))
    everything = TrainingHistoryReader(logs).get_history()
    assert set(everything["run"]) == {"first", "group/second"}
    one = TrainingHistoryReader(logs / "first").get_history()
    assert set(one["run"]) == {"first"}
    assert len(one) == (everything["run"] == "first").sum()


def test_values_come_back(logs):
    parameters = TrainingHistoryReader(logs).get_parameters(epoch=2000)
    values = parameters.set_index("tag")["value"]
    assert values["/parameters/W1_mean"] == 2
    assert values["/parameters/W1_std"] == 0
    assert values["/parameters/W1_l2"] == pytest.approx(2 * math.sqrt(6), rel=1e-6)
    assert values["/parameters/b1_l2"] == pytest.approx(math.sqrt(2), rel=1e-6)


def test_a_resumed_run_replaces_what_the_stopped_one_left(logs):
    write_run(logs / "run", epochs=(1, 2, 3, 4))
    write_run(logs / "run", epochs=(3,), resume_after=2, offset=100.0)
    costs = TrainingHistoryReader(logs / "run").get_costs()
    assert list(costs["step"]) == [1, 2, 3]
    assert costs["value"].to_numpy() == pytest.approx([1, 0.5, 100 + 1 / 3])
    assert set(TrainingHistoryReader(logs / "run").get_gradients()["step"]) == {1, 2, 3}


def test_a_missing_directory_is_an_empty_table_and_a_message(tmp_path):
    reader = TrainingHistoryReader(tmp_path / "nowhere")
    with pytest.warns(HistoryWarning, match=r"nowhere: no such directory; train with --log-dir"):
        df = reader.get_history()
    assert len(df) == 0
    assert list(df.columns) == ["run", "step", "tag", "value", "wall_time"]
    assert df[(df["step"] == 1) & df["tag"].str.startswith("/batch")].empty  # queries still run


def test_a_directory_without_runs_says_so(tmp_path):
    with pytest.warns(HistoryWarning, match="no training runs below this directory"):
        assert TrainingHistoryReader(tmp_path).get_costs().empty


def test_a_file_cut_anywhere_is_read_as_far_as_it_goes(logs):
    (path,) = (logs / "first" / "cost").glob("*tfevents*")
    data, complete = path.read_bytes(), TrainingHistoryReader(logs).get_costs("all")
    lengths = []
    for length in range(len(data)):
        path.write_bytes(data[:length])
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            costs = TrainingHistoryReader(logs).get_costs("all")
        pd.testing.assert_frame_equal(costs, complete.head(len(costs)), check_dtype=False)
        lengths.append(len(costs))
        assert all("incomplete after byte" in str(w.message) for w in caught)
    assert lengths == sorted(lengths)
    assert lengths[-1] == len(complete) - 1


def test_a_torn_record_is_reported_with_its_place(logs):
    (path,) = (logs / "first" / "metrics").glob("*tfevents*")
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.warns(HistoryWarning, match=r"tfevents.*: incomplete after byte \d+ of \d+"):
        TrainingHistoryReader(logs).get_metrics()


@given(
    arrays(
        np.float64,
        array_shapes(max_dims=3, max_side=5),
        elements=st.floats(-1e6, 1e6, allow_subnormal=False),
    )
)
def test_statistics_are_numpys(array):
    found = array_statistics(array)
    scale = np.abs(array).max()
    assert found["mean"] == pytest.approx(array.mean(), rel=1e-9, abs=1e-9 * scale)
    assert found["std"] == pytest.approx(array.std(), rel=1e-6, abs=1e-6 * scale)
    assert found["l2"] == pytest.approx(np.linalg.norm(array), rel=1e-9)
    assert (found["min"], found["max"]) == (array.min(), array.max())


def test_statistics_of_several_blocks_and_of_nothing(rng):
    array = rng.normal(3, 0.01, 2 * BLOCK + 7).astype(np.float32)
    found = array_statistics(array)
    assert found["std"] == pytest.approx(array.astype(np.float64).std(), rel=1e-6)
    assert found["min"] == array.min()
    assert found["max"] == array.max()
    assert set(array_statistics(np.zeros(0)).values()) == {0.0}


def test_time_spent_is_counted(tmp_path):
    with TrainingHistoryWriter(tmp_path) as writer:
        assert writer.seconds == 0
        writer.write_parameters(1, {"W1": np.ones((100, 100))})
        assert writer.seconds > 0


def test_files_are_read_in_the_order_in_which_they_were_begun(tmp_path):
    """By time, not by name: process 1000 wrote before process 999 continued."""
    directory = tmp_path / "run"
    for epochs, resume_after, offset, name in (
        ((1, 2, 3), 0, 0.0, "events.out.tfevents.1700000000.host.1000.0"),
        ((3,), 2, 100.0, "events.out.tfevents.1700000000.host.999.0"),
    ):
        write_run(directory, epochs, resume_after, offset)
        for kind in (directory, *filter(Path.is_dir, directory.iterdir())):
            new = [path for path in kind.glob("*tfevents*") if "1700000000" not in path.name]
            new[0].rename(kind / name)
    costs = TrainingHistoryReader(directory).get_costs()
    assert costs["value"].to_numpy() == pytest.approx([1, 0.5, 100 + 1 / 3])


def test_a_part_of_a_run_is_read_as_that_run(logs, monkeypatch):
    assert set(TrainingHistoryReader(logs / "first" / "cost").get_costs()["run"]) == {"first"}
    monkeypatch.chdir(logs / "first")
    assert set(TrainingHistoryReader(".").get_costs()["run"]) == {"first"}


def test_an_older_checkpoint_ends_all_later_records(tmp_path):
    """Also of kinds that the continued run has not written yet."""
    write_run(tmp_path / "run", epochs=(10, 20))
    with TrainingHistoryWriter(tmp_path / "run", resume_after=12) as writer:
        writer.write_cost(13, 0.5)
    reader = TrainingHistoryReader(tmp_path / "run")
    assert list(reader.get_costs()["step"]) == [10, 13]
    assert set(reader.get_parameters()["step"]) == {10}
    assert set(reader.get_gradients()["step"]) == {10}


def test_a_writer_that_goes_on_after_closing_keeps_what_it_wrote(tmp_path):
    write_run(tmp_path / "run", epochs=(1, 2, 3))
    writer = TrainingHistoryWriter(tmp_path / "run", resume_after=2)
    for epoch in (3, 4):
        writer.write_cost(epoch, 1.0)
        writer.close()
    assert list(TrainingHistoryReader(tmp_path / "run").get_costs()["step"]) == [1, 2, 3, 4]


def test_everything_else_is_left_alone_by_the_tables(tmp_path, rng):
    """Histograms, pictures, texts and the graph are for TensorBoard."""
    with TrainingHistoryWriter(tmp_path / "run") as writer:
        writer.write_graph([GraphNode("input", "Input", shape=(2,))])
        writer.write_hyperparameters({"seed": 1}, ["accuracy"])
        writer.write_text(0, "findings", "none")
        writer.write_image(1, "filters", rng.integers(0, 256, (4, 4, 3), np.uint8))
        writer.write_activations(1, {"relu1": np.array([0.0, 2.0, 0.0, 6.0])})
        writer.write_cost(1, 0.5)
    reader = TrainingHistoryReader(tmp_path / "run")
    values = reader.get_activations().set_index("tag")["value"]
    assert values["/activations/relu1_zeros"] == 0.5
    assert values["/activations/relu1_mean"] == 2
    assert len(reader.get_history()) == 6 + 1


def test_a_value_that_is_not_finite_is_recorded_as_it_is(tmp_path):
    with TrainingHistoryWriter(tmp_path / "run") as writer:
        writer.write_parameters(1, {"W1": np.array([1.0, np.nan]), "W2": np.array([1.0, np.inf])})
    values = TrainingHistoryReader(tmp_path / "run").get_parameters().set_index("tag")["value"]
    assert all(math.isnan(values[f"/parameters/W1_{s}"]) for s in ("mean", "std", "l2", "min"))
    assert values["/parameters/W2_max"] == values["/parameters/W2_l2"] == math.inf


def test_histograms_count_every_value_or_a_fair_sample_of_them(rng):
    small = rng.normal(size=(30, 40))
    found = array_histogram(small)
    counts, edges = np.histogram(small, 50)
    assert np.array_equal(found.counts, counts)
    assert np.allclose(found.edges, edges)
    columns = np.tile(np.arange(1024.0), (512, 1))  # a stride of 4 would see a quarter of them
    sampled = array_histogram(columns, bins=32)
    assert sampled.counts.sum() == pytest.approx(columns.size)
    assert sampled.counts == pytest.approx(columns.size / 32, rel=0.02)
    assert array_histogram(np.array([np.nan])) is None
    assert array_histogram(np.zeros(3)).counts.sum() == 3


def test_a_run_that_is_being_written_can_be_read(tmp_path):
    writer = TrainingHistoryWriter(tmp_path / "run")
    reader = TrainingHistoryReader(tmp_path / "run")
    for epoch in (1, 2, 3):
        writer.write_cost(epoch, 1 / epoch)
        writer.flush()
        assert list(reader.get_costs()["step"]) == list(range(1, epoch + 1))
    writer.close()


def test_many_records_are_on_the_disk_before_anybody_flushes(tmp_path):
    writer = TrainingHistoryWriter(tmp_path / "run", histograms=False)
    for batch in range(3000):
        writer.write_gradients(1, batch, {f"W{k}": np.ones(2) for k in range(3)})
    assert len(TrainingHistoryReader(tmp_path / "run").get_gradients()) > 10_000
    writer.close()


FULL_DISK = """
import resource, signal, sys
import numpy as np
from src.classic_nn import BinaryCrossEntropy, Dense, Sequential, create_optimizer
from src.classic_train.callbacks import History
from src.classic_train.mini_batch import MiniBatchTrainer
from src.history import TrainingHistoryWriter

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a write beyond the limit fails, as on a full disk
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
network = Sequential([Dense(4), Dense(1)])
network.build((2,), np.random.default_rng(0))
writer = TrainingHistoryWriter(sys.argv[1])
trainer = MiniBatchTrainer(network, BinaryCrossEntropy(), create_optimizer("sgd"),
                           epochs=40, callbacks=[History(writer)])
x = np.random.default_rng(0).normal(size=(64, 2)).astype(np.float32)
trainer.fit((x, (x[:, :1] > 0).astype(np.float32)))
print("trained", trainer.epoch)
"""


def test_on_a_full_disk_training_goes_on_with_one_warning(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, tmp_path / "run"],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert (done.returncode, done.stdout) == (0, "trained 40\n"), done.stderr
    assert done.stderr.count("the history can't be written any more") == 1
    assert "training goes on without it" in done.stderr
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # no file ends with half a record
        history = TrainingHistoryReader(tmp_path / "run").get_history()
    assert 1 < history["step"].max() < 40


def test_a_new_run_in_a_used_directory_makes_the_old_records_out_of_date(tmp_path):
    write_run(tmp_path / "run", epochs=(1, 2, 3))
    with TrainingHistoryWriter(tmp_path / "run") as writer:
        writer.write_cost(1, 0.5)
    history = TrainingHistoryReader(tmp_path / "run").get_history()
    assert list(history["tag"]) == ["/cost"]
    assert list(history["step"]) == [1]
    assert list(history["value"]) == [0.5]


@pytest.mark.parametrize("split", ["test", "all", ""])
def test_a_cost_of_an_unknown_split_is_refused(tmp_path, split):
    writer = TrainingHistoryWriter(tmp_path)
    with pytest.raises(ValueError, match="split must be 'train' or 'validation', got"):
        writer.write_cost(1, 0.5, split=split)
    writer.close()
    assert not list(tmp_path.iterdir())


def test_the_zeros_of_a_layer_are_in_one_record_with_its_other_figures(tmp_path):
    """A file that is cut has all of them or none."""
    with TrainingHistoryWriter(tmp_path) as writer:
        writer.write_activations(1, {"relu1": np.array([0.0, 2.0, 0.0])})
    (file,) = (tmp_path / "activations").glob("*tfevents*")
    _, event = read_events(file)
    tags = {value.tag for value in event.summary.value}
    assert {"/activations/relu1_zeros", "/activations/relu1_mean"} <= tags


def test_the_history_of_a_run_is_without_the_runs_below_it(logs):
    write_run(logs / "first" / "fold-1", epochs=(1, 2))
    found = run_history(logs / "first")
    assert set(found["run"]) == {"first"}
    assert set(found["step"]) == set(EPOCHS)
    everything = TrainingHistoryReader(logs / "first").get_history()
    expected = everything[everything["run"] == "first"].reset_index(drop=True)
    pd.testing.assert_frame_equal(found, expected)


def test_a_run_whose_name_is_not_unicode_has_its_bytes_escaped(tmp_path):
    write_run(tmp_path / "r\udcffn")
    for found in (
        TrainingHistoryReader(tmp_path).get_history(),
        TrainingHistoryReader(tmp_path / "r\udcffn").get_history(),
        run_history(tmp_path / "r\udcffn"),
    ):
        assert set(found["run"]) == {"r\\udcffn"}
        found.to_csv(tmp_path / "table.csv", index=False)
