import numpy as np
import pytest
from PIL import Image

from src.load import ImageArrays
from src.load.image_grid import GAP, TITLE
from src.load.inspection import _rows_with_class
from src.load.sheets import COLUMNS, SIDE, save_contact_sheet
from tests.load.test_splits import dataset_of


def cells(path):
    """Colour in the middle of every place of a sheet; None where it is empty."""
    levels = np.asarray(Image.open(path))
    pitch = SIDE + GAP
    found = []
    for top in range(TITLE, levels.shape[0] - SIDE, pitch):
        for left in range(GAP, GAP + COLUMNS * pitch, pitch):
            if left + SIDE <= levels.shape[1]:
                colour = tuple(levels[top + SIDE // 2, left + SIDE // 2].tolist())
                found.append(None if colour == (255, 255, 255) else colour[0])
    return found


@pytest.mark.parametrize("count", [1, 3, 10, 11, 60, 100])
def test_every_sample_has_a_place_and_of_many_some_are_chosen(tmp_path, count):
    source = ImageArrays(np.tile(np.arange(count, dtype=np.uint8)[:, None, None], (1, 4, 4)))
    save_contact_sheet(source, np.arange(count), "numbers", tmp_path / "sheet.png")
    shown = [level for level in cells(tmp_path / "sheet.png") if level is not None]
    assert len(set(shown)) == len(shown) == min(count, 60)
    assert shown == sorted(shown)
    if count > 60:
        assert max(shown) > 60  # not just the first
    else:
        assert shown == list(range(count))


def test_the_samples_of_a_label():
    labels = np.array([[1, 0], [1, 1], [0, 1], [0, 0]])
    assert [_rows_with_class(dataset_of(labels), k).tolist() for k in (0, 1)] == [[0, 1], [1, 2]]
    assert _rows_with_class(dataset_of([0, 1, 0]), 0).tolist() == [0, 2]
