"""Folders that people have, and what is made of them."""

import os
import subprocess

import pytest

from src.load import UnreadableDataError, read_data
from tests.load.accounts import check_accounts, check_files, left_out, read_and_clean
from tests.load.photos import folder_of, save

READ = {
    "Kaggle, wrapped, test without classes": (
        {"train/train/a": 2, "train/train/b": 2, "test/test": 2},
        (["a", "b"], {"train": 4}, {"images without a class": 2}),
    ),
    "Tiny ImageNet": (
        {"train/n01/images": 2, "train/n02/images": 2, "val/images": 2, "test/images": 2},
        (["n01", "n02"], {"train": 4}, {"images without a class": 4}),
    ),
    "GTSRB": (
        {"GTSRB/Final_Training/Images/00": 2, "GTSRB/Final_Training/Images/01": 2}
        | {"GTSRB/Final_Test/Images": 2},
        (["00", "01"], {"train": 4}, {"images without a class": 2}),
    ),
    "ASL alphabet": (
        {"asl_alphabet_train/asl_alphabet_train/A": 2, "asl_alphabet_train/asl_alphabet_train/B": 2}
        | {"asl_alphabet_test/asl_alphabet_test": 2},
        (["A", "B"], {"train": 4}, {"images without a class": 2}),
    ),
    "one split has one class": (
        {"train/cat/s1": 2, "train/cat/s2": 2, "train/dog/s1": 2, "val/cat/s1": 1, "val/cat/s2": 1},
        (["cat", "dog"], {"train": 6, "validation": 2}, {}),
    ),
    "MVTec": (
        {"bottle/train/good": 3, "bottle/test/good": 1, "bottle/test/broken": 1}
        | {"bottle/ground_truth/broken": 1},
        (["broken", "good"], {"train": 3, "test": 2}, {"images outside of the splits": 1}),
    ),
    "Caltech": (
        {"101_ObjectCategories/ant": 2, "101_ObjectCategories/bass": 2, "Annotations": 0},
        (["ant", "bass"], {"all": 4}, {}),
    ),
    "years below the classes": (
        {"cat/2019": 1, "cat/2020": 1, "dog/2021": 2},
        (["cat", "dog"], {"all": 4}, {}),
    ),
}


@pytest.mark.parametrize("name", READ)
def test_layouts_that_are_read(tmp_path, name):
    counts, (classes, splits, left) = READ[name]
    folder_of(tmp_path / "data", counts)
    dataset = check_accounts(read_and_clean(tmp_path / "data"))
    check_files(tmp_path / "data", dataset)
    assert list(dataset.class_names) == classes
    assert {split: len(rows) for split, rows in dataset.splits.items()} == splits
    assert left_out(dataset, "files") == left


