"""The glass box as people use it: in Chromium, with clicks, keys and the mouse, wide and narrow."""

import re
import time

import numpy as np
import pytest

from tests.load.photos import save
from tests.serve.process import run
from tests.serve.service.conftest import needs_packages
from tests.serve.service.glass_models import CLASSES, write_run
from tests.serve.service.test_page import CONTRAST, WIDTHS

SUM = """() => {
  const found = document.querySelector("#opened > .total").dataset;
  return [Number(found.total), Number(found.value)];
}"""


WEIGHT = "#opened .grids button[title='open this weight']"


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    return save(tmp_path_factory.mktemp("photo") / "0.png", 5, width=40, height=36)


@pytest.fixture
def view(browser, glass):
    yield from shown(browser, glass, *WIDTHS["desktop"])


def shown(browser, glass, width, height, **settings):
    """A page that must leave no error in the console, and load nothing from elsewhere."""
    errors, elsewhere = [], []
    context = browser.new_context(viewport={"width": width, "height": height}, **settings)
    made = context.new_page()
    made.set_default_timeout(15_000)
    made.on("pageerror", lambda error: errors.append(str(error)))
    made.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    local = (glass.address, "blob:", "data:")
    made.on("request", lambda r: None if r.url.startswith(local) else elsewhere.append(r.url))
    made.goto(f"{glass.address}glass")
    made.wait_for_selector("#nodes li")
    yield made
    context.close()
    assert errors == []
    assert elsewhere == []


def settled(view):
    """Nothing is being asked any more."""
    view.wait_for_function("() => document.querySelector('#status').textContent === ''")


def give(view, photo):
    view.set_input_files("#file", str(photo))
    view.wait_for_selector("#nodes li:last-child .maps button")
    settled(view)


def backward(view):
    view.check("input[value=gradients]")
    view.wait_for_selector("#loss:not(:empty)")
    settled(view)


def open_number(view, row, rng):
    """Click on a map of a row, then on one of its pixels; returns what it adds up to."""
    buttons = view.locator(f"#nodes li:nth-of-type({row}) .maps button:not(.more)")
    buttons.nth(int(rng.integers(buttons.count()))).click()
    path = view.locator(f"#nodes li:nth-of-type({row})").get_attribute("data-path")
    view.wait_for_function(
        "path => document.querySelector('#detail-title').textContent.startsWith(path + ',') && "
        "document.querySelector('#opened > .total')", arg=path
    )  # fmt: skip
    if view.locator("#map-frame").is_visible():
        box = view.locator("#map").bounding_box()
        before = view.locator("#place-words").text_content()
        place = {"x": float(rng.uniform(1, box["width"] - 1)),
                 "y": float(rng.uniform(1, box["height"] - 1))}  # fmt: skip
        view.locator("#map").click(position=place)
        for _ in range(40):  # it may be the same pixel
            if view.locator("#place-words").text_content() != before:
                break
            time.sleep(0.025)
    return view.evaluate(SUM)


@pytest.mark.parametrize("way", ["values", "gradients"])
def test_every_operation_opens_into_terms_that_add_up(view, photo, way):
    give(view, photo)
    if way == "gradients":
        backward(view)
    rng = np.random.default_rng(0)
    rows = view.locator("#nodes li").count()
    assert rows > 20
    for row in range(1, rows + 1):
        for _ in range(2):
            total, value = open_number(view, row, rng)
            assert total == pytest.approx(value, rel=1e-5, abs=1e-6)


def test_a_number_is_followed_from_the_photo_to_the_answer_and_back(view, photo):
    give(view, photo)
    assert view.locator("#answer").text_content() in CLASSES
    assert view.locator("#bars li").count() == 3
    view.locator("#nodes li[data-path=conv] .maps button").first.click()
    view.wait_for_selector("#opened .grids table")
    assert view.locator("#opened .grids table").count() == 3  # x, w, and their products
    assert "adds up to" in view.locator("#opened .total").first.text_content()
    assert view.locator("#field").is_visible()
    assert "3 x 3 pixels" in view.locator("#field-words").text_content()
    backward(view)
    view.select_option("#chosen", label="owl")
    view.wait_for_function("() => document.querySelector('#loss').textContent.includes('owl')")
    settled(view)
    before = view.locator("#loss").text_content()
    view.click("#take-step")
    view.wait_for_selector("#step-words:not(:empty)")
    losses = re.findall(r"[\d.]+", view.locator("#step-words").text_content())
    assert float(losses[1]) < float(losses[0])
    assert losses[0] in before


