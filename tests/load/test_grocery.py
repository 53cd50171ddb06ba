import pytest

from src.load import UnreadableDataError, read_grocery
from tests.load.photos import four_photos


@pytest.fixture
def folder(tmp_path):
    return four_photos(tmp_path)


def write(folder, text, name="list.csv"):
    (folder / name).write_text(text)
    return folder / name


@pytest.fixture
def grocery(folder):
    write(folder, "photos/0.png, 0, 0\nphotos/1.png, 2, 1\n", "train.txt")
    write(folder, "photos/2.png, 1, 0\n", "val.txt")
    rows = ["Name,ID,Coarse,Coarse ID,Icon", "Royal,0,Apple,0,x", "Granny,1,Apple,0,x"]
    write(folder, "\n".join([*rows, "Banana,2,Banana,1,x"]), "classes.csv")
    return folder


@pytest.mark.parametrize(
    ("labels", "targets", "names"),
    [
        ("fine", [0, 2, 1], ["Royal", "Granny", "Banana"]),
        ("coarse", [0, 1, 0], ["Apple", "Banana"]),
        (
            "both",
            [[1, 0, 0, 1, 0], [0, 0, 1, 0, 1], [0, 1, 0, 1, 0]],
            ["Royal", "Granny", "Banana", "Apple (coarse)", "Banana (coarse)"],
        ),
    ],
)
def test_grocery_lists(grocery, labels, targets, names):
    dataset = read_grocery(grocery, labels)
    assert dataset.targets.tolist() == targets
    assert list(dataset.class_names) == names
    assert {split: rows.tolist() for split, rows in dataset.splits.items()} == {
        "train": [0, 1],
        "validation": [2],
    }


@pytest.mark.parametrize(
    "row", ["photos/3.png, 3, 0", "photos/3.png, 0, 2", "photos/3.png, 0", "photos/3.png, a, 0"]
)
def test_unusable_rows_in_grocery_lists(grocery, row):
    write(grocery, f"photos/0.png, 0, 0\n{row}\n{'x' * 5000}.png, 0, 0\n", "train.txt")
    dataset = read_grocery(grocery)
    assert len(dataset) == 2
    texts = [problem.text for problem in dataset.problems.found]
    assert [text.split(": ")[1] for text in texts] == ["row 2", "row 3"]


def test_mistakes_in_grocery_files(grocery):
    with pytest.raises(ValueError, match="labels: expected both"):
        read_grocery(grocery, "all")
    write(grocery, "h\nRoyal,0,Apple,0\nGranny,2,Apple,0\n", "classes.csv")
    with pytest.raises(UnreadableDataError, match="numbered from 0 without gaps"):
        read_grocery(grocery)
    write(grocery, "h\nRoyal,0\n", "classes.csv")
    with pytest.raises(UnreadableDataError, match="row 2: expected name, number"):
        read_grocery(grocery)
    (grocery / "train.txt").unlink()
    (grocery / "val.txt").unlink()
    write(grocery, "h\nRoyal,0,Apple,0\n", "classes.csv")
    with pytest.raises(UnreadableDataError, match=r"expected train\.txt"):
        read_grocery(grocery)
