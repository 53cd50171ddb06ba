"""Writer and reader together: what goes into event files comes out as pandas tables."""

import math
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from src.history import HistoryWarning, TrainingHistoryReader, TrainingHistoryWriter
from src.history.statistics import BLOCK, array_statistics

EPOCHS, BATCHES = (2000, 2050, 2100), 5


def write_run(directory, epochs=EPOCHS, resume_after=None, offset=0.0):
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


def test_a_run_has_four_directories_of_event_files(logs):
    found = {path.name for path in (logs / "first").iterdir()}
    assert found == {"cost", "parameters", "gradients", "metrics"}
    assert all(list(path.glob("*tfevents*")) for path in (logs / "first").iterdir())


def test_the_users_queries_work_as_written(logs):
    reader = TrainingHistoryReader(logs)
    df = reader.get_history()
    one_epoch = df[(df["step"] == 2100) & (df["tag"].str.startswith("/batch_no_3/gradients/"))]
    assert set(one_epoch["tag"]) == {
        f"/batch_no_3/gradients/d{name}_{statistic}"
        for name in ("W1", "W3")
        for statistic in ("mean", "std", "norm")
    }
    w1 = reader.get_parameters()
    w1 = w1[w1["tag"].str.contains("/W1")]
    assert w1["step"].nunique() == 3
    explosions = df[df["tag"].str.contains("_norm")].groupby("step")["value"].max()
    assert list(explosions.index) == list(EPOCHS)
    costs = reader.get_costs()
    means = costs.groupby("step")["value"].mean()
    assert means.to_numpy() == pytest.approx([1 / epoch for epoch in EPOCHS], rel=1e-6)
    layer = df[df["tag"].str.contains("/gradients/dW3")]
    assert len(layer) == len(EPOCHS) * BATCHES * 3


def test_subsets_are_the_right_ones(logs):
    reader = TrainingHistoryReader(logs)
    assert list(reader.get_history().columns) == ["run", "step", "tag", "value", "wall_time"]
    assert set(reader.get_costs()["tag"]) == {"/cost"}
    assert set(reader.get_costs("validation")["tag"]) == {"/validation_cost"}
    assert len(reader.get_costs("all")) == 2 * len(EPOCHS)
    assert set(reader.get_metrics()["tag"]) == {"/metrics/micro_f1"}
    assert set(reader.get_parameters(epoch=2050)["step"]) == {2050}
    gradients = reader.get_gradients(epoch=2100)
    assert len(gradients) == BATCHES * 2 * 3
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
    assert values["/parameters/W1_norm"] == pytest.approx(2 * math.sqrt(6), rel=1e-6)
    assert values["/parameters/b1_norm"] == pytest.approx(math.sqrt(2), rel=1e-6)


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
    assert found["norm"] == pytest.approx(np.linalg.norm(array), rel=1e-9)


def test_statistics_of_several_blocks_and_of_nothing(rng):
    array = rng.normal(3, 0.01, 2 * BLOCK + 7).astype(np.float32)
    found = array_statistics(array)
    assert found["std"] == pytest.approx(array.astype(np.float64).std(), rel=1e-6)
    assert array_statistics(np.zeros(0)) == {"mean": 0.0, "std": 0.0, "norm": 0.0}


def test_time_spent_is_counted(tmp_path):
    with TrainingHistoryWriter(tmp_path) as writer:
        assert writer.seconds == 0
        writer.write_parameters(1, {"W1": np.ones((100, 100))})
        assert writer.seconds > 0


def test_files_are_read_in_the_order_in_which_they_were_begun(tmp_path):
    """By time, not by name: process 1000 wrote before process 999 continued."""
    directory = tmp_path / "run"
    for epochs, resume_after, offset, name in (
        ((1, 2, 3), None, 0.0, "events.out.tfevents.1700000000.host.1000.0"),
        ((3,), 2, 100.0, "events.out.tfevents.1700000000.host.999.0"),
    ):
        write_run(directory, epochs, resume_after, offset)
        for kind in directory.iterdir():
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
