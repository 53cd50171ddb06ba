"""Finding runs, and what they say of themselves."""

import json

import pytest

from src.history import TrainingHistoryWriter
from src.history.runs import UnknownRunError, find_run, notes_of


def write_run(directory, resume_after=0, settings=None, findings=""):
    with TrainingHistoryWriter(directory, resume_after) as writer:
        if settings is not None:
            writer.write_hyperparameters(settings, [])
        if findings:
            writer.write_text(resume_after + 1, "diagnosis", findings)
        writer.write_cost(resume_after + 1, 0.5)


@pytest.mark.parametrize("told", [5, None, ["logs"], {"a": 1}, True])
def test_a_config_that_tells_no_path_is_passed_over(tmp_path, told):
    (tmp_path / "config.json").write_text(json.dumps({"history_directory": told}))
    with pytest.raises(UnknownRunError, match="is no run: expected a directory of --log-dir"):
        find_run(tmp_path)
    write_run(tmp_path / "logs" / "run")
    assert find_run(tmp_path) == tmp_path / "logs" / "run"


def test_a_run_is_found_from_results_that_are_reached_by_a_link(tmp_path):
    write_run(tmp_path / "logs" / "run")
    elsewhere = tmp_path / "large" / "disk" / "results"
    (elsewhere / "run").mkdir(parents=True)
    (elsewhere / "run" / "config.json").write_text('{"history_directory": "../../logs/run"}')
    (tmp_path / "results").symlink_to(elsewhere)
    assert find_run(tmp_path / "results" / "run") == tmp_path / "logs" / "run"


def test_the_path_of_a_history_that_is_gone_is_told_without_detours(tmp_path):
    (tmp_path / "config.json").write_text('{"history_directory": "../logs/run"}')
    with pytest.raises(UnknownRunError) as error:
        find_run(tmp_path)
    gone = tmp_path.parent / "logs" / "run"
    assert str(error.value) == f"{tmp_path}: its history is no longer at {gone}"


def test_the_last_settings_of_a_resumed_run_count(tmp_path):
    write_run(tmp_path, settings={"epochs": 2, "seed": 3, "data": "a"})
    write_run(tmp_path, 1, settings={"epochs": 4, "seed": 3})
    assert notes_of(tmp_path).settings == {"epochs": 4, "seed": 3}
    write_run(tmp_path, 2)
    assert notes_of(tmp_path).settings == {"epochs": 4, "seed": 3}


def test_the_last_findings_are_all_findings(tmp_path):
    write_run(tmp_path)
    assert notes_of(tmp_path).findings == []
    write_run(tmp_path, 1, findings="- epoch 2: a - b")
    assert notes_of(tmp_path).findings == ["epoch 2: a - b"]
    write_run(tmp_path, 2, findings="- epoch 2: a - b\n- epoch 3: c")
    assert notes_of(tmp_path).findings == ["epoch 2: a - b", "epoch 3: c"]


def test_what_a_run_tells_of_file_names_that_are_not_unicode_is_escaped(tmp_path):
    run = tmp_path / "r\udcffn"
    write_run(run, settings={"data": "d\udcff", "seed": 3}, findings="- rare classes: \udcff 2")
    assert notes_of(run).settings == {"data": "d\\udcff", "seed": 3}
    assert notes_of(run).findings == ["rare classes: \\udcff 2"]


def test_a_new_run_in_a_used_directory_has_notes_of_its_own(tmp_path):
    write_run(tmp_path, settings={"epochs": 2}, findings="- epoch 1: a")
    write_run(tmp_path)
    assert notes_of(tmp_path) == ({}, [])


def test_findings_of_epochs_that_are_trained_again_are_dropped_and_earlier_ones_stay(tmp_path):
    write_run(tmp_path, settings={"epochs": 2}, findings="- epoch 1: a")
    write_run(tmp_path, 1, findings="- epoch 1: a\n- epoch 2: b")
    write_run(tmp_path, 1)
    assert notes_of(tmp_path) == ({"epochs": 2}, ["epoch 1: a"])
