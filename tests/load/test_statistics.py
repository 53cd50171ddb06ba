import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from src.load import BatchLoader, ImageArrays, ImageDataset, mean_and_std
from src.load.dataset import one_split


@given(samples=st.integers(1, 12), batch_size=st.integers(1, 5), seed=st.integers(0, 9))
def test_one_pass_gives_the_mean_and_deviation_of_all_pixels(samples, batch_size, seed):
    x = np.random.default_rng(seed).integers(0, 256, (samples, 5, 4, 3)).astype(np.uint8)
    dataset = ImageDataset(ImageArrays(x), np.zeros(samples, int), ["a"], one_split(samples))
    mean, std = mean_and_std(BatchLoader(dataset, batch_size=batch_size))
    pixels = x.reshape(-1, 3) / 255
    assert np.allclose(mean, pixels.mean(axis=0), rtol=1e-6)
    assert np.allclose(std, pixels.std(axis=0), rtol=1e-5)


def test_no_digits_are_lost_where_the_deviation_is_small():
    x = np.full((6, 3, 3, 2), 1e4) + np.random.default_rng(0).normal(0, 1e-3, (6, 3, 3, 2))
    dataset = ImageDataset(ImageArrays(x), np.zeros(6, int), ["a"], one_split(6))
    loader = BatchLoader(dataset, transform=Doubles(), batch_size=2, dtype=np.float64)
    assert np.allclose(mean_and_std(loader)[1], x.reshape(-1, 2).std(axis=0), rtol=1e-6)


class Doubles:
    """Values as they are."""

    random = keeps_bytes = False

    def __call__(self, image, rng):
        return image
