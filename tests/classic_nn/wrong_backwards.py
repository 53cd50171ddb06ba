"""Fifteen plausible mistakes in backward passes, for the canary tests of the gradient check.

Convolution and pooling are written here with einsum over windows, to be read next to their wrong
versions. Images are (samples, height, width, channels).
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from src.classic_nn.math import softmax, softmax_backward

K = 3  # square kernel


def batch_norm(x):
    """Batch normalization with gamma = 1 and beta = 0, the case that blind checks miss."""
    inverse_std = 1 / np.sqrt(x.var(axis=0) + 1e-5)
    x_hat = (x - x.mean(axis=0)) * inverse_std
    return x_hat, (x_hat, inverse_std)


def batch_norm_dx(dy, cache, mean_term=True, x_hat_term=True):
    x_hat, inverse_std = cache
    inner = dy.copy()
    if mean_term:
        inner -= dy.mean(axis=0)
    if x_hat_term:
        inner -= x_hat * (dy * x_hat).mean(axis=0)
    return inverse_std * inner


def softmax_forward(z):
    y = softmax(z)
    return y, y


def convolution(x, w):
    """No padding, stride 1: x (N, H, W, C), w (K, K, C, F) -> (N, H-K+1, W-K+1, F)."""
    windows = sliding_window_view(x, (K, K), axis=(1, 2))  # (N, OH, OW, C, K, K)
    return np.einsum("nhwcij,ijcf->nhwf", windows, w), (x, w)


def convolution_dw(dy, cache):
    x, _ = cache
    windows = sliding_window_view(x, (K, K), axis=(1, 2))
    return np.einsum("nhwcij,nhwf->ijcf", windows, dy)


def convolution_dx(dy, cache, flip=True):
    """Convolution of the padded dy with the rotated kernel, its channels swapped."""
    _, w = cache
    padded = np.pad(dy, ((0, 0), (K - 1, K - 1), (K - 1, K - 1), (0, 0)))
    windows = sliding_window_view(padded, (K, K), axis=(1, 2))  # (N, H, W, F, K, K)
    kernel = w[::-1, ::-1] if flip else w
    return np.einsum("nhwfij,ijcf->nhwc", windows, kernel)


def max_pooling(x):
    """Windows of 2 x 2: (N, H, W, C) -> (N, H/2, W/2, C)."""
    n, h, w, c = x.shape
    windows = x.reshape(n, h // 2, 2, w // 2, 2, c)
    y = windows.max(axis=(2, 4))
    return y, windows == y[:, :, None, :, None]


def max_pooling_dx(dy, mask):
    n, oh, _, ow, _, c = mask.shape
    return (mask * dy[:, :, None, :, None]).reshape(n, 2 * oh, 2 * ow, c)


def swap(array):
    """Height and width swapped."""
    return array.swapaxes(1, 2)


# name -> (forward, inputs' shapes, right backward, {mistake: wrong backward})
CASES = {
    "batch norm": (
        batch_norm,
        {"x": (6, 4)},
        batch_norm_dx,
        {
            "zero": lambda dy, cache: np.zeros_like(dy),
            "without the mean term": lambda dy, cache: batch_norm_dx(dy, cache, mean_term=False),
            "without the x-hat term": lambda dy, cache: batch_norm_dx(dy, cache, x_hat_term=False),
            "without both": lambda dy, cache: batch_norm_dx(dy, cache, False, False),
        },
    ),
    "softmax": (
        softmax_forward,
        {"z": (5, 4)},
        softmax_backward,
        {
            "zero": lambda dy, y: np.zeros_like(dy),
            "diagonal only": lambda dy, y: dy * y * (1 - y),
        },
    ),
    "convolution, kernel": (
        convolution,
        {"x": (2, 6, 6, 3), "w": (3, 3, 3, 3)},
        lambda dy, cache: (convolution_dx(dy, cache), convolution_dw(dy, cache)),
        {
            "upstream height and width swapped": lambda dy, cache: (
                convolution_dx(dy, cache),
                convolution_dw(swap(dy), cache),
            ),
            "reshaped without transpose": lambda dy, cache: (
                convolution_dx(dy, cache),
                convolution_dw(dy, cache).transpose(2, 3, 0, 1).reshape(3, 3, 3, 3),
            ),
            "flipped": lambda dy, cache: (
                convolution_dx(dy, cache),
                convolution_dw(dy, cache)[::-1, ::-1],
            ),
            "of the wrong sample": lambda dy, cache: (
                convolution_dx(dy, cache),
                convolution_dw(dy[::-1], cache),
            ),
        },
    ),
    "convolution, input": (
        convolution,
        {"x": (2, 6, 6, 3), "w": (3, 3, 3, 3)},
        lambda dy, cache: (convolution_dx(dy, cache), convolution_dw(dy, cache)),
        {
            "kernel not flipped": lambda dy, cache: (
                convolution_dx(dy, cache, flip=False),
                convolution_dw(dy, cache),
            ),
            "height and width swapped": lambda dy, cache: (
                swap(convolution_dx(dy, cache)),
                convolution_dw(dy, cache),
            ),
            "reshaped without transpose": lambda dy, cache: (
                convolution_dx(dy, cache).transpose(0, 3, 1, 2).reshape(2, 6, 6, 3),
                convolution_dw(dy, cache),
            ),
        },
    ),
    "max pooling": (
        max_pooling,
        {"x": (2, 6, 6, 3)},
        max_pooling_dx,
        {
            "windows swapped": lambda dy, mask: max_pooling_dx(swap(dy), mask),
            "channels swapped": lambda dy, mask: max_pooling_dx(dy[..., ::-1], mask),
        },
    ),
}

USER_ERRORS = [(case, mistake) for case, entry in CASES.items() for mistake in entry[3]]
