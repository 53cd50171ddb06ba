"""How the server starts, and what it says."""

import signal
import subprocess
import sys
import time

import pytest

from tests.paths import ROOT
from tests.serve.process import Served, workers_of
from tests.serve.service.conftest import needs_packages


def test_it_prints_where_it_answers(serve, models):
    served = serve()
    printed = served.output.read_text()
    assert f"animals: answering at http://127.0.0.1:{served.port}/ (Ctrl-C ends it)" in printed
    assert "token none" in printed


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_also_as_soon_as_it_has_said_where_it_is(models, tmp_path, number):
    """Before the server has begun: nothing is lost between its handler of signals and ours."""
    needs_packages()
    for turn in range(3):
        process = subprocess.Popen(
            [sys.executable, "-m", "src.serve", str(models[0]), "--port", "0"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert "answering" in process.stdout.readline()
        time.sleep(0.01 * turn)
        process.send_signal(number)
        printed = process.communicate(timeout=20)[0]
        assert process.returncode == 0 or number == signal.SIGINT
        assert printed.endswith(("stopped\n", "interrupted\n"))
        assert "Traceback" not in printed


def test_models_of_one_name_are_told_apart(models, tmp_path):
    needs_packages()
    other = tmp_path / "animals" / "model.safetensors"
    other.parent.mkdir()
    other.write_bytes(models[1].read_bytes())
    served = Served(tmp_path / "output.txt", models[0], other)
    try:
        found = served.ask_json("/models")[1]["models"]
        assert [one["name"] for one in found] == ["animals (0)", "animals (1)"]
        assert served.ask_json("/predict?model=nothing", b"x")[1]["error"].endswith(
            "expected one of animals (0), animals (1)"
        )
    finally:
        served.kill()


def test_an_address_that_others_reach_without_a_token_is_told(models, tmp_path):
    needs_packages()
    served = Served(tmp_path / "output.txt", models[0], "--host", "0.0.0.0")
    try:
        served.until_ready(2)
        assert "anyone who reaches this address can ask" in served.output.read_text()
    finally:
        served.kill()


@pytest.mark.parametrize("after", [0.05, 0.3, 0.6])
def test_ctrl_c_while_it_starts_is_one_line(models, after):
    needs_packages()
    process = subprocess.Popen(
        [sys.executable, "-m", "src.serve", str(models[0]), "--port", "0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    while process.poll() is None and not workers_of(process.pid):
        time.sleep(0.01)
    time.sleep(after)
    process.send_signal(signal.SIGINT)
    printed = process.communicate(timeout=30)[0]
    if "answering" in printed:  # it was faster
        assert (process.returncode, printed.splitlines()[-1]) == (0, "stopped")
    else:
        # Python ends by the signal itself, which shells call 130 too, if a string was being
        # executed (``exec`` in dataclasses, say) when it came
        assert process.returncode in (130, -signal.SIGINT)
        assert printed.endswith("interrupted\n")
        assert printed.count("\n") == 1
