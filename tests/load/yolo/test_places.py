import pytest

from src.load import UnreadableDataError, read_data
from src.load.yolo.places import Places
from tests.load.accounts import check_accounts, check_files, left_out, read_and_clean, used
from tests.load.photos import save
from tests.load.yolo_sets import yolo_set


@pytest.fixture
def places(tmp_path):
    save(tmp_path / "set" / "images" / "train" / "1.png", 1)
    (tmp_path / "set" / "train.txt").touch()
    return Places([tmp_path / "set"])


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("images/train", "images/train"),
        (".\\images\\train\\1.png", "images/train/1.png"),
        ("../images/train", "images/train"),
        ("/content/set/images/train", "images/train"),
        ("C:\\set\\images\\train", "images/train"),
        ("data/train.txt", "train.txt"),
        ("set/train.txt", "train.txt"),
        ("/content/train.txt", "train.txt"),
        ("/content/images", None),  # one part of a folder's path is too little
        ("../valid/images", None),
        ("valid/images", None),
        ("x\0y", None),
    ],
)
def test_places_as_they_were_written_elsewhere(places, name, found):
    assert places.find(name) == (None if found is None else places.bases[0] / found)


def test_a_split_that_is_not_there_is_not_another(tmp_path):
    root = yolo_set(tmp_path, 4)
    with (root / "data.yaml").open("a") as file:
        file.write("test: ../test/images\n")
    dataset = check_accounts(read_and_clean(root))
    assert {split: len(rows) for split, rows in dataset.splits.items()} == {
        "train": 4,
        "validation": 4,
    }
    (problem,) = (p.text for p in dataset.problems.found if p.kind == "splits without images")
    assert problem.endswith("test: ../test/images: no such place")


def test_labels_beside_the_images_of_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for k in range(4):
        save(tmp_path / f"{k}.png", k)
        (tmp_path / f"{k}.txt").write_text(f"{k % 2} .5 .5 .4 .4")
    (tmp_path / "classes.txt").write_text("cat\ndog\n")
    for place in (".", tmp_path):
        dataset = check_accounts(read_and_clean(place))
        check_files(place, dataset)
        assert dataset.targets.tolist() == [0, 1, 0, 1]
        assert used(dataset, "files") == {"photos": 4, "label files": 4, "descriptions": 1}


def test_names_in_every_split_must_agree(tmp_path):
    for split in ("train", "val"):
        save(tmp_path / split / "1.png", ord(split[0]))
        (tmp_path / split / "1.txt").write_text("0 .5 .5 .4 .4")
        (tmp_path / split / "classes.txt").write_text("cat\ndog\n")
    assert list(read_data(tmp_path).splits) == ["train", "validation"]
    (tmp_path / "val" / "classes.txt").write_text("dog\ncat\n")
    with pytest.raises(UnreadableDataError, match="expected the names of"):
        read_data(tmp_path)


def test_a_data_set_inside_of_one_or_two_folders(tmp_path):
    yolo_set(tmp_path / "outer" / "archive" / "set", 3)
    (tmp_path / "outer" / "README.txt").write_text("from the internet")
    dataset = check_accounts(read_and_clean(tmp_path / "outer"))
    check_files(tmp_path / "outer", dataset)
    assert list(dataset.class_names) == ["cat", "dog"]


def test_other_yaml_files_beside_folders_of_classes(tmp_path):
    save(tmp_path / "a" / "1.png", 1)
    save(tmp_path / "b" / "1.png", 2)
    (tmp_path / "config.yaml").write_text("names: experiment\n")
    assert list(read_data(tmp_path).class_names) == ["a", "b"]


def test_lines_of_lists_and_images_of_no_split_are_counted(tmp_path):
    root = yolo_set(tmp_path, 3)
    lines = [f"images/train/{k}.png" for k in range(3)] + ["images/train/gone.png"]
    (root / "list.txt").write_text("\n".join(lines))
    (root / "data.yaml").write_text("train: list.txt\nnames: [cat, dog]\n")
    dataset = check_accounts(read_and_clean(root))
    assert used(dataset, "lines of lists") == {"images found": 3}
    assert left_out(dataset, "lines of lists") == {"missing images": 1}
    assert left_out(dataset, "files") == {
        "images that no split names": 3,
        "label files of images that no split names": 3,
    }


def test_lines_and_label_files_of_unreadable_photos_are_left_out(tmp_path):
    root = yolo_set(tmp_path, 4)
    content = (root / "images/train/0.png").read_bytes()
    (root / "images/train/0.png").write_bytes(content[:80])
    for objects in (True, False):
        dataset = check_accounts(read_and_clean(root, objects=objects))
        assert left_out(dataset, "label lines") == {"unreadable images": 1}
        assert left_out(dataset, "files") == {"unreadable images": 2}  # and its label file


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("DATA.YAML", "train: images/train\nval: images/val\nnames: [cat, dog]\n"),
        ("data.yml", "{train: images/train, val: images/val, names: [cat, dog]}"),
        ("data.yaml", '"names": [cat, dog]\n"train": images/train\n"val": images/val\n'),
    ],
)
def test_yaml_files_in_other_forms_are_seen_in_their_folder(tmp_path, name, text):
    root = yolo_set(tmp_path, 2)
    (root / "data.yaml").unlink()
    (root / name).write_text(text)
    assert list(read_data(root).class_names) == ["cat", "dog"]
