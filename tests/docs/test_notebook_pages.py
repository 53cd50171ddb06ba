"""Notebooks as pages: executed once, folded, described, and without a network."""

import json
import re

import nbformat
import pytest

from docs.generator import notebooks
from tests.paths import ROOT

pytest.importorskip("nbconvert", reason="needs the extra docs")

CELLS = [
    nbformat.v4.new_markdown_cell("# A title\n\nWords with $x^2$."),
    nbformat.v4.new_markdown_cell("## A section"),
    nbformat.v4.new_code_cell("1 + 1"),
    nbformat.v4.new_markdown_cell(
        "<details><summary>A solution</summary>\n\n```python\nx = 1\n```\n\n</details>"
    ),
    nbformat.v4.new_markdown_cell("See [code](../src/classic_nn/math.py)."),
]


@pytest.fixture
def notebook(tmp_path, monkeypatch):
    """A notebook whose runs are counted."""
    monkeypatch.setattr(notebooks, "EXECUTED", tmp_path / "build")
    monkeypatch.setattr(notebooks, "NOTEBOOKS", tmp_path)
    path = tmp_path / "1_short.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=CELLS), path)
    runs = []

    def execute(notebook, folder):
        runs.append(folder)
        output = nbformat.v4.new_output(
            "display_data", {"image/png": "iVBORw0KGgo=", "text/plain": "<Figure>"}
        )
        notebook.cells[2].outputs = [output]
        return notebook

    monkeypatch.setattr(notebooks, "execute", execute)
    return path, runs


def test_it_is_executed_once(notebook):
    path, runs = notebook
    first, again = notebooks.executed(path), notebooks.executed(path)
    assert len(runs) == 1
    assert first.cells[2].outputs == again.cells[2].outputs != []


def test_it_is_executed_again_when_it_has_changed(notebook):
    path, runs = notebook
    notebooks.executed(path)
    changed = json.loads(path.read_text())
    changed["cells"][2]["source"] = ["1 + 2"]
    path.write_text(json.dumps(changed))
    notebooks.executed(path)
    assert len(runs) == 2


def test_it_is_executed_again_when_the_code_has_changed(notebook, monkeypatch):
    path, runs = notebook
    notebooks.executed(path)
    monkeypatch.setattr(notebooks, "_code", lambda: b"other")
    notebooks.executed(path)
    assert len(runs) == 2


def test_its_page_has_pictures_solutions_and_formulas(notebook):
    text, pictures = notebooks.notebook_page(notebook[0])
    assert text.startswith("# A title\n")
    assert "$x^2$" in text
    assert '??? example "A solution"\n\n    ```python\n    x = 1\n    ```' in text
    ((name, picture),) = pictures.items()
    assert f"![Figure: A section]({name})" in text
    assert picture == b"\x89PNG\r\n\x1a\n"


def test_notebooks_are_in_the_order_of_their_numbers():
    numbers = [int(path.stem.split("_")[0]) for path in notebooks.paths()]
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_course_has_every_notebook_in_order_with_its_time():
    text = (ROOT / "docs/course.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+)\. \[.*?\]\(([^)]+)\) \| (\d+) min \|", text, re.MULTILINE)
    assert [int(number) for number, _, _ in rows] == list(range(1, 13))
    for (_, link, minutes), path in zip(rows, notebooks.paths(), strict=False):
        assert link == f"../notebooks/{path.name}"
        assert abs(int(minutes) - minutes_of(path)) <= 5, path.stem


def minutes_of(path):
    """As the course says that it counts."""
    cells = nbformat.read(path, as_version=4).cells
    text = [c.source for c in cells if c.cell_type == "markdown" and "<details>" not in c.source]
    code = [c.source for c in cells if c.cell_type == "code"]
    exercises = sum(bool(re.search(r"^check\(", source, re.MULTILINE)) for source in code)
    return len(" ".join(text).split()) / 130 + 1.5 * len(code) + 12 * exercises
