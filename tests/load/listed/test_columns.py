"""What the columns of tables mean that people have, each read from a real file."""

import csv

import pytest

from src.load import UnreadableDataError, read_data
from tests.load.accounts import check_accounts, left_out, read_and_clean
from tests.load.photos import save


@pytest.fixture
def photos(tmp_path):
    for k in range(12):
        save(tmp_path / f"a{k}.png", k, width=8, height=6)
    return tmp_path


def read(photos, header, *columns, **reading):
    """A table of twelve rows; a column is a list that is repeated, or a text with {}."""
    rows = [
        [c.format(k) if isinstance(c, str) else c[k % len(c)] for c in columns] for k in range(12)
    ]
    with (photos / "t.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([*([header.split(",")] * bool(header)), *rows])
    return check_accounts(read_and_clean(photos / "t.csv", **reading))


def said(dataset):
    return [p.text.partition(": ")[2] for p in dataset.problems.found if "understood" in p.kind]


def test_names_of_columns_may_hold_any_sign(photos):
    dataset = read(photos, "id,label,comment/notes", "a{}", ["cat", "dog"], "note {}")
    assert list(dataset.class_names) == ["cat", "dog"]
    assert said(dataset) == ["not learned, since nothing is known of them: 'comment/notes'"]
    flags = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    dataset = read(photos, "filename,T-shirt/top,Trouser,Coat", "a{}.png", *flags)
    assert list(dataset.class_names) == ["T-shirt/top", "Trouser", "Coat"]


@pytest.mark.parametrize("names", ["0,1,2", "no,yes,maybe", "idx,nr,index", "1,10,2"])
def test_one_hot_columns_may_have_any_name(photos, names):
    dataset = read(photos, f"filename,{names}", "a{}.png", [1, 0, 0], [0, 1, 0], [0, 0, 1])
    assert list(dataset.class_names) == names.split(",")
    assert dataset.targets.tolist() == [0, 1, 2] * 4


def test_columns_without_names(photos):
    assert list(read(photos, "0,1", "a{}.png", ["cat", "dog"]).class_names) == ["cat", "dog"]
    assert list(read(photos, ",0,1", "{}", "a{}.png", ["cat", "dog"]).class_names) == ["cat", "dog"]
    assert list(read(photos, "filename,", "a{}.png", ["cat", "dog"]).class_names) == ["cat", "dog"]
    assert read(photos, "", "a{}.png", ["cat", "dog"]).problems.account("rows").found == 12


def test_a_first_row_whose_file_is_missing_is_no_header(photos):
    (photos / "a0.png").unlink()
    dataset = read(photos, "", "a{}", ["zebra", *["cat", "dog"] * 6])
    assert dataset.problems.account("rows").found == 12
    assert left_out(dataset, "rows") == {"missing images": 1}


@pytest.mark.parametrize(
    ("header", "flags", "splits"),
    [
        (
            "is_valid,is_test",
            ([0, 1, 0, 0], [0, 0, 0, 1]),
            {"train": 6, "validation": 3, "test": 3},
        ),
        ("is_train", ([1, 1, 0],), {"train": 8, "validation": 4}),
        ("is_train,is_test", ([1, 0], [0, 1]), {"train": 6, "test": 6}),
        ("validation", (["False", "True"],), {"train": 6, "validation": 6}),
    ],
)
def test_flags_of_splits(photos, header, flags, splits):
    dataset = read(photos, f"fname,label,{header}", "a{}.png", ["a", "a", "b", "b"], *flags)
    assert {split: len(rows) for split, rows in dataset.splits.items()} == splits
    assert list(dataset.class_names) == ["a", "b"]
    assert f"{header.split(',')[0]!r} is taken for the split" in said(dataset)


def test_labels_called_as_splits_are_labels_where_nothing_else_is(photos):
    dataset = read(photos, "filename,scratch,test,dent", "a{}.png", [1, 0, 0], [0, 1, 0], [0, 0, 1])
    assert list(dataset.class_names) == ["scratch", "test", "dent"]
    assert list(dataset.splits) == ["all"]


@pytest.mark.parametrize(
    ("cells", "names"),
    [
        (["12345678901234567", "12345678901234568"], ["12345678901234567", "12345678901234568"]),
        (["02123045", "2123045"], ["02123045", "2123045"]),
        (["1_2", "12"], ["12", "1_2"]),
        (["1e3", "1000"], ["1000", "1e3"]),
        (["1.0", "10.0", "2.0"], ["1", "2", "10"]),
        (["--1", "2"], ["--1", "2"]),
        (["-1", "1"], ["-1", "1"]),
    ],
)
def test_labels_that_look_like_numbers(photos, cells, names):
    assert list(read(photos, "path,label", "a{}.png", cells).class_names) == names


def test_numbers_with_fractions_are_no_classes(photos):
    with pytest.raises(UnreadableDataError, match=r"numbers with fractions, such as 0\.5"):
        read(photos, "path,label", "a{}.png", ["0.5", "1"])


@pytest.mark.parametrize("form", ["['{}', 'dog']", '["{}", "dog"]'])
def test_lists_in_cells(photos, form):
    dataset = read(photos, "image,labels", "a{}.png", [form.format("cat"), form.format("dog")])
    assert list(dataset.class_names) == ["cat", "dog"]
    assert dataset.targets.tolist() == [[1, 1], [0, 1]] * 6
    with pytest.raises(UnreadableDataError, match=r"a cell holds '\[0, 1, 0\]'"):
        read(photos, "image,label", "a{}.png", ["[0, 1, 0]"])


def test_no_written_as_minus_one(photos):
    dataset = read(photos, "file,smiling,male", "a{}.png", [1, -1], [-1, -1, 1])
    assert dataset.targets[:3].tolist() == [[1, 0], [0, 0], [1, 1]]


def test_other_case_and_other_forms_of_unicode_and_folders(photos):
    save(photos / "B.JPG", 20)
    save(photos / "cafe\u0301.png", 21)
    save(photos / "sub" / "c.png", 22)
    rows = ["filename,label", "b.jpg,x", "caf\u00e9.png,y", "sub\\C.png,x"]
    (photos / "t.csv").write_text("\n".join(rows), encoding="utf-8")
    dataset = check_accounts(read_and_clean(photos / "t.csv"))
    assert dataset.targets.tolist() == [0, 1, 0]
    (photos / "t.csv").write_text("folder,filename,label\nsub,c.png,x\n.,B.JPG,y\n")
    assert len(read_data(photos / "t.csv")) == 2


def test_one_name_in_several_folders(tmp_path):
    for k, folder in enumerate(("train", "test", "cat", "dog")):
        save(tmp_path / folder / "0.png", k)
    (tmp_path / "t.csv").write_text("id,label,split\n0,x,train\n0.png,y,test\n")
    dataset = check_accounts(read_and_clean(tmp_path / "t.csv"))
    assert [dataset.images.name(k) for k in range(2)] == ["train/0.png", "test/0.png"]
    (tmp_path / "t.csv").write_text("id,label\n0,cat\n0,dog\n0,cow\n")
    dataset = read_data(tmp_path / "t.csv")
    assert dataset.images.name(1) == "dog/0.png"
    (problem,) = (p.text for p in dataset.problems.found if p.kind == "missing images")
    assert "row 4: 0: may be " in problem


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;"])
def test_the_first_line_of_spreadsheets(photos, first):
    rows = [f"a{k}.png;{'xy'[k % 2]}, z" for k in range(4)]
    (photos / "t.csv").write_text("\r\n".join([first, "path;label", *rows]))
    assert list(read_data(photos / "t.csv").class_names) == ["x, z", "y, z"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('path,label\na0.png,"x\na1.png,y\n', "is a quote not closed"),
        ('path,label\na0.png,"x\ny"\na1.png,y\n', "a path or label goes on over several lines"),
        ("path,label\na0.png\na1.png\n", "expected rows path,label"),
        ("a,b,c\n1,2,3\n4,5,6\n", "found no column of paths|none of 3 rows"),
        ("path,label,class\na0.png,x,1\na1.png,x,2\n", "--label-column NAME says which"),
        ("path\na0.png\n", "--label-column NAME says which"),
    ],
)
def test_what_cannot_be_read_in_one_way_is_refused(photos, text, message):
    (photos / "t.csv").write_text(text)
    with pytest.raises(UnreadableDataError, match=message):
        read_data(photos / "t.csv")