REFUSED = {
    "photos of both splits without classes": (
        {"cv_train": 2, "cv_test": 2},
        "no folders of classes",
    ),
    "split and class in one name": (
        {f"{split}_{name}": 1 for split in ("train", "test") for name in ("horses", "humans")},
        "name a split and a class at once",
    ),
    "masks": ({"images": 2, "masks": 2}, "pictures of labels are not read"),
    "masks in splits": ({"train/images": 2, "train/masks": 2, "val/images": 1}, "images and masks"),
    "a class that holds splits": (
        {"dataset/train/a": 1, "dataset/val/a": 1, "sample": 1},
        r"dataset is no class: it holds splits, train and val; did you mean .* inspect .*dataset\?",
    ),
    "Office-31": (
        {f"{domain}/images/{name}": 1 for domain in ("amazon", "dslr") for name in ("bike", "mug")},
        "amazon and dslr all hold the same folders, bike and mug",
    ),
    "photos of nothing": ({"jpg": 3}, "found one class only, jpg, which is probably none"),
    "a class itself": ({".": 3}, "did you mean the folder above"),
    "a split beside a class": ({"train/a": 1, "cats": 1}, "found both: train and cats"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_layouts_that_are_refused_with_what_was_meant(tmp_path, name):
    counts, message = REFUSED[name]
    folder_of(tmp_path / "data", counts)
    with pytest.raises(UnreadableDataError, match=message):
        read_data(tmp_path / "data")


BESIDE = {
    "train.csv": ("id,label\n", r"inspect .*train\.csv"),
    "annotations/instances_train2017.json": ("{}", "COCO's annotations"),
    "Annotations/1.xml": ("<annotation/>", "Pascal VOC's"),
    "imagelabels.mat": ("x", "MATLAB's files"),
    "train/000.txt": ("0 .5 .5 .1 .1", "what is missing is a data"),
    "data.yaml": ("train: x\n", r"data\.yaml lies beside"),
}


@pytest.mark.parametrize("name", BESIDE)
def test_what_lies_beside_is_named(tmp_path, name):
    folder_of(tmp_path, {"train": 2, "test": 2})
    (tmp_path / "sample_submission.csv").write_text("id,label\n")
    content, message = BESIDE[name]
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(content)
    if name.endswith(".xml"):
        (tmp_path / "Annotations/2.xml").write_text(content)
    with pytest.raises(UnreadableDataError, match=message):
        read_data(tmp_path)


def test_names_of_classes_in_a_table_of_any_dialect(tmp_path):
    folder_of(tmp_path, {"n1": 1, "n2": 1})
    (tmp_path / "classes.csv").write_bytes("\ufefffolder;name\r\nn1;Katze\r\nn2;Hund\r\n".encode())
    assert list(read_data(tmp_path).class_names) == ["Katze", "Hund"]
    (tmp_path / "classes.csv").write_text("n1,Katze\n")
    dataset = check_accounts(read_and_clean(tmp_path))
    assert list(dataset.class_names) == ["n1", "n2"]
    assert left_out(dataset, "files") == {"tables of classes that do not fit": 1}


def test_folders_that_link_to_each_other_have_an_end(tmp_path):
    for k in range(9):
        save(tmp_path / str(k) / f"{k}.png", k, width=4, height=4)
        for other in range(9):
            if other != k:
                (tmp_path / str(k) / f"to {other}").symlink_to(tmp_path / str(other))
    dataset = read_data(tmp_path)
    depths = [9, 9 * 8, 9 * 8 * 7, 9 * 8 * 7 * 6]
    assert len(dataset) == sum(depths)
    back = depths[1] + 2 * depths[2] + 8 * depths[3]  # to a folder above, or through a fourth link
    assert left_out(dataset, "files") == {"links that lead nowhere": back}


def test_results_of_this_program_are_no_class(tmp_path):
    folder_of(tmp_path, {"clean": 3, "dirty": 3})
    folder_of(tmp_path / "assets", {"inspect/photos": 2, "runs/dishes-1": 2})
    (tmp_path / "logs" / "dishes-1" / "cost").mkdir(parents=True)
    (tmp_path / "logs" / "dishes-1" / "cost" / "events.out.tfevents.1").touch()
    dataset = check_accounts(read_and_clean(tmp_path))
    assert list(dataset.class_names) == ["clean", "dirty"]
    counts = dataset.problems.account("files").counts()
    assert counts["passed over"] == {"results of this program": 2}
    folder_of(tmp_path / "other", {"assets": 2, "logs": 2})  # classes called so
    assert list(read_data(tmp_path / "other").class_names) == ["assets", "logs"]


def test_folders_without_end_are_refused(tmp_path):
    place = tmp_path / "deep"
    place.mkdir()
    descriptor = os.open(place, os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("d", dir_fd=descriptor)
        inner = os.open("d", os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = inner
    os.close(descriptor)
    try:
        with pytest.raises(UnreadableDataError, match="too many folders inside of each other"):
            read_data(place)
    finally:  # pytest's own cleaning would go as deep
        subprocess.run(["rm", "-rf", str(place)], check=True)
