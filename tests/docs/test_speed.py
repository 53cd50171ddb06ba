"""Speed on the pages is the committed run's, and every measured operation has its page."""

import json

import pytest

from benchmarks.operation_side import CASES
from docs.generator.operations import CHAPTERS
from docs.generator.speed import RUN, speed_of


def test_the_run_has_every_operation_and_every_operation_a_page():
    run = json.loads(RUN.read_text(encoding="utf-8"))["operations"]
    assert list(run) == list(CASES)
    titles = {operation.title for chapter in CHAPTERS.values() for operation in chapter}
    assert {case.page for case in CASES.values()} <= titles
    for name, found in run.items():
        assert found["page"] == CASES[name].page
        assert tuple(found["shape"]) == CASES[name].shape


def test_a_table_says_what_was_measured():
    found = json.loads(RUN.read_text(encoding="utf-8"))["operations"]["MaxPool2D(2)"]
    torch = [one for name, one in found["contestants"].items() if name.startswith("torch")]
    assert found["torch_s"] == min(one["median_s"] for one in torch)
    assert found["ratio"] == found["compiled_s"] / found["torch_s"]
    line = f"| `MaxPool2D(2)` of 8 x 56 x 56 x 64 | {1e3 * found['compiled_s']:.3g} |"
    assert line in speed_of("Pooling")


def test_a_page_without_measurements_has_no_table():
    assert speed_of("Gradient checks") == ""


@pytest.mark.parametrize("name", ["PReLU", "MeanSquaredError, 63 outputs", "step of radam"])
def test_our_side_computes_it(name):
    from benchmarks.operation_side import build

    build({"operation": name})()
