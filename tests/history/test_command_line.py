"""``python -m src.history``: real runs, real processes."""

import subprocess
import sys
from contextlib import closing

import numpy as np
import pandas as pd
import pytest
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.plugins.scalar.summary_v2 import scalar_pb

from src.history import TrainingHistoryReader, TrainingHistoryWriter
from src.history.__main__ import main
from src.history.records import RecordWriter
from tests.history.test_history import write_run
from tests.paths import ROOT
from tests.programs import run_main

pytestmark = pytest.mark.usefixtures("without_drawing")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two runs of one recipe, one of another, one that recorded no settings."""
    logs = tmp_path_factory.mktemp("runs") / "logs"
    for name, recipe, offset in (("a", "digits", 0.0), ("b", "digits", 0.1), ("c", "dishes", 0.0)):
        with TrainingHistoryWriter(logs / name) as writer:
            writer.write_hyperparameters(
                {"recipe": recipe, "seed": 3, "learning_rate": 0.1 + offset}, ["accuracy"]
            )
            for epoch in range(1, 31):
                writer.write_cost(epoch, 1 / epoch + offset)
                writer.write_cost(epoch, abs(epoch - 20) / 20 + 0.1, split="validation")
                writer.write_metrics(epoch, {"accuracy": epoch / 30, "learning_rate": 0.1})
                writer.write_gradients(epoch, 0, {"W1": np.full((2, 2), 1 / epoch)})
                writer.write_gradients(epoch, 1, {"W1": np.full((2, 2), 3 / epoch)})
                writer.write_activations(epoch, {"relu1": np.zeros(4)})
            writer.write_metrics(30, {"test_accuracy": 0.875})
    write_run(logs / "plain")
    return logs


def run(*words):
    return subprocess.run(
        [sys.executable, "-m", "src.history", *map(str, words)],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )


@pytest.mark.draws
def test_show_prints_tables_and_draws(runs, tmp_path, capsys):
    assert main(["show", str(runs / "a"), "--output-dir", str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert "epochs 1 to 30" in text
    assert "recipe digits, seed 3" in text
    assert "best epoch 20, by validation cost" in text
    assert "test data: accuracy 0.875" in text
    lines = {line.split()[0]: line.split() for line in text.splitlines() if line.strip()}
    assert lines["20"][1:3] == ["0.05", "0.1"]  # the best epoch is shown, whatever the step
    assert lines["dW1"][1:] == ["4", "0.1333"]  # norms 2 and 6 in epoch 1, their mean; 1/30 of it
    assert lines["relu1"][1:] == ["0", "0", "1", "1"]
    names = {"cost", "metrics", "learning_rate", "gradients", "activations"}
    assert {path.name for path in tmp_path.iterdir()} == {f"{name}.png" for name in names}
    for path in tmp_path.iterdir():
        assert path.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
        assert f"chart     {path}" in text


def test_show_takes_a_run_without_settings(runs, tmp_path, capsys):
    assert main(["show", str(runs / "plain"), "--output-dir", str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert "no settings recorded" in text
    assert "no metrics of test data" in text


@pytest.mark.draws
def test_compare_shows_what_differs(runs, tmp_path, capsys):
    paths = [str(runs / name) for name in ("a", "b")]
    assert main(["compare", *paths, "--output-dir", str(tmp_path)]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines() if line.strip()]
    found = {" ".join(row[:-2]): row[-2:] for row in rows}
    assert found["learning_rate"] == ["0.1", "0.2"]
    assert "seed" not in found
    assert found["best epoch"] == ["20", "20"]
    assert found["cost then"] == ["0.0500", "0.1500"]
    assert found["test accuracy"] == ["0.8750", "0.8750"]
    assert (tmp_path / "validation_cost.png").exists()


@pytest.mark.parametrize(("to", "read"), [("csv", pd.read_csv), ("parquet", pd.read_parquet)])
def test_export_holds_every_record(runs, tmp_path, to, read, capsys):
    if to == "parquet":
        pytest.importorskip("pyarrow")
    output = tmp_path / f"new/table.{to}"
    assert main(["export", str(runs / "a"), "--to", to, "--output", str(output)]) == 0
    expected = TrainingHistoryReader(runs / "a").get_history()
    pd.testing.assert_frame_equal(read(output), expected, check_dtype=False)
    assert f"{len(expected):,} records" in capsys.readouterr().out


def test_without_pyarrow_the_extra_is_named(runs, tmp_path, capsys, monkeypatch):
    for name in ("pyarrow", "fastparquet"):
        monkeypatch.setitem(sys.modules, name, None)
    output = tmp_path / "x.parquet"
    assert main(["export", str(runs / "a"), "--to", "parquet", "--output", str(output)]) == 2
    assert "pip install 'classic-nn[parquet]'" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_run_is_found_by_the_folder_of_its_results(runs, tmp_path, capsys):
    results = tmp_path / "results"
    results.mkdir()
    (results / "config.json").write_text(f'{{"history_directory": "{runs / "b"}"}}')
    assert main(["show", str(results), "--output-dir", str(tmp_path)]) == 0
    assert str(runs / "b") in capsys.readouterr().out


def test_mistakes_are_one_line(runs, tmp_path):
    (tmp_path / "gone").mkdir()
    (tmp_path / "gone" / "config.json").write_text('{"history_directory": "../nowhere"}')
    (tmp_path / "empty").mkdir()
    cases = {
        ("show", runs / "aa"): "no such directory; is it ",
        ("show", runs): "holds 4 runs, expected one, for example ",
        ("show", tmp_path / "empty"): "is no run: expected a directory of --log-dir",
        ("show", tmp_path / "gone"): "its history is no longer at ",
        ("compare", runs / "a"): f"expected two runs or more, got one: {runs / 'a'}",
        ("compare", runs / "a", runs / "b" / ".." / "a"): "expected two runs or more, got one: ",
        ("compare", runs / "a", runs / "c"): "expected runs of one recipe: ",
        ("export", runs / "a"): "--to",
        ("export", runs / "a", "--to", "xlsx"): "invalid choice",
        ("export", runs / "a", "--to", "csv", "--output", tmp_path): (
            f"--output: {tmp_path} is a directory, expected the name of a file"
        ),
    }
    for words, message in cases.items():
        status, output, error = run_main(main, ROOT, *words)
        assert status == 2, words
        assert message in error, error
        assert len(error.splitlines()) == 1, error
        assert not output
    assert run("show", tmp_path / "empty").returncode == 2  # and in a real process


def test_a_torn_file_is_shown_with_one_line_of_warning(runs, tmp_path):
    torn = tmp_path / "torn"
    write_run(torn)
    (path,) = (torn / "cost").glob("*tfevents*")
    path.write_bytes(path.read_bytes()[:-3])
    done = run("show", torn, "--output-dir", tmp_path / "charts")
    assert done.returncode == 0, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("python -m src.history show: warning: ")
    assert "incomplete after byte" in line


def test_one_run_by_two_paths_is_no_comparison(runs, tmp_path, capsys):
    (tmp_path / "link").symlink_to(runs / "a")
    assert main(["compare", str(runs / "a"), str(tmp_path / "link")]) == 2
    assert "expected two runs or more, got one: " in capsys.readouterr().err
    charts = ["--output-dir", str(tmp_path / "charts")]
    three = [str(path) for path in (runs / "a", tmp_path / "link", runs / "b")]
    assert main(["compare", *three, *charts]) == 0
    assert capsys.readouterr().out.splitlines()[0].split() == ["a", "b"]


def test_show_tells_what_the_diagnosis_found(runs, tmp_path, capsys):
    charts = ["--output-dir", str(tmp_path / "charts")]
    assert main(["show", str(runs / "a"), *charts]) == 0
    assert "diagnosis" not in capsys.readouterr().out
    with TrainingHistoryWriter(tmp_path / "sick") as writer:
        writer.write_text(1, "diagnosis", "- epoch 1: one")
        writer.write_text(2, "diagnosis", "- epoch 1: one\n- epoch 2: two")
        writer.write_cost(1, 0.5)
        writer.write_cost(2, 0.5)
    assert main(["show", str(tmp_path / "sick"), *charts]) == 0
    lines = capsys.readouterr().out.splitlines()
    told = [line for line in lines if line.startswith("diagnosis")]
    assert told == ["diagnosis: epoch 1: one", "diagnosis: epoch 2: two"]


def test_charts_of_other_comparisons_stay(runs, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    long = "x" * 90
    for name in ("a", "1/b", "2/b", long):
        with TrainingHistoryWriter(tmp_path / name) as writer:
            writer.write_cost(1, 0.5)
    comparisons = [("1/b", "a"), ("2/b", "a"), (long, "1/b"), (long, "2/b")]
    for words in comparisons:
        assert main(["compare", *words]) == 0
    made = {path.name for path in (tmp_path / "assets" / "history").iterdir()}
    assert len(made) == len(comparisons)
    assert sum(name.startswith("compare-b-a-") for name in made) == 2
    assert main(["compare", str(tmp_path / "1" / "b"), "1/../a"]) == 0
    assert {path.name for path in (tmp_path / "assets" / "history").iterdir()} == made
    assert "chart     assets/history/compare-b-a-" in capsys.readouterr().out


def test_runs_below_a_run_are_others(tmp_path, capsys):
    write_run(tmp_path / "run", epochs=(1, 2))
    write_run(tmp_path / "run" / "fold-1", epochs=(1, 2, 3))
    write_run(tmp_path / "other", epochs=(1,))
    charts = ["--output-dir", str(tmp_path / "charts")]
    assert main(["show", str(tmp_path / "run"), *charts]) == 0
    assert "epochs 1 to 2" in capsys.readouterr().out
    output = tmp_path / "table.csv"
    assert main(["export", str(tmp_path / "run"), "--to", "csv", "--output", str(output)]) == 0
    assert set(pd.read_csv(output)["run"]) == {"run"}
    capsys.readouterr()
    assert main(["compare", str(tmp_path / "run"), str(tmp_path / "other"), *charts]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert ["epochs", "trained", "2", "1"] in rows


def test_a_run_whose_name_is_not_unicode_is_shown_compared_and_exported(
    runs, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    named = tmp_path / "r\udcffn"
    write_run(named)
    output = tmp_path / "table.csv"
    assert main(["show", str(named)]) == 0
    assert (tmp_path / "assets" / "history" / "r\\udcffn" / "cost.png").exists()
    assert main(["compare", str(named), str(runs / "plain")]) == 0
    assert main(["export", str(named), "--to", "csv", "--output", str(output)]) == 0
    assert set(pd.read_csv(output)["run"]) == {"r\\udcffn"}
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["r\\udcffn", "plain"] in lines


def test_names_with_dollars_and_underscores_are_drawn(tmp_path, capsys):
    for name in ("_$\\frac{$", "$x$"):
        write_run(tmp_path / name)
    paths = [str(tmp_path / name) for name in ("_$\\frac{$", "$x$")]
    assert main(["compare", *paths, "--output-dir", str(tmp_path / "charts")]) == 0
    assert main(["show", paths[0], "--output-dir", str(tmp_path / "charts")]) == 0
    assert "cost.png" in capsys.readouterr().out


def test_an_export_that_finds_no_room_names_the_users_file(runs, tmp_path):
    script = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "import pandas; from src.history.__main__ import main; "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)); sys.exit(main(sys.argv[1:]))"
    )
    output = tmp_path / "table.csv"
    done = subprocess.run(
        [sys.executable, "-B", "-c", script, "export", runs / "a", "--to=csv", "--output", output],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 2
    assert done.stderr == f"python -m src.history export: error: {output}: File too large\n"
    assert not list(tmp_path.iterdir())


def test_nan_costs_are_shown_and_since_when(tmp_path, capsys):
    with TrainingHistoryWriter(tmp_path / "run") as writer:
        for epoch, cost in enumerate([1.0, 0.5, np.nan, np.nan], 1):
            writer.write_cost(epoch, cost)
            writer.write_cost(epoch, cost, "validation")
            if epoch < 3:
                writer.write_metrics(epoch, {"accuracy": 0.5})
    command = ["show", str(tmp_path / "run"), "--output-dir", str(tmp_path / "charts")]
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert "epochs 1 to 4" in printed
    rows = [line.split() for line in printed.splitlines()]
    assert ["3", "nan", "nan"] in rows  # no accuracy was recorded: a blank
    assert "cost is nan from epoch 3 on" in printed
    assert "validation_cost is nan from epoch 3 on" in printed
    assert "best epoch 2, by validation cost" in printed


def test_where_no_cost_is_a_number_no_epoch_is_the_best(tmp_path, capsys):
    with TrainingHistoryWriter(tmp_path / "run") as writer:
        writer.write_cost(1, np.nan)
        writer.write_cost(2, np.nan)
    assert main(["show", str(tmp_path / "run"), "--output-dir", str(tmp_path / "charts")]) == 0
    assert "no best epoch: no cost is a finite number" in capsys.readouterr().out


def tensorflow_2(directory, tag, values):
    """Scalars as TensorFlow 2 writes them: tensors, of which the first says what they are."""
    with closing(RecordWriter(directory)) as writer:
        for step, value in enumerate(values):
            summary = scalar_pb(tag, value)
            if step:
                summary.value[0].ClearField("metadata")
            event = Event(step=step, wall_time=1.0 + step, summary=summary)
            writer.write(event.SerializeToString())


def test_scalars_of_tensorflow_2_are_read(tmp_path, capsys):
    tensorflow_2(tmp_path / "keras/train", "epoch_loss", [0.5, 0.25])
    tensorflow_2(tmp_path / "keras/validation", "epoch_loss", [0.75])
    output = tmp_path / "all.csv"
    assert main(["export", str(tmp_path / "keras"), "--to", "csv", "--output", str(output)]) == 0
    assert "3 records" in capsys.readouterr().out
    table = pd.read_csv(output)
    assert table[["run", "step", "tag", "value"]].values.tolist() == [
        ["keras/train", 0, "epoch_loss", 0.5],
        ["keras/train", 1, "epoch_loss", 0.25],
        ["keras/validation", 0, "epoch_loss", 0.75],
    ]
    history = TrainingHistoryReader(tmp_path / "keras").get_history()
    assert history["run"].tolist() == ["train", "train", "validation"]
    assert main(["show", str(tmp_path / "keras")]) == 2
    assert "expected the tag /cost, found epoch_loss" in capsys.readouterr().err
    tensorflow_2(tmp_path / "own/cost", "/cost", [2.0, 1.0])
    assert main(["show", str(tmp_path / "own"), "--output-dir", str(tmp_path / "charts")]) == 0
    assert "best epoch 1, by cost" in capsys.readouterr().out


def test_an_export_of_nothing_is_an_error(tmp_path, capsys):
    (tmp_path / "run" / "cost").mkdir(parents=True)
    with closing(RecordWriter(tmp_path / "run" / "cost")) as writer:
        writer.write(Event(wall_time=1.0, file_version="brain.Event:2").SerializeToString())
    output = tmp_path / "all.csv"
    assert main(["export", str(tmp_path / "run"), "--to", "csv", "--output", str(output)]) == 2
    assert "holds no scalars: there is nothing to export" in capsys.readouterr().err
    assert not output.exists()
