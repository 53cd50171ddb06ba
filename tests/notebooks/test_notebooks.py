"""Every notebook runs from its first cell to its last, and its figures say what their axes are."""

import nbformat
import pytest
from nbformat import NotebookNode

from docs.generator.notebooks import execute, keep
from tests.paths import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

DRAW_ONCE = """%matplotlib inline
%config InlineBackend.print_figure_kwargs = {"bbox_inches": None}
"""
"""Not twice, the first time to find out how much of the figure is empty."""

WATCH_FIGURES = """
from matplotlib.figure import Figure

_drawn, _unlabelled = [], []
_draw = Figure.draw

def _is_labelled(axes, x_or_y, all_axes):
    if getattr(axes, f"get_{x_or_y}label")():
        return True
    # a grid of pictures names its axes once: below each column, left of each row
    spec = axes.get_subplotspec()
    span = "colspan" if x_or_y == "x" else "rowspan"
    return spec is not None and any(
        other.get_subplotspec() is not None
        and list(getattr(other.get_subplotspec(), span)) == list(getattr(spec, span))
        and getattr(other, f"get_{x_or_y}label")()
        for other in all_axes
    )

def _watch(figure, renderer):
    _draw(figure, renderer)
    _drawn.append(figure)
    shown = [a for a in figure.axes if a.axison and a.has_data() and a.get_label() != "<colorbar>"]
    _unlabelled.extend(
        (len(_drawn), a.get_title(), x_or_y)
        for a in shown for x_or_y in "xy" if not _is_labelled(a, x_or_y, figure.axes)
    )

Figure.draw = _watch
"""

CHECK_FIGURES = """
assert _drawn, "no figure was drawn"
assert not _unlabelled, f"axes without a label (figure, title, axis): {_unlabelled}"
"""


def watched(cells: list[NotebookNode]) -> NotebookNode:
    """A notebook of the cells, between those that watch and check its figures."""
    new_cell = nbformat.v4.new_code_cell
    return nbformat.v4.new_notebook(
        cells=[new_cell(DRAW_ONCE + WATCH_FIGURES), *cells, new_cell(CHECK_FIGURES)]
    )


def test_they_are_numbered():
    numbers = sorted(int(path.name.split("_")[0]) for path in NOTEBOOKS)
    assert numbers == list(range(1, 12))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_and_its_axes_have_names(path):
    before = sorted(path.parent.iterdir())
    notebook = nbformat.read(path, as_version=4)
    done = execute(watched(notebook.cells), path.parent)
    notebook.cells = done.cells[1:-1]
    keep(path, notebook)  # the pages show it as it ran here, and do not run it again
    outputs = [output for cell in done.cells for output in cell.get("outputs", ())]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert sorted(path.parent.iterdir()) == before, "it left files behind"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_stripped_of_output(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell for cell in code if cell.outputs or cell.execution_count is not None] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_begins_with_its_title_and_ends_with_things_to_try(path):
    cells = nbformat.read(path, as_version=4).cells
    assert cells[0].source.startswith("# ")
    assert "## Try it\n" in cells[-1].source


@pytest.mark.parametrize(
    ("labels", "problem"),
    [
        ("xlabel='step', ylabel='loss'", None),
        ("xlabel='step'", "'curve', 'y'"),
        ("ylabel='loss'", "'curve', 'x'"),
    ],
)
def test_a_figure_without_names_is_seen(labels, problem, tmp_path, monkeypatch):
    figure = f"""
figure = Figure()
axes = figure.add_subplot()
axes.plot([1, 2])
axes.set(title='curve', {labels});
"""
    from matplotlib.figure import Figure

    monkeypatch.setattr(Figure, "draw", Figure.draw)  # and is what it was after the test
    draw = "figure.savefig('figure.png')"
    cells = "\n".join([WATCH_FIGURES, figure, draw, CHECK_FIGURES])
    monkeypatch.chdir(tmp_path)
    if problem is None:
        exec(cells, {})
    else:
        with pytest.raises(AssertionError, match=problem):
            exec(cells, {})
