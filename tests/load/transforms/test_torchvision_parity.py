"""Every transform against torchvision's own function for Pillow images, pixel by pixel."""

import numpy as np
import pytest
from PIL import Image

from src.load import transforms as ours
from src.load.transforms import color, geometry, resizing, trivial_augment
from tests.torchvision_import import import_torchvision


@pytest.fixture(scope="module")
def theirs():
    import_torchvision()
    from torchvision.transforms import v2

    return v2


def photo(width, height, mode="RGB"):
    """Smooth shapes with noise on them: every filter and every map has something to change."""
    rng = np.random.default_rng(width * 1000 + height)
    y, x = np.mgrid[:height, :width]
    waves = [np.sin(x / 7 + k) * np.cos(y / (5 + k)) for k in range(3)]
    levels = 127 + 90 * np.stack(waves, axis=-1) + rng.normal(0, 20, (height, width, 3))
    return Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8)).convert(mode)


PHOTOS = [photo(61, 40), photo(32, 57), photo(48, 48, "L")]


def same(mine, other):
    assert mine.mode == other.mode
    assert np.array_equal(np.asarray(mine), np.asarray(other))


@pytest.mark.parametrize("image", PHOTOS)
@pytest.mark.parametrize("size", [17, 70, (20, 30), (90, 10)])
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic", "lanczos"])
def test_resize(theirs, image, size, interpolation, rng):
    other = theirs.Resize(size, theirs.InterpolationMode(interpolation))(image)
    same(ours.Resize(size, interpolation)(image, rng), other)


@pytest.mark.parametrize("image", PHOTOS)
@pytest.mark.parametrize("size", [10, 40, 41, 61, 80, (20, 31), (70, 5)])
def test_center_crop(theirs, image, size, rng):
    same(ours.CenterCrop(size)(image, rng), theirs.CenterCrop(size)(image))


@pytest.mark.parametrize("image", PHOTOS)
def test_random_resized_crop(theirs, image, rng):
    crop = ours.RandomResizedCrop((24, 16))
    for seed in range(20):
        left, top, width, height = crop.draw(image, np.random.default_rng(seed))
        other = theirs.functional.resized_crop(image, top, left, height, width, (24, 16))
        same(crop(image, np.random.default_rng(seed)), other)


@pytest.mark.parametrize("image", PHOTOS)
def test_flips(theirs, image, rng):
    same(ours.RandomHorizontalFlip(1)(image, rng), theirs.RandomHorizontalFlip(1)(image))
    same(ours.RandomVerticalFlip(1)(image, rng), theirs.RandomVerticalFlip(1)(image))


@pytest.mark.parametrize("image", PHOTOS)
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_rotation_and_affine(theirs, image, interpolation):
    rng = np.random.default_rng(0)
    mode = theirs.InterpolationMode(interpolation)
    for _ in range(20):
        angle = rng.uniform(-180, 180)
        other = theirs.functional.rotate(image, angle, mode, fill=7)
        same(geometry.rotate(image, angle, interpolation, 7), other)
        shift = tuple(map(int, rng.integers(-20, 20, 2)))
        scale, shear = rng.uniform(0.5, 2), tuple(rng.uniform(-40, 40, 2))
        other = theirs.functional.affine(
            image, angle, list(shift), scale, list(shear), mode, fill=7
        )
        mine = geometry.affine(image, angle, shift, scale, shear, interpolation, 7)
        different = np.asarray(mine) != np.asarray(other)
        # the matrices agree to rounding; a pixel on the border of two may fall either way
        assert different.mean() < 0.002


@pytest.mark.parametrize("image", PHOTOS)
def test_colours(theirs, image):
    functional = theirs.functional
    for amount in (0.0, 0.3, 1.0, 1.7):
        same(color.adjust_brightness(image, amount), functional.adjust_brightness(image, amount))
        same(color.adjust_contrast(image, amount), functional.adjust_contrast(image, amount))
        same(color.adjust_saturation(image, amount), functional.adjust_saturation(image, amount))
        same(color.adjust_sharpness(image, amount), functional.adjust_sharpness(image, amount))
    for fraction in (-0.5, -0.123, 0.0, 0.04, 0.5):
        same(color.adjust_hue(image, fraction), functional.adjust_hue(image, fraction))


def test_grayscale_is_the_formula_that_torchvision_has_for_arrays(theirs, rng):
    import torch

    image = PHOTOS[0]
    tensor = torch.from_numpy(np.asarray(image).transpose(2, 0, 1).copy())
    other = theirs.functional.rgb_to_grayscale(tensor.double())[0].numpy()
    mine = np.asarray(ours.Grayscale()(image, rng))
    assert np.abs(mine - other).max() <= 0.5 + 1e-6


def test_trivial_augment_has_the_same_changes_and_strengths(theirs):
    import torch

    wide = theirs.TrivialAugmentWide()
    space = dict(wide._AUGMENTATION_SPACE)
    assert len(space) == len(trivial_augment.CHANGES)
    for name, change in trivial_augment.CHANGES.items():
        theirs_name = "".join(part.title() for part in name.split("_"))
        strengths, signed = space[theirs_name]
        assert signed == (name in trivial_augment.EITHER_WAY)
        other = strengths(31, 40, 61)
        if other is None:
            other = torch.zeros(31)
        mine = trivial_augment.strengths(name, 31)
        moves = name.startswith(("shear", "translate"))
        scale = 255 if name == "solarize" else 1
        assert np.allclose(mine, other.double().numpy() * scale, atol=1e-4)
        for image in PHOTOS:
            for k in range(0, 31, 6):
                for sign in (1, -1) if signed else (1,):
                    expected = wide._apply_image_or_video_transform(
                        image,
                        theirs_name,
                        sign * float(other[k]),
                        interpolation=wide.interpolation,
                        fill=wide._fill,
                    )
                    got = change(image, sign * float(other[k]) * scale, "nearest", 0)
                    different = np.asarray(got) != np.asarray(expected)
                    assert different.mean() <= 0.002 * moves, (name, k, sign)


def test_normalize(theirs, rng):
    import torch

    image = PHOTOS[0]
    pipeline = theirs.Compose(
        [
            theirs.ToImage(),
            theirs.ToDtype(torch.float32, scale=True),
            theirs.Normalize([0.5, 0.4, 0.3], [0.2, 0.3, 0.4]),
        ]
    )
    mine = ours.Compose([ours.ToFloat(), ours.Normalize((0.5, 0.4, 0.3), (0.2, 0.3, 0.4))])
    expected = pipeline(image).numpy().transpose(1, 2, 0)
    assert np.allclose(mine(image, rng), expected, atol=1e-6)


def test_pad_to_square(theirs, rng):
    for image in PHOTOS:
        side = max(image.size)
        same(resizing.PadToSquare()(image, rng), theirs.CenterCrop(side)(image))
