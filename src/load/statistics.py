"""Mean and standard deviation of a data set's channels, in one pass."""

import numpy as np
from numpy.typing import NDArray

from src.load.loader import BatchLoader


def mean_and_std(loader: BatchLoader) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of each channel over all samples and pixels that the loader gives in one epoch.

    The sums of each mini-batch are merged as they come (Chan, Golub and LeVeque 1979, equation
    2.1), so that no difference of large numbers loses digits.

    Returns:
        Mean and standard deviation (divided by the number of pixels), (channels,) each.
    """
    count, mean, squares = 0, np.zeros(1), np.zeros(1)
    for x, _ in loader.epoch(0):
        pixels = x.reshape(-1, x.shape[-1])
        here, own = len(pixels), pixels.mean(axis=0, dtype=np.float64)
        apart = own - mean
        squares = squares + np.square(pixels - own).sum(axis=0)
        squares += np.square(apart) * (count * here / (count + here))
        mean = mean + apart * (here / (count + here))
        count += here
    return mean, np.sqrt(squares / count)
