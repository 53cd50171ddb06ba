"""Fetching with the real kagglehub, from a server on this machine that stands in for Kaggle."""

import base64
import hashlib
import io
import json
import os
import subprocess
import sys
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.paths import ROOT

pytest.importorskip("kagglehub", reason="pip install 'classic-nn[kaggle]'")

CALL = """
import sys
import kagglesdk.kaggle_env as kaggle
kaggle._env_to_endpoint[kaggle.KaggleEnv.LOCAL] = "http://localhost:" + sys.argv[1]
from src.load.__main__ import main
sys.exit(main(["tomatoes"]))
"""
"""The command, with a Kaggle on this machine."""


def archive():
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        file.writestr("images/a.jpg", os.urandom(3_000_000))
        file.writestr("labels/a.txt", "0 0.5 0.5 1 1\n")
    return content.getvalue()


class Kaggle(ThreadingHTTPServer):
    """Serves one data set; ``breaks`` is how many bytes of a first download it sends."""

    def __init__(self):
        super().__init__(("localhost", 0), Handler)
        self.archive, self.breaks, self.ranges = archive(), None, []
        self.checksum = base64.b64encode(hashlib.md5(self.archive).digest()).decode()


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.endswith("GetDataset"):
            body = json.dumps({"currentVersionNumber": 1}).encode()
            self.reply(200, body, {"Content-Type": "application/json"})
        else:
            self.reply(
                302, b"", {"Location": f"http://localhost:{self.server.server_port}/archive.zip"}
            )

    def do_GET(self):
        content, asked = self.server.archive, self.headers.get("Range")
        headers = {
            "Accept-Ranges": "bytes",
            "Content-Type": "application/zip",
            "x-goog-hash": f"md5={self.server.checksum}",
        }
        if asked:
            self.server.ranges.append(asked)
            content = content[int(asked.removeprefix("bytes=").rstrip("-")) :]
        breaks, self.server.breaks = self.server.breaks, None
        self.reply(206 if asked else 200, content, headers, breaks)

    def reply(self, status, body, headers, breaks=None):
        self.send_response(status)
        for name, value in {**headers, "Content-Length": len(body)}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body[:breaks])
        self.close_connection = True

    def log_message(self, *arguments):
        pass


@pytest.fixture
def kaggle():
    server = Kaggle()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def fetch(folder, port):
    environment = {
        **{name: text for name, text in os.environ.items() if "proxy" not in name.lower()},
        **{"PYTHONPATH": str(ROOT), "KAGGLE_API_ENVIRONMENT": "LOCALHOST", "HOME": str(folder)},
    }
    return subprocess.run(
        [sys.executable, "-c", CALL, str(port)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )


def files(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_a_data_set_comes_into_its_folder(kaggle, tmp_path):
    done = fetch(tmp_path, kaggle.server_port)
    assert done.returncode == 0, done.stderr
    assert files(tmp_path / "assets") == [
        *("tomato/SHA256SUMS", "tomato/images/a.jpg", "tomato/labels/a.txt")
    ]
    assert done.stdout.index("licence:") < done.stdout.index("files, checksums recorded")
    again = fetch(tmp_path, kaggle.server_port)
    assert again.returncode == 0
    assert "complete and unchanged" in again.stdout


def test_an_interrupted_download_goes_on_where_it_stopped(kaggle, tmp_path):
    kaggle.breaks = 2_000_000  # it writes by the megabyte
    done = fetch(tmp_path, kaggle.server_port)
    assert done.returncode == 2
    error = done.stderr.splitlines()[-1]
    assert "cannot be downloaded" in error
    assert "try again to go on where it stopped" in error
    assert not (tmp_path / "assets/tomato").exists()
    done = fetch(tmp_path, kaggle.server_port)
    assert done.returncode == 0, done.stderr
    assert kaggle.ranges
    assert int(kaggle.ranges[0].removeprefix("bytes=").rstrip("-")) > 0
    with zipfile.ZipFile(io.BytesIO(kaggle.archive)) as packed:
        expected = packed.read("images/a.jpg")
    assert (tmp_path / "assets/tomato/images/a.jpg").read_bytes() == expected


def test_a_damaged_download_is_refused(kaggle, tmp_path):
    kaggle.checksum = base64.b64encode(bytes(16)).decode()
    done = fetch(tmp_path, kaggle.server_port)
    assert done.returncode == 2
    assert "cannot be downloaded" in done.stderr.splitlines()[-1]
    assert not (tmp_path / "assets/tomato").exists()


def test_no_network_is_one_line(tmp_path):
    done = fetch(tmp_path, 9)  # nobody listens
    assert done.returncode == 2
    assert "cannot be downloaded" in done.stderr.splitlines()[-1]
    assert "--archive FILE" in done.stderr
