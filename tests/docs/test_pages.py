"""The pages of operations: none is missing, and all that they name is there."""

import importlib
import re
from itertools import chain

import pytest

from docs.generator.operations import CHAPTERS
from docs.generator.pages import code_text, definition_lines, operation_page
from src.classic_nn.layers.registry import LAYERS
from src.classic_nn.loss import Loss
from src.classic_nn.optimizers import OPTIMIZERS
from src.classic_nn.schedules import Schedule
from tests.paths import ROOT

OPERATIONS = list(chain.from_iterable(CHAPTERS.values()))


def subclasses(kind):
    return {kind, *chain.from_iterable(map(subclasses, kind.__subclasses__()))}


def names_on_pages():
    for operation in OPERATIONS:
        for part in (operation.forward, operation.backward, operation.layer):
            yield from chain.from_iterable(names.split() for names in part.values())


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.title)
def test_a_page_names_what_exists_and_its_gradients_are_right(operation):
    text = operation_page(operation)
    assert "WRONG" not in text
    for name in re.findall(r"^::: (\S+)$", text, re.MULTILINE):
        module, _, attribute = name.rpartition(".")
        assert hasattr(importlib.import_module(module), attribute)
    for page, line in re.findall(r"\(\.\./code/(\S+)\.md#__codelineno-0-(\d+)\)", text):
        lines = (ROOT / "src" / f"{page}.py").read_text(encoding="utf-8").splitlines()
        assert re.match(r"(def|class) \w+", lines[int(line) - 1])


def test_every_layer_loss_optimizer_and_schedule_is_on_a_page():
    kinds = [*LAYERS.values(), *OPTIMIZERS.values(), *subclasses(Schedule), *subclasses(Loss)]
    ours = {kind.__name__ for kind in kinds if kind.__module__.startswith("src.")}
    assert ours - set(names_on_pages()) - {"Loss"} == set()


def test_every_activation_function_has_its_backward_on_the_page():
    names = [name for name in definition_lines("classic_nn.math") if name.endswith("_backward")]
    assert set(names) <= set(names_on_pages())


def test_a_wrong_gradient_makes_no_page(monkeypatch):
    from src.classic_nn.layers import Tanh

    monkeypatch.setattr(Tanh, "derive", lambda self, dy, kept: dy)
    (residual,) = [operation for operation in OPERATIONS if operation.title == "Residual"]
    with pytest.raises(AssertionError, match="disagrees with finite differences"):
        operation_page(residual)


def test_code_is_shown_as_it_is():
    code = (ROOT / "src/classic_nn/layers/dense.py").read_text(encoding="utf-8")
    assert code in code_text("classic_nn.layers.dense")


@pytest.mark.parametrize(
    "page",
    [
        "index.md",
        "reading_order.md",
        "data_sets.md",
        "pretrained.md",
        "explanations.md",
        "quantization.md",
    ],
)
def test_links_of_written_pages_lead_to_files(page):
    links = re.findall(r"\]\(([^)#]+)\)", (ROOT / "docs" / page).read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []


def test_the_order_of_reading_has_every_notebook():
    text = (ROOT / "docs/reading_order.md").read_text(encoding="utf-8")
    numbers = {path.name.split("_")[0] for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert set(re.findall(r"notebook (\d+)", text)) == numbers
