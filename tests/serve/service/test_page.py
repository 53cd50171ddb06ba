"""The page as people use it: in Chromium, with photos, keys and the camera, wide and narrow."""

import csv
import json

import pytest

from tests.load.photos import save
from tests.serve.process import Served
from tests.serve.service.conftest import needs_packages

WIDTHS = {"desktop": (1280, 900), "phone": (360, 740)}

CONTRAST = """() => {
  const channel = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const parse = text => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const luminance = c => 0.2126 * channel(c[0]) + 0.7152 * channel(c[1]) + 0.0722 * channel(c[2]);
  const back = element => {
    for (let one = element; one; one = one.parentElement) {
      const colour = parse(getComputedStyle(one).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !element.checkVisibility()) continue;
    if (["SCRIPT", "OPTION"].includes(element.tagName)) continue;
    const [a, b] = [luminance(parse(getComputedStyle(element).color)), luminance(back(element))];
    found.push([(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05),
      walker.currentNode.textContent.trim().slice(0, 40)]);
  }
  return found;
}"""


@pytest.fixture
def view(browser, served):
    """A page that must leave no error in the console, and load nothing from elsewhere."""
    yield from shown(browser, served, *WIDTHS["desktop"])


def shown(browser, served, width, height, **settings):
    errors, elsewhere = [], []
    context = browser.new_context(
        viewport={"width": width, "height": height}, accept_downloads=True, **settings
    )
    made = context.new_page()
    made.set_default_timeout(15_000)
    made.on("pageerror", lambda error: errors.append(str(error)))
    made.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    made.on(
        "request",
        lambda r: (
            elsewhere.append(r.url)
            if not r.url.startswith((served.address, "blob:", "data:"))
            else None
        ),
    )
    made.goto(served.address)
    made.wait_for_selector("#method option", state="attached")
    yield made
    context.close()
    assert [error for error in errors if "status of 4" not in error] == []
    assert elsewhere == []


def give(view, photos):
    """Choose photos; returns when all have answers."""
    before = view.locator("#rows tr").count()
    view.wait_for_function("() => !document.querySelector('#ask[open]')")
    view.set_input_files("#files", [str(photo) for photo in photos])
    view.wait_for_function(
        "n => document.querySelectorAll('#rows tr').length === n && ![...document"
        ".querySelectorAll('#rows tr')].some(row => row.children[1].textContent === '...')",
        arg=before + len(photos),
    )


def test_a_photo_gets_its_answer(view, served, photos):
    give(view, photos[:1])
    _, found = served.predict((photos[0].name, photos[0].read_bytes()))
    (answer,) = found["predictions"]
    assert view.inner_text("#answer") == answer["labels"][0]
    bars = view.locator("#bars li").all_inner_texts()
    order = sorted(answer["probabilities"].items(), key=lambda item: -item[1])
    assert [bar.split("\n")[0] for bar in bars] == [name for name, _ in order]
    assert [bar.split("\n")[-1] for bar in bars] == [f"{100 * p:.1f}%" for _, p in order]
    assert view.locator("#bars .given .name").all_inner_texts() == answer["labels"]
    assert "The most probable of 3 classes" in view.inner_text("#words")
    assert "also to photos of something else" in view.inner_text("#words")
    assert not view.is_visible("#several")


def test_the_answer_is_announced(view, photos):
    give(view, photos[:1])
    answer = view.inner_text("#answer")
    view.wait_for_function(
        "text => document.getElementById('status').textContent === text",
        arg=f"{photos[0].name}: {answer}",
    )
    view.focus("#explain")
    view.keyboard.press("Enter")
    view.wait_for_selector("#heat:not([hidden])")
    assert view.inner_text("#status") == f"heat map of {answer} is shown"
    assert view.evaluate("() => document.activeElement.id") == "explain"


def slow_answers(view):
    """Let every answer of the server come 0.4 s later, from now on."""
    view.evaluate(
        """() => {
          const real = window.fetch;
          window.fetch = (path, options) => real(path, options).then(answer =>
            new Promise(done => setTimeout(() => done(answer), 400)));
        }"""
    )


def test_a_row_that_is_clicked_while_it_waits_gets_its_answer(view, photos):
    slow_answers(view)
    view.set_input_files("#files", [str(photo) for photo in photos[:3]])
    view.click("#rows tr:nth-child(2) button")
    assert view.inner_text("#answer") == "..."
    view.wait_for_function("() => document.querySelectorAll('#bars li').length > 0")
    assert view.inner_text("#caption") == photos[1].name
    assert view.inner_text("#answer") in ("cat", "dog", "owl")


def test_photos_that_are_cleared_while_they_wait_do_not_come_back(view, photos):
    slow_answers(view)
    view.set_input_files("#files", [str(photo) for photo in photos[:3]])
    view.click("#clear")
    view.wait_for_timeout(900)
    assert not view.is_visible("#one")
    assert view.locator("#rows tr").count() == 0


