"""Inputs that people brought to public issue trackers, each with what is right.

The sources are named with each. The files are made small here; what is checked is the value.
"""

import csv
import shutil
import struct

import numpy as np
import pytest
from PIL import Image

from src.load import BatchLoader, UnreadableDataError, load_dataset, read_data
from tests.load.accounts import (
    check_accounts,
    check_files,
    counts_by_split,
    left_out,
    read_and_clean,
    used,
)
from tests.load.photos import folder_of, photo, save
from tests.load.yolo_sets import yolo_set


def write_csv(path, rows, **dialect):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, **dialect).writerows(rows)
    return path


def pictures(folder, count, suffix=".png"):
    return [save(folder / f"im{k}{suffix}", k) for k in range(count)]


@pytest.mark.parametrize(
    "names",
    [
        ("training_set", "test_set"),  # fastai/fastai#1552
        ("seg_train", "seg_test"),
        ("Training", "Testing"),
        ("data_train", "data_eval"),
        ("train", "test"),
    ],
)
def test_folders_of_splits_by_the_names_in_use(tmp_path, names):
    folder_of(tmp_path, {f"{names[0]}/cat": 3, f"{names[0]}/dog": 3, f"{names[1]}/cat": 2})
    dataset = check_accounts(read_and_clean(tmp_path))
    assert list(dataset.class_names) == ["cat", "dog"]
    assert counts_by_split(dataset) == {"train": 6, "test": 2}
    check_files(tmp_path, dataset)


def test_folders_that_all_hold_the_same_folders_are_no_classes(tmp_path):
    folder_of(tmp_path, {f"{batch}/{name}": 1 for batch in ("a1", "b2") for name in ("cat", "dog")})
    with pytest.raises(
        UnreadableDataError, match="a1 and b2 all hold the same folders, cat and dog"
    ):
        read_data(tmp_path)
    shutil.rmtree(tmp_path / "a1")
    shutil.rmtree(tmp_path / "b2")
    folder_of(tmp_path, {f"{name}/{s}": 1 for name in ("cat", "dog") for s in ("train", "val")})
    with pytest.raises(UnreadableDataError, match="the splits lie inside of the classes"):
        read_data(tmp_path)


def test_photos_of_a_split_without_classes_are_no_class(tmp_path):
    folder_of(tmp_path, {"train": 3, "test": 2})
    (tmp_path / "train.csv").write_text("id,label\n000,cat\n")
    with pytest.raises(UnreadableDataError, match=r"no folders of classes.*inspect .*train\.csv"):
        read_data(tmp_path)


def test_a_class_may_be_called_train(tmp_path):
    folder_of(tmp_path, {"bus": 2, "train": 3})
    dataset = check_accounts(read_and_clean(tmp_path))
    assert list(dataset.class_names) == ["bus", "train"]
    assert counts_by_split(dataset) == {"all": 5}


def test_training_photos_alone_are_divided(tmp_path):  # pytorch/vision#613, fastai/fastai#2336
    folder_of(tmp_path / "train", {"cat": 20, "dog": 20})
    for k in range(6):  # without labels, as in competitions
        save(tmp_path / "test" / f"{k}.png", 1000 + k)
    dataset = load_dataset(tmp_path, progress=False)
    assert counts_by_split(dataset) == {"train": 28, "validation": 6, "test": 6}
    assert left_out(dataset, "files") == {"images without a class": 6}
    assert len(BatchLoader(dataset, "validation").split_targets) == 6


def test_one_wrapping_folder_is_gone_through(tmp_path):
    folder_of(tmp_path / "archive" / "photos", {"cat": 2, "dog": 2})
    (tmp_path / "README.md").write_text("from the internet")
    save(tmp_path / "__MACOSX" / "archive" / "a.png", 1)
    dataset = check_accounts(read_and_clean(tmp_path))
    assert list(dataset.class_names) == ["cat", "dog"]
    assert dataset.problems.count("folders that were gone through") == 1
    check_files(tmp_path, dataset)
    folder_of(tmp_path / "split" / "seg_train" / "seg_train", {"cat": 2, "dog": 2})
    save(tmp_path / "split" / "seg_pred" / "seg_pred" / "1.png", 77)
    dataset = check_accounts(read_and_clean(tmp_path / "split"))
    assert list(dataset.class_names) == ["cat", "dog"]
    assert left_out(dataset, "files") == {"images without a class": 1}


