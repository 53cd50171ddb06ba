"""The review's server: over HTTP, in a process of its own."""

import json
import signal
import sys
import urllib.error
import urllib.request

import pytest

from src.serve.__main__ import main
from tests.programs import run_main
from tests.serve.review.test_decisions import labels


def get(address, host=None):
    request = urllib.request.Request(address, headers={"Host": host} if host else {})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.headers.get_content_type(), answer.read()


def post(address, content):
    request = urllib.request.Request(
        address, json.dumps(content).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_photos_labels_and_mistakes(page, mined):
    kind, content = get(f"{page.address}api/photos")
    found = json.loads(content)
    assert (kind, found["classes"], len(found["photos"])) == (
        "application/json",
        ["other", "plant"],
        12,
    )
    assert get(f"{page.address}photo/3")[0] == "image/jpeg"
    status, answer = post(f"{page.address}api/labels", {"labels": {"0": "plant", "5": "other"}})
    assert (status, answer["changed"]) == (200, {"0": "plant", "5": "other"})
    assert labels(mined)[0] == "plant"
    status, answer = post(f"{page.address}api/labels", {"labels": {"0": "leaf"}})
    assert (status, answer["error"][:20]) == (400, "unknown label 'leaf'")
    assert post(f"{page.address}api/labels", {"labels": {"99": "plant"}})[0] == 400
    assert post(f"{page.address}api/labels", {"labels": {"x": "plant"}})[0] == 422
    assert post(f"{page.address}api/undo", {})[1]["changed"] == {"0": "", "5": ""}


def test_nobody_else_is_answered_and_no_other_file(page):
    with pytest.raises(urllib.error.HTTPError, match="400"):
        get(page.address, host="evil.example")
    for place in ("photo/99", "photo/-1"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            get(f"{page.address}{place}")
    with pytest.raises(urllib.error.HTTPError, match=r"404|422"):
        get(f"{page.address}photo/..%2F..%2Fmine.json")


def test_a_killed_server_has_lost_nothing(page, mined):
    post(f"{page.address}api/labels", {"labels": {"2": "plant"}})
    page.stop(signal.SIGKILL)
    assert labels(mined)[2] == "plant"


def test_ctrl_c_ends_it_with_a_sentence(page):
    post(f"{page.address}api/labels", {"labels": {"2": "plant", "3": "skip"}})
    assert page.stop(signal.SIGINT) == 0
    printed = page.output.read_text()
    assert "plant 1, skip 1, without a label 10" in printed
    assert "Traceback" not in printed


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["review", "nowhere"], "nowhere: expected a folder"),
        (["review", "mined", "--port", "70000"], "--port: expected 65535 or less"),
        (["review", "mined", "--port", "x"], "--port: expected a whole number"),
        (
            ["revew"],
            "revew: no such file: expected model files, directories of runs, or the word review",
        ),
    ],
)
def test_mistakes_get_one_line(mined, arguments, said):
    status, _, error = run_main(main, mined.parent, *arguments)
    assert status == 2
    assert said in error
    assert error.count("\n") == 1


def test_a_port_that_is_taken_gets_one_line(page, mined):
    port = page.address.rstrip("/").rsplit(":", 1)[1]
    status, _, error = run_main(main, mined.parent, "review", "mined", "--port", port)
    assert (status, error.count("\n")) == (2, 1)
    assert f"--port: {port} cannot be used" in error


@pytest.mark.parametrize("missing", ["uvicorn", "fastapi"])
def test_without_its_packages_it_names_the_extra(mined, monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    status, _, error = run_main(main, mined.parent, "review", "mined", "--port", "0")
    assert (status, error.count("\n")) == (2, 1)
    assert "pip install -e '.[serve]'" in error


def test_other_pages_in_the_browser_change_nothing(page, mined):
    post(f"{page.address}api/labels", {"labels": {"0": "plant"}})
    for origin, status in (("http://evil.example", 403), (page.address.rstrip("/"), 200)):
        request = urllib.request.Request(
            f"{page.address}api/undo", b"", {"Origin": origin}, method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                found = answer.status
        except urllib.error.HTTPError as error:
            found = error.code
        assert found == status
        assert labels(mined)[0] == ("plant" if status == 403 else "")