def test_a_weight_opens_with_its_gradient_and_step_and_can_be_set(view, photo):
    give(view, photo)
    answer = view.locator("#bars").text_content()
    view.locator("#nodes li[data-path=conv] .maps button").first.click()
    view.wait_for_selector("#opened .grids button")
    view.locator(WEIGHT).first.click()
    view.wait_for_selector("#weight h3")
    assert re.match(r"conv\.W\[0, 0, \d, \d\] = ", view.locator("#weight h3").text_content())
    assert "step = rate·g" in view.locator("#weight").text_content()
    view.fill("#weight input", "9")
    view.locator("#weight button").click()
    view.wait_for_function("before => document.querySelector('#bars').textContent !== before",
                           arg=answer)  # fmt: skip
    view.wait_for_function(  # and the products are made of it
        "w => document.querySelector(w)?.textContent === '9'", arg=WEIGHT
    )
    total, value = view.evaluate(SUM)
    assert total == pytest.approx(value, rel=1e-5)
    view.click("#play summary")
    assert "is 9" in view.locator("#changes").text_content()
    view.click("#reset")
    view.wait_for_function("before => document.querySelector('#bars').textContent === before",
                           arg=answer)  # fmt: skip
    view.click("text=Drop this channel")
    view.wait_for_function("before => document.querySelector('#bars').textContent !== before",
                           arg=answer)  # fmt: skip
    settled(view)
    assert "the channel is dropped, so 0 goes on" in view.locator("#opened .total").text_content()
    view.click("text=Take this channel back")
    view.wait_for_function("before => document.querySelector('#bars').textContent === before",
                           arg=answer)  # fmt: skip


def test_light_and_dark_can_be_exchanged(view, photo):
    """For a black digit on white paper, where the network has learned white ones on black."""
    give(view, photo)
    answer = view.locator("#bars").text_content()
    for exchanged in (True, False):
        view.set_checked("#invert", exchanged)
        view.wait_for_function(
            "([said, same]) => (document.querySelector('#bars').textContent === said) === same",
            arg=[answer, not exchanged],
        )
        settled(view)


def test_a_weight_opens_on_the_way_back_too(view, photo):
    give(view, photo)
    backward(view)
    view.select_option("#chosen", label="owl")
    view.wait_for_function("() => document.querySelector('#loss').textContent.includes('owl')")
    settled(view)
    view.locator("#nodes li[data-path=conv] .maps button").first.click()
    view.locator(WEIGHT).first.click()
    view.wait_for_selector("#weight h3")
    assert "if right were owl" in view.locator("#weight").text_content()


def test_a_number_leads_to_the_one_before_it(view, photo):
    """From the answer to a logit, a mean, ... each number is the one that was clicked."""
    give(view, photo)
    view.locator("#bars li button").first.click()
    view.wait_for_selector("#opened h3")
    assert "The loss, if right were" in view.locator("#opened h3").text_content()
    found = view.evaluate(
        "() => [...document.querySelectorAll('#opened > .total')].map(e => "
        "[Number(e.dataset.total), Number(e.dataset.value)])"
    )
    assert len(found) == 2
    for total, value in found:
        assert total == pytest.approx(value, rel=1e-5, abs=1e-6)
    view.click("text=from head, unit")
    view.wait_for_function(
        "() => document.querySelector('#detail-title').textContent.startsWith('head')"
    )
    for _ in range(4):
        view.wait_for_selector("#opened button[title^='go to'], #opened button:has-text('from ')")
        button = view.locator(
            "#opened button[title^='go to'], #opened button:has-text('from ')"
        ).first
        title, said = button.get_attribute("title"), button.text_content()
        before = view.locator("#detail-title").text_content()
        button.click()
        view.wait_for_function(
            "b => document.querySelector('#detail-title').textContent !== b", arg=before
        )
        view.wait_for_selector("#opened > .total")
        path = (title or said).removeprefix("go to ").removeprefix("from ").split(",")[0]
        assert view.locator("#detail-title").text_content().startswith(f"{path},")
        if title:  # the number itself was the button
            view.wait_for_function(
                "n => document.querySelector('#place-words').textContent.endsWith(': ' + n)",
                arg=said,
            )


