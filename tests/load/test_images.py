import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from src.load import UnreadableDataError, open_image
from src.load.image_kinds import EXTENSIONS
from tests.load.photos import photo, save


def pixels(path):
    image = open_image(path)
    assert image.mode == "RGB"
    return np.asarray(image)


@pytest.mark.parametrize("suffix", sorted(EXTENSIONS))
def test_every_format_is_read(tmp_path, suffix):
    if suffix in (".heic", ".heif"):
        pytest.importorskip("pillow_heif").register_heif_opener()
    if suffix not in Image.registered_extensions():
        pytest.skip(f"this Pillow cannot write {suffix}")
    path = save(tmp_path / f"a{suffix}")
    exact = (".png", ".apng", ".bmp", ".dib", ".tif", ".tiff", ".jp2", ".ppm")
    loss = 0 if suffix in exact else 40
    assert np.abs(pixels(path).astype(int) - np.asarray(photo(0))).mean() <= loss
    assert pixels(path).shape == (24, 32, 3)


ROTATED = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
    8: lambda a: np.rot90(a, 1),
}


@pytest.mark.parametrize("orientation", ROTATED)
def test_exif_orientation_is_applied(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo(0).save(tmp_path / "a.png", exif=exif)
    assert np.array_equal(pixels(tmp_path / "a.png"), ROTATED[orientation](np.asarray(photo(0))))


def test_transparency_becomes_white(tmp_path):
    rgba = np.zeros((1, 3, 4), np.uint8)
    rgba[0] = [[200, 0, 0, 255], [200, 0, 0, 0], [200, 0, 0, 51]]
    Image.fromarray(rgba).save(tmp_path / "a.png")
    expected = [[200, 0, 0], [255, 255, 255], [244, 204, 204]]  # 0.2 of red on 0.8 of white
    assert pixels(tmp_path / "a.png")[0].tolist() == expected
    Image.fromarray(rgba[..., [0, 3]]).save(tmp_path / "b.png")  # grey with alpha
    assert pixels(tmp_path / "b.png")[0].tolist() == [[200] * 3, [255] * 3, [244] * 3]


def test_a_png_with_a_long_text_is_sound(tmp_path):
    texts = PngInfo()
    texts.add_text("parameters", "x" * 3_000_000, zip=True)
    photo(0).save(tmp_path / "a.png", pnginfo=texts)
    with pytest.raises(ValueError, match=r"(?i)too large"):  # what Pillow alone says
        Image.open(tmp_path / "a.png").load()
    assert np.array_equal(pixels(tmp_path / "a.png"), np.asarray(photo(0)))


@pytest.mark.parametrize("chunk", [b"IHDR", b"IDAT", b"IEND"])
def test_a_wrong_checksum_is_a_damaged_png(tmp_path, chunk):
    content = bytearray(save(tmp_path / "a.png").read_bytes())
    place = content.index(chunk)
    length = int.from_bytes(content[place - 4 : place], "big")
    content[place + 4 + length] ^= 1
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(UnreadableDataError, match="a damaged PNG: wrong checksum"):
        open_image(tmp_path / "a.png")


OTHERS = {
    "is a HEIC image named .jpg(; pip|, and damaged)": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
    "is no image but a web page named .jpg": b"<!DOCTYPE html><html>404",
    "is no image but a PDF document": b"%PDF-1.4 ...",
    "is no image but a text file": b"version 2\nof a list\n",
    "is no image but a file of zeros": bytes(500),
    "is no image but a Git LFS pointer": b"version https://git-lfs.github.com/spec/v1\n",
    "is no image of a known format": b"\x01\x02\xff\xfe",
}


@pytest.mark.parametrize("message", OTHERS)
def test_what_a_file_is_instead_of_an_image_is_said(tmp_path, message):
    (tmp_path / "a.jpg").write_bytes(OTHERS[message])
    with pytest.raises(UnreadableDataError, match=message):
        open_image(tmp_path / "a.jpg")


@pytest.mark.parametrize(("most", "bits"), [(65535, None), (4095, 12), (255, 8)])
@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_images_of_sixteen_bits_that_use_fewer_are_not_black(tmp_path, most, bits, suffix):
    levels = np.array([[0, most // 2, most]], np.uint16)
    Image.fromarray(levels).save(tmp_path / f"a.{suffix}")
    image = open_image(tmp_path / f"a.{suffix}")
    assert image.info.get("bits") == bits
    assert np.asarray(image)[0, :, 0].tolist() == [0, 127, 255]
    told = np.asarray(open_image(tmp_path / f"a.{suffix}", white=2 * most))[0, :, 0]
    assert told.tolist() == [0, 64, 128]


def test_levels_that_no_byte_can_hold_are_refused(tmp_path):
    Image.fromarray(np.ones((2, 2), np.float32)).save(tmp_path / "a.tif")
    with pytest.raises(UnreadableDataError, match="its levels are fractions"):
        open_image(tmp_path / "a.tif")


def test_palettes_with_and_without_a_transparent_colour(tmp_path):
    image = photo(0).quantize(16)
    image.save(tmp_path / "a.png")
    assert np.array_equal(pixels(tmp_path / "a.png"), np.asarray(image.convert("RGB")))
    image.save(tmp_path / "b.png", transparency=image.getpixel((0, 0)))
    clear = np.asarray(image) == image.getpixel((0, 0))
    assert (pixels(tmp_path / "b.png")[clear] == 255).all()
    assert np.array_equal(pixels(tmp_path / "b.png")[~clear], pixels(tmp_path / "a.png")[~clear])


def test_sixteen_bits_are_brought_to_eight(tmp_path):
    levels = np.array([[0, 255, 256, 32768, 65535]], np.uint16)
    Image.fromarray(levels).save(tmp_path / "a.png")
    assert pixels(tmp_path / "a.png")[0, :, 0].tolist() == [0, 0, 1, 128, 255]
    clear = Image.fromarray(levels)
    clear.save(tmp_path / "c.png", transparency=256)
    assert pixels(tmp_path / "c.png")[0, :, 0].tolist() == [0, 0, 255, 128, 255]
    (tmp_path / "b.png").write_bytes(png(5, 1, 16, 2, np.repeat(levels, 3, axis=0).T))
    assert pixels(tmp_path / "b.png")[0].tolist() == [[k] * 3 for k in (0, 0, 1, 128, 255)]


def png(width, height, bits, colour, samples):
    """The bytes of a PNG, also of kinds that Pillow does not write."""

    def chunk(kind, content):
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    rows = b"".join(b"\0" + row.tobytes() for row in samples.astype(">u2").reshape(height, -1))
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


@pytest.mark.parametrize("mode", ["1", "L", "CMYK", "YCbCr"])
def test_other_modes_become_rgb(tmp_path, mode):
    image = photo(0).convert(mode)
    suffix = "png" if mode in ("1", "L") else "jpg"
    image.save(tmp_path / f"a.{suffix}", quality=100, subsampling=0)
    difference = pixels(tmp_path / f"a.{suffix}").astype(int) - np.asarray(image.convert("RGB"))
    assert np.abs(difference).mean() < 8


def test_of_an_animation_the_first_frame_is_taken(tmp_path):
    photo(0).save(
        tmp_path / "a.webp", save_all=True, append_images=[photo(1)], lossless=True, duration=9
    )
    assert np.array_equal(pixels(tmp_path / "a.webp"), np.asarray(photo(0)))


def test_the_content_tells_the_format_not_the_name(tmp_path):
    photo(0).save(tmp_path / "a.png")
    (tmp_path / "a.png").rename(tmp_path / "a.jpg")
    assert np.array_equal(pixels(tmp_path / "a.jpg"), np.asarray(photo(0)))


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp", ".webp"])
def test_a_file_cut_at_any_percent_is_refused_or_whole(tmp_path, suffix):
    whole = tmp_path / f"whole{suffix}"
    photo(3, 96, 64).save(whole)
    content, expected = whole.read_bytes(), pixels(whole)
    messages = []
    for percent in range(100):
        cut = tmp_path / f"cut{suffix}"
        cut.write_bytes(content[: len(content) * percent // 100])
        try:
            got = pixels(cut)
        except UnreadableDataError as error:
            messages.append(str(error))
        else:  # what was cut off held no pixels
            assert np.array_equal(got, expected), percent
    assert len(messages) >= 95
    assert all(m.startswith(f"{cut}: ") and "\n" not in m for m in messages)


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
@pytest.mark.parametrize("quality", [60, 100])
def test_a_file_whose_end_was_never_written_is_refused(tmp_path, suffix, quality):
    """An interrupted copy may leave a file of full length with zeros at its end."""
    exif = Image.Exif()
    exif[0x0112] = 1
    photo(3, 96, 64).save(tmp_path / f"whole{suffix}", quality=quality, exif=exif)
    content = (tmp_path / f"whole{suffix}").read_bytes()
    assert pixels(tmp_path / f"whole{suffix}").size
    for percent in range(1, 100):
        kept = len(content) * percent // 100
        (tmp_path / "torn").write_bytes(content[:kept] + bytes(len(content) - kept))
        with pytest.raises(UnreadableDataError, match="torn: "):
            open_image(tmp_path / "torn")


def test_a_jpeg_may_hold_a_preview_and_end_in_other_data(tmp_path):
    whole, preview = io.BytesIO(), io.BytesIO()
    photo(1).save(whole, "JPEG", quality=95)
    photo(2, 8, 8).save(preview, "JPEG")
    segment = b"Exif\0\0" + preview.getvalue()
    app1 = b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment
    content = whole.getvalue()[:2] + app1 + whole.getvalue()[2:]
    (tmp_path / "a.jpg").write_bytes(content + b"\0\0\xff\xda a film")
    expected = np.asarray(Image.open(whole).convert("RGB"))
    assert np.array_equal(pixels(tmp_path / "a.jpg"), expected)
    filled = content[:2] + b"\xff" + content[2:]  # before a marker there may be any number
    (tmp_path / "a.jpg").write_bytes(filled)
    assert np.array_equal(pixels(tmp_path / "a.jpg"), expected)
    (tmp_path / "a.jpg").write_bytes(filled[:-300] + bytes(300))
    with pytest.raises(UnreadableDataError, match="the end of the JPEG data is missing"):
        open_image(tmp_path / "a.jpg")
    (tmp_path / "a.jpg").write_bytes(content[:-300] + bytes(300))
    with pytest.raises(UnreadableDataError, match="the end of the JPEG data is missing"):
        open_image(tmp_path / "a.jpg")


def test_damaged_exif_data_are_passed_over(tmp_path):
    photo(0).save(tmp_path / "a.png", exif=b"Exif\0\0no TIFF at all")
    assert np.array_equal(pixels(tmp_path / "a.png"), np.asarray(photo(0)))


def test_formats_that_run_programs_are_no_images(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n")
    with pytest.raises(UnreadableDataError, match="is no image but a PostScript file"):
        open_image(tmp_path / "a.jpg")


@given(content=st.binary(max_size=300), start=st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG"]))
def test_random_bytes_are_refused_in_one_line(content, start, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "random.jpg"
    path.write_bytes(start + content)
    with pytest.raises(UnreadableDataError) as caught:
        open_image(path)
    assert "\n" not in str(caught.value)


def test_empty_and_missing_files_and_folders_are_named(tmp_path):
    (tmp_path / "a.jpg").touch()
    with pytest.raises(UnreadableDataError, match=r"a\.jpg: is empty"):
        open_image(tmp_path / "a.jpg")
    with pytest.raises(UnreadableDataError, match=r"b\.jpg: .*No such file"):
        open_image(tmp_path / "b.jpg")
    (tmp_path / "c.jpg").mkdir()
    with pytest.raises(UnreadableDataError, match=r"c\.jpg: "):
        open_image(tmp_path / "c.jpg")


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")  # ours decides
@pytest.mark.parametrize("factor", [0.7, 0.3])  # above the limit, and above twice the limit
def test_a_decompression_bomb_is_refused_before_it_is_decoded(tmp_path, monkeypatch, factor):
    photo(0).save(tmp_path / "a.png")
    assert pixels(tmp_path / "a.png").size
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 32 * 24)  # as many as are allowed
    assert pixels(tmp_path / "a.png").size
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", int(32 * 24 * factor))
    with pytest.raises(UnreadableDataError, match=r"a\.png: .*pixels"):
        open_image(tmp_path / "a.png")


def test_a_bomb_of_a_few_bytes_costs_no_memory(tmp_path):
    (tmp_path / "a.png").write_bytes(png(60000, 60000, 16, 2, np.zeros((60000, 1))))
    with pytest.raises(UnreadableDataError, match="3600000000 pixels"):
        open_image(tmp_path / "a.png")


def test_an_image_is_a_copy_that_needs_no_open_file(tmp_path):
    path = save(tmp_path / "a.png")
    image = open_image(path)
    path.unlink()
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    assert buffer.getvalue()
