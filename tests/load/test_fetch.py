import hashlib
import zipfile
from dataclasses import replace

import pytest

from src.load import UnreadableDataError
from src.load.fetch import CHECKSUMS, REMOTE, RemoteDataset, fetch, sha256


@pytest.fixture
def archive(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("data/x.csv", "1,2\n")
        file.writestr("read me.txt", "hello")
    return tmp_path / "a.zip"


@pytest.fixture
def remote(tmp_path):
    return RemoteDataset("A set", "owner/a-set", "MIT", tmp_path / "assets" / "a set")


def test_source_and_licence_are_said_first(remote, archive):
    said = []
    fetch(remote, archive, said.append)
    assert "https://www.kaggle.com/datasets/owner/a-set" in said[0]
    assert "licence: MIT" in said[0]


def test_an_archive_becomes_a_folder_with_checksums(remote, archive):
    stale = remote.directory.with_name(".a set.partial")
    stale.mkdir(parents=True)
    (stale / "of an earlier try.txt").touch()
    folder = fetch(remote, archive, lambda line: None)
    assert (folder / "data/x.csv").read_text() == "1,2\n"
    lines = (folder / CHECKSUMS).read_text().splitlines()
    assert lines == [
        f"{sha256(folder / name)}  {name}" for name in sorted(["data/x.csv", "read me.txt"])
    ]
    assert [path.name for path in folder.parent.iterdir()] == ["a set"]


def test_what_is_there_is_checked_and_not_fetched_again(remote, archive):
    folder, said = fetch(remote, archive, lambda line: None), []
    archive.unlink()
    fetch(remote, archive, said.append)
    assert "complete and unchanged" in said[-1]
    (folder / "data/x.csv").write_text("1,3\n")
    with pytest.raises(UnreadableDataError, match=r"x\.csv: has changed"):
        fetch(remote, archive, said.append)
    (folder / "data/x.csv").unlink()
    with pytest.raises(UnreadableDataError, match=r"x\.csv: is missing"):
        fetch(remote, archive, said.append)


def test_a_wrong_file_leaves_nothing_behind(remote, archive):
    for checksums, message in (
        ({"x.csv": "0" * 64}, r"x\.csv is not the file that is known: expected SHA-256 0000"),
        ({"y.csv": "0" * 64}, r"expected y\.csv in it, found none"),
    ):
        with pytest.raises(UnreadableDataError, match=message):
            fetch(replace(remote, checksums=checksums), archive, lambda line: None)
        assert not any(remote.directory.parent.iterdir())
    right = {"x.csv": hashlib.sha256(b"1,2\n").hexdigest()}
    fetch(replace(remote, checksums=right), archive, lambda line: None)


def test_a_list_of_checksums_in_the_archive_is_no_harm(remote, archive):
    with zipfile.ZipFile(archive, "a") as file:
        file.writestr(CHECKSUMS, b"\xff other")
    fetch(remote, archive, lambda line: None)
    fetch(remote, archive, lambda line: None)  # is complete


def test_files_of_the_user_are_not_touched(remote, archive):
    remote.directory.mkdir(parents=True)
    (remote.directory / "mine.txt").write_text("mine")
    with pytest.raises(UnreadableDataError, match="holds other files"):
        fetch(remote, archive, lambda line: None)
    assert [path.name for path in remote.directory.iterdir()] == ["mine.txt"]


def test_the_data_sets_say_where_they_come_from():
    assert {"sign_mnist", "lvis_fruits_and_vegetables", "tomatoes"} <= REMOTE.keys()
    for known in REMOTE.values():
        assert known.licence
        assert known.page.startswith("https://www.kaggle.com/datasets/")
        assert all(len(checksum) == 64 for checksum in known.checksums.values())
