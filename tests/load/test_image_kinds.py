from pathlib import Path

import pytest

from src.load.image_kinds import is_image_file, kind_of_image
from tests.load.photos import photo, save


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "BMP", "WebP", "TIFF", "PPM"])
def test_the_content_tells_where_the_suffix_does_not(tmp_path, format):
    for name in ("plain", "a.jpg_large", "IMG.2024"):
        photo(0).save(tmp_path / name, format=format)
        assert is_image_file(tmp_path / name)
        assert kind_of_image((tmp_path / name).read_bytes()[:64]) == format


def test_other_files_are_no_images(tmp_path):
    save(tmp_path / "a.png").rename(tmp_path / "a.txt")  # no text file is opened to look
    (tmp_path / "notes").write_text("BMP files are large")
    assert not any(map(is_image_file, tmp_path.iterdir()))
    assert not is_image_file(Path("missing"))
    assert is_image_file(Path("missing.JFIF"))
