"""What transforms promise, and worked examples; pixel by pixel against torchvision elsewhere."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from src.load import BatchLoader, ImageArrays, ImageDataset, mean_and_std
from src.load.dataset import one_split
from src.load.transforms import (
    PRESETS,
    CenterCrop,
    ColorJitter,
    Compose,
    Grayscale,
    Normalize,
    PadToSquare,
    RandomAffine,
    RandomDownscale,
    RandomHorizontalFlip,
    RandomResizedCrop,
    RandomRotation,
    RandomVerticalFlip,
    Resize,
    ToFloat,
    TrivialAugmentWide,
    dish_pipeline,
)
from src.load.transforms.geometry import affine, inverse_matrix, rotate
from src.load.transforms.trivial_augment import CHANGES, strengths
from tests.load.photos import photo

EVERY = [
    Resize(10),
    Resize((7, 9), "bicubic"),
    CenterCrop(15),
    PadToSquare(),
    RandomResizedCrop((9, 8)),
    RandomHorizontalFlip(),
    RandomVerticalFlip(),
    RandomRotation(40, "bilinear", fill=9),
    RandomAffine(20, (0.2, 0.1), (0.7, 1.4), 15),
    ColorJitter(0.4, 0.4, 0.4, 0.2),
    Grayscale(3),
    Grayscale(),
    TrivialAugmentWide(),
]


def grid(*rows):
    return Image.fromarray(np.array(rows, np.uint8))


def levels(image):
    return np.asarray(image).tolist()


@pytest.mark.parametrize("transform", EVERY, ids=lambda t: type(t).__name__)
@pytest.mark.parametrize("mode", ["RGB", "L"])
@given(width=st.integers(1, 40), height=st.integers(1, 40), seed=st.integers(0, 1000))
def test_any_size_goes_through_the_same_way_twice_and_the_image_stays(
    transform, mode, width, height, seed
):
    image = photo(seed, width, height).convert(mode)
    before = image.tobytes()
    results = [transform(image, np.random.default_rng(seed)) for _ in range(2)]
    assert results[0].tobytes() == results[1].tobytes()
    assert image.tobytes() == before
    assert results[0].mode in ("RGB", "L")
    state = np.random.default_rng(seed)
    transform(image, state)
    drew = state.bit_generator.state != np.random.default_rng(seed).bit_generator.state
    assert drew == transform.random


def test_worked_examples():
    image = grid([10, 20, 30], [40, 50, 60])
    rng = np.random.default_rng(0)
    assert levels(RandomHorizontalFlip(1)(image, rng)) == [[30, 20, 10], [60, 50, 40]]
    assert levels(RandomVerticalFlip(1)(image, rng)) == [[40, 50, 60], [10, 20, 30]]
    assert levels(CenterCrop((2, 1))(image, rng)) == [[20], [50]]
    assert levels(CenterCrop((4, 1))(image, rng)) == [[0], [20], [50], [0]]
    padded = [[7, 7, 7], [10, 20, 30], [40, 50, 60]]
    assert levels(PadToSquare(7)(image, rng)) == [padded[1], padded[2], padded[0]]
    assert levels(rotate(grid([1, 2], [3, 4]), 90)) == [[2, 4], [1, 3]]
    assert levels(affine(image, translate=(1, 0), fill=9)) == [[9, 10, 20], [9, 40, 50]]
    assert levels(Resize((1, 3))(image, rng)) == [[25, 35, 45]]
    assert Resize(4)(photo(0, 30, 20), rng).size == (6, 4)
    assert Resize(4)(photo(0, 20, 31), rng).size == (4, 6)


def test_grayscale_is_its_formula():
    pixels = np.random.default_rng(0).integers(0, 256, (40, 40, 3)).astype(np.uint8)
    grey = np.asarray(Grayscale()(Image.fromarray(pixels), None)).astype(float)
    formula = pixels @ np.array([0.2989, 0.5870, 0.1140])
    assert np.abs(grey - formula).max() <= 0.5 + 1e-4
    three = np.asarray(Grayscale(3)(Image.fromarray(pixels), None))
    assert (three == grey[..., np.newaxis]).all()


@given(
    angle=st.floats(-180, 180),
    shift=st.tuples(st.floats(-9, 9), st.floats(-9, 9)),
    scale=st.floats(0.3, 3),
    shear=st.tuples(st.floats(-60, 60), st.floats(-60, 60)),
    point=st.tuples(st.floats(-20, 20), st.floats(-20, 20)),
)
def test_the_inverse_map_undoes_shear_scale_turn_and_shift(angle, shift, scale, shear, point):
    center = np.array([8.0, 5.0])
    x, y = np.array(point) - center
    lean_x, lean_y, rotated = (np.tan(np.deg2rad(k)) for k in (*shear, 0.0))
    x, y = x - lean_x * y, y
    x, y = x, y - lean_y * x
    rotated = np.deg2rad(angle)
    x, y = (
        scale * (np.cos(rotated) * x - np.sin(rotated) * y),
        scale * (np.sin(rotated) * x + np.cos(rotated) * y),
    )
    moved = np.array([x, y]) + center + shift
    a, b, c, d, e, f = inverse_matrix((8.0, 5.0), angle, shift, scale, shear)
    back = (a * moved[0] + b * moved[1] + c, d * moved[0] + e * moved[1] + f)
    assert np.allclose(back, point, atol=1e-6)


def test_random_amounts_cover_their_range():
    image = photo(0, 60, 40)
    crop = RandomResizedCrop(8, scale=(0.25, 0.5), ratio=(0.5, 2.0))
    rng = np.random.default_rng(0)
    parts = np.array([crop.draw(image, rng) for _ in range(500)])
    fractions = parts[:, 2] * parts[:, 3] / (60 * 40)
    ratios = parts[:, 2] / parts[:, 3]
    assert 0.23 < fractions.min() < 0.27
    assert 0.47 < fractions.max() < 0.53
    assert 0.45 < ratios.min() < 0.6
    assert 1.7 < ratios.max() < 2.2
    assert (parts[:, 0] + parts[:, 2]).max() == 60
    assert (parts[:, 1] + parts[:, 3]).max() == 40
    flips = [RandomHorizontalFlip(0.3)(image, rng) is not image for _ in range(1000)]
    assert 0.25 < np.mean(flips) < 0.35


def test_a_crop_that_never_fits_takes_the_middle():
    crop = RandomResizedCrop(4, scale=(0.9, 1.0), ratio=(3 / 4, 4 / 3))
    assert crop.draw(photo(0, 100, 10), np.random.default_rng(0)) == (43, 0, 13, 10)
    assert crop.draw(photo(0, 10, 100), np.random.default_rng(0)) == (0, 43, 10, 13)


def test_every_change_of_trivial_augment_is_drawn():
    seen = set()
    original = dict(CHANGES)
    try:
        for name in original:
            CHANGES[name] = lambda image, *rest, name=name: seen.add((name, rest[0] < 0)) or image
        rng = np.random.default_rng(0)
        for _ in range(2000):
            TrivialAugmentWide()(photo(0), rng)
    finally:
        CHANGES.update(original)
    assert {name for name, _ in seen} == set(original)
    negative = {name for name, below in seen if below}
    assert negative == {
        *("shear_x", "shear_y", "translate_x", "translate_y", "rotate"),
        *("brightness", "color", "contrast", "sharpness"),
    }
    assert strengths("posterize", 31).tolist()[::6] == [8, 7, 6, 4, 3, 2]
    assert strengths("rotate", 31)[[0, 15, 30]].tolist() == [0, 67.5, 135]


def test_floats_and_normalization():
    rng = np.random.default_rng(0)
    image = photo(0, 5, 4)
    x = ToFloat()(image, rng)
    assert x.dtype == np.float32
    assert np.array_equal(x, np.asarray(image).astype(np.float32) / np.float32(255))
    assert ToFloat()(image.convert("L"), rng).shape == (4, 5, 1)
    normalized = Normalize((0.5, 0.25, 0.0), (0.5, 2.0, 1.0))(x, rng)
    expected = (x - np.float32([0.5, 0.25, 0])) / np.float32([0.5, 2, 1])
    assert normalized.dtype == np.float32
    assert np.allclose(normalized, expected, rtol=1e-6)
    floats = np.ones((2, 2, 1))
    assert np.array_equal(ToFloat()(floats, rng), floats)


def test_the_mean_and_deviation_of_the_training_data_normalize_them():
    x = np.stack([np.asarray(photo(k)) for k in range(9)])
    dataset = ImageDataset(ImageArrays(x), np.zeros(9, int), ["a"], one_split(9))
    mean, std = mean_and_std(BatchLoader(dataset))
    pipeline = Compose([ToFloat(), Normalize(tuple(mean), tuple(std))])
    again = mean_and_std(BatchLoader(dataset, transform=pipeline))
    assert np.allclose(again[0], 0, atol=1e-5)
    assert np.allclose(again[1], 1, atol=1e-5)


def test_what_never_changes_comes_first_and_can_be_kept():
    names = [type(part).__name__ for part in PRESETS["dishes_128"].training.transforms]
    assert names == [
        *("Resize", "RandomHorizontalFlip", "RandomVerticalFlip", "RandomRotation"),
        *("ColorJitter", "TrivialAugmentWide", "ToFloat", "Normalize"),
    ]
    fixed, rest = PRESETS["dishes_128"].training.fixed_and_rest()
    assert fixed == Compose([Resize((128, 128))])
    assert len(rest.transforms) == 7
    fixed, rest = Compose([Resize(5), Grayscale(), ToFloat()]).fixed_and_rest()
    assert (len(fixed.transforms), len(rest.transforms)) == (2, 1)


@pytest.mark.parametrize(("name", "side"), [("dishes_128", 128), ("dishes_288", 288)])
def test_the_presets_of_the_dish_classifier(name, side):
    preset = PRESETS[name]
    for pipeline in (preset.training, preset.evaluation):
        x = pipeline(photo(0, 160, 200), np.random.default_rng(0))
        assert x.shape == (side, side, 3)
        assert x.dtype == np.float32
    assert not any(part.random for part in preset.evaluation.transforms)
    own = dish_pipeline((32, 32), (0.1, 0.2, 0.3), (1, 1, 1)).training.transforms[-1]
    assert own == Normalize((0.1, 0.2, 0.3), (1, 1, 1))


WRONG = {
    "size 0": (lambda: Resize(0), "size: expected a whole number"),
    "size of three": (lambda: Resize((1, 2, 3)), "size: expected a whole number"),
    "size of a fraction": (lambda: CenterCrop(1.5), "size: expected a whole number"),
    "interpolation": (lambda: Resize(3, "cubic"), "interpolation: expected one of nearest"),
    "scale": (lambda: RandomResizedCrop(3, scale=(0.5, 0.2)), "scale: expected 0 < least"),
    "ratio": (lambda: RandomResizedCrop(3, ratio=(0, 1)), "ratio: expected 0 < least"),
    "probability": (lambda: RandomHorizontalFlip(1.5), "p: expected a probability"),
    "angle": (lambda: RandomRotation(-3), "degrees: expected a number of 0 or more"),
    "angles": (lambda: RandomRotation((5, 3)), "degrees: expected a number of 0 or more"),
    "shift": (lambda: RandomAffine(0, translate=(0.5, 2)), "translate: expected two fractions"),
    "zoom": (lambda: RandomAffine(0, scale=(0, 1)), "scale: expected 0 < least"),
    "shear": (lambda: RandomAffine(0, shear=(1, 2, 3)), "shear: expected 1, 2 or 4"),
    "brightness": (lambda: ColorJitter(brightness=-1), "brightness: expected 0 or more"),
    "hue": (lambda: ColorJitter(hue=0.6), "hue: expected 0 to 0.5"),
    "channels": (lambda: Grayscale(2), "channels: expected 1 or 3"),
    "bins": (lambda: TrivialAugmentWide(1), "num_magnitude_bins: expected 2 or more"),
    "deviation": (lambda: Normalize((0,), (0,)), "these above 0"),
    "lengths": (lambda: Normalize((0, 0), (1,)), "as many means as standard deviations"),
    "bytes": (lambda: Normalize((0,), (1,))(photo(0), None), r"put ToFloat\(\) before it"),
    "channels of x": (
        lambda: Normalize((0,), (1,))(np.zeros((2, 2, 3), np.float32), None),
        r"expected \(height, width, 1\)",
    ),
    "16 bits": (lambda: ToFloat()(np.zeros((2, 2, 3), np.int16), None), "expected 8-bit"),
    "fill": (lambda: PadToSquare((1, 2))(photo(0), None), "fill: expected a number or 3"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_settings_are_named(name):
    make, message = WRONG[name]
    with pytest.raises(ValueError, match=message):
        make()


def test_compose_takes_transforms_only():
    with pytest.raises(TypeError, match="expected transforms, got 3"):
        Compose([Resize(3), 3])


def test_ratios_are_even_on_a_logarithmic_scale():
    crop = RandomResizedCrop(8, scale=(0.01, 0.02), ratio=(0.25, 1.0))
    rng = np.random.default_rng(0)
    image = photo(0, 800, 800)
    parts = np.array([crop.draw(image, rng) for _ in range(800)])
    assert np.log2(parts[:, 2] / parts[:, 3]).mean() == pytest.approx(-1, abs=0.07)


def test_each_setting_of_the_colour_jitter_does_what_it_is_called():
    image, rng = photo(0), np.random.default_rng(0)
    assert not np.asarray(ColorJitter(brightness=(0, 0))(image, rng)).any()
    flat = np.asarray(ColorJitter(contrast=(0, 0))(image, rng))
    assert flat.std() == 0
    assert flat.mean() == pytest.approx(np.asarray(image.convert("L")).mean(), abs=1)
    grey = np.asarray(ColorJitter(saturation=(0, 0))(image, rng))
    assert (grey == grey[..., :1]).all()
    assert grey.std() > 10
    red = Image.new("RGB", (2, 2), (255, 0, 0))
    green = np.asarray(ColorJitter(hue=(1 / 3, 1 / 3))(red, rng))[0, 0]
    assert green.argmax() == 1
    brighter = ColorJitter(brightness=(1, 1.5))(image, rng)
    assert np.asarray(brighter).mean() > np.asarray(image).mean()


def test_the_colour_jitter_changes_its_order():
    jitter = ColorJitter(brightness=(2, 2), contrast=(0.3, 0.3))  # bright ones are cut off first
    rng = np.random.default_rng(0)
    assert len({jitter(photo(0), rng).tobytes() for _ in range(40)}) == 2


def test_the_strongest_change_is_drawn_as_often_as_others(monkeypatch):
    levels = []
    for name in CHANGES:
        monkeypatch.setitem(
            CHANGES, name, lambda image, level, *rest: levels.append(level) or image
        )
    rng = np.random.default_rng(0)
    for _ in range(6000):
        TrivialAugmentWide(11)(photo(0), rng)
    strongest = sum(abs(level) == 135 for level in levels)
    assert 15 < strongest < 75  # 6000 / 14 changes / 11 bins


def test_shifts_are_shares_of_the_right_side_and_shears_of_the_right_axis():
    white, rng = Image.new("L", (60, 20), 255), np.random.default_rng(0)
    across = [np.asarray(RandomAffine(0, translate=(0.5, 0))(white, rng)) == 0 for _ in range(200)]
    assert max(int(black.all(axis=0).sum()) for black in across) >= 28
    assert not any(black.all(axis=1).any() for black in across)
    down = [np.asarray(RandomAffine(0, translate=(0, 0.5))(white, rng)) == 0 for _ in range(200)]
    assert 9 <= max(int(black.all(axis=1).sum()) for black in down) <= 10
    image = photo(0, 40, 30)
    for shear, expected in (((0, 0, 20, 20), (0, 20)), ((20, 20, 0, 0), (20, 0)), ((9, 9), (9, 0))):
        same = affine(image, shear=expected)
        assert RandomAffine(0, shear=shear)(image, rng).tobytes() == same.tobytes()


def test_the_numbers_of_the_presets_are_those_of_their_source():
    for name, mean, std in (
        ("dishes_128", (0.519, 0.499, 0.469), (0.175, 0.183, 0.197)),
        ("dishes_288", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    ):
        training = PRESETS[name].training.transforms
        assert training[3:6] == (
            RandomRotation(10),
            ColorJitter(0.1, 0.1, 0.1, 0.05),
            TrivialAugmentWide(31),
        )
        assert training[-1] == PRESETS[name].evaluation.transforms[-1] == Normalize(mean, std)


def test_only_what_comes_before_the_first_change_is_fixed():
    fixed, rest = Compose([Resize(9), RandomHorizontalFlip(), Resize(5)]).fixed_and_rest()
    assert fixed == Compose([Resize(9)])
    assert rest == Compose([RandomHorizontalFlip(), Resize(5)])


def test_odd_differences_are_rounded_as_in_torchvision():
    rng = np.random.default_rng(0)
    row = grid(list(range(10, 80, 10)))
    assert levels(CenterCrop((1, 4))(row, rng)) == [[30, 40, 50, 60]]  # 1.5 to the even 2
    assert levels(CenterCrop((1, 2))(row, rng)) == [[30, 40]]  # 2.5 to the even 2
    assert levels(CenterCrop((1, 10))(row, rng)) == [[0, *range(10, 80, 10), 0, 0]]
    assert Resize(10)(photo(0, 33, 20), rng).size == (16, 10)  # 16.5 cut off
    assert RandomResizedCrop((5, 7))(photo(0), rng).size == (7, 5)


def test_downscaling_blurs_and_keeps_size_and_light(rng):
    image = photo(3, 64, 48)
    blurred = RandomDownscale((0.2, 0.2), 1.0)(image, rng)
    before, after = np.asarray(image, float), np.asarray(blurred, float)
    assert blurred.size == image.size
    assert np.abs(np.diff(after, axis=0)).mean() < 0.7 * np.abs(np.diff(before, axis=0)).mean()
    assert np.abs(before.mean((0, 1)) - after.mean((0, 1))).max() < 6
    assert RandomDownscale(p=0.0)(image, rng) is image
    with pytest.raises(ValueError, match="scale: expected 0 < least"):
        RandomDownscale((0.5, 2.0))