def test_another_model_takes_the_answer_of_the_last_away(view, photos):
    give(view, photos[:1])
    slow_answers(view)
    view.select_option("#model", "labels")
    assert view.inner_text("#answer") == "..."
    assert view.locator("#bars li").count() == 0
    view.wait_for_function("() => document.querySelectorAll('#bars .mark').length === 2")


def test_labels_have_a_line_at_the_threshold(view, photos):
    view.select_option("#model", "labels")
    give(view, photos[:1])
    marks = view.eval_on_selector_all("#bars .mark", "all => all.map(one => one.style.left)")
    assert marks == ["40%", "40%"] or marks == ["40.00%", "40.00%"]
    assert "Labels are given from 40.0% on" in view.inner_text("#words")


def test_where_it_is_not_sure_it_says_so(view, photos):
    view.select_option("#model", "yes")
    give(view, photos[:1])
    assert view.inner_text("#answer") == "Please retake the photo"
    assert "it answers from 99.9% on" in view.inner_text("#words")
    assert view.locator("#bars .given").count() == 0


def test_a_file_that_is_no_photo_is_told(view, tmp_path, photos):
    bad = tmp_path / "broken.png"
    bad.write_bytes(photos[0].read_bytes()[:200])
    give(view, [bad])
    assert "broken.png: " in view.inner_text("#answer")
    assert view.locator("#answer.problem").count() == 1
    assert not view.is_visible("#why")


