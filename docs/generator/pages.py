"""The text of generated pages, in Markdown; mkdocstrings puts the docstrings in."""

import ast
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

import numpy as np

from docs.generator.operations import Operation
from docs.generator.paths import ROOT
from docs.generator.speed import speed_of

PLAIN = ("_plain", "_by_steps")
"""How functions end that are written as the formula says; their code is shown at once."""

ONLY_DOCSTRING = """\
    options:
      members: false
      show_root_heading: false
      show_root_toc_entry: false
"""


def operation_page(operation: Operation, figures: Sequence[str] = ()) -> str:
    """The page of an operation.

    Args:
        operation: what it is about.
        figures: HTML of its figures, shown behind its formulas.

    Raises AssertionError where a gradient disagrees with finite differences.
    """
    parts = [*_parts(operation, figures), *_checks(operation), speed_of(operation.title)]
    return "\n\n".join([f"# {operation.title}", *filter(None, parts)])


def _parts(operation: Operation, figures: Sequence[str]) -> Iterator[str]:
    shown: set[str] = set()
    parts = {"": operation.forward, "Backward": operation.backward, "As a layer": operation.layer}
    for heading, modules in parts.items():
        if modules and heading:
            is_loss = any(module.startswith("classic_nn.loss") for module in modules)
            yield f"## {'As an object' if is_loss and heading == 'As a layer' else heading}"
        for module, names in modules.items():
            if module not in shown:
                yield f"::: src.{module}\n{ONLY_DOCSTRING}"
                if not shown:
                    yield from figures
                shown.add(module)
            if names and not heading and operation.backward:
                yield "## Forward"
            lines = definition_lines(module)
            for name in names.split():
                yield f"::: src.{module}.{name}"
                if name.endswith(PLAIN):
                    yield f"The plain form:\n\n```python\n{definition(module, name)}\n```"
                place = f"src/{path(module)}, line {lines[name]}"
                yield f"[{place}](../{code_page(module)}#__codelineno-0-{lines[name]})"
    yield "## Code"
    yield "\n".join(f"- [`src/{path(m)}`](../{code_page(m)})" for m in operation.modules)


def _checks(operation: Operation) -> Iterator[str]:
    if not operation.checks:
        return
    yield "## Gradient check"
    yield (
        "Made when this page was: float64, a random upstream gradient, central differences "
        "(see [Gradient checks](gradient-checks.md)). *largest* is the largest derivative, *error* "
        "the largest difference from the backward pass, *relative* their ratio; above 1e-6 this "
        "page would not exist."
    )
    for title, check in operation.checks.items():
        report = check(np.random.default_rng(0))
        report.raise_if_failed()
        yield f"`{title}`:"
        yield f"```text\n{report}\n```"


def definition_lines(module: str) -> dict[str, int]:
    """The line of each function and class of a module."""
    tree = ast.parse((ROOT / "src" / path(module)).read_text(encoding="utf-8"))
    return {
        node.name: node.lineno
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }


def definition(module: str, name: str) -> str:
    """The code of a function, without its docstring."""
    code = (ROOT / "src" / path(module)).read_text(encoding="utf-8")
    (node,) = [
        node
        for node in ast.parse(code).body
        if isinstance(node, ast.FunctionDef) and node.name == name
    ]
    lines = code.splitlines()
    documented = node.body[0]
    head = lines[node.lineno - 1 : documented.lineno - 1]
    assert documented.end_lineno is not None
    return "\n".join([*head, *lines[documented.end_lineno : node.end_lineno]])


def path(module: str) -> PurePosixPath:
    """A module's file below ``src``."""
    return PurePosixPath(f"{module.replace('.', '/')}.py")


def code_page(module: str) -> PurePosixPath:
    """The page that shows a module's file."""
    return PurePosixPath("code") / path(module).with_suffix(".md")


def code_text(module: str) -> str:
    """A module's file as a page."""
    code = (ROOT / "src" / path(module)).read_text(encoding="utf-8")
    return (
        f"---\nsearch:\n  exclude: true\nhide: [toc]\n---\n\n# {path(module).name}\n\n"
        f'````{{.python title="src/{path(module)}" linenums="1"}}\n{code}````\n'
    )
