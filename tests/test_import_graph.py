"""Which file may import which: the arrows of the house, computed from the source itself.

Every import statement counts, also those for type checking only and those inside functions.
"""

import ast
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.paths import ROOT

PACKAGES = {
    "common": set(),
    "classic_nn": {"common"},
    "classic_cnn": {"common", "classic_nn"},
    "history": {"common"},
    "load": {"common"},
    "inference": {"common", "classic_nn", "classic_cnn", "history", "load"},
    "exchange": {"common", "classic_nn", "classic_cnn", "load", "inference"},
    "serve": {"common", "classic_nn", "classic_cnn", "load", "inference"},
    "classic_train": {"common", "classic_nn", "classic_cnn", "history", "load", "inference"},
    "torch_train": {
        *("common", "classic_nn", "classic_cnn", "history", "load", "inference", "classic_train"),
    },
    "tf_train": {
        *("common", "classic_nn", "classic_cnn", "history", "load", "inference", "classic_train"),
    },
}
"""By package, those that it may import. A new package has to be entered here."""

ROOMS = [
    ["__main__"],
    ["run"],
    ["recipes"],
    ["data", "callbacks"],
    ["mini_batch"],
    ["parallel"],
    ["cli"],
]
"""Rooms of ``classic_train``: each imports only those in lists after its own."""

TOP_FILES = {
    "__main__": "__main__",
    "binary_model": "recipes",
    "binary_model_adam": "recipes",
    "multi_label_model": "recipes",
    "multi_label_model_adam": "recipes",
    "batch_norm_model": "recipes",
    "mini_batch_generic": "mini_batch",
}
"""The user's own files at the top of ``classic_train``, and the room that they belong to."""


def modules(root: Path) -> dict[str, Path]:
    """Files below ``src`` by dotted name; a package has the name of its folder."""
    found = {}
    for path in sorted((root / "src").rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def import_graph(root: Path) -> dict[str, set[str]]:
    """By module, the modules of ours that it imports."""
    names = modules(root)
    graph: dict[str, set[str]] = {}
    for name, path in names.items():
        imported = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path}: relative imports hide where an arrow goes"
                for alias in node.names:
                    inside = f"{node.module}.{alias.name}"
                    imported.add(inside if inside in names else str(node.module))
        graph[name] = {target for target in imported if target in names}
    return graph


def room_of(module: str) -> str | None:
    """Room of a module of ``classic_train``; None for the package itself and for other packages."""
    parts = module.split(".")
    if parts[1:2] != ["classic_train"] or len(parts) < 3:
        return None
    return TOP_FILES.get(parts[2], parts[2])


def wrong_arrows(graph: dict[str, set[str]]) -> list[str]:
    """Imports that the rules do not allow."""
    level = {room: number for number, rooms in enumerate(ROOMS) for room in rooms}
    wrong = []
    for module, targets in graph.items():
        package = module.split(".")[1] if "." in module else ""
        for target in targets:
            other = target.split(".")[1] if "." in target else ""
            if package and other and package != other and other not in PACKAGES[package]:
                wrong.append(f"{module} -> {target}: {package} may not import {other}")
            here, there = room_of(module), room_of(target)
            if here and there and here != there and level[here] >= level[there]:
                wrong.append(f"{module} -> {target}: {there} is not below {here}")
            if here and target == "src.classic_train":
                wrong.append(f"{module} -> {target}: a room imports the house")
    return wrong


GRAPH = import_graph(ROOT)


def test_every_package_and_room_is_known():
    assert {name.split(".")[1] for name in GRAPH if "." in name} == set(PACKAGES)
    rooms = {room for name in GRAPH if (room := room_of(name))}
    assert rooms == {room for rooms in ROOMS for room in rooms}


def test_arrows_point_down():
    assert wrong_arrows(GRAPH) == []


def test_there_is_no_circle():
    try:
        list(TopologicalSorter(GRAPH).static_order())
    except CycleError as error:
        pytest.fail(" -> ".join(reversed(error.args[1])))


def test_the_graph_is_that_of_the_running_program():
    """A module that importing a package loads must be reachable by the arrows found here."""
    import src.inference  # noqa: F401

    loaded = {name for name in sys.modules if name.startswith("src.inference.")}
    reachable, waiting = set(), ["src.inference"]
    while waiting:
        name = waiting.pop()
        if name not in reachable:
            reachable.add(name)
            waiting += GRAPH[name]
    assert "src.inference.classifier" in loaded & reachable


@pytest.mark.parametrize(
    ("module", "target", "why"),
    [
        ("src.load.yolo", "src.classic_nn.math", "load may not import classic_nn"),
        ("src.classic_nn.math", "src.classic_cnn.utils", "classic_nn may not import classic_cnn"),
        ("src.classic_train.parallel.launch", "src.classic_train.mini_batch.step", "not below"),
        ("src.classic_train.data.photos", "src.classic_train.callbacks.history", "not below"),
        ("src.classic_train.binary_model", "src.classic_train.run.train", "not below"),
        ("src.classic_train.cli.options", "src.classic_train", "imports the house"),
    ],
)
def test_a_wrong_arrow_is_found(module, target, why):
    graph = {name: set(targets) for name, targets in GRAPH.items()}
    graph[module].add(target)
    assert len(wrong_arrows(graph)) == 1
    assert why in wrong_arrows(graph)[0]


def test_an_import_inside_a_function_or_for_types_counts(tmp_path):
    (tmp_path / "src" / "common").mkdir(parents=True)
    for name, text in {
        "__init__.py": "",
        "common/__init__.py": "",
        "common/a.py": "if TYPE_CHECKING:\n    from src.common.b import thing\n",
        "common/b.py": "def work():\n    from src.common import a\n",
    }.items():
        (tmp_path / "src" / name).write_text(text)
    graph = import_graph(tmp_path)
    assert graph["src.common.a"] == {"src.common.b"}
    assert graph["src.common.b"] == {"src.common.a"}
