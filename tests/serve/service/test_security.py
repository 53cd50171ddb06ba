"""Who is answered, what goes out with an answer, and what hostile clients can do: nothing."""

import json
import random
import socket

import pytest

from src.serve.__main__ import main
from tests.programs import run_main
from tests.serve.process import BOUNDARY, form
from tests.serve.service.conftest import needs_packages

TOKEN = "correct-horse-battery-staple"


def content(photos):
    return (photos[0].name, photos[0].read_bytes())


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("localhost", 200),
        ("LOCALHOST:8000", 200),
        ("[::1]:8000", 200),
        ("192.168.1.7", 200),
        ("evil.example", 400),
        ("localhost.evil.example", 400),
        ("127.0.0.1.evil.example", 400),
        ("127.0.0.1@evil.example", 400),
        ("[::1", 400),
        ("", 400),
    ],
)
def test_only_addresses_and_known_names_are_answered(served, host, status):
    assert served.ask("/models", headers={"Host": host})[0] == status


def test_two_hosts_are_none(served):
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as client:
        client.sendall(b"GET /models HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 400")


def test_names_that_were_given_are_answered(serve):
    served = serve("--name", "photos.example")
    assert served.ask("/models", headers={"Host": "photos.example"})[0] == 200
    assert served.ask("/models", headers={"Host": "other.example"})[0] == 400


def test_other_pages_in_the_browser_are_not_answered(served, photos):
    own = {"Origin": f"http://127.0.0.1:{served.port}"}
    assert served.predict(content(photos), headers=own)[0] == 200
    for origin in ("http://evil.example", "null", "http://127.0.0.1:1", "http://[::1", "http://["):
        status, found = served.predict(content(photos), headers={"Origin": origin})
        assert (status, found["error"]) == (403, f"{origin} is another page")


def test_every_answer_has_its_headers(served):
    for path in ("/", "/models", "/nowhere", "/page/page.js", "/docs"):
        headers = served.ask(path)[1]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe-inline" not in headers["content-security-policy"] or path == "/docs"
        assert headers["referrer-policy"] == "no-referrer"
        assert "server" not in headers
        assert "access-control-allow-origin" not in headers


@pytest.fixture
def guarded(serve, tmp_path):
    file = tmp_path / "token.txt"
    file.write_text(TOKEN + "\n")
    file.chmod(0o600)
    return serve("--token-file", file, token=TOKEN)


def test_a_token_is_asked_for(guarded, photos):
    for path in ("/models", "/metrics", "/predict", "/explain", "/nowhere"):
        assert guarded.ask(path)[0] == 401
    for path in ("/", "/page/page.js", "/docs", "/openapi.json", "/health", "/ready"):
        assert guarded.ask(path)[0] == 200
    for wrong in (
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        f"Basic {TOKEN}",
        TOKEN,
        "",
        "Bearer",
    ):
        status, found = guarded.predict(content(photos), headers={"Authorization": wrong})
        assert status == 401
        assert found == {"error": "expected the header 'Authorization: Bearer TOKEN'"}
    for right in (f"Bearer {TOKEN}", f"bearer  {TOKEN}"):
        assert guarded.predict(content(photos), headers={"Authorization": right})[0] == 200
    assert TOKEN not in guarded.output.read_text()
    described = json.loads(guarded.ask("/openapi.json")[2])["paths"]
    assert described["/predict"]["post"]["security"] == [{"HTTPBearer": []}]
    assert "security" not in described["/health"]["get"]


def test_tokens_are_compared_in_constant_time(monkeypatch):
    pytest.importorskip("fastapi", reason="needs classic-nn[serve]")
    from src.serve.service import guard
    from src.serve.service.limits import Limits
    from src.serve.service.refused import RefusedError

    compared = []
    real = guard.hmac.compare_digest
    monkeypatch.setattr(
        guard.hmac, "compare_digest", lambda a, b: compared.append((a, b)) or real(a, b)
    )
    made = guard.Guard(None, Limits(), TOKEN)
    for given in (TOKEN, TOKEN[:-1], "x", ""):
        headers = {"host": "localhost", "authorization": f"Bearer {given}"}
        if given == TOKEN:
            made._check("/models", headers)
        else:
            with pytest.raises(RefusedError, match="expected the header"):
                made._check("/models", headers)
    assert len(compared) == 4
    assert {len(digest) for pair in compared for digest in pair} == {32}  # whatever was sent


def test_hundreds_of_guesses_are_refused(guarded):
    rng = random.Random(0)
    for _ in range(400):
        guess = "".join(rng.choices("abcdefghijklmnopqrstuvwxyz-", k=len(TOKEN)))
        assert guarded.ask("/models", headers={"Authorization": f"Bearer {guess}"})[0] == 401
    assert guarded.ask("/models", headers={"Authorization": f"Bearer {TOKEN}"})[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "/page/../app.py",
        "/page/..%2f..%2fapp.py",
        "/page/%2e%2e/app.py",
        "/swagger/../../../../../../etc/passwd",
        "/swagger/..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/swagger//etc/passwd",
        "/page/page.js%00.css",
        "//etc/passwd",
    ],
)
def test_no_path_leads_to_another_file(served, path):
    status, _, answer = served.ask(path)
    assert status == 404
    assert b"root:" not in answer
    assert b"import" not in answer


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "..\\..\\boot.ini",
        "a\r\nSet-Cookie: x=1",
        "a\nb",
        "<img src=x onerror=alert(1)>.png",
        "x" * 5000,
        "\u202egpj.exe",
        "%s%n{0}",
    ],
)
def test_names_of_files_are_only_names(served, photos, name):
    body, kind = form((name, photos[0].read_bytes()))
    status, headers, answer = served.ask("/predict", body, kind)
    found = json.loads(answer)
    if status == 200:
        shown = found["predictions"][0]["image"]
        assert "/" not in shown
        assert len(shown) <= 100
        assert shown.isprintable()
    else:
        assert status == 400
    assert "set-cookie" not in headers


