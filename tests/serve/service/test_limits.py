"""Bounds: bytes, photos, pixels, waiting, time; and workers that stand still or end.

A worker that is told to stand still (SIGSTOP) makes every one of these cases happen for certain.
"""

import http.client
import json
import os
import signal
import socket
import threading
import time
import zlib
from pathlib import Path

import pytest

from tests.serve.process import form
from tests.serve.service.conftest import needs_packages

pytestmark = pytest.mark.skipif(not os.path.isdir("/proc"), reason="looks for processes in /proc")


def content(photos, k=0):
    return (photos[k].name, photos[k].read_bytes())


def until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


class Asking(threading.Thread):
    """Requests that wait for their answers in the background."""

    def __init__(self, served, photos, count=1, path="/predict"):
        super().__init__()
        self.served, self.photos, self.count, self.path = served, photos, count, path
        self.answers = []
        self.start()

    def run(self):
        photos = [content(self.photos, k % len(self.photos)) for k in range(self.count)]
        try:
            self.answers.append(self.served.predict(*photos, path=self.path))
        except OSError as error:
            self.answers.append((0, {"error": str(error)}))

    def answer(self):
        self.join(60)
        return self.answers[0]


def gauge(served, name):
    text = served.ask("/metrics")[2].decode()
    return int(float(text.split(f"\nclassic_nn_{name} ")[1].split()[0]))


def waiting(served):
    return gauge(served, "waiting")


def working(served):
    return gauge(served, "working")


def test_requests_that_are_too_long(serve, photos):
    served = serve("--request-bytes", "20000", "--photos", "2")
    status, found = served.predict(("a.png", b"x" * 30_000))
    assert (status, found["error"]) == (413, "the request is longer than 20,000 bytes")
    status, found = served.predict(*[content(photos)] * 3)
    assert (status, found["error"].count("Too many files")) == (413, 1)
    images = {"images": ["eA=="] * 3}
    kind = {"Content-Type": "application/json"}
    assert served.ask_json("/predict", json.dumps(images), kind)[0] == 413
    assert served.predict(content(photos))[0] == 200


def test_a_false_length_helps_nobody(serve):
    served = serve("--request-bytes", "20000")
    body, kind = form(("a.png", b"x" * 30_000))
    chunks = b"".join(
        b"%x\r\n%s\r\n" % (len(body[k : k + 999]), body[k : k + 999])
        for k in range(0, len(body), 999)
    )
    head = f"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind['Content-Type']}\r\n"
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as client:
        client.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + chunks + b"0\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 413")