@pytest.mark.parametrize("way", ["values", "gradients"])
def test_a_number_leads_to_what_takes_it(view, photo, way):
    """From the first convolution through the network to the loss, by what is offered."""
    give(view, photo)
    if way == "gradients":
        backward(view)
    view.locator("#nodes li[data-path=conv] .maps button").first.click()
    view.wait_for_selector("#opened > .total")
    passed, word = ["conv"], "goes on to" if way == "values" else "comes from"
    while not view.locator("text=On to the probability and the loss").count():
        following = view.locator(f"#opened button:has-text('{word}')").last
        path = following.text_content().removeprefix(f"{word} ")
        place = view.locator("#place-words").text_content().split(": ")[0]
        following.click()
        view.wait_for_function(
            "path => document.querySelector('#detail-title').textContent.startsWith(path + ',') "
            "&& document.querySelector('#opened > .total')",
            arg=path,
        )
        if (passed[-1], path) == ("conv", "bn"):  # of one shape: the same place
            assert view.locator("#place-words").text_content().split(": ")[0] == place
        passed.append(path)
    assert passed[:3] == ["conv", "bn", "relu"]
    assert passed[-1] == "head"
    view.click("text=On to the probability and the loss")
    view.wait_for_selector("#opened h3")
    assert "loss" in view.locator("#opened h3").text_content()


def test_all_maps_can_be_had_on_the_way_back(view, photo):
    """And they are those of gradients, whose order is another than that of values."""
    give(view, photo)
    backward(view)
    maps = "#nodes li[data-path=conv] .maps button"
    view.locator(f"{maps}.more").click()
    view.wait_for_function("m => document.querySelectorAll(m).length === 8", arg=maps)
    channels = view.locator(maps).evaluate_all("all => all.map(b => Number(b.dataset.channel))")
    asked = view.evaluate("() => question('maps', { path: 'conv', count: 8, of: 'gradients' })")
    assert channels == list(asked["channels"]["data"])
    values = view.evaluate("() => question('maps', { path: 'conv', count: 8, of: 'values' })")
    assert asked["channels"]["data"] != values["channels"]["data"]


def test_an_answer_that_comes_late_changes_nothing(view, photo):
    """Of two maps that are chosen quickly, the second counts, also if the first is slower."""
    give(view, photo)
    view.evaluate("""async () => {
      const real = question;
      question = async (what, more) => {
        const slow = what === "channel" && more.path === "conv";
        if (slow) await new Promise(done => setTimeout(done, 600));
        return real(what, more);
      };
      await Promise.all([pick("conv", 0, null, false), pick("bn", 1, null, false)]);
    }""")
    assert view.locator("#detail-title").text_content() == "bn, channel 1"
    assert "channel 1 (from 0)" in view.locator("#place-words").text_content()
    assert view.evaluate("() => picked.place[2]") == 1
    total, value = view.evaluate(SUM)
    assert total == pytest.approx(value, rel=1e-5, abs=1e-6)


def test_a_step_can_be_taken_back(view, photo):
    give(view, photo)
    backward(view)
    said = view.locator("#bars").text_content()
    view.fill("#rate", "1")
    view.click("#take-step")
    view.wait_for_function("b => document.querySelector('#bars').textContent !== b", arg=said)
    view.click("text=Back to before the step")
    assert view.locator("#bars").text_content() == said
    assert view.locator("#step-words").text_content() == ""


