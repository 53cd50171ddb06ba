"""What MkDocs calls: adds the generated pages, their place in the menu, and links."""

import posixpath
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # mkdocs leaves the folder that it is called in out

from docs.generator import glossary, notebooks  # noqa: E402
from docs.generator.figures import FIGURES, figure_html  # noqa: E402
from docs.generator.operations import CHAPTERS  # noqa: E402
from docs.generator.pages import code_page, code_text, operation_page  # noqa: E402

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

GLOSSARY = "glossary.md"


def on_config(config: "MkDocsConfig") -> None:
    """The menu: hand-written pages, the notebooks, then a chapter for each kind of operation."""
    lessons = [
        {notebooks.title_of(path): f"notebooks/{path.stem}.md"} for path in notebooks.paths()
    ]
    chapters = [
        {chapter: [{op.title: f"operations/{op.page}"} for op in operations]}
        for chapter, operations in CHAPTERS.items()
    ]
    config.nav = [*(config.nav or []), {"Notebooks": lessons}, *chapters]


def on_files(files: "Files", config: "MkDocsConfig") -> "Files":
    """Add the pages of operations, of notebooks, and one for each file of code."""
    from mkdocs.structure.files import File

    for operations in CHAPTERS.values():
        for operation in operations:
            uri = f"operations/{operation.page}"
            figures = [figure_html(drawing) for drawing in FIGURES.get(operation.title, ())]
            page = operation_page(operation, figures)
            files.append(File.generated(config, uri, content=page))
    for path in notebooks.paths():
        text, pictures = notebooks.notebook_page(path)
        files.append(File.generated(config, f"notebooks/{path.stem}.md", content=text))
        for name, picture in pictures.items():
            files.append(File.generated(config, f"notebooks/{name}", content=picture))
    for file in sorted((ROOT / "src").rglob("*.py")):
        module = ".".join(file.relative_to(ROOT / "src").with_suffix("").parts)
        uri = str(code_page(module))
        files.append(File.generated(config, uri, content=code_text(module)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Pages and notebooks link to files, so that they can be read next to the code too."""
    if page.file.src_uri == GLOSSARY:
        markdown = glossary.with_anchors(markdown)
    up = "../" * page.file.src_uri.count("/")
    markdown = re.sub(r"\]\(\.\./notebooks/(\w+)\.ipynb\)", rf"]({up}notebooks/\1.md)", markdown)
    return re.sub(r"\]\(\.\./src/([\w/]+)\.py\)", rf"]({up}code/\1.md)", markdown)


def on_page_content(html: str, page: Any, files: "Files", **_: Any) -> str:
    """Each term of the glossary is linked where a page first uses it, but for pages of code."""
    if page.file.src_uri == GLOSSARY or page.file.src_uri.startswith("code/"):
        return html
    target = files.get_file_from_path(GLOSSARY)
    assert target is not None
    return glossary.with_links(html, posixpath.relpath(target.url, page.url or ".") + "/")
