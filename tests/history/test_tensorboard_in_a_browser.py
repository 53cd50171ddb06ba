"""A run as people see it: TensorBoard, started by the test, in Debian's Chromium.

Needs the extra "browser" and Debian's package chromium. With CLASSIC_NN_SCREENSHOTS=DIR the
pictures of the views stay in DIR: so those of the documentation are made.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.paths import ROOT

sync_api = pytest.importorskip("playwright.sync_api", reason="needs classic-nn[browser]")
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's package chromium")

WAIT = 30_000
"""To wait for a view, in milliseconds: TensorBoard reads a new run every few seconds."""

TIMES = "\u00d7"
"""Between the lengths of a shape."""


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    """Two short runs of one recipe."""
    directory = tmp_path_factory.mktemp("tensorboard")
    for seed in (0, 1):
        recipe = ["digits", "--epochs", "12", "--quiet", "--history-every", "2"]
        places = ["--output-dir", directory / "runs", "--log-dir", directory / "logs"]
        subprocess.run(
            [sys.executable, "-m", "src.classic_train", *recipe, "--seed", str(seed), *places],
            check=True,
            cwd=ROOT,
        )
    return directory / "logs"


@pytest.fixture(scope="module")
def address(logs, tmp_path_factory):
    output = tmp_path_factory.mktemp("server") / "output.txt"
    with output.open("w") as file:
        server = subprocess.Popen(
            [sys.executable, "-m", "tensorboard.main", "--logdir", logs.name, "--port", "0"],
            cwd=logs.parent,  # the views show the directory as it is given
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + 60
        while "http://localhost:" not in output.read_text():
            assert server.poll() is None, output.read_text()
            assert time.monotonic() < deadline, output.read_text()
            time.sleep(0.2)
        port = output.read_text().split("http://localhost:")[1].split("/")[0]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield chromium
        chromium.close()


@pytest.fixture
def view(browser, address, tmp_path):
    """Opens a view of TensorBoard; afterwards its picture is taken."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(WAIT)
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    opened = []

    def open_view(name):
        page.goto(f"{address}/#{name}")
        opened.append(name)
        return page

    yield open_view
    page.wait_for_timeout(1500)  # drawn lines move to their places
    directory = Path(os.environ.get("CLASSIC_NN_SCREENSHOTS") or tmp_path)
    directory.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=directory / f"{opened[-1]}.png")
    page.close()
    assert not errors


def test_costs_of_training_and_validation_are_on_one_chart(view, logs):
    page = view("custom_scalars")
    page.get_by_text("cost: training and validation").first.wait_for()
    chart = page.locator("tf-custom-scalar-multi-line-chart-card").first
    chart.get_by_text("Matches (4)").click()
    for run in logs.iterdir():
        for tag in ("/cost", "/validation_cost"):
            chart.get_by_text(f"{tag} ({run.name}/cost)").first.wait_for(state="attached")


def test_scalars_of_all_kinds(view):
    page = view("scalars")
    for kind in ("/cost", "/metrics/accuracy", "/parameters/W1_l2", "/activations/relu1_zeros"):
        page.locator("tf-tag-filterer paper-input input:visible").first.fill(f"^{kind}$")
        page.get_by_text(kind, exact=True).first.wait_for()


def test_histograms_of_parameters_gradients_and_activations(view):
    page = view("histograms")
    for tag in ("/parameters/W1", "/gradients/dW1", "/activations/relu1"):
        page.locator("tf-tag-filterer paper-input input:visible").first.fill(f"^{tag}$")
        page.get_by_text(tag, exact=True).first.wait_for()
        ridges = page.locator("vz-histogram-timeseries path")
        ridges.first.wait_for(state="attached")
        assert ridges.count() >= 7  # epochs 1, 2, 4, ..., 12


def test_images(view):
    page = view("images")
    for name in ("filters", "augmented_samples", "predictions", "confusion_matrix"):
        page.get_by_text(f"/images/{name}").first.wait_for()
    page.wait_for_function(
        """() => {
            const all = [];
            const walk = root => root.querySelectorAll('*').forEach(element => {
                if (element.tagName === 'IMG') all.push(element);
                if (element.shadowRoot) walk(element.shadowRoot);
            });
            walk(document);
            const loaded = all.filter(image => image.complete && image.naturalWidth > 100);
            return loaded.length >= 8;
        }"""
    )


def test_the_graph_has_layers_shapes_and_settings(view):
    page = view("graphs")
    scene = page.locator("tf-graph-scene")
    scene.get_by_text(TIMES.join("?881"), exact=True).first.wait_for(state="attached")
    texts = " ".join(scene.locator("text").all_text_contents())
    assert TIMES.join(("?", "8", "8", "32")) in texts
    assert "conv2d1" in texts
    assert "dense2" in texts
    node = scene.locator('g.node[data-name="conv2d1"] ellipse').first
    for _ in range(20):  # the graph is still moving to its place
        page.wait_for_timeout(300)
        box = node.bounding_box()
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        if page.get_by_text("out_channels").count():
            return
    raise AssertionError("a click on conv2d1 did not show its settings")


def test_hyperparameters_stand_next_to_final_metrics(view, logs):
    page = view("hparams")
    for run in logs.iterdir():
        page.get_by_text(run.name, exact=True).first.wait_for(state="attached")
    page.get_by_text("test_accuracy").first.wait_for(state="attached")
    table = page.locator("tf-hparams-table-view")
    table.first.wait_for(state="attached")
    figures = table.get_by_text("0.9").all_text_contents()
    assert len(figures) >= 2 * 4, figures  # accuracy and more, of either run
