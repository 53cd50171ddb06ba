"""Arguments for every operation that has two forms, NumPy and loops.

A case takes a generator and a type and returns the arguments; arrays that the operation writes are
named in ``WRITTEN`` by their place.
"""

import numpy as np

import src.classic_cnn.quantized
import src.classic_nn  # noqa: F401
from src.classic_cnn.pooling.forward import pool_geometry, window_counts
from src.classic_cnn.utils import geometry


def normal(rng, dtype, *shape):
    return rng.normal(size=shape).astype(dtype)


def vectors(count, *constants):
    def case(rng, dtype, size=257):
        arrays = [np.abs(normal(rng, dtype, size)) for _ in range(count)]
        return [*arrays, *constants]

    return case


def elementwise(count, *constants):
    def case(rng, dtype, size=257):
        arrays = [normal(rng, dtype, size // 16 + 1, 16) * 4 for _ in range(count)]
        return [*arrays, *constants]

    return case


def statistics(rng, dtype, samples=3):
    return [normal(rng, dtype, samples, 5, 7, 6) * 3 + 2]


def normalization(relu):
    def case(rng, dtype, samples=3):
        vectors = [normal(rng, dtype, 6) for _ in range(4)]
        return [normal(rng, dtype, samples, 5, 7, 6), *vectors, relu]

    return case


def normalization_backward(ceiling, *, sums):
    def case(rng, dtype, samples=3):
        x, dy = normal(rng, dtype, samples, 5, 7, 6), normal(rng, dtype, samples, 5, 7, 6)
        mean, inverse_std, gamma, beta, slope, shift = (normal(rng, dtype, 6) for _ in range(6))
        relu_beta, end = (None, np.inf) if ceiling is None else (beta, ceiling)
        arguments = [dy, x, mean, inverse_std, gamma, relu_beta, end]
        return arguments if sums else [*arguments, slope, shift]

    return case


def sums(rng, dtype, samples=3):
    y = np.rint(normal(rng, dtype, samples, 5, 7, 6) * 1000)
    b, m = np.rint(normal(rng, dtype, 6) * 100), np.abs(normal(rng, dtype, 6)) / 20
    return [y, b, m, -7, 120]


def convolution(channels, filters, size=9, relu=None, bias=True, **settings):
    def case(rng, dtype, samples=2):
        where = geometry((size, size + 2), (3, 3), **{"stride": 1, "padding": "same", **settings})
        x, w = (
            normal(rng, dtype, samples, size, size + 2, channels),
            normal(rng, dtype, 3, 3, channels, filters),
        )
        out = np.full((samples, *where.output, filters), np.nan, dtype)
        return [x, w, normal(rng, dtype, filters) if bias else None, where, out, relu]

    return case


def convolution_backward(channels, filters, size=9, input_gradient=True, **settings):
    def case(rng, dtype, samples=2):
        x, w, _, where, out, _ = convolution(channels, filters, size, **settings)(
            rng, dtype, samples
        )
        dx = np.full_like(x, np.nan) if input_gradient else None
        return [normal(rng, dtype, *out.shape), x, w, where, np.full_like(w, np.nan), dx]

    return case


def depthwise(kernel=3, stride=1, padding="same", dilation=1, filters=1, bias=True):
    def case(rng, dtype, samples=2):
        where = geometry((9, 12), (kernel, kernel), stride, padding, dilation)
        x, w = (
            normal(rng, dtype, samples, 9, 12, 5),
            normal(rng, dtype, kernel, kernel, 1, 5 * filters),
        )
        out = np.full((samples, *where.output, 5 * filters), np.nan, dtype)
        return [x, w, normal(rng, dtype, 5 * filters) if bias else None, where, out]

    return case


def depthwise_backward(input_gradient=True, **settings):
    def case(rng, dtype, samples=2):
        x, w, _, where, out = depthwise(**settings)(rng, dtype, samples)
        return [
            normal(rng, dtype, *out.shape),
            x,
            w,
            where,
            np.full_like(w, np.nan),
            input_gradient,
        ]

    return case


def pooling(window=2, stride=None, padding=0, *, counts=False, backward=""):
    def case(rng, dtype, samples=2):
        where = pool_geometry((9, 8), window, stride, padding)
        x, dy = (
            rng.integers(4, size=(samples, 9, 8, 3)).astype(dtype),
            normal(rng, dtype, samples, *where.output, 3),
        )
        share = window_counts((9, 8), where, False).astype(dtype)
        if backward == "winners":
            kinds = where.kernel[0] * where.kernel[1]
            winner = rng.integers(kinds, size=dy.shape)
            if np.any(where.padding):  # a winner lies in the image: the middle of the window
                winner[...] = where.kernel[1] * (where.kernel[0] // 2) + where.kernel[1] // 2
            return [dy, winner.astype(np.min_scalar_type(kinds - 1)), (9, 8), where]
        if backward == "all":
            return [dy, share, (9, 8), where]
        return [x, share, where] if counts else [x, where]

    return case


def bias(relu, with_bias=True):
    def case(rng, dtype, samples=2):
        return [
            normal(rng, dtype, samples, 3, 5, 7),
            normal(rng, dtype, 7) if with_bias else None,
            relu,
        ]

    return case


def bias_backward(ceiling):
    def case(rng, dtype, samples=2):
        y = None if ceiling is None else normal(rng, dtype, samples, 3, 5, 7)
        db = np.full(7, np.nan, dtype)
        return [normal(rng, dtype, samples, 3, 5, 7), db, y, ceiling or np.inf]

    return case


POOLINGS = [(2,), (3, 2, 1), (3, 1, 1), ((2, 3), (1, 2), (0, 1)), (2, 3)]
CONVOLUTIONS = [
    {"channels": 16, "filters": 20, "size": 12},
    {"channels": 17, "filters": 16, "size": 14, "padding": "valid"},
    {"channels": 16, "filters": 16, "size": 12, "padding": ((0, 2), (3, 1))},
    {"channels": 3, "filters": 16},
    {"channels": 16, "filters": 16, "stride": 2},
    {"channels": 16, "filters": 16, "dilation": 2},
    {"channels": 2, "filters": 120, "size": 3},  # fewer positions than filters
]
"""The first three are done by Winograd's loops."""

DEPTHWISE = [
    {},
    {"kernel": 3, "stride": 2, "padding": 1},
    {"kernel": 5, "padding": ((2, 1), (0, 3))},
    {"kernel": 5, "stride": 2},
    {"kernel": 3, "padding": "valid", "dilation": 2},
    {"kernel": 2, "stride": 3, "padding": 0},
    {"kernel": 3, "filters": 2},
]

CASES = {
    "src.classic_nn.optimizers.adam.adam_update": [vectors(4, 0.9, 0.999, 1e-3, 1e-8)],
    "src.classic_nn.optimizers.radam.momentum_step": [vectors(4, 0.9, 0.999, 1e-3)],
    "src.classic_nn.optimizers.momentum.momentum_update": [vectors(3, 0.9, 0.1)],
    "src.classic_nn.optimizers.nesterov.nesterov_update": [vectors(3, 0.9, 0.1)],
    "src.classic_nn.optimizers.rms_prop.rms_prop_update": [vectors(3, 0.9, 0.1, 1e-8)],
    "src.classic_nn.math.sigmoid": [elementwise(1)],
    "src.classic_nn.math.relu_backward": [elementwise(2)],
    "src.classic_nn.math.leaky_relu": [elementwise(1), elementwise(1, 0.2)],
    "src.classic_nn.math.leaky_relu_backward": [elementwise(2), elementwise(2, 0.2)],
    "src.classic_nn.math.silu": [elementwise(1)],
    "src.classic_nn.math.silu_backward": [elementwise(2)],
    "src.classic_nn.math.relu6_backward": [elementwise(2)],
    "src.classic_nn.math.hard_swish": [elementwise(1)],
    "src.classic_nn.math.hard_swish_backward": [elementwise(2)],
    "src.classic_nn.batch_norm.forward.shard_statistics": [statistics],
    "src.classic_nn.batch_norm.forward.normalize": [
        normalization(None),
        normalization(np.inf),
        normalization(0.5),
    ],
    "src.classic_nn.batch_norm.backward.gradient_sums": [
        normalization_backward(ceiling, sums=True) for ceiling in (None, np.inf, 0.5)
    ],
    "src.classic_nn.batch_norm.backward.input_gradient": [
        normalization_backward(ceiling, sums=False) for ceiling in (None, np.inf, 0.5)
    ],
    "src.classic_cnn.bias.add_bias": [bias(None), bias(np.inf), bias(0.5), bias(np.inf, False)],
    "src.classic_cnn.quantized.rounding.round_sums": [sums],
    "src.classic_cnn.quantized.rounding.round_clamped": [elementwise(1, -3, 9)],
    "src.classic_cnn.bias.bias_backward": [bias_backward(end) for end in (None, np.inf, 0.5)],
    "src.classic_cnn.forward.convolve": [
        *(convolution(**settings) for settings in CONVOLUTIONS),
        convolution(16, 16, 12, relu=np.inf),
        convolution(16, 16, 12, relu=30.0, bias=False),
        convolution(2, 3, relu=np.inf, bias=False),
    ],
    "src.classic_cnn.backward.convolve_backward": [
        *(convolution_backward(**settings) for settings in CONVOLUTIONS),
        convolution_backward(16, 16, 12, input_gradient=False),
    ],
    "src.classic_cnn.depthwise.depthwise_forward": [
        *(depthwise(**settings) for settings in DEPTHWISE),
        depthwise(bias=False),
    ],
    "src.classic_cnn.depthwise.depthwise_backward": [
        *(depthwise_backward(**settings) for settings in DEPTHWISE),
        depthwise_backward(input_gradient=False),
    ],
    "src.classic_cnn.pooling.forward.maxima": [pooling(*settings) for settings in POOLINGS],
    "src.classic_cnn.pooling.forward.means": [
        pooling(*settings, counts=True) for settings in POOLINGS
    ],
    "src.classic_cnn.pooling.backward.to_winners": [
        pooling(*settings, backward="winners") for settings in POOLINGS
    ],
    "src.classic_cnn.pooling.backward.to_all": [
        pooling(*settings, backward="all") for settings in POOLINGS
    ],
}

WRITTEN = {
    "src.classic_nn.optimizers.adam.adam_update": [0, 2, 3],
    "src.classic_nn.optimizers.radam.momentum_step": [0, 2, 3],
    "src.classic_nn.optimizers.momentum.momentum_update": [0, 2],
    "src.classic_nn.optimizers.nesterov.nesterov_update": [0, 2],
    "src.classic_nn.optimizers.rms_prop.rms_prop_update": [0, 2],
    "src.classic_cnn.bias.add_bias": [0],
    "src.classic_cnn.quantized.rounding.round_sums": [0],
    "src.classic_cnn.quantized.rounding.round_clamped": [0],
    "src.classic_cnn.bias.bias_backward": [1],
    "src.classic_cnn.forward.convolve": [4],
    "src.classic_cnn.backward.convolve_backward": [4, 5],
    "src.classic_cnn.depthwise.depthwise_forward": [4],
    "src.classic_cnn.depthwise.depthwise_backward": [4],
}


def outcome(form, name, arguments):
    """All arrays that a form returns or writes, given copies of the arguments."""
    arguments = [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]
    result = form(*arguments)
    returned = list(result) if isinstance(result, tuple) else [result]
    arrays = [*returned, *(arguments[place] for place in WRITTEN.get(name, []))]
    return [array for array in arrays if array is not None]
