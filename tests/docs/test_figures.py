"""Figures of operations: none is missing, they are made by running, and need no network."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from docs.generator.figures import FIGURES, Drawing, figure_html, offline_player
from docs.generator.figures.drawing import new_figure
from docs.generator.figures.valley import HESSIAN, RATES, SCHEDULES, START, path, valley
from docs.generator.operations import CHAPTERS
from src.classic_nn.optimizers import OPTIMIZERS
from src.classic_nn.schedules import SCHEDULES as ALL_SCHEDULES

WITHOUT = {
    "Optimizer",  # what all have in common
    "The step of a worker",
    "Threads",
    "Processes",
    "Sum of gradients",
    "Pretrained networks",
}


def test_every_operation_has_a_figure():
    titles = {operation.title for chapter in CHAPTERS.values() for operation in chapter}
    assert titles - set(FIGURES) == WITHOUT
    assert set(FIGURES) <= titles
    captions = [drawing.caption for drawings in FIGURES.values() for drawing in drawings]
    assert len(set(captions)) == len(captions)
    assert min(map(len, captions)) > 20


def test_every_optimizer_and_schedule_is_animated():
    assert set(OPTIMIZERS) - set(RATES) == {"adamw"}  # Adam, but for the decay
    assert set(ALL_SCHEDULES) - set(SCHEDULES) == {"constant"}


@pytest.mark.parametrize("name", RATES)
def test_a_way_down_the_valley_is_the_optimizers_and_ends_lower(name):
    places = path(name, 40)
    assert places.shape == (41, 2)
    assert valley(places[-1]) < valley(START) / 2
    if name == "sgd":  # theta <- (I - rate H) theta
        once = START - RATES["sgd"] * HESSIAN @ START
        np.testing.assert_allclose(places[1], once, rtol=1e-12)


@pytest.mark.parametrize("title", ["Dense", "Residual", "Clipping", "Fake quantization"])
def test_a_still_figure_is_an_svg_with_names_of_its_own(title):
    html = figure_html(FIGURES[title][0])
    svg = re.search(r"<svg.*</svg>", html, re.DOTALL)
    assert svg is not None
    tree = ElementTree.fromstring(svg[0])
    assert tree.get("aria-label") == FIGURES[title][0].caption
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(set(ids)) == len(ids)
    used = re.findall(r'href="#([^"]+)"', html) + re.findall(r"url\(#([^)]+)\)", html)
    assert set(used) <= set(ids)
    assert "\n\n" not in html  # an empty line would end it in Markdown


def test_figures_of_one_page_do_not_share_names():
    def draw():
        figure, axes = new_figure(2, 2)
        axes.plot([0, 1])
        return figure

    one, other = (figure_html(Drawing(draw, f"caption {k} of two")) for k in (1, 2))
    assert not set(re.findall(r'\bid="([^"]+)"', one)) & set(re.findall(r'\bid="([^"]+)"', other))


def test_an_animation_needs_no_network_and_names_its_parts():
    from docs.generator.figures.dense import softmax

    caption = 'a "quoted" caption'
    html = figure_html(Drawing(softmax, caption))
    assert html.count("data:image/png;base64") == 28
    assert not re.search(r"https?://(?!www\.w3\.org)", html)
    assert 'alt="a &quot;quoted&quot; caption"' in html
    assert 'aria-label="frame"' in html
    assert "\n\n" not in html


def test_a_player_of_a_notebook_is_made_the_same():
    html = '<link rel="stylesheet"\nhref="https://x.com/font-awesome.css">\n<img id="_anim_img1">'
    assert "http" not in offline_player(html)


def test_a_convolutions_frame_shows_what_the_library_computes():
    """The sum below the picture and the library's number are the same text."""
    from docs.generator.figures.convolution import convolution

    animation = convolution()
    for frame in (0, 17, 35):
        animation._func(frame)
        label = animation._fig.axes[3].get_xlabel()
        ours, library = re.fullmatch(r"sum (\S+); conv_forward: (\S+)", label).groups()
        assert ours == library
    animation._draw_was_started = True  # it is never shown