def test_several_photos_are_a_table_and_a_file(view, served, photos, tmp_path):
    strange = save(tmp_path / '=1+2, "x".png', 9)
    give(view, [*photos[:4], strange])
    assert view.inner_text("#several-title") == "5 photos"
    with view.expect_download() as waiting:
        view.click("#csv")
    path = tmp_path / "predictions.csv"
    waiting.value.save_as(path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    names = [*(photo.name for photo in photos[:4]), '\'=1+2, "x".png']
    assert [row["image"] for row in rows] == names
    for row, photo in zip(rows, [*photos[:4], strange], strict=True):
        (answer,) = served.predict((photo.name, photo.read_bytes()))[1]["predictions"]
        assert row["labels"] == answer["labels"][0]
        for name, p in answer["probabilities"].items():
            assert float(row[f"p {name}"]) == p  # all digits
    view.click("#clear")
    assert view.locator("#rows tr").count() == 0
    assert not view.is_visible("#one")


def test_a_row_shows_its_photo(view, photos):
    give(view, photos[:3])
    view.click("#rows tr:nth-child(3) button")
    assert view.inner_text("#caption") == photos[2].name
    assert view.get_attribute("#rows tr:nth-child(3)", "aria-current") == "true"
    assert view.evaluate("() => document.activeElement.id") == "answer"


def test_a_heat_map_lies_over_the_photo_by_a_slider(view, photos):
    give(view, photos[:1])
    view.select_option("#class", "owl")
    view.click("#explain")
    view.wait_for_selector("#heat:not([hidden])")
    view.wait_for_function("() => document.getElementById('heat').naturalWidth > 0")
    assert view.evaluate("() => document.getElementById('heat').style.opacity") == "0.7"
    view.fill("#strength", "25")
    assert view.evaluate("() => document.getElementById('heat').style.opacity") == "0.25"
    assert 'What speaks for "owl" is red' in view.inner_text("#figures")
    boxes = [view.locator(f"#{name}").bounding_box() for name in ("photo", "heat")]
    assert boxes[0] == boxes[1]
    assert view.evaluate(
        "() => ['photo', 'heat'].map(id => document.getElementById(id).naturalWidth)"
    ) == [448, 448]
    view.select_option("#method", "integrated_gradients")
    view.click("#explain")
    view.wait_for_function(
        "() => document.getElementById('figures').textContent.includes('32 steps')"
    )


def test_the_card_says_how_good_the_model_is(view):
    view.click("summary")
    text = view.inner_text("#card-content")
    assert "photos of animals" in text
    assert "train 80, test 40" in text
    assert "Right for 90.0% of 40 test photos (95% interval 77.0% to 96.0%)." in text
    matrix = view.locator(".matrix tbody tr").all_inner_texts()
    assert [row.split() for row in matrix] == [
        ["cat", "19", "1", "0"],
        ["dog", "1", "8", "1"],
        ["owl", "0", "1", "9"],
    ]
    view.select_option("#model", "labels")
    assert "Nobody has written" in view.inner_text("#right")


def test_another_model_answers_anew(view, served, photos):
    give(view, photos[:2])
    view.select_option("#model", "labels")
    view.wait_for_function("() => document.querySelectorAll('#bars .mark').length === 2")
    (answer,) = served.predict(
        (photos[0].name, photos[0].read_bytes()), path="/predict?model=labels"
    )[1]["predictions"]
    expected = ", ".join(answer["labels"]) or "nothing of what it knows"
    assert view.inner_text("#answer") == expected


def test_photos_come_by_dropping_pasting_and_the_camera(view, photos):
    content = list(photos[0].read_bytes())
    for kind, event, field in (
        ("drop", "DragEvent", "dataTransfer"),
        ("paste", "ClipboardEvent", "clipboardData"),
    ):
        view.evaluate(
            """([kind, event, field, content]) => {
              const data = new DataTransfer();
              data.items.add(new File([new Uint8Array(content)], `${kind}.jpg`,
                { type: "image/jpeg" }));
              document.body.dispatchEvent(new window[event](kind,
                { [field]: data, bubbles: true, cancelable: true }));
            }""",
            [kind, event, field, content],
        )
        view.wait_for_function(
            f"() => document.getElementById('caption').textContent === '{kind}.jpg'"
        )
        view.wait_for_function(
            "() => ['cat', 'dog', 'owl'].includes(document.getElementById('answer').textContent)"
        )
    view.click("#camera-open")
    view.wait_for_function("() => document.getElementById('video').videoWidth > 0")
    view.click("#camera-take")
    view.wait_for_function("() => document.getElementById('caption').textContent === 'camera.jpg'")
    assert view.locator("#rows tr").count() == 3
    assert not view.is_visible("#camera")


def test_it_is_used_by_keys_alone(view, photos):
    give(view, photos[:2])
    view.evaluate("() => document.activeElement.blur()")
    reached = []
    for _ in range(40):
        view.keyboard.press("Tab")
        reached.append(
            view.evaluate("() => document.activeElement.id || document.activeElement.tagName")
        )
    for name in ("model", "files", "camera-open", "csv", "method", "class", "explain", "SUMMARY"):
        assert name in reached
    view.focus("#rows tr:nth-child(2) button")
    view.keyboard.press("Enter")
    assert view.inner_text("#caption") == photos[1].name
    view.focus("#explain")
    view.keyboard.press("Enter")
    view.wait_for_selector("#heat:not([hidden])")
    view.focus("#strength")
    view.keyboard.press("Home")
    assert view.evaluate("() => document.getElementById('heat').style.opacity") == "0"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", WIDTHS)
def test_it_fits_and_can_be_read(browser, served, photos, device, scheme):
    width, height = WIDTHS[device]
    for view in shown(browser, served, width, height, color_scheme=scheme):
        give(view, photos[:3])
        view.click("summary")
        view.click("#explain")
        view.wait_for_selector("#heat:not([hidden])")
        assert view.evaluate("() => document.documentElement.scrollWidth") <= width
        found = view.evaluate(CONTRAST)
        assert len(found) > 40
        assert [text for ratio, text in found if ratio < 4.5] == []
        unnamed = view.eval_on_selector_all(
            "button, input, select, a",
            """all => all.filter(one => one.checkVisibility() && !one.textContent.trim() &&
              !one.labels?.length && !one.getAttribute("aria-label")).map(one => one.id)""",
        )
        assert unnamed == []


def test_names_and_answers_are_text_and_never_code(view, photos, tmp_path):
    name = "<img src=x onerror=document.title='owned'>.jpg"
    (tmp_path / name).write_bytes(photos[0].read_bytes())
    give(view, [tmp_path / name, photos[1]])
    assert view.inner_text("#caption") == name
    assert view.title() != "owned"


def test_a_token_is_asked_for_and_used(browser, models, photos, tmp_path):
    needs_packages()
    token = tmp_path / "token.txt"
    token.write_text("0123456789abcdef")
    token.chmod(0o600)
    served = Served(tmp_path / "output.txt", models[0], "--token-file", token)
    context = browser.new_context()
    try:
        view = context.new_page()
        view.goto(served.address)
        view.wait_for_selector("#ask[open]")
        view.fill("#token", "wrong-wrong-wrong")
        view.keyboard.press("Enter")
        view.wait_for_function(
            "() => document.getElementById('ask-problem').textContent === 'that was not the token'"
        )
        view.fill("#token", "0123456789abcdef")
        view.keyboard.press("Enter")
        view.wait_for_selector("#method option", state="attached")
        give(view, photos[:1])
        assert view.inner_text("#answer") in ("cat", "dog", "owl")
    finally:
        context.close()
        served.kill()


def test_a_server_that_is_gone_is_told(browser, serve, photos):
    served = serve()
    context = browser.new_context()
    view = context.new_page()
    view.goto(served.address)
    view.wait_for_selector("#method option", state="attached")
    served.kill()
    give(view, photos[:1])
    assert "the server does not answer" in view.inner_text("#answer")
    context.close()


def test_the_page_of_paths_shows_all_of_them(browser, served):
    context = browser.new_context()
    view = context.new_page()
    errors = []
    view.on("pageerror", lambda error: errors.append(str(error)))
    view.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    view.goto(f"{served.address}docs")
    view.wait_for_selector(".opblock")
    shown_paths = view.locator(".opblock-summary-path").all_inner_texts()
    known = json.loads(served.ask("/openapi.json")[2])["paths"]
    assert [path.replace("\u200b", "") for path in shown_paths] == list(known)
    assert errors == []
    context.close()
