"""The review as people do it: in Debian's Chromium, by click, drag and keys.

With CLASSIC_NN_SCREENSHOTS=DIR its picture stays in DIR.
"""

import os
import signal
from pathlib import Path

import pytest

from tests.serve.review.test_decisions import labels


@pytest.fixture
def view(browser, page):
    errors = []
    made = browser.new_page(viewport={"width": 900, "height": 700})
    made.on("pageerror", lambda error: errors.append(str(error)))
    made.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    made.goto(page.address)
    made.wait_for_function("document.querySelectorAll('figure').length === 12")
    yield made
    made.close()
    assert [error for error in errors if "net::ERR_" not in error] == []


def saved(view):
    view.wait_for_function("document.getElementById('status').textContent.includes('saved')")


def pressed(view, key):
    view.evaluate("document.getElementById('status').textContent = ''")
    view.keyboard.press(key)
    saved(view)


def test_click_and_key_label_a_photo(view, mined):
    view.click("figure[data-id='1']")
    pressed(view, "2")
    assert labels(mined)[:3] == ["", "plant", ""]
    assert view.inner_text("figure[data-id='1'] .label") == "plant"
    # the next one is selected: a row of keys goes through all photos
    pressed(view, "1")
    pressed(view, "s")
    assert labels(mined)[:5] == ["", "plant", "other", "skip", ""]


def test_undo_goes_back(view, mined):
    view.click("figure[data-id='0']")
    view.click("figure[data-id='5']", modifiers=["Shift"])
    pressed(view, "1")
    assert labels(mined)[:7] == ["other"] * 6 + [""]
    pressed(view, "u")
    assert set(labels(mined)) == {""}
    view.click("figure[data-id='3']")
    pressed(view, "2")
    view.evaluate("document.getElementById('status').textContent = ''")
    view.click("#undo")
    saved(view)
    assert set(labels(mined)) == {""}


def test_a_frame_is_drawn_around_photos(view, mined):
    first = view.locator("figure[data-id='0']").bounding_box()
    third = view.locator("figure[data-id='2']").bounding_box()
    view.mouse.move(first["x"] + 10, first["y"] + 10)
    view.mouse.down()
    view.mouse.move(third["x"] + 20, third["y"] + 40, steps=6)
    view.mouse.up()
    assert view.locator("figure.selected").count() == 3
    view.click("#labels button:has-text('plant')")
    saved(view)
    assert labels(mined)[:4] == ["plant", "plant", "plant", ""]


def test_filters_show_some_and_label_none_of_the_others(view, mined):
    view.fill("#high", "0.2")
    view.dispatch_event("#high", "change")
    assert view.locator("figure").count() == 5
    view.check("#first")
    assert view.locator("figure").count() == 4
    view.locator("#grid").focus()
    view.evaluate("document.activeElement.blur()")
    view.keyboard.press("a")
    assert view.locator("figure.selected").count() == 4
    view.keyboard.press("Escape")
    view.uncheck("#first")
    view.click("figure[data-id='1']")
    view.keyboard.press("g")  # its near-duplicate too
    assert view.locator("figure.selected").count() == 2
    pressed(view, "2")
    assert labels(mined) == ["", "plant", "plant", *[""] * 9]
    view.select_option("#filter", "open")
    assert view.locator("figure").count() == 3
    view.select_option("#filter", "=plant")
    assert view.locator("figure").count() == 2


def test_a_reloaded_page_knows_all_labels(view, mined, page):
    view.click("figure[data-id='7']")
    pressed(view, "1")
    view.goto(page.address)
    view.wait_for_selector("figure[data-id='7'] .label")
    if folder := os.environ.get("CLASSIC_NN_SCREENSHOTS"):
        view.wait_for_function("[...document.images].every(image => image.complete)")
        view.screenshot(path=Path(folder) / "review.png")


def test_a_server_that_is_gone_is_said_in_red(view, page, mined):
    view.click("figure[data-id='0']")
    page.stop(signal.SIGKILL)
    view.keyboard.press("2")
    view.wait_for_selector("#status.error")
    assert "not saved" in view.inner_text("#status")
    assert set(labels(mined)) == {""}


def test_enter_shows_a_photo_large(view):
    view.click("figure[data-id='4']")
    view.keyboard.press("Enter")
    view.wait_for_selector("dialog[open] img")
    assert "04.png: p 0.200" in view.inner_text("dialog p")
    view.keyboard.press("Escape")
    assert view.locator("dialog[open]").count() == 0