def test_headers_cannot_be_injected(served, photos):
    body, kind = form(content(photos))
    path = "/predict?model=animals%0d%0aSet-Cookie:%20x=1"
    status, headers, answer = served.ask(path, body, kind)
    assert status == 404
    assert "set-cookie" not in headers
    assert "\n" not in json.loads(answer)["error"]


def hostile(rng, photo):
    """A body that is a form, but for some accident."""
    body = bytearray(form(("a.png", photo))[0])
    for _ in range(rng.randint(1, 6)):
        kind, place = rng.randrange(6), rng.randrange(len(body) or 1)
        if kind == 0:
            del body[place : place + rng.randint(1, 400)]
        elif kind == 1:
            body[place:place] = rng.randbytes(rng.randint(1, 200))
        elif kind == 2:
            body[place:place] = f"\r\n--{BOUNDARY}\r\n".encode() * rng.randint(1, 40)
        elif kind == 3:
            body[:0] = f"--{BOUNDARY}\r\nContent-Disposition: form-data; name=".encode()
        elif kind == 4:
            body[place:place] = b"Content-Disposition: form-data;" * rng.randint(1, 300)
        else:
            body = body[:place]
    return bytes(body)


def test_a_thousand_hostile_forms(served, photos):
    rng = random.Random(0)
    expected = served.predict(content(photos))
    counts: dict[int, int] = {}
    for turn in range(1000):
        body = hostile(rng, photos[0].read_bytes())
        parameters = [
            "",
            f"; boundary={BOUNDARY}",
            f'; boundary="{BOUNDARY}',
            "; boundary=" + "-" * 300,
        ]
        kind = "multipart/form-data" + rng.choices(parameters, [1, 20, 1, 1])[0]
        status, _, answer = served.ask("/predict", body or b"x", {"Content-Type": kind})
        counts[status] = counts.get(status, 0) + 1
        assert "error" in json.loads(answer) or status in (200, 422)
        if turn % 200 == 0:
            assert served.predict(content(photos)) == expected
    assert set(counts) <= {200, 400, 413, 422}
    assert counts[400] > 100
    assert "Traceback" not in served.output.read_text()
    assert "workers_lost 0" in served.ask("/metrics")[2].decode()


@pytest.mark.parametrize("cut", [0.02, 0.3, 0.7, 0.98])
def test_photos_that_are_cut_short_are_told(served, photos, cut):
    photo = photos[1].read_bytes()
    status, found = served.predict(("cut.jpg", photo[: int(cut * len(photo))]))
    assert status == 422
    assert found["predictions"][0]["error"].startswith("cut.jpg: ")


def test_mistakes_of_the_command_get_one_line(models, tmp_path, runs):
    short, text = tmp_path / "short.txt", tmp_path / "model.safetensors"
    short.write_text("abc\n")
    text.write_text("no model")
    (tmp_path / "empty").mkdir()
    for arguments, said in (
        ([], "the following arguments are required: MODEL"),
        ([models[0], "--port", "70000"], "--port: expected 65535 or less"),
        ([models[0], "--host", "256.1.1.1"], "--host: 256.1.1.1 is no address"),
        ([models[0], "--workers", "0"], "--workers: must be 1 or more"),
        ([models[0], "--token-file", short], "expected 16 or more ASCII characters"),
        ([models[0], "--token-file", tmp_path / "none"], "none: No such file or directory"),
        ([models[0], "--predict-seconds", "0"], "must be above 0"),
        ([tmp_path / "empty"], "no such file: expected model files, directories of runs"),
    ):
        status, _, error = run_main(main, tmp_path, *arguments)
        assert status == 2
        assert said in error
        assert error.count("\n") == 1


def test_models_that_cannot_be_served_get_one_line(tmp_path, models):
    needs_packages()
    from tests.serve.process import run

    text = tmp_path / "model.safetensors"
    text.write_text("no model")
    status, printed = run(text)
    assert status == 2
    assert printed.count("\n") == 1
    assert f"error: {text}: " in printed
    status, printed = run(models[0], text)
    assert (status, printed.count("\n")) == (2, 1)


def test_a_model_of_numbers_is_refused(tmp_path):
    needs_packages()
    import numpy as np

    from src.classic_nn import Dense, Sequential
    from src.classic_nn.serialization import SavedModel, save_model
    from tests.serve.process import run

    network = Sequential([Dense(2)])
    network.build((4,), np.random.default_rng(0))
    save_model(tmp_path / "numbers.safetensors", SavedModel(network, "multi_class", ["a", "b"]))
    status, printed = run(tmp_path / "numbers.safetensors")
    assert (status, printed.count("\n")) == (2, 1)
    assert "this model takes (4) numbers, not images" in printed


def test_a_port_that_is_taken_gets_one_line(served, models, tmp_path):
    status, _, error = run_main(main, tmp_path, models[0], "--port", served.port)
    assert (status, error.count("\n")) == (2, 1)
    assert f"--port: {served.port} cannot be used" in error


@pytest.mark.parametrize("missing", ["fastapi", "python_multipart", "prometheus_client"])
def test_without_its_packages_it_names_the_extra(models, tmp_path, missing):
    needs_packages()
    from tests.serve.process import run

    hidden = f"import sys\nsys.modules[{missing!r}] = None\n"
    (tmp_path / "sitecustomize.py").write_text(hidden)
    status, printed = run(models[0], "--port", "0", path=tmp_path)
    assert (status, printed.count("\n")) == (2, 1)
    assert "pip install -e '.[serve]'" in printed