def test_decompression_bombs_are_refused_by_their_heads(serve, photos):
    served = serve("--pixels", "5000")
    pixels = zlib.compress(bytes(9000 * 9001 * 3 // 8), 9)

    def chunk(name, data):
        checksum = zlib.crc32(name + data)
        return len(data).to_bytes(4, "big") + name + data + checksum.to_bytes(4, "big")

    head = (9000).to_bytes(4, "big") * 2 + bytes([1, 0, 0, 0, 0])
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels)
    status, found = served.predict(("bomb.png", bomb + chunk(b"IEND", b"")), content(photos))
    assert status == 200
    assert found["predictions"][0]["error"] == (
        "bomb.png: 9000 x 9000 pixels are more than the 5,000 that are taken here: make the photo "
        "smaller"
    )
    assert "labels" in found["predictions"][1]


def test_a_full_line_says_when_to_come_again(serve, photos):
    served = serve("--workers", "1", "--waiting", "4", "--photos", "4")
    served.tell_workers(signal.SIGSTOP)
    taken = Asking(served, photos)
    until(lambda: working(served) == 1)
    in_line = Asking(served, photos, count=4)
    until(lambda: waiting(served) == 4)
    body, kind = form(content(photos))
    status, headers, answer = served.ask("/predict", body, kind)
    assert (status, json.loads(answer)["error"]) == (503, "4 photos are waiting already")
    assert int(headers["retry-after"]) >= 1
    assert served.ask("/health")[0] == 200  # the server itself answers all the time
    served.tell_workers(signal.SIGCONT)
    assert (taken.answer()[0], in_line.answer()[0]) == (200, 200)
    assert served.predict(content(photos))[0] == 200


def test_who_waits_too_long_is_told(serve, photos):
    served = serve("--workers", "1", "--waiting-seconds", "0.3", "--predict-seconds", "1.5")
    served.tell_workers(signal.SIGSTOP)
    first = Asking(served, photos)
    until(lambda: working(served) == 1)
    second = Asking(served, photos)
    assert first.answer() == (504, {"error": "it took more than 1.5 seconds"})
    assert second.answer() == (503, {"error": "the server is too busy"})
    # the worker that stood still was ended, and another one took its place
    until(lambda: served.ask("/ready")[0] == 200)
    assert served.predict(content(photos))[0] == 200
    assert "worker 1 took more than 1.5 seconds; starting another" in served.output.read_text()


def test_who_waits_too_long_is_told_in_time(serve, photos):
    served = serve("--workers", "1", "--waiting-seconds", "0.5", "--predict-seconds", "8")
    served.tell_workers(signal.SIGSTOP)
    first = Asking(served, photos)
    until(lambda: working(served) == 1)
    began = time.monotonic()
    assert served.predict(content(photos))[0] == 503  # though no worker becomes free
    assert time.monotonic() - began < 4
    served.tell_workers(signal.SIGCONT)
    assert first.answer()[0] == 200


def test_a_photo_that_a_worker_does_not_take_is_given_up(serve):
    served = serve("--workers", "1", "--predict-seconds", "1")
    served.tell_workers(signal.SIGSTOP)
    large = ("large.png", os.urandom(5_000_000))  # more than a pipe holds
    assert served.predict(large) == (504, {"error": "it took more than 1 seconds"})
    assert served.predict(("small.png", b"x"))[0] == 422


def test_workers_that_end_while_nobody_asks_are_started_again(serve, photos):
    served = serve("--workers", "2")
    before = served.workers()
    served.tell_workers(signal.SIGKILL)
    until(lambda: len(served.workers()) == 2 and not set(served.workers()) & set(before))
    served.until_ready(2)
    for path in ("/predict", "/explain", "/explain", "/explain"):
        assert served.predict(content(photos), path=path)[0] == 200


def test_a_worker_with_another_file_does_not_answer(models, photos, tmp_path):
    needs_packages()
    from tests.inference.models import write
    from tests.serve.process import Served

    path = tmp_path / "changing.safetensors"
    path.write_bytes(models[0].read_bytes())
    served = Served(tmp_path / "output.txt", path, "--workers", "2")
    try:
        served.until_ready(2)
        expected = served.predict(content(photos))
        write(path, names=("one", "two", "three"))
        os.kill(served.workers()[0], signal.SIGKILL)
        until(lambda: "has changed: restart the server" in served.output.read_text())
        for _ in range(6):
            assert served.predict(content(photos)) == expected
    finally:
        served.kill()


def test_a_head_without_end_is_cut_off(serve, photos):
    served = serve()
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as client:
        client.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: ")
        try:
            for _ in range(200):
                client.sendall(b"x" * 10_000)
            assert client.recv(100).startswith(b"HTTP/1.1 4") or client.recv(100) == b""
        except OSError:
            pass  # cut off
    assert served.predict(content(photos))[0] == 200


def test_many_values_in_json_are_refused_before_they_are_made(served):
    body = b'{"images": [' + b"{}," * 100_000 + b"{}]}"
    status, found = served.ask_json("/predict", body, {"Content-Type": "application/json"})
    assert (status, found["error"]) == (413, "the JSON has too many values for 32 photos")


def test_an_upload_that_is_broken_off_is_no_mistake_of_the_server(served, photos):
    body, kind = form(content(photos))
    head = f"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", served.port)) as client:
            client.sendall(f"{head}Content-Type: {kind['Content-Type']}\r\n\r\n".encode())
            client.sendall(body[: len(body) // 2])
    assert served.predict(content(photos))[0] == 200
    text = served.ask("/metrics")[2].decode()
    assert 'path="/predict",status="500"' not in text
    assert "Traceback" not in served.output.read_text()


def test_photos_of_clients_that_have_gone_are_not_computed(serve, photos):
    served = serve("--workers", "1", "--waiting", "4", "--photos", "4")
    served.tell_workers(signal.SIGSTOP)
    Asking(served, photos)
    until(lambda: working(served) == 1)
    body, kind = form(*[content(photos)] * 4)
    head = f"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
    with socket.create_connection(("127.0.0.1", served.port)) as client:
        client.sendall(f"{head}Content-Type: {kind['Content-Type']}\r\n\r\n".encode() + body)
        until(lambda: waiting(served) == 4)
    # its places are free again, though nothing was computed
    place = Asking(served, photos, count=3)
    until(lambda: waiting(served) == 3)
    served.tell_workers(signal.SIGCONT)
    assert place.answer()[0] == 200


def test_a_worker_that_ends_takes_nobody_along(serve, photos):
    served = serve("--workers", "2")
    served.tell_workers(signal.SIGSTOP)
    asked = [Asking(served, photos) for _ in range(2)]
    until(lambda: working(served) == 2)
    later = [Asking(served, photos) for _ in range(6)]
    until(lambda: waiting(served) == 6)
    served.tell_workers(signal.SIGKILL)
    lost = [one.answer() for one in asked]
    assert all(status == 503 and "the worker was lost" in found["error"] for status, found in lost)
    expected = served.predict(content(photos))[1]
    assert [one.answer() for one in later] == [(200, expected)] * 6
    assert served.output.read_text().count("ended (status -9); starting another") == 2
    until(lambda: len(served.workers()) == 2)  # one may still be starting
    assert "workers_lost 2" in served.ask("/metrics")[2].decode()


def test_an_explanation_that_takes_too_long_is_ended(serve, photos):
    served = serve("--explain-seconds", "0.05", "--workers", "1")
    status, found = served.predict(content(photos), path="/explain?method=shap&coalitions=5000")
    assert (status, found) == (504, {"error": "it took more than 0.05 seconds"})
    assert served.predict(content(photos))[0] == 200


def test_explanations_leave_a_worker_to_predictions(serve, photos):
    served = serve("--workers", "2")
    expected = served.predict(content(photos))
    served.tell_workers(signal.SIGSTOP)
    slow = [Asking(served, photos, path="/explain") for _ in range(5)]
    until(lambda: (working(served), waiting(served)) == (1, 4))  # one of two workers is left
    quick = Asking(served, photos)
    until(lambda: (working(served), waiting(served)) == (2, 4))
    served.tell_workers(signal.SIGCONT)
    assert quick.answer() == expected
    assert [one.answer()[0] for one in slow] == [200] * 5


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_finishes_what_it_has(serve, photos, number):
    served = serve("--workers", "1")
    served.tell_workers(signal.SIGSTOP)
    asked = [Asking(served, photos, count=3) for _ in range(3)]
    until(lambda: waiting(served) + working(served) == 9)
    served.process.send_signal(number)
    served.tell_workers(number)  # as a terminal and systemd do
    time.sleep(0.3)
    served.tell_workers(signal.SIGCONT)
    assert [one.answer()[0] for one in asked] == [200] * 3
    assert served.process.wait(20) == 0
    printed = served.output.read_text()
    assert printed.endswith("stopped\n")
    assert "Traceback" not in printed
    assert "leaked" not in printed


def test_what_does_not_end_in_time_is_given_up(serve, photos):
    served = serve("--workers", "1", "--stopping-seconds", "0.5")
    served.tell_workers(signal.SIGSTOP)
    asked = Asking(served, photos, count=3)
    until(lambda: working(served) == 3)
    workers = served.workers()
    began = time.monotonic()
    assert served.stop(signal.SIGTERM) == 0
    assert asked.answer() == (503, {"error": "the server was stopped"})
    assert time.monotonic() - began < 4
    assert "Traceback" not in served.output.read_text()
    for number in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(number, 0)


def test_told_twice_it_stops_at_once(serve, photos):
    served = serve("--workers", "1")
    served.tell_workers(signal.SIGSTOP)
    Asking(served, photos)
    until(lambda: working(served) == 1)
    served.process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    began = time.monotonic()
    assert served.stop(signal.SIGINT) == 0
    assert time.monotonic() - began < 5


def test_workers_end_with_a_server_that_is_killed(serve):
    served = serve("--workers", "2")
    workers = served.workers()
    assert len(workers) == 2
    served.kill()

    def alive(number):
        try:
            return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False

    until(lambda: not any(map(alive, workers)))


def test_killed_and_started_again_under_load_there_is_no_wrong_answer(serve, photos):
    served = serve()
    expected = [served.predict(content(photos, k))[1] for k in range(6)]
    results, ended = [], threading.Event()

    def client(k):
        while not ended.is_set():
            try:
                status, found = served.predict(content(photos, k % 6), timeout=10)
            except (OSError, http.client.HTTPException):
                results.append("closed")
            else:
                right = status == 503 or found == expected[k % 6]
                results.append(status if right else "wrong")

    threads = [threading.Thread(target=client, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        time.sleep(0.4)
        for number in served.workers()[:1]:
            os.kill(number, signal.SIGKILL)
    time.sleep(0.3)
    served.kill()
    time.sleep(0.2)
    ended.set()
    for thread in threads:
        thread.join()
    assert set(results) <= {200, 503, "closed"}
    assert results.count(200) > 20


def test_slow_clients_are_cut_off_and_good_ones_answered(serve, photos):
    served = serve("--upload-seconds", "2")
    body, kind = form(content(photos))
    head = f"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
    whole = f"{head}Content-Type: {kind['Content-Type']}\r\n\r\n".encode() + body
    clients = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(100)]
    for k, client in enumerate(clients):
        client.sendall(whole[: 20 if k % 2 else len(whole) - 300])
    expected, slowest = served.predict(content(photos)), 0.0
    place, cut = 0, set()
    end = time.monotonic() + 4
    while time.monotonic() < end:
        for k, client in enumerate(clients):
            start = 20 if k % 2 else len(whole) - 300
            try:
                client.sendall(whole[start + place : start + place + 1])
            except OSError:
                cut.add(k)
        place += 1
        began = time.monotonic()
        assert served.predict(content(photos)) == expected
        slowest = max(slowest, time.monotonic() - began)
        time.sleep(0.5)
    assert slowest < 3
    answers = []
    for client in clients[::2]:  # those that have sent a head are told why
        client.settimeout(10)
        try:
            answers.append(client.recv(100)[:12])
        except OSError:
            answers.append(b"")
    assert answers.count(b"HTTP/1.1 408") >= 45
    for client in clients:
        client.close()
