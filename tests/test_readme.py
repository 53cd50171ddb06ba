"""The README's Python examples run and print what they say."""

import doctest
import re

from tests.paths import ROOT


def test_the_examples_are_true():
    result = doctest.testfile(
        str(ROOT / "README.md"), module_relative=False, optionflags=doctest.REPORT_NDIFF
    )
    assert result.attempted > 10
    assert result.failed == 0


def test_every_linked_file_exists():
    links = re.findall(r"\]\(([^)#]+)\)", (ROOT / "README.md").read_text())
    assert links
    here = [link for link in links if not link.startswith("https://")]
    assert [link for link in here if not (ROOT / link).exists()] == []
