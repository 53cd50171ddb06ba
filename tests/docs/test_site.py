"""The site, built as CI builds it by a process of its own, and looked at in a browser."""

import functools
import http.server
import importlib.util
import re
import subprocess
import sys
import threading
from html.parser import HTMLParser
from urllib.parse import unquote, urldefrag, urljoin

import pytest

from docs.generator.figures import FIGURES
from docs.generator.notebooks import paths
from tests.paths import ROOT

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("mkdocstrings") is None
    or importlib.util.find_spec("nbconvert") is None,
    reason="needs the extra docs",
)

WIDTHS = {"desktop": (1280, 900), "phone": (360, 740)}
LOOKED_AT = [
    "",
    "course/",
    "glossary/",
    "operations/batch-normalization/",
    "operations/convolution/",
    "operations/adam/",
    "operations/learning-rate-schedules/",
    "operations/shapley-values/",
    "operations/integers-for-numbers/",
    *(f"notebooks/{path.stem}/" for path in paths()),
]


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


@pytest.fixture(scope="module")
def address(site):
    """Where the site is served."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(site))
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def compact(text):
    """Text without its white space."""
    return re.sub(r"\s+", "", text)


def text_of(site, page):
    return (site / page / "index.html").read_text(encoding="utf-8")


class Page(HTMLParser):
    """Links and anchors of a page."""

    def __init__(self, text):
        super().__init__()
        self.links, self.anchors = [], {""}
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.anchors |= {found[name] for name in ("id", "name") if found.get(name)}
        for name in ("href", "src"):
            if found.get(name) is not None:
                self.links.append(found[name])


def test_a_page_has_formula_shapes_steps_plain_form_figure_check_and_speed(site):
    page = text_of(site, "operations/batch-normalization")
    text = re.sub(r"<[^>]+>", "", page).replace("&#39;", "'")
    for told in (
        "3. variance",
        r"= \frac{\sum x_{c}^{2}}{n}",
        r"= \gamma \cdot r \cdot \left( \mathrm{d}y - \frac{\sum \mathrm{d}y}{n}",
        "this worker's shard of the mini-batch",
        "The direction is that of Keras",
        "x_hat = x_c * r  # 5. (..., features)",
        "A mini-batch of 120 samples",
        "BatchNorm() of images, training",
        "our compiled time divided by PyTorch's",
    ):
        assert compact(told) in compact(text), told
    assert page.index('class="animation"') < page.index('id="forward"')


def test_links_to_lines_of_code_lead_to_that_line(site):
    page = text_of(site, "operations/dense")
    found = re.findall(r'href="(\.\./\.\./code/[^"#]+)#(__codelineno-0-\d+)"', page)
    assert len(found) == 3
    for link, anchor in found:
        assert f'id="{anchor}"' in text_of(site / "operations" / "dense", link)


def test_examples_are_code(site):
    page = text_of(site, "operations/learning-rate-schedules")
    assert "<blockquote>" not in page
    assert "StepDecay" in page


def test_every_link_leads_somewhere_and_none_outside_is_loaded(site):
    pages = {
        str(path.parent.relative_to(site)).replace(".", "") + "/": Page(path.read_text("utf-8"))
        for path in sorted(site.rglob("index.html"))
    }
    broken = []
    for name, page in pages.items():
        here = urljoin("http://site/", name.lstrip("/"))
        for link in page.links:
            target, anchor = urldefrag(urljoin(here, link))
            if not target.startswith("http://site/"):
                continue
            place = unquote(target.removeprefix("http://site/"))
            if place in pages or place + "/" in pages or place == "":
                there = pages.get(place or "/") or pages.get(place + "/")
                if there is not None and unquote(anchor) not in there.anchors:
                    broken.append(f"{name}: {link}")
            elif not (site / place).exists():
                broken.append(f"{name}: {link}")
    assert broken == []
    assert len(pages) > 300


def test_every_figure_is_on_its_page(site):
    count = sum(
        path.read_text("utf-8").count('<figure class="made">')
        for path in (site / "operations").rglob("index.html")
    )
    assert count == sum(map(len, FIGURES.values()))


@pytest.mark.parametrize("path", paths(), ids=lambda path: path.stem)
def test_a_notebook_is_a_page_with_outputs_and_folded_solutions(site, path):
    page = text_of(site, f"notebooks/{path.stem}")
    assert "no answer yet" in page
    assert page.count('<details class="example">') >= 2
    assert re.search(r'<img alt="[^"]{8,}" src="[^"]+_files/|<img alt=', page)
    assert "Traceback" not in page
    assert "font-awesome" not in page
    assert "Warning" not in re.sub(r"<code>.*?</code>", "", page)


def test_terms_are_linked_to_the_glossary(site):
    page = text_of(site, "operations/convolution")
    assert re.search(r'<a class="term" href="../../glossary/#convolution" title="at each', page)
    assert 'id="convolution"' in text_of(site, "glossary")


@pytest.fixture(params=WIDTHS)
def view(request, browser, address):
    """A tab that must load nothing from elsewhere and leave no error in the console."""
    width, height = WIDTHS[request.param]
    tab = browser.new_page(viewport={"width": width, "height": height})
    errors, elsewhere = [], []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    tab.on(
        "request",
        lambda r: elsewhere.append(r.url) if not r.url.startswith((address, "data:")) else None,
    )
    yield tab
    tab.close()
    assert errors == []
    assert elsewhere == []


def test_pages_in_a_browser(view, address):
    """Formulas are all typeset, nothing is wider than the window, and every control has a name."""
    for page in LOOKED_AT:
        view.goto(address + page)
        view.wait_for_load_state("networkidle")
        formulas = view.locator(".arithmatex").count()
        assert view.locator(".arithmatex .katex").count() == formulas, page
        assert view.locator(".katex-error").count() == 0, page
        wide = view.evaluate(
            "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert wide == 0, page
        nameless = view.evaluate(
            """() => [...document.querySelectorAll(".md-content button, .md-content input, "
              + ".md-content img")].filter(one => !(one.getAttribute("aria-label") || one.alt
              || one.title || one.textContent.trim() || one.labels?.length)).length"""
        )
        assert nameless == 0, page


def test_an_animation_plays_step_by_step_and_by_itself(view, address):
    view.goto(f"{address}operations/convolution/")
    image = view.locator(".animation img").first
    slider = view.get_by_label("frame").first
    view.wait_for_function("() => document.querySelector('.animation img').src")
    first = image.get_attribute("src")
    view.get_by_role("button", name="Next frame").first.click()
    assert slider.input_value() == "1"
    assert image.get_attribute("src") != first
    view.get_by_role("button", name="Play", exact=True).first.click()
    view.wait_for_function("() => document.querySelector('.anim-slider').value > 2")
    view.get_by_role("button", name="Pause").first.click()
    stopped = slider.input_value()
    view.wait_for_timeout(700)
    assert slider.input_value() == stopped
    icon = "() => getComputedStyle(document.querySelector('.fa-play'), '::before').content"
    assert view.evaluate(icon) not in ("none", "normal")


def test_a_solution_opens_and_a_term_tells_its_meaning(view, address):
    view.goto(f"{address}notebooks/1_one_neuron/")
    solution = view.locator("details.example").first
    assert solution.get_attribute("open") is None
    solution.locator("summary").click()
    assert "def squared_error_gradient" in solution.inner_text()
    term = view.locator("a.term").first
    assert len(term.get_attribute("title")) > 10
    term.click()
    assert "/glossary/#" in view.url


def test_every_formula_of_every_operation_is_typeset(browser, address, site):
    """All pages of operations, once: KaTeX accepts what docstrings have become."""
    tab = browser.new_page()
    refused = []
    for path in sorted((site / "operations").iterdir()):
        tab.goto(f"{address}operations/{path.name}/")
        refused += tab.locator(".katex-error").all_inner_texts()
    tab.close()
    assert refused == []
