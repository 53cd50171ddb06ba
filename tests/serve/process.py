"""The server in a process of its own, and clients."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from tests.paths import ROOT

BOUNDARY = "a7c1b2"


class Served:
    """``python -m src.serve ...`` on a free port, once it answers."""

    def __init__(self, output, *arguments, said=" at http://"):
        self.output = output
        with output.open("w") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "src.serve", *map(str, arguments), "--port", "0"],
                cwd=ROOT,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + 60
        while said not in output.read_text():
            assert self.process.poll() is None, output.read_text()
            assert time.monotonic() < deadline, output.read_text()
            time.sleep(0.02)
        self.address = "http://" + output.read_text().split(said)[1].split()[0]
        self.port = urlsplit(self.address).port

    def stop(self, number):
        self.process.send_signal(number)
        return self.process.wait(30)

    def kill(self):
        workers = self.workers()  # one that stands still does not see that the server has gone
        self.process.kill()
        self.process.wait()
        for number in workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)

    def until_ready(self, workers, token=""):
        """Wait until so many workers answer."""
        headers = {"Authorization": f"Bearer {token}"}
        deadline = time.monotonic() + 30
        while f"workers_ready {workers}" not in self.ask("/metrics", headers=headers)[2].decode():
            assert time.monotonic() < deadline, self.output.read_text()
            time.sleep(0.05)

    def workers(self):
        """Numbers of the worker processes."""
        return workers_of(self.process.pid)

    def tell_workers(self, signal_number):
        for number in self.workers():
            os.kill(number, signal_number)

    def ask(self, path, body=None, headers=None, method=None, timeout=60):
        """Status, headers and content of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method or ("POST" if body else "GET"), path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def ask_json(self, path, body=None, headers=None, **settings):
        """Status and content of the answer."""
        status, _, content = self.ask(path, body, headers, **settings)
        return status, json.loads(content)

    def predict(self, *photos, path="/predict", headers=None, **settings):
        """Status and content for photos (name, bytes) in a form."""
        body, kind = form(*photos)
        return self.ask_json(path, body, {**kind, **(headers or {})}, **settings)


def workers_of(server):
    """Numbers of the worker processes of a server; none where there is no /proc."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            line = (folder / "cmdline").read_bytes()
        except OSError:  # it has just ended
            continue
        if parent == server and b"spawn_main" in line:
            found.append(int(folder.name))
    return found


def form(*photos, field="files", kind="image/png"):
    """Body and headers of a form with photos (name, bytes)."""
    parts = []
    for name, content in photos:
        head = f'Content-Disposition: form-data; name="{field}"; filename="{name}"'
        parts += [f"--{BOUNDARY}\r\n{head}\r\nContent-Type: {kind}\r\n\r\n".encode(), content]
        parts.append(b"\r\n")
    body = b"".join([*parts, f"--{BOUNDARY}--\r\n".encode()])
    return body, {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


def run(*arguments, path=None):
    """Exit status and all that is printed by a server that cannot start."""
    places = [str(place) for place in (path, ROOT) if place]
    done = subprocess.run(
        [sys.executable, "-m", "src.serve", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(places)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout
