"""The site, built as CI builds it and by a process of its own."""

import importlib.util
import re
import subprocess
import sys

import pytest

from tests.paths import ROOT

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("mkdocstrings") is None, reason="needs the extra docs"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    directory = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", directory],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return directory


def test_a_page_has_formula_shapes_steps_and_check(site):
    page = (site / "operations/batch-normalization/index.html").read_text(encoding="utf-8")
    text = re.sub(r"<[^>]+>", "", page)
    for told in (
        "3. variance  var   = sum(x_c^2) / n",
        "this worker's shard of the mini-batch",
        "The direction is that of Keras",
        "# 3. var = sum(x_c^2) / n",
        "dx     = gamma * r * (dy - sum(dy) / n - x_hat * sum(dy * x_hat) / n)",
        "BatchNorm() of images, training",
    ):
        assert told in text.replace("&#39;", "'")


def test_links_to_lines_of_code_lead_to_that_line(site):
    page = (site / "operations/dense/index.html").read_text(encoding="utf-8")
    found = re.findall(r'href="(\.\./\.\./code/[^"#]+)#(__codelineno-0-\d+)"', page)
    assert len(found) == 3
    for link, anchor in found:
        code = site / "operations/dense" / link / "index.html"
        assert f'id="{anchor}"' in code.read_text(encoding="utf-8")


def test_examples_are_code(site):
    page = (site / "operations/learning-rate-schedules/index.html").read_text(encoding="utf-8")
    assert "<blockquote>" not in page
    assert "StepDecay" in page
