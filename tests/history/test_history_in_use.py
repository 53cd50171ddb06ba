"""The history as people meet it: a notebook's %run, and TensorBoard's own server."""

import json
import subprocess
import sys
import time
import urllib.request
from urllib.error import URLError

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

from src.history import TrainingHistoryWriter
from tests.paths import ROOT


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    directory = tmp_path_factory.mktemp("history") / "logs"
    with TrainingHistoryWriter(directory / "my_run") as writer:
        for epoch in (1, 2, 3):
            writer.write_cost(epoch, 1 / epoch)
            writer.write_cost(epoch, 2 / epoch, split="validation")
            writer.write_gradients(epoch, 3, {"W3": np.ones((2, 2))})
            writer.write_metrics(epoch, {"micro_f1": 0.9})
    return directory


@pytest.mark.parametrize(
    "command",
    ["-m src.history.history_reader_script", str(ROOT / "src/history/history_reader_script.py")],
)
def test_run_in_a_notebook_leaves_reader_and_df(command, logs, capsys, monkeypatch):
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)  # IPython warns of one that it is not in
    shell = InteractiveShell()
    shell.run_line_magic("run", f"{command} {logs}")
    df = shell.user_ns["df"]
    assert set(df["run"]) == {"my_run"}
    assert len(df[df["tag"].str.contains("/gradients/dW3")]) == 15
    assert len(shell.user_ns["reader"].get_costs()) == 3
    assert "24 records of 1 run(s), epochs 1 to 3" in capsys.readouterr().out


def get(port, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=10) as answer:
        return json.load(answer)


def test_tensorboard_serves_the_scalars(logs, tmp_path):
    output = tmp_path / "tensorboard.txt"
    with output.open("w") as file:
        server = subprocess.Popen(
            [sys.executable, "-m", "tensorboard.main", "--logdir", logs, "--port", "0"],
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        port, tags = None, {}
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and len(tags) < 3:
            time.sleep(0.3)
            assert server.poll() is None, output.read_text()
            text = output.read_text()
            if "http://localhost:" in text:
                port = int(text.split("http://localhost:")[1].split("/")[0])
            if port:
                try:
                    tags = get(port, "data/plugin/scalars/tags")
                except URLError:
                    continue
        assert set(tags["my_run/cost"]) == {"/cost", "/validation_cost"}
        assert "/batch_no_3/gradients/dW3_norm" in tags["my_run/gradients"]
        assert "/metrics/micro_f1" in tags["my_run/metrics"]
        points = get(port, "data/plugin/scalars/scalars?run=my_run/cost&tag=/cost")
        assert [step for _, step, _ in points] == [1, 2, 3]
        assert [value for *_, value in points] == pytest.approx([1, 1 / 2, 1 / 3], rel=1e-6)
    finally:
        server.terminate()
        server.wait(20)
