import os
import shutil
import stat
import zipfile

import pytest

from src.load import UnreadableDataError
from src.load.archives import unpack_zip


def pack(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def everything(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_members_are_unpacked_below_the_folder(tmp_path):
    pack(tmp_path / "a.zip", {"x/y.txt": "hello", "z.txt": "1"})
    unpack_zip(tmp_path / "a.zip", tmp_path / "out")
    assert everything(tmp_path / "out") == ["x", "x/y.txt", "z.txt"]
    assert (tmp_path / "out/x/y.txt").read_text() == "hello"


@pytest.mark.parametrize(
    "name", ["../evil.txt", "x/../../evil.txt", "/evil.txt", "..\\evil.txt", "C:evil.txt", "\\evil"]
)
def test_nothing_is_written_outside_nor_anything_else(tmp_path, name):
    (tmp_path / "inner").mkdir()
    archive = pack(tmp_path / "inner" / "a.zip", {"good.txt": "1", name: "2"})
    with pytest.raises(UnreadableDataError, match="outside the folder; nothing was unpacked"):
        unpack_zip(archive, tmp_path / "inner" / "out")
    assert everything(tmp_path) == ["inner", "inner/a.zip"]


def test_a_colon_in_a_name_is_no_drive(tmp_path):
    unpack_zip(pack(tmp_path / "a.zip", {"photo 12:30.txt": "1"}), tmp_path / "out")
    assert everything(tmp_path / "out") == ["photo 12:30.txt"]


def test_links_are_refused(tmp_path):
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr(link, "/etc")
    with pytest.raises(UnreadableDataError, match="'link', which could be written outside"):
        unpack_zip(tmp_path / "a.zip", tmp_path / "out")


def test_damaged_archives_are_named(tmp_path):
    content = pack(tmp_path / "a.zip", {"x.txt": os.urandom(4000)}).read_bytes()
    flipped = bytearray(content)
    flipped[1000] ^= 0xFF
    for wrong in (b"", b"no zip", content[: len(content) // 2], bytes(flipped)):
        (tmp_path / "a.zip").write_bytes(wrong)
        with pytest.raises(UnreadableDataError, match=r"a\.zip: cannot be unpacked"):
            unpack_zip(tmp_path / "a.zip", tmp_path / "out")
    with pytest.raises(UnreadableDataError, match="No such file"):
        unpack_zip(tmp_path / "none.zip", tmp_path / "out")


def test_more_than_the_disk_has_room_for_is_refused(tmp_path, monkeypatch):
    path = pack(tmp_path / "a.zip", {"x.txt": "1" * 5000})
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=4999))
    with pytest.raises(UnreadableDataError, match="unpacks to 5,000 bytes, and the disk has 4,999"):
        unpack_zip(path, tmp_path / "out")
    assert everything(tmp_path / "out") == []
