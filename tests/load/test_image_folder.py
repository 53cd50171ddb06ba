import pytest

from src.load import Problems, UnreadableDataError, read_image_folder
from tests.load.photos import folder_of, save


def test_folders_are_classes(tmp_path):
    dataset = read_image_folder(folder_of(tmp_path, {"dog": 2, "cat": 3}))
    assert list(dataset.class_names) == ["cat", "dog"]
    assert dataset.targets.tolist() == [0, 0, 0, 1, 1]
    assert list(dataset.splits) == ["all"]
    assert [dataset.images.name(k) for k in (0, 4)] == ["cat/000.png", "dog/001.png"]
    assert not dataset.problems


@pytest.mark.parametrize("names", [("train", "val", "test"), ("Train", "VALID", "testing")])
def test_folders_of_splits_are_told_by_their_names(tmp_path, names):
    folder_of(tmp_path, {f"{split}/{name}": 2 for split in names for name in "ab"})
    dataset = read_image_folder(tmp_path)
    assert sorted(dataset.splits) == ["test", "train", "validation"]
    for split in dataset.splits:
        assert dataset.counts(split).tolist() == [2, 2]


def test_images_may_lie_deeper_and_in_any_case(tmp_path):
    save(tmp_path / "plant" / "leaf" / "green" / "a.PNG", 1)
    save(tmp_path / "plant" / "b.png", 2)
    save(tmp_path / "other" / "c.png", 3)
    assert read_image_folder(tmp_path).counts().tolist() == [1, 2]


def test_hidden_and_other_files_are_no_samples(tmp_path):
    folder_of(tmp_path, {"a": 1, "b": 1})
    for name in ("a/.hidden.png", "a/._000.png", "__MACOSX/a/000.png", ".git/a/x.png"):
        save(tmp_path / name, 5)
    (tmp_path / "a" / "Thumbs.db").touch()
    (tmp_path / "a" / "x.doc").touch()
    (tmp_path / "a" / "folder.png").mkdir()
    dataset = read_image_folder(tmp_path)
    (problem,) = dataset.problems.found
    assert problem.text == f"{tmp_path / 'a'}: 1 .doc, such as x.doc"
    counts = dataset.problems.account("files").counts()
    assert counts["passed over"] == {"system files and folders": 5}
    assert len(dataset) == 2
    assert list(dataset.class_names) == ["a", "b"]


def test_what_cannot_be_used_is_reported(tmp_path):
    folder_of(tmp_path, {"train/a": 2, "train/b": 2, "train/c": 0, "val/a": 1})
    save(tmp_path / "train" / "lost.png", 9)
    dataset = read_image_folder(tmp_path)
    assert list(dataset.class_names) == ["a", "b"]
    summary = dataset.problems.summary()
    assert "images without a class: 1" in summary
    assert "lost.png" in summary
    assert "classes without images: 1" in summary
    (tmp_path / "train" / "c").rmdir()
    with pytest.raises(UnreadableDataError, match=r"lost\.png"):
        read_image_folder(tmp_path, Problems("fail"))


def test_mistakes_are_one_line(tmp_path):
    with pytest.raises(UnreadableDataError, match="expected a folder"):
        read_image_folder(tmp_path / "none")
    with pytest.raises(UnreadableDataError, match="found no images"):
        read_image_folder(tmp_path)
    folder_of(tmp_path, {"train/a": 1, "cats": 1})
    with pytest.raises(UnreadableDataError, match="both: train and cats"):
        read_image_folder(tmp_path)


def test_folders_without_images_next_to_splits_do_no_harm(tmp_path):
    folder_of(tmp_path, {"train/a": 1, "train/b": 1, "notes": 0})
    assert list(read_image_folder(tmp_path).splits) == ["train"]


def test_folders_may_have_names_in_a_table(tmp_path):
    folder_of(tmp_path, {"n02": 1, "n01": 2})
    (tmp_path / "classes.csv").write_text('wnid,name\nn01,"goldfish, a fish"\nn02,frog\nn03,cat\n')
    dataset = read_image_folder(tmp_path)
    assert list(dataset.class_names) == ["goldfish, a fish", "frog"]
    assert dataset.targets.tolist() == [0, 0, 1]
    (tmp_path / "classes.csv").write_text("n01,goldfish\n")  # not of all
    assert list(read_image_folder(tmp_path).class_names) == ["n01", "n02"]