def test_names_that_begin_with_underscores_are_names(tmp_path):  # pytorch/vision#2831
    folder_of(tmp_path, {"cat": 2, "__background__": 3})
    save(tmp_path / "cat" / "__opt__site__1.png", 55)
    dataset = check_accounts(read_and_clean(tmp_path))
    assert list(dataset.class_names) == ["__background__", "cat"]
    assert used(dataset, "files") == {"photos": 6}


def test_a_table_beside_one_folder_of_photos(tmp_path):  # keras-preprocessing#169
    pictures(tmp_path / "images", 4)
    table = write_csv(
        tmp_path / "train.csv", [("id", "label"), *((f"im{k}", "ab"[k % 2]) for k in range(4))]
    )
    with pytest.raises(UnreadableDataError, match=rf"inspect {table}"):
        read_data(tmp_path)
    assert list(read_data(table).class_names) == ["a", "b"]


FLAGS = [(k % 2, k // 2 % 2, k // 4 % 2) for k in range(8)]


def test_one_hot_columns_are_labels_under_their_names(tmp_path):  # roboflow/supervision#625
    pictures(tmp_path, 8)
    rows = [("filename", "cat", "dog", "bird")]
    rows += [(f"im{k}.png", *flags) for k, flags in enumerate(FLAGS)]
    dataset = check_accounts(read_and_clean(write_csv(tmp_path / "_classes.csv", rows)))
    assert list(dataset.class_names) == ["cat", "dog", "bird"]
    assert dataset.targets.tolist() == [list(flags) for flags in FLAGS]


@pytest.mark.parametrize(
    ("header", "values", "splits"),
    [
        (("filename", "label", "split"), ("train", "val", "test"), ("train", "validation", "test")),
        (("name", "label", "is_valid"), ("False", "True", "True"), ("train", "validation")),
        (("path", "class", "fold"), ("train", "train", "test"), ("train", "test")),
        (("img", "tags", "subset"), ("Training", "dev", "eval"), ("train", "validation", "test")),
    ],
)
def test_a_column_of_splits_gives_the_splits(tmp_path, header, values, splits):  # anomalib#1050
    pictures(tmp_path, 9)
    rows = [header, *((f"im{k}.png", "ab"[k % 2], values[k // 3]) for k in range(9))]
    dataset = check_accounts(read_and_clean(write_csv(tmp_path / "a.csv", rows)))
    assert list(dataset.class_names) == ["a", "b"]
    assert not dataset.multi_label
    assert tuple(dataset.splits) == splits
    assert len(dataset.splits["train"]) == 3 * values.count(values[0])


def test_columns_that_number_rows_or_that_nobody_knows(tmp_path):
    pictures(tmp_path, 4)
    rows = [("", "path", "label", "weather", "fold")]
    rows += [(k, f"im{k}.png", "ab"[k % 2], "sun", k % 2) for k in range(4)]
    dataset = read_data(write_csv(tmp_path / "a.csv", rows))
    assert dataset.targets.tolist() == [0, 1, 0, 1]
    (said,) = (p.text for p in dataset.problems.found if "understood" in p.kind)
    assert "not learned, since nothing is known of them: 'weather', 'fold'" in said


TABLES = {  # keras-preprocessing#88, #92
    "names without suffix": ("noext.csv", "im{}", {}),
    "semicolon": ("semi.csv", "images/im{}.png", {"delimiter": ";"}),
    "tab": ("tab.csv", "images/im{}.png", {"delimiter": "\t"}),
    "names in a folder of images": ("names.csv", "im{}.png", {}),
    "backslashes": ("back.csv", "images\\im{}.png", {}),
    "quotes": ("quoted.csv", "images/im{}.png", {"quoting": csv.QUOTE_ALL}),
    "relative to the folder above": ("sub/above.csv", "images/im{}.png", {}),
    "leading dot": ("dot.csv", "./images/im{}.png", {}),
}


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("header", [("id", "breed"), ("image_name", "Category"), None])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_tables_as_programs_write_them(tmp_path, name, header, encoding):
    pictures(tmp_path / "images", 6)
    file, pattern, dialect = TABLES[name]
    rows = [header] * bool(header) + [(pattern.format(k), ("é", "b c")[k % 2]) for k in range(6)]
    path = write_csv(tmp_path / file, rows, **dialect)
    path.write_bytes(path.read_text(encoding="utf-8").encode(encoding))
    dataset = check_accounts(read_and_clean(path))
    assert list(dataset.class_names) == ["b c", "é"]
    assert dataset.targets.tolist() == [1, 0] * 3
    assert used(dataset, "rows") == {"photos": 6}


def test_where_no_file_is_found_the_first_and_the_places_are_named(tmp_path):
    rows = [("path", "label"), ("images/a.png", "x"), ("images/b.png", "y")]
    path = write_csv(tmp_path / "a.csv", rows)
    message = r"none of 2 rows can be used, of 2 no file was found; the first: row 2: images/a.png"
    with pytest.raises(UnreadableDataError, match=message) as caught:
        read_data(path)
    assert f"looked in {tmp_path}/" in str(caught.value)


@pytest.mark.parametrize("blank", ["", "nan", "NaN", "N/A"])
def test_a_blank_label_is_a_row_left_out(tmp_path, blank):
    pictures(tmp_path, 6)
    rows = [("path", "label"), *((f"im{k}.png", "ab"[k % 2] if k else blank) for k in range(6))]
    dataset = check_accounts(read_and_clean(write_csv(tmp_path / "a.csv", rows)))
    assert not dataset.multi_label
    assert dataset.targets.tolist() == [1, 0, 1, 0, 1]
    assert left_out(dataset, "rows") == {"rows without a label": 1}


@pytest.mark.parametrize(
    ("header", "cells", "names"),
    [
        ("tags", ("haze primary", "clear primary road"), ["clear", "haze", "primary", "road"]),
        ("labels", ("a,b", "b"), ["a", "b"]),
        ("label", ("a|b", "c"), ["a", "b", "c"]),
        ("label", ("a;b", "b", "a"), ["a", "b"]),
        ("label", ("sweet potato", "potato"), ["potato", "sweet potato"]),
        ("labels", ("sweet potato", "potato"), ["potato", "sweet potato"]),
        ("label", ("tomato, ripe", "tomato, green"), ["tomato, green", "tomato, ripe"]),
    ],
)
def test_several_labels_in_a_cell_only_where_that_is_certain(tmp_path, header, cells, names):
    pictures(tmp_path, 6)
    rows = [("path", header), *((f"im{k}.png", cells[k % len(cells)]) for k in range(6))]
    path = write_csv(tmp_path / "a.csv", rows, delimiter="\t")
    assert list(read_data(path).class_names) == names
    told = read_data(path, label_separator="space")
    assert told.multi_label == any(" " in cell for cell in cells)


def test_a_table_of_boxes_is_read_as_objects(tmp_path):
    for k in range(3):
        save(tmp_path / f"im{k}.png", k, width=40, height=20)
    header = ("filename", "width", "height", "class", "xmin", "ymin", "xmax", "ymax")
    rows = [
        header,
        ("im0.png", 40, 20, "cat", 10, 5, 30, 15),
        ("im0.png", 40, 20, "dog", 0, 0, 4, 4),
    ]
    rows += [("im1.png", 40, 20, "cat", 20, 5, 10, 15), ("im2.png", 40, 20, "cat", 0, 0, 40, 20)]
    path = write_csv(tmp_path / "boxes.csv", rows)
    dataset = check_accounts(read_and_clean(path))
    assert dataset.targets.tolist() == [0, 1, 0]
    assert dataset.images.boxes.tolist()[0] == [0.25, 0.25, 0.75, 0.75]
    assert left_out(dataset, "rows") == {"unusable boxes": 1}
    whole = check_accounts(read_and_clean(path, objects=False))
    assert whole.targets.tolist() == [[1, 1], [1, 0]]
    without = [row[:1] + row[3:] for row in rows]  # the size is that of the file
    sized = read_data(write_csv(tmp_path / "boxes.csv", without))
    assert sized.images.boxes.tolist() == dataset.images.boxes.tolist()


def test_columns_of_numbers_without_a_header_are_no_labels(tmp_path):
    pictures(tmp_path, 3)
    path = write_csv(tmp_path / "a.csv", [(f"im{k}.png", 1, 2, 30, 40, "cat") for k in range(3)])
    with pytest.raises(UnreadableDataError, match="columns 2 to 5 hold numbers"):
        read_data(path)
    write_csv(path, [(f"im{k}.png", "cat", "train") for k in range(3)])
    with pytest.raises(UnreadableDataError, match="column 3 holds names of splits"):
        read_data(path)


@pytest.mark.parametrize("objects", [True, False])
def test_polygons_and_a_sixth_number_are_boxes(tmp_path, objects):  # yolov5#9718, ultralytics#1008
    lines = ["{} 0.5 0.5 0.4 0.4", "{} 0.3 0.3 0.7 0.3 0.7 0.7 0.3 0.7", "{} 0.5 0.5 0.4 0.4 0.93"]
    root = yolo_set(tmp_path, 6, label=lambda k: lines[k % 3].format(k % 2))
    dataset = check_accounts(read_and_clean(root, objects=objects))
    check_files(root, dataset)
    labels = dataset.targets if objects else dataset.targets.argmax(axis=1)
    assert labels.tolist() == [0, 1, 0, 1, 0, 1] * 2
    if objects:
        assert np.allclose(dataset.images.boxes, [0.3, 0.3, 0.7, 0.7])


def test_a_photo_whose_lines_cannot_be_read_is_no_negative(tmp_path):
    root = yolo_set(
        tmp_path, 6, label=lambda k: "0 0.5 0.5 0.4" if k == 2 else f"{k % 2} .5 .5 .4 .4"
    )
    (root / "labels/train/3.txt").unlink()
    (root / "labels/train/4.txt").write_bytes(b"\xff\x00\xfa")
    (root / "labels/train/5.txt").write_text("")
    (root / "labels/train/none.txt").write_text("0 .5 .5 .4 .4")
    dataset = check_accounts(read_and_clean(root, objects=False))
    assert dataset.targets[dataset.splits["train"]].tolist() == [[1, 0], [0, 1], [0, 0]]
    assert left_out(dataset, "files") == {
        "images whose label files cannot be read": 3,
        "images without a label file": 1,
        "label files that cannot be read": 1,
        "label files without an image": 1,
    }


def test_pixels_instead_of_fractions_are_refused_with_the_guess(tmp_path):
    root = yolo_set(tmp_path, 4, label=lambda k: f"{k % 2} 120 80 30 40")
    with pytest.raises(UnreadableDataError, match="look like pixels"):
        read_data(root)


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf0.0 .5 .5 .4 .4\r\n",
        "0 .5 .5 .4 .4".encode("utf-16"),
        b"0,.5,.5,.4,.4\n",
        b"0\t.5\t.5\t.4\t.4",
    ],
)
def test_label_files_as_programs_write_them(tmp_path, content):
    root = yolo_set(tmp_path, 2, label=lambda k: content)
    assert read_data(root).targets.tolist() == [0, 0, 0, 0]


def test_all_kinds_of_images_in_yolo(tmp_path):  # roboflow/supervision#1554
    root = yolo_set(tmp_path, 4, suffix=lambda k: (".tif", ".JPEG", ".gif", ".bmp")[k])
    dataset = check_accounts(read_and_clean(root))
    assert counts_by_split(dataset) == {"train": 4, "validation": 4}


LAYOUTS = [
    "label studio",
    "cvat",
    "beside",
    "upper case",
    "string keys",
    "nc alone",
    "lists",
    "windows",
]


@pytest.mark.parametrize("layout", [*LAYOUTS, "windows"])
def test_layouts_of_yolo(tmp_path, layout):  # label-studio-converter#22, ultralytics#21224
    root = yolo_set(tmp_path / "data", 4)
    yaml, names = root / "data.yaml", ["cat", "dog"]
    expected = {"train": 4, "validation": 4}
    if layout == "label studio":
        yaml.unlink()
        (root / "classes.txt").write_text("cat\ndog\n")
        (root / "notes.json").write_text("{}")
    elif layout == "cvat":
        yaml.unlink()
        shutil.move(root / "images/train", root / "obj_train_data")
        for file in (root / "labels/train").iterdir():
            shutil.move(file, root / "obj_train_data")
        shutil.rmtree(root / "images")
        shutil.rmtree(root / "labels")
        (root / "obj.names").write_text("cat\ndog\n")
        (root / "obj.data").write_text(
            "classes = 2\ntrain = data/train.txt\nnames = data/obj.names\n"
        )
        lines = [f"data/obj_train_data/{k}.png\n" for k in range(4)]
        (root / "train.txt").write_text("".join(lines))
        expected = {"train": 4}
    elif layout == "beside":
        for file in (root / "labels").rglob("*.txt"):
            shutil.move(file, root / "images" / file.parent.name)
        shutil.rmtree(root / "labels")
    elif layout == "upper case":
        for file in list((root / "labels").rglob("*.txt")):
            file.rename(file.with_suffix(".TXT"))
        (root / "labels").rename(root / "Labels")
        (root / "images").rename(root / "Images")
        yaml.write_text(yaml.read_text().replace("images/", "Images/"))
    elif layout == "string keys":
        yaml.write_text(yaml.read_text().replace("[cat, dog]", "{'0': cat, '1': dog}"))
    elif layout == "nc alone":
        yaml.write_text("train: images/train\nval: images/val\nnc: 2\n")
        names = ["class 0", "class 1"]
    elif layout == "lists":
        for split in ("train", "val"):
            lines = [f".\\images\\{split}\\{k}.png\n" for k in range(4)]
            (root / f"{split}.txt").write_text("".join(lines))
        yaml.write_text("train: [train.txt]\nval: /content/elsewhere/val.txt\nnames: [cat, dog]\n")
    elif layout == "windows":
        yaml.write_bytes(
            b"path: C:\\data\r\ntrain: images\\train\r\nval: images\\val\r\nnames: [cat, dog]\r\n"
        )
    dataset = check_accounts(read_and_clean(root))
    check_files(root, dataset)
    assert list(dataset.class_names) == names
    assert counts_by_split(dataset) == expected
    assert dataset.targets.tolist() == [0, 1, 0, 1] * len(expected)
    assert not left_out(dataset, "files")


def test_without_any_label_file_the_first_place_is_named(tmp_path):
    root = yolo_set(tmp_path, 2)
    shutil.rmtree(root / "labels")
    with pytest.raises(
        UnreadableDataError, match=r"found no label file for any of 4 images"
    ) as caught:
        read_data(root, objects=False)
    assert str(root / "labels/train/0.txt") in str(caught.value)


def test_a_yaml_file_beside_folders_of_classes(tmp_path):
    folder_of(tmp_path, {"train/cat": 2, "train/dog": 2, "val/cat": 1, "val/dog": 1})
    (tmp_path / "data.yaml").write_text("train: train\nval: val\nnames: [cat, dog]\n")
    dataset = check_accounts(read_and_clean(tmp_path))
    assert not dataset.multi_label
    assert counts_by_split(dataset) == {"train": 4, "validation": 2}


def test_what_is_missing_beside_images_and_labels_is_named(tmp_path):
    root = yolo_set(tmp_path / "a", 2)
    (root / "data.yaml").unlink()
    with pytest.raises(UnreadableDataError, match="what is missing is a data"):
        read_data(root)
    folder_of(tmp_path / "coco", {"train": 2})
    (tmp_path / "coco/train/_annotations.coco.json").write_text("{}")
    with pytest.raises(UnreadableDataError, match=r"COCO's annotations .* are not read"):
        read_data(tmp_path / "coco")


def test_train_and_validation_of_the_same_photos_are_divided_anew(tmp_path):
    root = yolo_set(tmp_path, 20)
    yaml = root / "data.yaml"
    yaml.write_text(yaml.read_text().replace("images/val", "images/train"))
    dataset = load_dataset(root, progress=False)
    assert dataset.problems.count("splits of the same photos") == 1
    assert counts_by_split(dataset) == {"train": 14, "validation": 3, "test": 3}


def test_causes_of_refusals(tmp_path):  # Esri/data-collection-ios#184
    for name in "ab":
        for k in range(2):
            path = tmp_path / "heic" / name / f"{k}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes([k]) * 300)
            save(tmp_path / "same" / name / f"{k}.png", k)
    message = r"no photo of 4 can be used; the first: .*a/0\.jpg: is a HEIC image named \.jpg"
    with pytest.raises(UnreadableDataError, match=message):
        load_dataset(tmp_path / "heic", progress=False)
    with pytest.raises(UnreadableDataError, match=r"the first: a/0\.png = b/0\.png: a and b"):
        load_dataset(tmp_path / "same", progress=False)


@pytest.mark.parametrize("pattern", ["{}-{}.idx{}-ubyte", "{}-{}-idx{}-ubyte"])
def test_idx_files_under_the_names_of_unzippers(tmp_path, pattern):  # sorki/python-mnist#19
    for split, count in (("train", 5), ("t10k", 3)):
        for kind, array in (("images", np.ones((count, 4, 4))), ("labels", np.arange(count))):
            head = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
            name = pattern.format(split, kind, array.ndim)
            (tmp_path / name).write_bytes(head + array.astype(np.uint8).tobytes())
    dataset = check_accounts(read_data(tmp_path))
    assert counts_by_split(dataset) == {"train": 5, "test": 3}
    assert used(dataset, "files") == {"arrays": 4}


def test_two_classes_of_one_name_are_told_apart(tmp_path):  # pytorch/vision#1734
    folder_of(tmp_path / "a", {"n02012849": 1, "n02123045": 1, "n03126707": 1})
    table = "folder,name\nn02012849,crane\nn03126707,crane\nn02123045,tabby\n"
    (tmp_path / "a" / "classes.csv").write_text(table)
    names = ["crane (n02012849)", "tabby", "crane (n03126707)"]
    assert list(read_data(tmp_path / "a").class_names) == names
    root = yolo_set(tmp_path / "b", 3, label=lambda k: f"{k} .5 .5 .4 .4")
    yaml = root / "data.yaml"
    yaml.write_text(yaml.read_text().replace("[cat, dog]", "[crane, crane, tabby]"))
    assert list(read_data(root).class_names) == ["crane (0)", "crane (1)", "tabby"]


def test_names_are_compared_in_composed_form(tmp_path):
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    folder_of(tmp_path, {f"train/{composed}": 2, "train/tea": 1, f"test/{decomposed}": 1})
    dataset = check_accounts(read_and_clean(tmp_path))
    assert list(dataset.class_names) == [composed, "tea"]
    assert dataset.counts("test").tolist() == [1, 0]


def test_names_that_differ_by_case_are_pointed_out_once(tmp_path):
    folder_of(tmp_path, {"train/Cat": 2, "train/dog": 1, "test/cat": 1})
    (problem,) = read_and_clean(tmp_path).problems.found[:1]
    assert problem.text == "Cat and cat: they are taken for different classes"


def test_sixteen_bits_that_use_twelve_are_said_and_scaled(tmp_path):
    for name, most in (("a", 4000), ("b", 2000)):
        levels = np.linspace(0, most, 600).reshape(20, 30).astype(np.uint16)
        path = tmp_path / name / "1.png"
        path.parent.mkdir()
        Image.fromarray(levels).save(path)
    dataset = read_and_clean(tmp_path)
    assert dataset.problems.count("images of 16 bits that use 12") == 2
    brightest = [np.asarray(dataset.images[k]).max() for k in range(2)]
    assert brightest == [4000 >> 4, 2000 >> 4]
    told = read_data(tmp_path, white="set")
    assert [np.asarray(told.images[k]).max() for k in range(2)] == [255, 128]
    assert told.images.white == 4000


def test_files_without_a_suffix_are_images_by_their_content(tmp_path):
    folder_of(tmp_path, {"a": 1, "b": 1})
    photo(50).save(tmp_path / "a" / "plain", format="JPEG")
    photo(51).save(tmp_path / "b" / "x.JFIF", format="JPEG")
    (tmp_path / "b" / "notes").write_text("nothing")
    dataset = check_accounts(read_and_clean(tmp_path))
    assert used(dataset, "files") == {"photos": 4}
    assert left_out(dataset, "files") == {"files that are no images of a known kind": 1}