def test_play_changes_the_answer(view, photo):
    give(view, photo)
    view.click("#play summary")
    said = view.locator("#bars").text_content()
    for name in ("right", "down", "rotate", "noise"):
        view.locator(f"#{name}").focus()
        view.keyboard.press("End")
        view.wait_for_function("said => document.querySelector('#bars').textContent !== said",
                               arg=said)  # fmt: skip
        settled(view)
        said = view.locator("#bars").text_content()
    told = view.locator("#changes").text_content()
    assert "to the right" in told
    assert "pixels down" in told
    assert "turned by 180 degrees" in told
    assert "noise of 3" in told
    view.locator("#photo").scroll_into_view_if_needed()
    box = view.locator("#photo").bounding_box()
    view.mouse.move(box["x"] + 20, box["y"] + 20)
    view.mouse.down()
    view.mouse.move(box["x"] + 150, box["y"] + 170, steps=5)
    view.mouse.up()
    view.wait_for_function("said => document.querySelector('#bars').textContent !== said",
                           arg=said)  # fmt: skip
    assert "covered" in view.locator("#changes").text_content()


def test_a_drawing_walks_through_too(view):
    view.click("#draw-open")
    box = view.locator("#paper").bounding_box()
    view.mouse.move(box["x"] + 60, box["y"] + 60)
    view.mouse.down()
    view.mouse.move(box["x"] + 200, box["y"] + 200, steps=8)
    view.mouse.up()
    view.click("#draw-take")
    view.wait_for_selector("#nodes li:last-child .maps button")
    assert view.locator("#answer").text_content() in CLASSES


def test_epochs_change_maps_and_answer(view, photo):
    give(view, photo)
    said = [view.locator("#bars").text_content()]
    view.locator("#epoch").focus()
    for key in ("Home", "ArrowRight"):
        view.keyboard.press(key)
        view.wait_for_function(
            "said => !said.includes(document.querySelector('#bars').textContent)", arg=said
        )
        settled(view)
        said.append(view.locator("#bars").text_content())
    assert view.locator("#epoch-words").text_content() == "After epoch 2"
    assert view.locator("#curves polyline").count() == 2
    assert "dead ReLU" in view.locator("#findings").text_content()


def test_keys_alone(view, photo):
    give(view, photo)
    view.locator("#nodes li[data-path=conv] .maps button").first.focus()
    view.keyboard.press("Enter")
    view.wait_for_selector("#opened > .total")
    view.locator("#map").focus()
    view.keyboard.press("ArrowRight")
    view.keyboard.press("ArrowDown")
    words = view.locator("#place-words").text_content()
    assert re.match(r"row \d+, column \d+: ", words)
    view.keyboard.press("Enter")
    view.wait_for_function(
        "() => document.querySelector('#place-words').textContent.startsWith('value at')"
    )
    total, value = view.evaluate(SUM)
    assert total == pytest.approx(value, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280, 1920])
def test_it_can_be_read(browser, glass, photo, width, scheme):
    for view in shown(browser, glass, width, 900, color_scheme=scheme):
        give(view, photo)
        view.locator("#nodes li[data-path=conv] .maps button").first.click()
        view.wait_for_selector("#opened > .total")
        low = [found for found in view.evaluate(CONTRAST) if found[0] < 4.5]
        assert low == []
        assert view.evaluate("() => document.documentElement.scrollWidth") <= width
        unnamed = view.evaluate(
            "() => [...document.querySelectorAll('button, input, select, canvas[tabindex]')]"
            ".filter(e => e.checkVisibility() && !(e.ariaLabel || e.textContent.trim() || "
            "e.labels?.length)).map(e => e.outerHTML)"
        )
        assert unnamed == []


