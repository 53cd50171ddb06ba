"""Files that are written whole or not at all."""

import errno

import pytest

from src.load.files import written_whole


def test_an_error_of_writing_names_the_users_file(tmp_path):
    path = tmp_path / "table.csv"
    with pytest.raises(OSError, match="No space left") as full, written_whole(path):
        raise OSError(errno.ENOSPC, "No space left on device")  # a full disk names no file
    assert full.value.filename == str(path)
    with pytest.raises(FileNotFoundError) as error, written_whole(path) as partial:
        partial.read_text()
    assert (error.value.filename, error.value.filename2) == (str(path), None)


def test_a_name_that_is_a_directorys_is_the_one_in_the_error(tmp_path):
    path = tmp_path / "table.csv"
    path.mkdir()
    with pytest.raises(IsADirectoryError) as error, written_whole(path) as partial:
        partial.write_text("x")
    assert (error.value.filename, error.value.filename2) == (str(path), None)
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_of_another_file_keeps_its_name(tmp_path):
    with pytest.raises(FileNotFoundError) as error, written_whole(tmp_path / "table.csv"):
        (tmp_path / "missing").read_text()
    assert error.value.filename == str(tmp_path / "missing")
    assert not list(tmp_path.iterdir())
