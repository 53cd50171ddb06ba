"""Weights by name: from the hub (a server on this machine stands in for it), a file, a folder."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from src.classic_cnn.architectures import ARCHITECTURES, create_network
from src.load.__main__ import main
from src.load.errors import UnreadableDataError
from src.load.weights import LAYOUTS, fetch_weights, imagenet_classes, local_weights
from src.load.weights.published import PUBLISHED
from tests.load.weights.files import save_weights
from tests.paths import ROOT
from tests.programs import run_main


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "given.safetensors"
    save_weights(path, "mobilenet_v2", "timm", np.random.default_rng(0))
    return path


@pytest.fixture
def folder(tmp_path, monkeypatch, weights):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CLASSIC_NN_WEIGHTS", raising=False)
    (tmp_path / "given.safetensors").write_bytes(weights.read_bytes())
    return tmp_path


def test_the_record_of_each_network_is_true_of_it():
    for name, published in PUBLISHED.items():
        network = create_network(name)
        pixels = ARCHITECTURES[name].pixels
        network.build((pixels, pixels, 3), None)
        assert network.parameters.vector.size == published.parameters, name
        assert published.layout in LAYOUTS[name]


def test_weights_of_another_network_are_not_kept(folder):
    with pytest.raises(UnreadableDataError, match=r"has 3,504,872 parameters, expected the 25,557"):
        fetch_weights("resnet50", folder / "given.safetensors", lambda text: None)
    assert not (folder / "assets").exists()


def test_other_weights_do_not_replace_those_that_are_there(folder):
    fetch_weights("mobilenet_v2", folder / "given.safetensors", lambda text: None)
    save_weights(folder / "other.safetensors", "mobilenet_v2", "timm", np.random.default_rng(1))
    with pytest.raises(UnreadableDataError, match="holds other weights; remove it first"):
        fetch_weights("mobilenet_v2", folder / "other.safetensors", lambda text: None)
    with pytest.raises(UnreadableDataError, match="no such file"):
        fetch_weights("mobilenet_v2", folder / "missing.safetensors", lambda text: None)


def test_a_file_on_disk_is_kept_with_its_checksum(folder):
    said = []
    path = fetch_weights("mobilenet_v2", folder / "given.safetensors", said.append)
    assert path.read_bytes() == (folder / "given.safetensors").read_bytes()
    assert "timm/mobilenetv2_100.ra_in1k" in said[0]
    about = json.loads(path.with_suffix(".json").read_text())
    assert about["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert local_weights("mobilenet_v2") == path
    fetch_weights("mobilenet_v2", None, said.append)
    assert "complete and unchanged" in said[-1]


def test_a_file_that_changed_is_refused(folder):
    path = fetch_weights("mobilenet_v2", folder / "given.safetensors", lambda text: None)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    for call in (lambda: local_weights("mobilenet_v2"), lambda: fetch_weights("mobilenet_v2")):
        with pytest.raises(UnreadableDataError, match="has changed since it was fetched"):
            call()


def test_a_broken_file_is_not_kept(folder):
    (folder / "broken.safetensors").write_bytes(b"no weights")
    with pytest.raises(UnreadableDataError, match="damaged"):
        fetch_weights("resnet50", folder / "broken.safetensors", lambda text: None)
    assert not (folder / "assets").exists()


def test_a_folder_of_ones_own(folder, monkeypatch):
    own = folder / "own"
    own.mkdir()
    monkeypatch.setenv("CLASSIC_NN_WEIGHTS", str(own))
    for name in ("resnet50_v1_folded.safetensors", "vgg16_notop.h5", "efficientnet_b0.txt"):
        (own / name).write_bytes(b"")
    assert local_weights("resnet50_v1").name == "resnet50_v1_folded.safetensors"
    assert local_weights("vgg16").name == "vgg16_notop.h5"
    with pytest.raises(UnreadableDataError, match=r"python -m src\.load weights resnet50, or"):
        local_weights("resnet50")  # the file is of v1, whose outputs are others
    with pytest.raises(UnreadableDataError, match="no weights of efficientnet_b0"):
        local_weights("efficientnet_b0")
    with pytest.raises(UnreadableDataError, match="name a file of them"):
        local_weights("resnet50_v2")  # nobody publishes these


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["resnet5"], "unknown weights 'resnet5': did you mean 'resnet50'"),
        (["resnet50", "--file", "missing.safetensors"], "missing.safetensors: no such file"),
        (["resnet50", "--file", "given.bin"], "expected a .safetensors file of https://"),
        (["--file", "given.safetensors"], "name the network"),
    ],
)
def test_mistakes_on_the_command_line(arguments, said, folder):
    status, _, error = run_main(main, folder, "weights", *arguments)
    assert status == 2
    assert said in error
    assert error.count("\n") == 1


def test_the_list(folder):
    fetch_weights("mobilenet_v2", folder / "given.safetensors", lambda text: None)
    status, printed, _ = run_main(main, folder, "weights")
    assert status == 0
    rows = {line.split()[0]: line for line in printed.splitlines() if line}
    assert set(PUBLISHED) <= set(rows)
    assert "assets/weights/mobilenet_v2.safetensors" in rows["mobilenet_v2"]
    assert "0.761" in rows["resnet50"]
    assert "assets" not in rows["resnet50"]


def test_the_names_of_imagenets_classes():
    names = imagenet_classes()
    assert len(names) == 1000
    assert (names[0], names[954], names[999]) == (
        *("tench, Tinca tinca", "banana"),
        "toilet tissue, toilet paper, bathroom tissue",
    )


class Hub(BaseHTTPRequestHandler):
    """Serves one file of weights as the hub does."""

    content = b""
    ranges: list = []  # noqa: RUF012

    def do_HEAD(self):
        self.answer(body=False)

    def do_GET(self):
        self.answer(body=True)

    def answer(self, body):
        if not self.path.endswith("/resolve/main/model.safetensors"):
            self.send_error(404)
            return
        start = 0
        if "Range" in self.headers:
            start = int(self.headers["Range"].removeprefix("bytes=").split("-")[0])
            self.ranges.append(start)
        self.send_response(206 if start else 200)
        digest = hashlib.sha256(self.content).hexdigest()
        for name, value in (
            ("Content-Length", str(len(self.content) - start)),
            ("ETag", f'"{digest}"'),
            ("X-Repo-Commit", "0" * 40),
            ("Accept-Ranges", "bytes"),
        ):
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(self.content[start:])

    def log_message(self, *_):
        pass


def test_fetching_with_the_real_client(folder):
    pytest.importorskip("huggingface_hub", reason="needs the extra 'weights'")
    Hub.content = (folder / "given.safetensors").read_bytes()
    server = ThreadingHTTPServer(("localhost", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "HF_ENDPOINT": f"http://localhost:{server.server_port}",
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "no_proxy": "localhost",
    }
    done = subprocess.run(
        [sys.executable, "-m", "src.load", "weights", "mobilenet_v2"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    server.shutdown()
    server.server_close()
    assert done.returncode == 0, done.stderr
    assert "SHA-256" in done.stdout
    fetched = folder / "assets/weights/mobilenet_v2.safetensors"
    assert fetched.read_bytes() == Hub.content
