import json
import subprocess
import sys

import pytest

from benchmarks.__main__ import main
from benchmarks.our_side import build
from benchmarks.workloads import WORKLOADS, Convolution, Training, chosen
from src.classic_nn import Sequential
from tests.paths import ROOT


def test_multiply_adds_are_those_of_the_network_three_times_but_once_less_for_the_first():
    from benchmarks.our_side import network_of

    for workload in WORKLOADS.values():
        if isinstance(workload.task, Training):
            network = network_of(workload.task)
            assert isinstance(network, Sequential)
            forward = network.multiply_adds(workload.task.input_shape)
            shape, first = workload.task.input_shape, 0
            for layer in network.layers:
                first = first or layer.multiply_adds(shape)
                shape = layer.output_shape(shape)
            assert workload.task.multiply_adds() == workload.task.batch * (3 * forward - first)


def test_names_and_their_beginnings_choose_workloads():
    assert list(chosen(["W4"])) == ["W4"]
    assert list(chosen(["w6a"])) == ["W6af", "W6afb"]
    assert set(chosen([])) == set(WORKLOADS)


def test_an_unknown_workload_is_one_line(capsys):
    assert main(["W9"]) == 2
    assert "unknown workload 'W9'; choose from W1, W2" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["W2", "W6bf"])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_contestant_answers_rounds(name, workers):
    assert isinstance(WORKLOADS[name].task, Training | Convolution)
    description = {"side": "ours", "workload": name, "threads": 2, "workers": workers}
    description["product_threads"] = 2 // workers
    command = [sys.executable, "-m", "benchmarks.contestant", json.dumps(description)]
    result = subprocess.run(
        command, cwd=ROOT, input="round\nround\n", capture_output=True, text=True, check=True
    )
    ready, *rounds = map(json.loads, result.stdout.splitlines())
    assert ready["steps"] >= 1
    assert len(rounds) == 2
    assert all(0 < answer["seconds"] < 60 for answer in rounds)


def test_a_step_trains():
    step = build({"workload": "W2", "threads": 1, "workers": 1, "product_threads": 1})
    costs = [step() for _ in range(60)]
    assert costs[-1] < costs[0]
