"""The README's table of speed is that of the committed runs."""

import copy

import pytest

from benchmarks.backbones import TASKS
from benchmarks.table import (
    BACKBONES,
    COMPILERS,
    backbone_table,
    between_marks,
    orientation_table,
    quoted_backbones,
    quoted_orientation,
    quoted_runs,
    table,
)
from benchmarks.workloads import WORKLOADS
from tests.paths import ROOT


def test_the_readme_has_the_table_of_the_quoted_runs():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert between_marks(text, table(quoted_runs())) == text


def test_the_readme_has_the_table_of_the_quoted_backbones():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    runs = quoted_backbones()
    assert [run["threads"] for run in runs] == [1, 2]
    inference = {name for name, (task, _) in TASKS.items() if task["task"] == "inference"}
    assert all(inference <= set(run["tasks"]) <= set(TASKS) for run in runs)
    assert between_marks(text, backbone_table(runs), BACKBONES) == text


def test_the_readme_has_the_table_of_compilers():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    run = quoted_orientation()
    assert set(run["workloads"]) == set(WORKLOADS)
    assert between_marks(text, orientation_table(run), COMPILERS) == text
    for found in run["workloads"].values():
        assert {found[side]["side"] for side in ("torch", "torch.compile")} == {"torch"}
        assert found["torch.compile"]["compiled"]
        assert not found["torch"]["compiled"]


def test_the_quoted_runs_are_whole():
    one, two = quoted_runs()
    assert set(one["workloads"]) == set(two["workloads"]) == set(WORKLOADS)
    assert (one["threads"], two["threads"]) == (1, 2)
    for run in (one, two):
        for name, workload in run["workloads"].items():
            assert workload["goal"] == WORKLOADS[name].goal
            times = {c["side"]: c for c in workload["contestants"].values()}
            assert {"ours", "torch", "peak"} <= set(times)
            best = [workload[key] for key in ("best", "best_numpy", "best_torch")]
            assert all(workload["contestants"][one]["rounds"] == 9 for one in best)


def test_a_ratio_is_ours_by_the_fastest_of_the_others():
    runs = quoted_runs()
    for workload in runs[1]["workloads"].values():
        contestants = workload["contestants"]
        contestants = {name: c for name, c in contestants.items() if c["rounds"] == 9}
        torch = min(c["median_s"] for c in contestants.values() if c["side"] == "torch")
        for key, kernels in (("ratio", "numba"), ("numpy_ratio", "numpy")):
            ours = min(c["median_s"] for n, c in contestants.items() if n.startswith(kernels))
            assert workload[key] == pytest.approx(ours / torch)


def test_another_run_makes_another_table():
    runs = quoted_runs()
    changed = copy.deepcopy(runs)
    changed[1]["workloads"]["W4"]["ratio"] = 7.77
    assert "7.77" in table(changed)
    assert table(changed) != table(runs)


def test_a_file_without_marks_is_said():
    with pytest.raises(ValueError, match="expected <!-- speed -->"):
        between_marks("nothing", "table")
