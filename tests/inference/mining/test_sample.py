"""Samples of folders, lists and tables."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.inference.mining.sample import reservoir, sampled_photos
from src.load.errors import UnreadableDataError
from tests.load.photos import folder_of, save


@given(st.integers(0, 60), st.integers(1, 30), st.integers(0, 1000))
def test_a_sample_is_in_order_and_each_photo_at_most_once(total, count, seed):
    photos = [Path(f"{k:03d}") for k in range(total)]
    found = reservoir(iter(photos), count, seed)
    assert len(found) == min(total, count)
    assert found == sorted(set(found))
    assert found == reservoir(iter(photos), count, seed)


def test_every_photo_is_as_likely_as_any_other():
    counts = [0] * 20
    for seed in range(2000):
        for path in reservoir((Path(str(k)) for k in range(20)), 5, seed):
            counts[int(path.name)] += 1
    assert min(counts) > 400
    assert max(counts) < 600


def test_a_folder_gives_its_photos_and_says_what_else_there_is(tmp_path):
    folder_of(tmp_path / "photos", {"a": 3, "b/deep": 2})
    (tmp_path / "photos/notes.txt").write_text("no photo")
    found, account = sampled_photos(tmp_path / "photos", 0, 0)
    assert len(found) == 5
    assert account == {"photos": 5, "files that are no photos": 1}
    assert len(sampled_photos(tmp_path / "photos", 2, 0)[0]) == 2


def test_a_list_has_a_path_in_each_line(tmp_path):
    save(tmp_path / "one.png", 1)
    (tmp_path / "list.txt").write_text("one.png\n\n  two.png  \n")
    found, account = sampled_photos(tmp_path / "list.txt", 0, 0)
    assert found == [tmp_path / "one.png", tmp_path / "two.png"]
    assert account == {"photos": 2}


def test_rows_with_a_label_are_left_out(tmp_path):
    (tmp_path / "table.csv").write_text("File Name,label\na.png,\nb.png,plant\nc.png, \n,plant\n")
    found, account = sampled_photos(tmp_path / "table.csv", 0, 0)
    assert [path.name for path in found] == ["a.png", "c.png"]
    assert account == {"photos": 2, "rows with a label": 1, "rows without a path": 1}


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda root: root / "nowhere", "no such file or folder"),
        (lambda root: folder_of(root / "empty", {"a": 0}), "found nothing"),
        (lambda root: save(root / "one.png"), "is a photo; expected a folder"),
        (lambda root: _written(root / "t.csv", "a,b\n1,2\n"), "expected a column of paths"),
        (lambda root: _written(root / "u.csv", "path,label\na.png,x\n"), "rows with a label 1"),
    ],
)
def test_a_place_without_photos_is_said_in_one_line(tmp_path, make, said):
    with pytest.raises(UnreadableDataError, match=said) as error:
        sampled_photos(make(tmp_path), 0, 0)
    assert "\n" not in str(error.value)


def _written(path, text):
    path.write_text(text)
    return path
