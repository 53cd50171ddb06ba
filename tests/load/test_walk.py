import pytest

from src.load import UnreadableDataError
from src.load.walk import walk
from tests.load.photos import save


def test_links_are_followed_and_loops_are_not(tmp_path):
    save(tmp_path / "store" / "cat" / "a.png", 1)
    data = tmp_path / "data"
    data.mkdir()
    (data / "cat").symlink_to(tmp_path / "store" / "cat")
    (data / "loop").symlink_to(data)
    (data / "self").symlink_to(data / "self")
    (data / "lost.png").symlink_to(tmp_path / "nowhere")
    (data / "one.png").symlink_to(tmp_path / "store" / "cat" / "a.png")
    tree = walk(data)
    assert tree.all_images() == [data / "cat" / "a.png", data / "one.png"]
    assert sorted(link.name for link in tree.dead_links) == ["loop", "lost.png", "self"]


def test_what_the_system_has_put_there_is_passed_over(tmp_path):
    names = ["__MACOSX", "@eaDir", "$RECYCLE.BIN", "lost+found", ".ipynb_checkpoints", ".git"]
    for name in [*names, "__background__", "__opt__x"]:
        save(tmp_path / name / "a.png", 1)
    for name in ("Thumbs.db", "desktop.ini", ".DS_Store", "._a.png"):
        (tmp_path / name).touch()
    tree = walk(tmp_path)
    assert [folder.name for folder in tree.folders] == ["__background__", "__opt__x"]
    assert len(tree.system) == len(names) + 4
    assert tree.files == []


def test_a_file_is_no_folder(tmp_path):
    save(tmp_path / "a.png", 1)
    with pytest.raises(UnreadableDataError, match="expected a folder"):
        walk(tmp_path / "a.png")
