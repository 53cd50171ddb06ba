"""Links to the glossary: once a page, in plain text, to where the term stands."""

import re
from html import unescape

import pytest

from docs.generator.glossary import EVERYDAY, anchor, terms, with_anchors, with_links
from tests.paths import ROOT


def test_every_term_has_a_place_of_its_own():
    text = with_anchors((ROOT / "docs/glossary.md").read_text(encoding="utf-8"))
    ids = re.findall(r'<span id="([^"]+)">', text)
    assert len(ids) == len(set(ids)) == len(terms()) > 50
    assert ids == [anchor(term) for term in terms()]


def test_the_first_use_is_linked_with_its_meaning():
    html = with_links("<p>A channel, and channels.</p><p>The channel.</p>", "../glossary/")
    assert html.count("<a ") == 1
    assert 'href="../glossary/#channel"' in html
    assert f'title="{terms()["channel"]}"' in unescape(html)
    assert html.startswith('<p>A <a class="term"')


def test_plurals_and_capitals_are_the_term():
    assert 'class="term"' in with_links("<p>Channels of it.</p>", "g/")
    assert 'class="term"' not in with_links("<p>channelwise</p>", "g/")


def test_everyday_words_are_not_taken_for_terms():
    """ "Run the cell" is no training run."""
    assert set(terms()) >= EVERYDAY
    html = "<p>Run the cell, in steps, and map it to the head of a cache.</p>"
    assert with_links(html, "g/") == html


@pytest.mark.parametrize(
    "html",
    [
        '<p><a href="x">channel</a></p>',
        "<p><code>channel</code></p>",
        '<p><span class="arithmatex">\\(channel\\)</span></p>',
        "<h2>channel</h2>",
        "<pre>channel</pre>",
        "<p><a href='x'>a <em>channel</em> b</a></p>",
    ],
)
def test_links_code_formulas_and_headings_stay_as_they_are(html):
    assert with_links(html, "g/") == html


def test_text_after_an_opaque_part_is_linked():
    html = with_links('<p><code>x</code> <img src="y"> is a <em>channel</em>.</p>', "g/")
    assert html.count('class="term"') == 1


def test_nothing_but_links_is_added():
    html = "<p>A channel's loss &lt; 1 &amp; more, batch normalization, <br>and a cache.</p>"
    linked = with_links(html, "g/")
    assert re.sub(r'<a class="term"[^>]*>(.*?)</a>', r"\1", linked) == html
