"""Notebooks as pages: executed once, by the tests or by the site, and never with the old code."""

import hashlib
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from docs.generator.figures import offline_player
from docs.generator.paths import ROOT
from src.common.files import atomic_path

NOTEBOOKS = ROOT / "notebooks"
EXECUTED = ROOT / "build" / "notebooks"
"""Where executed notebooks are kept: ignored by git, as all that is built."""

TIMEOUT = 600
"""Seconds that one cell may take."""

SOLUTION = re.compile(
    r"<details><summary>(?P<title>[^<]*)</summary>\n(?P<body>.*?)\n</details>", re.DOTALL
)
PICTURE = re.compile(r"!\[(?:png|svg|jpe?g)\]\((?P<file>[^)]+)\)")


def paths() -> list[Path]:
    """The notebooks, in the order of their numbers."""
    return sorted(NOTEBOOKS.glob("*.ipynb"), key=lambda path: int(path.stem.split("_")[0]))


def read(path: Path) -> NotebookNode:
    """A notebook as it is on disk."""
    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]


def title_of(path: Path) -> str:
    """Its first heading."""
    first = read(path).cells[0].source
    return str(first.splitlines()[0].removeprefix("# "))


def execute(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """Run all cells in a kernel of its own, in this folder."""
    from nbclient import NotebookClient

    client = NotebookClient(
        notebook,
        timeout=TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    )
    # without ipywidgets tqdm says that it draws its bars as text, which is what pages want
    quiet = {**os.environ, "PYTHONWARNINGS": "ignore:IProgress not found"}
    done: NotebookNode = client.execute(env=quiet)
    return done


def keep(path: Path, executed: NotebookNode) -> None:
    """Keep an executed notebook for the pages, with the mark of what it was made of."""
    executed = nbformat.from_dict(executed)  # type: ignore[no-untyped-call]
    executed.metadata["made_of"] = made_of(path)
    EXECUTED.mkdir(parents=True, exist_ok=True)
    with atomic_path(EXECUTED / path.name) as partial:
        nbformat.write(executed, partial)  # type: ignore[no-untyped-call]


def executed(path: Path) -> NotebookNode:
    """A notebook with its outputs: the kept one if nothing has changed since, else run now."""
    kept = EXECUTED / path.name
    if kept.exists():
        notebook = read(kept)
        if notebook.metadata.get("made_of") == made_of(path):
            return notebook
    notebook = execute(read(path), NOTEBOOKS)
    keep(path, notebook)
    return notebook


def made_of(path: Path) -> str:
    """A digest of the notebook and of all code that it may run."""
    return hashlib.sha256(path.read_bytes() + _code()).hexdigest()


@cache
def _code() -> bytes:
    digest = hashlib.sha256()
    for folder in (ROOT / "src", NOTEBOOKS / "exercises"):
        for file in sorted(folder.rglob("*.py")):
            digest.update(file.read_bytes())
    return digest.digest()


def notebook_page(path: Path) -> tuple[str, dict[str, bytes]]:
    """A notebook as a page in Markdown, and its pictures by their file names."""
    from nbconvert import MarkdownExporter
    from traitlets.config import Config

    settings = Config({"ExtractOutputPreprocessor": {"enabled": True}})
    exporter: Any = MarkdownExporter(config=settings)  # type: ignore[no-untyped-call]
    prefix = f"{path.stem}_files"
    text, resources = exporter.from_notebook_node(
        executed(path), resources={"unique_key": path.stem, "output_files_dir": prefix}
    )
    text = SOLUTION.sub(_folded, offline_player(text))
    heading, body = text.split("\n", 1)
    where = (
        f"*This page is `notebooks/{path.name}`, executed when it was made. To work on it: "
        "`.venv/bin/pip install -e '.[notebooks]' && .venv/bin/jupyter lab notebooks`.*"
    )
    return f"{heading}\n\n{where}\n{''.join(_described(body))}", dict(resources["outputs"])


def _folded(solution: re.Match[str]) -> str:
    """A solution that opens on a click, as Markdown has it on the pages."""
    body = solution["body"].strip().replace("\n", "\n    ")
    return f'??? example "{solution["title"]}"\n\n    {body}\n'


def _described(text: str) -> Iterator[str]:
    """The lines, with pictures named by the heading that they stand under."""
    heading = "the notebook"
    for line in text.splitlines(keepends=True):
        if line.startswith("#"):
            heading = line.lstrip("# ").strip()
        yield PICTURE.sub(rf"![Figure: {heading}](\g<file>)", line)
