import shutil

import pytest

from src.load import Problems, UnreadableDataError, fingerprint_photos, read_data
from src.load.cleaning import FALSE_SPLITS, MISSING, clean
from tests.load.photos import folder_of, save


def cleaned(root, problems=None, **options):
    dataset = read_data(root, problems=problems, **options)
    return clean(dataset, fingerprint_photos(dataset.images.photos))


def names(dataset):
    return {
        split: sorted(dataset.images.name(int(row)) for row in rows)
        for split, rows in dataset.splits.items()
    }


@pytest.fixture
def root(tmp_path):
    for name, seed in {
        "train/a/1": 1,
        "train/a/2": 2,
        "train/a/2again": 2,
        "train/b/3": 3,
        "train/b/also4": 4,
        "train/b/5": 5,
        "val/a/also1": 1,
        "val/b/6": 6,
        "test/b/4": 4,
        "test/a/7": 7,
        "train/a/5b": 5,
    }.items():
        save(tmp_path / f"{name}.png", seed)
    return tmp_path


def test_every_photo_stays_in_one_place(root):
    dataset = cleaned(root)
    assert names(dataset) == {
        "train": ["train/a/2.png", "train/b/3.png"],
        "validation": ["val/a/also1.png", "val/b/6.png"],
        "test": ["test/a/7.png", "test/b/4.png"],
    }
    problems = dataset.problems
    assert problems.count("photos in two splits") == 2
    assert problems.count("photos that stand twice") == 1
    (contradiction,) = (
        problem.text
        for problem in problems.found
        if problem.kind == "photos with contradictory labels"
    )
    assert contradiction == "train/a/5b.png = train/b/5.png: a and b"


def test_unreadable_photos_are_left_out_or_fatal(root):
    (root / "train/b/3.png").write_bytes(b"")
    dataset = cleaned(root)
    assert names(dataset)["train"] == ["train/a/2.png"]
    assert "train/b/3.png: is empty" in dataset.problems.summary()
    with pytest.raises(UnreadableDataError, match=r"3\.png: is empty"):
        cleaned(root, Problems("fail"))


def test_a_split_of_which_nothing_is_left_is_no_split(tmp_path):
    folder_of(tmp_path, {"test/a": 1, "test/b": 1})
    for name in "ab":
        (tmp_path / "val" / name).mkdir(parents=True)
        content = (tmp_path / "test" / name / "000.png").read_bytes()
        (tmp_path / "val" / name / "x.png").write_bytes(content)
    dataset = cleaned(tmp_path)
    assert list(dataset.splits) == ["test"]
    assert dataset.problems.count("splits without images") == 1


def test_splits_of_the_same_photos_are_no_splits(tmp_path):
    folder_of(tmp_path, {"test/a": 2, "test/b": 2, "train/a": 4, "train/b": 4})
    shutil.copytree(tmp_path / "train", tmp_path / "val")
    dataset = cleaned(tmp_path)
    assert {split: len(rows) for split, rows in dataset.splits.items()} == {"train": 8, "test": 4}
    (problem,) = (p for p in dataset.problems.found if p.kind == FALSE_SPLITS)
    assert problem.text.startswith("train and validation: 8 of 8 training photos stand in")
    counts = dataset.problems.account("files").counts()
    assert counts["used"]["photos"] == 12
    assert counts["left out"] == {"photos that stand twice": 8}


def test_classes_that_a_split_lacks_are_named(tmp_path):
    folder_of(tmp_path, {"train/a": 2, "train/b": 2, "train/c": 1, "val/a": 1})
    problems = cleaned(tmp_path).problems
    texts = [problem.text for problem in problems.found if problem.kind == MISSING]
    assert texts == ["validation has no b, c"]


def yolo(root, labels):
    for name, (seed, text) in labels.items():
        split, file = name.split("/")
        save(root / "images" / split / f"{file}.png", seed)
        (root / "labels" / split).mkdir(parents=True, exist_ok=True)
        (root / "labels" / split / f"{file}.txt").write_text(text)
    (root / "data.yaml").write_text(
        "train: images/train\nval: images/val\ntest: images/val\nnames: [a, b]\n"
    )
    return root


def test_objects_go_with_their_photo(tmp_path):
    box = "0.5 0.5 0.5 0.5"
    root = yolo(
        tmp_path,
        {
            "train/1": (1, f"0 {box}\n1 0.2 0.2 0.1 0.1"),
            "train/2": (2, f"0 {box}"),
            "val/one": (1, f"1 {box}\n0 {box}"),
            "val/two": (2, f"1 {box}"),
            **{f"train/{k}": (k, f"0 {box}") for k in (3, 4, 5)},
        },
    )
    dataset = cleaned(root)
    assert {split: len(rows) for split, rows in dataset.splits.items()} == {
        "train": 3,
        "test": 2,
    }
    problems = dataset.problems
    assert problems.count("photos with contradictory labels") == 1
    assert problems.count("photos in two splits") == 3  # two files in val and test, one copy
    whole = cleaned(root, objects=False)
    assert whole.targets[whole.splits["test"]].tolist() == [[1, 1]]
