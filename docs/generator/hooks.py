"""What MkDocs calls: adds the generated pages, their place in the menu, and links to code."""

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # mkdocs leaves the folder that it is called in out

from docs.generator.figures import FIGURES, figure_html  # noqa: E402
from docs.generator.operations import CHAPTERS  # noqa: E402
from docs.generator.pages import code_page, code_text, operation_page  # noqa: E402

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files


def on_config(config: "MkDocsConfig") -> None:
    """The menu: hand-written pages, then a chapter for each kind of operation."""
    chapters = [
        {chapter: [{op.title: f"operations/{op.page}"} for op in operations]}
        for chapter, operations in CHAPTERS.items()
    ]
    config.nav = [*(config.nav or []), *chapters]


def on_files(files: "Files", config: "MkDocsConfig") -> "Files":
    """Add the pages of operations, and one for each file of code."""
    from mkdocs.structure.files import File

    for operations in CHAPTERS.values():
        for operation in operations:
            uri = f"operations/{operation.page}"
            figures = [figure_html(drawing) for drawing in FIGURES.get(operation.title, ())]
            page = operation_page(operation, figures)
            files.append(File.generated(config, uri, content=page))
    for file in sorted((ROOT / "src").rglob("*.py")):
        module = ".".join(file.relative_to(ROOT / "src").with_suffix("").parts)
        uri = str(code_page(module))
        files.append(File.generated(config, uri, content=code_text(module)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Hand-written pages link to files, so that they can be read next to the code too."""
    return re.sub(r"\]\(\.\./src/([\w/]+)\.py\)", r"](code/\1.md)", markdown)
