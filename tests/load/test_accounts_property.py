"""Whatever lies in a folder, a table or a label file: used + left out + passed over = found."""

import csv
import io
import shutil
import string

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.load import UnreadableDataError, read_data, split_by_content
from src.load.splits import FRACTIONS
from tests.load.accounts import (
    check_accounts,
    check_files,
    check_refusal,
    left_out,
    read_and_clean,
    used,
)
from tests.load.photos import photo, save
from tests.load.test_splits import content_of, dataset_of
from tests.load.yolo_sets import yolo_set

FOLDERS = ["train", "test_set", "val", "cat", "dog", "images", "labels", "été", "__MACOSX", ".git"]
FILES = [
    "a.png",
    "b.PNG",
    "noext",
    "x.txt",
    "notes.md",
    ".hidden",
    "Thumbs.db",
    "list.csv",
    "bad.jpg",
]


def png(seed):
    stream = io.BytesIO()
    photo(seed, 8, 6).save(stream, "PNG")
    return stream.getvalue()


CONTENTS = {suffix: [png(k) for k in range(4)] for suffix in ("a.png", "b.PNG", "noext")}


@given(
    tree=st.lists(
        st.tuples(st.lists(st.sampled_from(FOLDERS), max_size=3), st.sampled_from(FILES)),
        max_size=14,
    ),
    seed=st.integers(0, 99),
)
@settings(max_examples=150, deadline=None)
def test_folders(tree, seed, tmp_path_factory):
    root = tmp_path_factory.mktemp("tree")
    rng = np.random.default_rng(seed)
    for number, (folders, file) in enumerate(tree):
        path = root.joinpath(*folders, f"{number}{file}" if file[0] != "." else file)
        path.parent.mkdir(parents=True, exist_ok=True)
        contents = CONTENTS.get(file, [b"text", b""])
        path.write_bytes(contents[rng.integers(len(contents))])
    try:
        dataset = read_and_clean(root)
    except UnreadableDataError as error:
        check_refusal(error, root)
    else:
        check_accounts(dataset)
        check_files(root, dataset)
        assert used(dataset, "files").get("photos", 0) == len(dataset)
    finally:
        shutil.rmtree(root)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    root = tmp_path_factory.mktemp("photos")
    for k in range(6):
        save(root / "images" / f"im {k}.png", k, width=8, height=6)
    return root


LABELS = st.text(string.ascii_letters + "é -_.'", min_size=1, max_size=8)
LABELS = LABELS.filter(str.strip).map(str.strip)


@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from([*(f"im {k}.png" for k in range(6)), "missing.png", "im 1"]),
            st.one_of(LABELS, st.sampled_from(["", "nan", 'with "quotes"', "with, comma"])),
        ),
        min_size=1,
        max_size=12,
    ),
    delimiter=st.sampled_from(",;\t"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    ends=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    swapped=st.booleans(),
    folder=st.sampled_from(["", "images/", "images\\"]),
)
@settings(max_examples=300, deadline=None)
def test_tables(photos, rows, delimiter, quoting, ends, encoding, swapped, folder):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=ends)
    table = [("filename", "label"), *((f"{folder}{name}", label) for name, label in rows)]
    writer.writerows(row[::-1] if swapped else row for row in table)
    (photos / "table.csv").write_bytes(text.getvalue().encode(encoding))
    try:
        dataset = check_accounts(read_data(photos / "table.csv", label_separator=None))
    except UnreadableDataError as error:
        check_refusal(error, photos)
        said = {}  # refused only where no row can be used
        for name, label in rows:
            said.setdefault(name.removesuffix(".png"), set()).add(label)
        usable = [n for n, labels in said.items() if n != "missing" and len(labels) == 1]
        assert not [n for n in usable if said[n].isdisjoint({"", "nan"})]
        return
    assert dataset.problems.account("rows").found == len(rows)
    given_labels = {row: label for row, (_, label) in enumerate(rows, 2)}
    for sample, row in enumerate(item for (item,) in dataset.items[0].of_row):
        assert dataset.names_of(sample) == (given_labels[row],)
        assert dataset.images.name(sample).endswith(rows[row - 2][0].removesuffix(".png") + ".png")
    missing = sum(name == "missing.png" for name, _ in rows)
    assert left_out(dataset, "rows").get("missing images", 0) == missing


FRACTION = st.floats(0.2, 0.8).map(lambda value: f"{value:.3f}")
BOXES = st.tuples(st.integers(0, 1), FRACTION, FRACTION).map(
    lambda b: f"{b[0]} {b[1]} {b[2]} .3 .3"
)
POLYGONS = st.integers(0, 1).map(lambda number: f"{number} .1 .1 .5 .1 .5 .6")
BAD_LINES = ["2 .5 .5 .1 .1", "0 .5 .5", "x", "0 .5 .5 0 .1", "0 90 90 20 20", "0 nan 0 1 1"]
BAD = st.sampled_from(BAD_LINES)


@given(
    lines=st.lists(st.one_of(BOXES, POLYGONS, BAD, st.just("")), max_size=8),
    ends=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    separator=st.sampled_from([" ", "\t", ",", ", "]),
    objects=st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_label_files(yolo_root, lines, ends, encoding, separator, objects):
    text = ends.join(line.replace(" ", separator) for line in lines)
    (yolo_root / "labels/train/0.txt").write_bytes(text.encode(encoding))
    dataset = check_accounts(read_data(yolo_root, objects=objects))
    check_files(yolo_root, dataset)
    given_lines = [line for line in lines if line]
    account = dataset.problems.account("label lines")
    assert account.found == len(given_lines) + 3  # of the three other images
    bad = [line for line in given_lines if line in BAD_LINES]
    assert left_out(dataset, "label lines").get("unusable boxes", 0) == len(bad)
    photo_left_out = bool(bad) and (not objects or len(bad) == len(given_lines))
    causes = left_out(dataset, "files")
    assert causes.get("images whose label files cannot be read", 0) == photo_left_out
    good = {line for line in given_lines if line not in bad}
    if objects:
        assert len(dataset) == len(good) + 3


@pytest.fixture(scope="module")
def yolo_root(tmp_path_factory):
    return yolo_set(tmp_path_factory.mktemp("yolo"), 2)


@given(
    sizes=st.lists(st.lists(st.integers(1, 6), min_size=1, max_size=25), min_size=1, max_size=4),
    seed=st.integers(0, 5),
)
@settings(max_examples=100, deadline=None)
def test_groups_are_shared_out_within_the_size_of_one(sizes, seed):
    """Of every class each split gets its fraction, but for one group of near-duplicates."""
    groups = [(name, size) for name, of_class in enumerate(sizes) for size in of_class]
    targets = [name for name, size in groups for _ in range(size)]
    digests = [number for number, (_, size) in enumerate(groups) for _ in range(size)]
    divided = split_by_content(dataset_of(targets), content_of(digests), seed=seed)
    for split, fraction in FRACTIONS.items():
        counts = divided.counts(split) if split in divided.splits else np.zeros(len(sizes))
        for name, of_class in enumerate(sizes):
            assert abs(counts[name] - fraction * sum(of_class)) <= max(of_class) + 1e-9
