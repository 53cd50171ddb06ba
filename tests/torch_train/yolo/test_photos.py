"""Photos are those of the recipe, and Ultralytics' folders hold all boxes of them."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from src.classic_train.mini_batch import DataError
from src.classic_train.recipes.produce import RECIPE
from src.load.yolo.boxes import parse_box
from src.torch_train.yolo.photos import read_photos, write_crops, write_photos
from tests.load.photos import save
from tests.load.yolo_sets import yolo_set
from tests.paths import real_data


def labels(k):
    """None, one, or two objects."""
    lines = [f"{k % 2} 0.5 0.5 0.4 0.4", f"{(k + 1) % 2} 0.25 0.25 0.1 0.2"]
    return "".join(f"{line}\n" for line in lines[: k % 3])


def size_of(path):
    with Image.open(path) as image:
        return image.size


@pytest.fixture
def photos(tmp_path):
    yolo_set(tmp_path, 12, labels)
    return read_photos(str(tmp_path / "data.yaml"), split_seed=0)


def test_all_photos_with_their_boxes_and_labels(photos):
    every = [photo for group in photos.splits.values() for photo in group]
    assert len(every) == 24
    for photo in every:
        assert len(photo.boxes) == len(photo.classes) == int(photo.path.stem) % 3
        np.testing.assert_array_equal(np.flatnonzero(photo.labels), np.unique(photo.classes))
    one = next(photo for photo in every if photo.path.stem == "2")
    np.testing.assert_allclose(one.boxes, [[0.3, 0.3, 0.7, 0.7], [0.2, 0.15, 0.3, 0.35]])
    crops = one.crops()
    width, height = one.open().size
    assert crops[0].size == pytest.approx((0.4 * width, 0.4 * height), abs=2)  # whole pixels


@pytest.mark.parametrize("split_seed", [0, 3])
def test_the_splits_are_those_of_the_recipe(split_seed):
    place = real_data("produce") / "LVIS_Fruits_And_Vegetables" / "data.yaml"
    photos = read_photos(str(place), split_seed)
    options = replace(RECIPE.options, data=str(place), samples="photos", split_seed=split_seed)
    data = RECIPE.load_data(options)
    for split, group in photos.splits.items():
        assert {photo.digest for photo in group} == set(data.short_digests(split).tolist())
        assert len(group) == len(data.photos.splits[split])
        targets = np.stack([photo.labels for photo in group])
        np.testing.assert_array_equal(targets, data.photos.targets[data.photos.splits[split]])


def test_crops_stand_in_folders_of_their_classes(photos, tmp_path):
    folder = write_crops(photos, tmp_path / "crops", 8)
    for split, theirs in (("train", "train"), ("validation", "val")):
        expected = np.bincount(
            np.concatenate([photo.classes for photo in photos.splits[split]]), minlength=2
        )
        found = [len(list((folder / theirs / f"{k:04}").iterdir())) for k in range(2)]
        assert found == expected.tolist()
    sizes = [size_of(path) for path in folder.rglob("*.jpg")]
    assert {min(size) for size in sizes} == {10}  # what is smaller would be passed over
    assert max(max(size) for size in sizes) <= 16
    assert not (folder / "test").exists()


def test_photos_stand_beside_files_of_their_boxes(photos, tmp_path):
    description = json.loads(write_photos(photos, tmp_path / "photos", 20).read_text())
    assert description["names"] == {"0": "cat", "1": "dog"}
    folder = tmp_path / "photos"
    for split, theirs in (("train", "train"), ("validation", "val")):
        files = sorted((folder / "labels" / theirs).iterdir())
        images = sorted((folder / "images" / theirs).iterdir())
        assert [f.stem for f in files] == [f.stem for f in images]
        for photo, file in zip(photos.splits[split], files, strict=True):
            boxes = [parse_box(line, 2)[0] for line in file.read_text().splitlines()]
            assert [box.class_number for box in boxes] == photo.classes.tolist()
            edges = np.array([box.edges for box in boxes]).reshape(-1, 4)
            np.testing.assert_allclose(edges, photo.boxes, atol=2e-6)
        assert max(max(size_of(path)) for path in images) <= 20


def test_photos_without_boxes_are_refused(tmp_path):
    for kind in ("clean", "dirty"):
        for k in range(8):
            save(tmp_path / "plates" / kind / f"{k}.png", k + 100 * (kind == "dirty"))
    with pytest.raises(DataError, match="expected photos with boxes"):
        read_photos(str(tmp_path / "plates"), 0)
    yolo_set(tmp_path / "empty", 10, lambda k: "")
    with pytest.raises(DataError, match="box"):
        read_photos(str(tmp_path / "empty" / "data.yaml"), 0)
