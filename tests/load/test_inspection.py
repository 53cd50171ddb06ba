import os

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from src.load.inspection import describe, inspect, save_inspection
from tests.load.photos import folder_of, photo, save
from tests.load.test_cleaning import yolo
from tests.paths import real_data


@pytest.fixture
def root(tmp_path):
    folder_of(tmp_path / "set", {"train/cat": 6, "train/dog": 3, "val/cat": 2})
    save(tmp_path / "set/val/dog/twin.png", 1)  # as train/cat/000
    save(tmp_path / "set/train/cat/again_001.png", 2)
    photo(8).resize((30, 22)).save(tmp_path / "set/val/cat/near.png")
    (tmp_path / "set/train/dog/broken.jpg").write_bytes(b"x")
    return tmp_path / "set"


def test_everything_wrong_is_found(root):
    inspection = inspect(root, progress=False)
    found = {}
    for finding in inspection.findings:
        found.setdefault(finding.kind, []).append(finding.text)
    twin = "train/cat/000.png = val/dog/twin.png"
    assert found["exact copies across splits"] == [twin]
    assert found["copies with contradictory labels"] == [f"{twin}: cat and dog"]
    assert found["exact copies in a split"] == ["train/cat/001.png = train/cat/again_001.png"]
    assert found["copies whose files are named differently"] == found["exact copies in a split"]
    (near,) = found["near-duplicates across splits"]
    assert near.startswith("train/dog/001.png ~ val/cat/near.png (")
    text = describe(inspection, "set")
    assert "unreadable images: 1" in text
    assert "broken.jpg: is no image" in text
    assert "cat        7   " in " ".join(text.split("\n")).replace("validation", "val")
    assert "total     11           4" in text
    assert "width  30 to 32, median 32 pixels" in text
    assert "height 22 to 24, median 24 pixels" in text
    assert "imbalance: cat has 10 samples, dog 5: 2.0 times as many" in text
    assert "distinct photos: 12 of 15" in text
    assert "after leaving out what is not sound: train 8, validation 3" in text


def test_tables_and_pictures_are_written(root, tmp_path):
    written = save_inspection(inspect(root, progress=False), tmp_path / "out")
    assert all(path.is_file() for path in written)
    counts = pd.read_csv(tmp_path / "out/class_counts.csv", index_col="class")
    assert counts.loc["cat"].tolist() == [7, 3]
    assert len(pd.read_csv(tmp_path / "out/findings.csv")) == 5
    with Image.open(tmp_path / "out/contact_sheets/000_cat.png") as sheet:
        assert sheet.size[0] >= 10 * 96
        levels = np.asarray(sheet.convert("L"))
    assert levels.std() > 20
    assert len(list((tmp_path / "out/contact_sheets").iterdir())) == 2
    with Image.open(tmp_path / "out/class_distribution.png") as picture:
        assert picture.size[0] > 500
    assert not list((tmp_path / "out").rglob(".*"))
    sound = folder_of(tmp_path / "sound", {"bird": 2})
    save_inspection(inspect(sound, progress=False), tmp_path / "out")  # nothing stale stays
    assert not (tmp_path / "out/findings.csv").exists()
    sheets = [path.name for path in (tmp_path / "out/contact_sheets").iterdir()]
    assert sheets == ["000_bird.png"]


def test_a_sound_set_has_nothing_wrong(tmp_path):
    root = folder_of(tmp_path / "set", {"a": 5, "b": 5})
    text = describe(inspect(root, progress=False), "set")
    assert "nothing wrong was found" in text
    assert "no imbalance: 5 samples of every class" in text


def test_objects_one_file_in_two_splits_and_names_with_strange_signs(tmp_path):
    root = yolo(tmp_path, {"train/1": (1, "0 0.5 0.5 1 1"), "val/2": (2, "1 0.5 0.5 1 1")})
    text = (root / "data.yaml").read_text().replace("[a, b]", "['a/b: ü?', 'A/B: Ü?', c]")
    (root / "data.yaml").write_text(text)
    inspection = inspect(root, progress=False)
    text = describe(inspection, "set")
    assert "one file in several splits: 1" in text
    assert "a/b: ü? and A/B: Ü?: they are taken for different classes" in text
    assert text.count("A/B: Ü?: they") == 1
    assert "1 classes have no sample: c" in text
    names = [path.name for path in save_inspection(inspection, tmp_path / "out")]
    assert "000_a_b__ü_.png" in names


def test_names_that_are_hard_to_show(tmp_path):
    names = ["a$\\frac{$", "字" * 80, "new\nline", os.fsdecode(b"\xff\xfe")]
    root = folder_of(tmp_path / "set", dict.fromkeys(names, 1))
    save(root / names[0] / "b\nc.png", 1)
    inspection = inspect(root, progress=False)
    text = describe(inspection, "set")
    text.encode()
    assert "new\\nline" in text
    assert "b\\nc.png" in text
    written = save_inspection(inspection, tmp_path / "out")
    assert len(written) == 4 + len(names)


def test_samples_that_are_no_images_have_no_sheets(tmp_path):
    np.savez(tmp_path / "a.npz", X=np.eye(4), Y=np.arange(4))
    inspection = inspect(tmp_path / "a.npz", progress=False)
    assert "4 samples" in describe(inspection, "a")
    assert len(save_inspection(inspection, tmp_path / "out")) == 3


def test_many_classes_are_shortened_in_the_text_only(tmp_path):
    root = folder_of(tmp_path / "set", {f"kind {k:02d}": 1 + k % 3 for k in range(50)})
    inspection = inspect(root, progress=False)
    text = describe(inspection, "set")
    assert "... 30 more" in text
    lines = text.splitlines()
    assert lines[4].split() == ["kind", "02", "3"]  # the most frequent first
    assert lines[19 + 5].split()[-1] == "1"
    assert len(save_inspection(inspection, tmp_path / "out")) == 53


def test_the_tomatoes_in_two_splits_and_under_two_names_are_found():
    inspection = inspect(real_data("tomato"), progress=False)
    kinds = [finding.kind for finding in inspection.findings]
    assert kinds.count("exact copies across splits") == 25
    named = [f.text for f in inspection.findings if f.kind.endswith("named differently")]
    assert len(named) == 2
    assert all("/riped_" in text and "/unriped_" in text for text in named)
