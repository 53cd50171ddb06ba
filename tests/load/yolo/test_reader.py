import numpy as np
import pytest
from PIL import Image

from src.load import Problems, UnreadableDataError, read_yolo
from src.load.sources import cut_out
from tests.load.photos import save

BASE = "train: images/train\nval: images/val\nnames: [apple, pear, plum]\n"


@pytest.fixture
def root(tmp_path):
    for split, labels in (
        ("train", {"a": "0 0.5 0.5 0.5 0.5\n1 0.25 0.25 0.5 0.5\n", "b": "2 0.5 0.5 1 1\n"}),
        ("val", {"c": "", "d": "0 0.9 0.5 0.2 0.2\n0 0.1 0.5 0.2 0.2\n", "e": None}),
    ):
        for name, text in labels.items():
            save(tmp_path / "images" / split / f"{name}.png", ord(name), width=40, height=20)
            (tmp_path / "labels" / split).mkdir(parents=True, exist_ok=True)
            if text is not None:
                (tmp_path / "labels" / split / f"{name}.txt").write_text(text)
    (tmp_path / "data.yaml").write_text(BASE)
    return tmp_path


def test_objects_are_cut_out(root):
    dataset = read_yolo(root / "data.yaml")
    assert {split: dataset.targets[rows].tolist() for split, rows in dataset.splits.items()} == {
        "train": [0, 1, 2],
        "validation": [0, 0],
    }
    photo = np.asarray(Image.open(root / "images/train/a.png"))
    assert np.array_equal(np.asarray(dataset.images[0]), photo[5:15, 10:30])
    assert np.array_equal(np.asarray(dataset.images[1]), photo[:10, :20])
    assert dataset.images.photo_of.tolist() == [0, 0, 1, 2, 2]
    assert len(dataset.images.photos) == 3
    assert dataset.images.photos[0].size == (40, 20)


def test_whole_images_have_labels_also_none(root):
    dataset = read_yolo(root, objects=False)
    assert dataset.targets.tolist() == [[1, 1, 0], [0, 0, 1], [0, 0, 0], [1, 0, 0]]
    assert dataset.names_of(0) == ("apple", "pear")
    assert dataset.splits["validation"].tolist() == [2, 3]
    (problem,) = dataset.problems.found  # an empty label file says that there is no object
    assert problem.kind == "images without a label file"
    assert "e.png" in problem.text
    with pytest.raises(UnreadableDataError, match=r"e\.png: has no label file"):
        read_yolo(root, problems=Problems("fail"))


@pytest.mark.parametrize(
    "text",
    [
        BASE,
        "path: .\n" + BASE,
        "path: C:/Users/somebody/data\n" + BASE,
        BASE.replace("[apple, pear, plum]", "\n  0: apple\n  1: pear\n  2: plum"),
        BASE.replace("images/train", "[images/train]") + "nc: 3\n",
        BASE.replace("images/train", "list.txt"),
    ],
)
def test_the_yaml_files_that_there_are(root, text):
    (root / "list.txt").write_text("./images/train/a.png\n\nimages/train/b.png\n")
    (root / "data.yaml").write_text(text)
    dataset = read_yolo(root)
    assert list(dataset.class_names) == ["apple", "pear", "plum"]
    assert len(dataset) == 5
    absolute = f"path: {root}\n" + BASE
    (root / "elsewhere").mkdir()
    (root / "elsewhere" / "data.yaml").write_text(absolute)
    assert len(read_yolo(root / "elsewhere")) == 5


def test_one_folder_in_two_splits_is_read_once(root):
    (root / "data.yaml").write_text(BASE + "test: images/val\n")
    dataset = read_yolo(root)
    assert len(dataset.images) == 5
    assert np.array_equal(dataset.splits["validation"], dataset.splits["test"])


LINES = {
    "4 fields": ("0 0.5 0.5 0.5", "expected 5 fields"),
    "commas for points": ("0 0,5 0,5 0,4 0,4", "got commas"),
    "a polygon of pixels": ("0 10 10 50 10 50 40", "look like pixels"),
    "no numbers": ("apple 0.5 0.5 0.5 0.5", "expected numbers"),
    "class too large": ("3 0.5 0.5 0.5 0.5", "expected a class from 0 to 2, got 3"),
    "class negative": ("-1 0.5 0.5 0.5 0.5", "expected a class from 0 to 2"),
    "class with a fraction": ("1.5 0.5 0.5 0.5 0.5", "expected a class from 0 to 2"),
    "class not a number": ("nan 0.5 0.5 0.5 0.5", "expected a class from 0 to 2"),
    "pixels": ("0 120 80 30 40", "larger than the image"),
    "center outside": ("0 1.2 0.5 0.5 0.5", "outside the image"),
    "not a number": ("0 nan 0.5 0.5 0.5", "expected finite numbers"),
    "infinite": ("0 0.5 0.5 inf 0.5", "expected finite numbers"),
    "no area": ("0 0.5 0.5 0 0.5", "no area"),
    "a little larger": ("0 0.5 0.5 1.02 0.5", "larger than the image"),
    "larger than the image": ("0 0.5 0.5 7 0.5", "larger than the image"),
    "negative area": ("0 0.5 0.5 0.5 -0.5", "no area"),
}


