import pytest

from src.load import Problems, UnreadableDataError, read_image_csv
from tests.load.photos import four_photos


@pytest.fixture
def folder(tmp_path):
    return four_photos(tmp_path)


def write(folder, text, name="list.csv"):
    (folder / name).write_text(text)
    return folder / name


def test_one_label_in_every_row_makes_classes(folder):
    path = write(folder, "Path,Label\nphotos/0.png,dog\nphotos/1.png, cat\n\nphotos/2.png,dog\n")
    dataset = read_image_csv(path)
    assert list(dataset.class_names) == ["cat", "dog"]
    assert dataset.targets.tolist() == [1, 0, 1]
    assert dataset.images.name(1) == "photos/1.png"


def test_several_labels_or_none_make_labels(folder):
    path = write(folder, '\ufeffphotos/0.png,"dog, small",cat\nphotos/1.png\nphotos/2.png,cat\n')
    dataset = read_image_csv(path)
    assert list(dataset.class_names) == ["cat", "dog, small"]
    assert dataset.targets.tolist() == [[1, 1], [0, 0], [1, 0]]


def test_missing_files_are_reported_by_row(folder):
    path = write(folder, "photos/0.png,a\nphotos/none.png,b\nphotos/1.png,c\n")
    dataset = read_image_csv(path)
    assert list(dataset.class_names) == ["a", "c"]
    (problem,) = (p for p in dataset.problems.found if p.kind == "missing images")
    assert problem.text == f"{path}: row 2: photos/none.png: no such file"
    with pytest.raises(UnreadableDataError, match="row 2"):
        read_image_csv(path, Problems("fail"))


def test_an_image_that_is_listed_twice_counts_once_or_not_at_all(folder):
    rows = ["image_path,label", "photos/0.png,a", "photos/1.png,a", "photos/0.png,a"]
    rows += ["photos/2.png,b", "photos/1.png,b", "photos/3.png,b"]
    dataset = read_image_csv(write(folder, "\n".join(rows)))
    assert [dataset.images.name(k) for k in range(len(dataset))] == [
        f"photos/{k}.png" for k in (0, 2, 3)
    ]
    assert dataset.targets.tolist() == [0, 1, 1]
    assert dataset.problems.count("images listed twice") == 1
    assert dataset.problems.count("photos with contradictory labels") == 2


def test_a_header_is_the_first_row_only(folder):
    (folder / "image").write_bytes(b"x")
    dataset = read_image_csv(write(folder, "photos/0.png,a\nimage,b\n"))
    assert dataset.targets.tolist() == [0, 1]


@pytest.mark.parametrize("text", ["", "path,label\n", "photos/0.png\nphotos/1.png\n"])
def test_a_csv_without_labels_is_refused(folder, text):
    with pytest.raises(UnreadableDataError, match="expected rows path,label"):
        read_image_csv(write(folder, text))


def test_what_is_no_text_is_refused(folder):
    (folder / "list.csv").write_bytes(b"\xfa\xff\x00\x81")
    with pytest.raises(UnreadableDataError, match="cannot be read"):
        read_image_csv(folder / "list.csv")
    with pytest.raises(UnreadableDataError, match="cannot be read"):
        read_image_csv(folder / "none.csv")