def test_a_folder_shows_the_same_without_a_server(browser, folder, photo, tmp_path, view):
    other = save(tmp_path / "1.png", 9, width=30, height=30)
    box = tmp_path / "box"
    status, said = run(folder, "--glass", "--export", box, photo, other)
    assert status == 0, said
    assert "2 photos" in said
    sizes = [path.stat().st_size for path in box.rglob("*") if path.is_file()]
    assert sum(sizes) < 20e6
    give(view, photo)
    online = view.locator("#bars").text_content()
    errors = []
    page = browser.new_page()
    page.set_default_timeout(15_000)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    page.goto((box / "index.html").as_uri())
    page.wait_for_selector("#nodes li:last-child .maps button")
    settled(page)
    assert page.locator("#bars").text_content() == online
    for way in ("values", "gradients"):
        page.check(f"input[value={way}]")
        settled(page)
        for row in page.locator("#nodes li").all():
            row.locator(".maps button").first.click()
            path = row.get_attribute("data-path")
            page.wait_for_function(
                "path => document.querySelector('#detail-title').textContent.startsWith(path + ',')"
                " && document.querySelector('#opened > .total')", arg=path
            )  # fmt: skip
            total, value = page.evaluate(SUM)
            assert total == pytest.approx(value, rel=1e-5, abs=1e-6)
    page.check("input[value=values]")
    settled(page)
    page.locator("#bars li button").first.click()
    page.wait_for_selector("#opened h3")
    page.evaluate("() => { folderAnswers = {}; }")  # as if nothing more had fitted
    page.locator("#nodes li[data-path=head] .maps button").first.click()
    page.wait_for_selector("#opened .problem")
    assert "not in the folder" in page.locator("#opened").text_content()
    assert page.locator("#opened .total").count() == 0
    page.select_option("#given", label="1.png")
    page.wait_for_function(
        "said => document.querySelector('#bars').textContent !== said", arg=online
    )
    page.check("input[value=values]")
    settled(page)
    page.locator("#nodes li[data-path=conv] .more").click()
    page.wait_for_function(
        "() => document.querySelectorAll('#nodes li[data-path=conv] .maps button').length === 8"
    )
    page.close()
    assert errors == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--glass", "--export", "DIR"], "expected --glass, one model, a new folder, and photos"),
        (["--export", "DIR", "PHOTO"], "expected --glass, one model, a new folder, and photos"),
        (["--glass", "--export", "DIR", "nowhere.png"], "nowhere.png: "),
        (["--glass", "--export", "FULL", "PHOTO"], "is not empty"),
    ],
)
def test_mistakes_of_an_export_are_one_line(arguments, said, tmp_path, photo):
    needs_packages()
    folder = write_run(tmp_path / "animals", epochs=1)
    places = {"DIR": tmp_path / "box", "PHOTO": photo, "FULL": folder}
    status, printed = run(folder, *(places.get(word, word) for word in arguments))
    assert status == 2, printed
    assert said in printed
    assert len(printed.splitlines()) == 1
    assert not (tmp_path / "box").exists()


def test_two_hundred_actions_leave_no_error(view, photo):
    """And the page's memory stays as it is; the fixture looks at the console."""
    give(view, photo)
    view.click("#play summary")
    rng = np.random.default_rng(7)

    def memory():
        return view.evaluate("() => performance.memory.usedJSHeapSize") / 1e6

    sizes = []
    for count in range(200):
        action = rng.integers(6)
        if action == 0:
            open_number(view, int(rng.integers(1, view.locator("#nodes li").count() + 1)), rng)
        elif action == 1:
            slider = str(rng.choice(["right", "down", "rotate", "noise", "epoch"]))
            view.locator(f"#{slider}").focus()
            view.keyboard.press(str(rng.choice(["ArrowLeft", "ArrowRight", "Home", "End"])))
        elif action == 2:
            view.check(f"input[value={rng.choice(['values', 'gradients'])}]")
        elif action == 3:
            view.click("#reset")
        elif action == 4 and view.locator("#map-frame").is_visible():
            view.locator("#map").focus()
            view.keyboard.press(str(rng.choice(["ArrowUp", "ArrowLeft", "Enter"])))
        elif view.locator("text=Drop this channel").is_visible():
            view.click("text=Drop this channel")
        settled(view)
        if count in (60, 199):
            sizes.append(memory())
    assert sizes[1] < sizes[0] + 30