@pytest.mark.parametrize("name", LINES)
def test_unusable_boxes_are_left_out_and_named(root, name):
    line, message = LINES[name]
    file = root / "labels/train/a.txt"
    file.write_text(f"1 0.5 0.5 0.1 0.1\n\n{line}\n")
    dataset = read_yolo(root)
    assert dataset.targets.tolist() == [1, 2, 0, 0]
    (problem,) = (found for found in dataset.problems.found if found.kind == "unusable boxes")
    assert problem.text.startswith(f"{file}: line 3: ")
    assert message in problem.text
    with pytest.raises(UnreadableDataError, match="line 3"):
        read_yolo(root, problems=Problems("fail"))


def test_of_several_folders_called_images_the_last_has_the_labels(root):
    outer = root / "images" / "set"
    save(outer / "images" / "train" / "x.y.png", 1)
    (outer / "labels" / "train").mkdir(parents=True)
    (outer / "labels" / "train" / "x.y.txt").write_text("2 0.5 0.5 1 1\n")
    names = "names: {2: plum, 0: apple, 1: pear}\n"
    (outer / "data.yaml").write_text("train: images/train\n" + names)
    dataset = read_yolo(outer)
    assert list(dataset.class_names) == ["apple", "pear", "plum"]
    assert dataset.targets.tolist() == [2]


def test_a_box_takes_every_pixel_that_it_touches():
    image = Image.new("L", (40, 20))
    assert cut_out(image, np.array([0.26, 0.1, 0.51, 0.52])).size == (21 - 10, 11 - 2)
    assert cut_out(image, np.array([0.5, 0.5, 0.5, 0.5])).size == (1, 1)
    assert cut_out(image, np.array([1.0, 1.0, 1.0, 1.0])).size == (1, 1)


def test_the_layout_of_roboflow(root):
    text = "train: ../images/train\nvalid: ../images/val\nnames: [apple, pear, plum]\n"
    (root / "data.yaml").write_text(text)
    assert list(read_yolo(root).splits) == ["train", "validation"]


def test_an_image_that_is_listed_twice_counts_once(root):
    (root / "list.txt").write_bytes(b"\xef\xbb\xbfimages/train/a.png\nimages/train/a.png\n")
    (root / "data.yaml").write_text(BASE.replace("images/train", "[list.txt, images/train]"))
    dataset = read_yolo(root)
    assert dataset.splits["train"].tolist() == [0, 1, 2]
    assert dataset.problems.count("images listed twice") == 1
    assert not dataset.problems.count("missing images")


def test_lists_and_labels_that_are_no_text_and_names_that_no_file_can_have(root):
    (root / "list.txt").write_text("images/train/a.png\n" + "x" * 5000 + "\n")
    (root / "other.txt").write_bytes(b"\xff\xfe\xfa")
    (root / "labels/train/a.txt").write_bytes(b"\xff\xfe\xfa")
    (root / "data.yaml").write_text(BASE.replace("images/train", "[list.txt, other.txt]"))
    problems = read_yolo(root).problems
    assert problems.count("missing images") == 1
    assert problems.count("unreadable text files") == 1
    assert problems.count("images whose label files cannot be read") == 1


def test_other_yaml_files_are_passed_over(root):
    (root / "args.yaml").write_text("epochs: 10\n")
    assert len(read_yolo(root)) == 5


def test_windows_line_ends_tabs_and_repeated_lines(root):
    content = b"\xef\xbb\xbf0\t0.5 0.5\t0.5 0.5 \r\n0 0.5 0.5 0.5 0.5\r\n"
    (root / "labels/train/a.txt").write_bytes(content)
    assert read_yolo(root).targets.tolist() == [0, 2, 0, 0]


USER_ERRORS = {
    "no names": ("train: images/train\n", "expected names"),
    "mixed": (BASE.replace("[apple, pear, plum]", "{0: a, x: b}"), "expected the numbers 0 to 1"),
    "gaps": (BASE.replace("[apple, pear, plum]", "{0: a, 2: b}"), "expected the numbers 0 to 1"),
    "another count": (BASE + "nc: 4\n", "nc is 4, and there are 3"),
    "no yaml": ("names: [a\n", "cannot be read as yaml"),
    "a list": ("- a\n", "expected entries"),
    "no images": ("train: nowhere\nnames: [a]\n", "found no images"),
}


@pytest.mark.parametrize("name", USER_ERRORS)
def test_mistakes_in_the_yaml_file(root, name):
    text, message = USER_ERRORS[name]
    (root / "data.yaml").write_text(text)
    with pytest.raises(UnreadableDataError, match=message) as caught:
        read_yolo(root)
    assert str(root) in str(caught.value)


def test_no_yaml_file_or_several(root):
    (root / "other.yml").write_text(BASE)
    with pytest.raises(UnreadableDataError, match=r"found data\.yaml, other\.yml"):
        read_yolo(root)
    with pytest.raises(UnreadableDataError, match="found none"):
        read_yolo(root / "images")


def test_listed_images_that_are_missing_and_splits_without_images(root):
    (root / "list.txt").write_text("images/train/a.png\nimages/train/none.png\n")
    (root / "data.yaml").write_text(BASE.replace("images/train", "list.txt") + "test: nowhere\n")
    dataset = read_yolo(root)
    assert dataset.problems.count("missing images") == 1
    assert dataset.problems.count("splits without images") == 1
    assert "test" not in dataset.splits