def test_rows_of_other_lengths(photos):
    rows = "path,label\na0.png,x\na1.png,y,z\na2.png,y,\na3.png\n"
    (photos / "t.csv").write_text(rows)
    dataset = check_accounts(read_and_clean(photos / "t.csv"))
    assert dataset.targets.tolist() == [0, 1]
    kinds = {"rows with more fields than the header": 1, "rows without a label": 1}
    assert left_out(dataset, "rows") == kinds


def test_rows_of_no_split_are_left_out_where_others_have_one(photos):
    values = ["train", "train", "extra", "test"]
    dataset = read(photos, "path,label,split", "a{}.png", ["a", "b", "a", "a", "a", "b"], values)
    assert {split: len(rows) for split, rows in dataset.splits.items()} == {"train": 6, "test": 3}
    assert left_out(dataset, "rows") == {"rows without a split": 3}


def test_a_photo_in_two_splits_is_used_once(photos):
    rows = ["path,label,split", *(f"a{k}.png,{'xy'[k % 2]},train" for k in range(8))]
    rows += ["a0.png,x,test", "a1.png,y,test", "a9.png,x,test"]
    (photos / "t.csv").write_text("\n".join(rows))
    dataset = check_accounts(read_and_clean(photos / "t.csv"))
    assert {split: len(rows) for split, rows in dataset.splits.items()} == {"train": 6, "test": 3}
    assert left_out(dataset, "rows") == {"photos in two splits": 2}


@pytest.mark.parametrize("columns", ["x,y,width,height", "x,y,w,h", "bbox,a,b,c"])
def test_boxes_of_unknown_form_are_refused(photos, columns):
    with pytest.raises(UnreadableDataError, match="seem to be boxes: expected xmin"):
        read(photos, f"image,{columns},label", "a{}.png", *["{}"] * 4, ["a", "b"])


def test_corners_that_say_yes_or_no_are_labels(photos):
    flags = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    dataset = read(photos, "file,left,top,right,bottom", "a{}.png", *flags)
    assert list(dataset.class_names) == ["left", "top", "right", "bottom"]


def test_one_file_written_in_several_ways_is_one_photo(photos, monkeypatch):
    save(photos / "im" / "p.png", 30)
    monkeypatch.chdir(photos)
    ways = ["im/p.png", f"{photos}/im/p.png", "im/../im/p.png", "IM/P.PNG", ".\\im\\p.png"]
    with open("t.csv", "w") as file:
        file.write("\n".join(["path,label", *(f"{way},x" for way in ways), "a0.png,y"]))
    dataset = check_accounts(read_and_clean("t.csv"))
    assert left_out(dataset, "rows") == {"images listed twice": 4}
    assert dataset.images.name(0) == "im/p.png"
