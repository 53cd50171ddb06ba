"""Files that are written whole or not at all."""

import errno
import json
import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.common.files import atomic_path, printable, safe_file_name, write_json, write_text


def test_an_error_of_writing_names_the_users_file(tmp_path):
    path = tmp_path / "table.csv"
    with pytest.raises(OSError, match="No space left") as full, atomic_path(path):
        raise OSError(errno.ENOSPC, "No space left on device")  # a full disk names no file
    assert full.value.filename == str(path)
    with pytest.raises(FileNotFoundError) as error, atomic_path(path) as partial:  # noqa: PT012
        partial.unlink()
        partial.read_text()
    assert (error.value.filename, error.value.filename2) == (str(path), None)
    assert not list(tmp_path.iterdir())


def test_a_name_that_is_a_directorys_is_the_one_in_the_error(tmp_path):
    path = tmp_path / "table.csv"
    path.mkdir()
    with pytest.raises(IsADirectoryError) as error, atomic_path(path) as partial:
        partial.write_text("x")
    assert (error.value.filename, error.value.filename2) == (str(path), None)
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_of_another_file_keeps_its_name(tmp_path):
    with pytest.raises(FileNotFoundError) as error, atomic_path(tmp_path / "table.csv"):
        (tmp_path / "missing").read_text()
    assert error.value.filename == str(tmp_path / "missing")
    assert not list(tmp_path.iterdir())


def test_a_new_file_has_the_usual_permissions_and_its_folders_are_made(tmp_path):
    usual, written = tmp_path / "usual", tmp_path / "a" / "b" / "written.npy"
    usual.touch()
    with atomic_path(written) as partial:
        assert (partial.suffix, partial.parent) == (".npy", written.parent)
        partial.unlink()
        partial.touch(0o600)  # as libraries do that make their own file
    assert stat.S_IMODE(written.stat().st_mode) == stat.S_IMODE(usual.stat().st_mode)


def test_the_old_file_stays_where_writing_fails(tmp_path):
    path = tmp_path / "report.md"
    write_text(path, "old")
    with pytest.raises(ZeroDivisionError), atomic_path(path) as partial:  # noqa: PT012
        partial.write_text("half")
        raise ZeroDivisionError
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["report.md"]


def test_json_holds_what_json_can_hold(tmp_path):
    write_json(tmp_path / "m.json", {"a": [1.5, float("nan")], "name": "r\udcffn"})
    assert json.loads((tmp_path / "m.json").read_text()) == {"a": [1.5, None], "name": "r\udcffn"}


@given(st.text())
def test_any_text_becomes_one_printable_line_and_the_name_of_a_file(text):
    shown = printable(text)
    assert shown.isprintable()
    shown.encode()
    assert printable(shown) == shown
    name = safe_file_name(text)
    assert name not in ("", ".", "..")
    assert "/" not in name
    assert len(name.encode()) <= 80
