import gzip
import os
import tracemalloc

import numpy as np
import pytest

from src.load import UnreadableDataError, read_sign_mnist, read_sign_rows
from src.load.sign_mnist import class_names
from tests.paths import real_data

HEADER = "label," + ",".join(f"pixel{k}" for k in range(1, 785))


def rows(count=30, seed=0):
    rng = np.random.default_rng(seed)
    table = rng.integers(0, 256, (count, 785))
    table[:, 0] = rng.permutation(count) % 9
    return table


def text(table, header=HEADER):
    return "\n".join([header, *(",".join(map(str, row)) for row in table)]) + "\n"


@pytest.fixture
def directory(tmp_path):
    (tmp_path / "sign_mnist_train.csv").write_text(text(rows(30)))
    with gzip.open(tmp_path / "sign_mnist_test.csv.gz", "wt") as file:
        file.write(text(rows(12, seed=1)))
    return tmp_path


def test_plain_and_gzipped_files_give_images_and_their_labels(directory):
    splits = read_sign_mnist(directory, cache=None)
    for split, table in (("train", rows(30)), ("test", rows(12, seed=1))):
        images, labels = splits[split]
        assert images.dtype == np.uint8
        assert np.array_equal(images, table[:, 1:].reshape(-1, 28, 28))
        assert np.array_equal(labels, table[:, 0])


def test_more_rows_than_are_parsed_at_a_time(tmp_path):
    table = rows(2345)
    (tmp_path / "s.csv").write_text(text(table))
    assert np.array_equal(read_sign_rows(tmp_path / "s.csv"), table)


def test_blank_lines_are_no_rows_but_count(tmp_path):
    table = rows(1200)
    lines = text(table).splitlines()
    (tmp_path / "s.csv").write_text("\n".join([*lines[:3], *[""] * 2500, *lines[3:], "", ""]))
    assert np.array_equal(read_sign_rows(tmp_path / "s.csv"), table)
    for blanks, row in ((1, 5), (2500, 2504)):  # in the same block of lines, and in an earlier one
        content = [*lines[:3], *[""] * blanks, lines[3], "1,2"]
        (tmp_path / "s.csv").write_text("\n".join(content))
        with pytest.raises(UnreadableDataError, match=f"row {row}: expected 785 values"):
            read_sign_rows(tmp_path / "s.csv")


def test_signs_before_numbers_and_zeros_are_numbers(tmp_path):
    table = rows(3).astype(object)
    table[1, 5], table[2, 6] = "+7", "007"
    (tmp_path / "s.csv").write_text(text(table))
    assert read_sign_rows(tmp_path / "s.csv")[1, 5] == 7
    table[2, 1] = "x"  # the row that is named is the wrong one
    (tmp_path / "s.csv").write_text(text(table))
    with pytest.raises(UnreadableDataError, match="row 3: pixel1: "):
        read_sign_rows(tmp_path / "s.csv")


def test_files_in_a_folder_below_are_found(directory):
    inner = directory / "inner" / "sign_mnist"
    inner.mkdir(parents=True)
    for path in list(directory.glob("*.csv*")):
        path.rename(inner / path.name)
    assert len(read_sign_mnist(directory / "inner", cache=None)["train"][0]) == 30


def test_the_cache_is_used_until_the_file_changes(directory, monkeypatch):
    cache = directory / "cache"
    first = read_sign_mnist(directory, cache)
    monkeypatch.setattr("src.load.sign_mnist.read_sign_rows", None)  # parsing would fail now
    assert np.array_equal(read_sign_mnist(directory, cache)["train"][0], first["train"][0])
    monkeypatch.undo()
    path, table = directory / "sign_mnist_train.csv", rows(20, seed=5)
    path.write_text(text(table))
    assert len(read_sign_mnist(directory, cache)["train"][0]) == 20
    path.write_text(text(table[::-1]))  # of the same size
    os.utime(path, ns=(0, 1))
    labels = read_sign_mnist(directory, cache)["train"][1]
    assert labels.tolist() == table[::-1, 0].tolist()


def test_a_cache_that_cannot_be_read_or_written_does_not_matter(directory):
    cache = directory / "cache"
    read_sign_mnist(directory, cache)
    for file in cache.glob("*.npy"):
        file.write_bytes(b"rubbish")
    assert len(read_sign_mnist(directory, cache)["train"][0]) == 30
    (directory / "file").write_text("")
    assert len(read_sign_mnist(directory, directory / "file")["train"][0]) == 30


def spoiled(row, column, value):
    table = rows(1500).astype(object)
    table[row, column] = value
    return text(table)


USER_ERRORS = {
    "not a number": (
        spoiled(1203, 17, "x1"),
        "row 1204: pixel17: expected a whole number, got 'x1'",
    ),
    "a fraction": (spoiled(3, 2, "0.5"), "row 4: pixel2: expected a whole number, got '0.5'"),
    "negative": (spoiled(3, 2, "-1"), "row 4: pixel2: expected a whole number, got '-1'"),
    "empty": (spoiled(0, 784, ""), "row 1: pixel784: expected a whole number, got ''"),
    "thousands of digits": (spoiled(0, 784, "9" * 5000), "expected 0 to 255, got 99999"),
    "too bright": (spoiled(1499, 784, "256"), "row 1500: pixel784: expected 0 to 255, got 256"),
    "no such label": (spoiled(7, 0, "26"), "row 8: label: expected 0 to 25, got 26"),
    "a short row": (spoiled(1400, 5, "1\n2"), r"row 1401: expected 785 values .*, got 6"),
    "a long row": (spoiled(2, 5, "1,2"), r"row 3: expected 785 values .*, got 786"),
    "no header": (text(rows(3), ",".join(map(str, rows(1)[0]))), "expected the header label,"),
    "a header only": (text(rows(0)), "expected rows after the header, found none"),
    "nothing": ("", "expected the header"),
}


@pytest.mark.parametrize("name", USER_ERRORS)
def test_mistakes_are_named_by_file_row_and_cause(name, tmp_path):
    content, message = USER_ERRORS[name]
    (tmp_path / "s.csv").write_text(content)
    with pytest.raises(UnreadableDataError, match=message) as caught:
        read_sign_rows(tmp_path / "s.csv")
    assert str(caught.value).startswith(f"{tmp_path / 's.csv'}: ")
    assert "\n" not in str(caught.value)


def test_a_gzip_file_cut_short_or_damaged_is_refused(tmp_path):
    content = gzip.compress(text(rows(100)).encode())
    path = tmp_path / "s.csv.gz"
    for damaged in (content[: len(content) // 2], b"rubbish", content[:2000] + b"\xff" * 300):
        path.write_bytes(damaged)
        with pytest.raises(UnreadableDataError, match=r"s\.csv\.gz: "):
            read_sign_rows(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UnreadableDataError, match=r"expected sign_mnist_train\.csv or "):
        read_sign_mnist(tmp_path)


def test_class_names_keep_the_original_labels():
    assert class_names(np.array([0, 8, 10, 24])) == ["0 A", "8 I", "10 K", "24 Y"]


def test_the_real_file_takes_three_times_its_memory_at_most(tmp_path):
    path = real_data("sign_mnist") / "sign_mnist_train.csv.gz"
    tracemalloc.start()
    table = read_sign_rows(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert table.shape == (27455, 785)
    assert peak < 3 * table.nbytes
    assert np.unique(table[:, 0]).tolist() == [k for k in range(25) if k != 9]
