"""Figures of quantization."""

import numpy as np
from matplotlib.figure import Figure

from docs.generator.figures.drawing import BLUE, GRAY, ORANGE, new_figure
from docs.generator.figures.samples import digit_reader
from src.classic_nn.quantization.affine import asymmetric, symmetric
from src.classic_nn.quantization.fake_quantization import fake_quantize, fake_quantize_backward
from src.classic_nn.quantization.integer_products import products_in_a_block
from src.classic_nn.quantization.ranges import RANGES, choose_quantization
from src.classic_nn.quantization.statistics import Statistics


def integers() -> Figure:
    """Numbers and the integers that stand for them, with 3 bits."""
    x = np.linspace(-1.2, 2.2, 400)
    figure, axes = new_figure(7, 2.8, 2, sharey=True)
    kinds = {"symmetric(-1, 2)": symmetric(-1, 2, 3), "asymmetric(-1, 2)": asymmetric(-1, 2, 3)}
    for axis, (title, kind) in zip(axes, kinds.items(), strict=True):
        q = kind.quantize(x)
        axis.plot(x, x, color="lightgray")
        axis.step(x, kind.dequantize(q), color=BLUE)
        for value in np.unique(q):
            place = kind.dequantize(np.array(value))
            axis.annotate(f"{value}", (float(place), float(place)), color=ORANGE, fontsize=8)
        axis.set(title=f"{title}, 3 bits", xlabel="x")
    axes[0].set_ylabel("s (q - z), with q in orange")
    return figure


def ranges() -> Figure:
    """Where five methods end the range of numbers with a long tail, and what that costs."""
    rng = np.random.default_rng(0)
    x = np.maximum(rng.laplace(size=400_000), 0)
    seen = Statistics()
    for part in np.array_split(x.astype(np.float32), 20):
        seen.update(part)
    figure, (left, right) = new_figure(8, 3.2, 2)
    left.hist(x, bins=120, color="lightgray", log=True)
    errors = {}
    for k, method in enumerate(RANGES):
        kind = choose_quantization(seen, method, bits=4)
        end = float(kind.dequantize(np.array(2**4 - 1)))
        left.axvline(end, color=f"C{k}", label=f"{method}: {end:.1f}")
        errors[method] = float(np.mean((kind.round_trip(x) - x) ** 2))
    left.set(title="ends of the range, 4 bits", xlabel="x", ylabel="number")
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower left", ncols=3, fontsize=7)
    right.barh(list(errors), list(errors.values()), color=[f"C{k}" for k in range(len(errors))])
    right.invert_yaxis()
    right.set(title="mean squared error", xlabel="error")
    return figure


def fake() -> Figure:
    """Forward is a staircase, backward the line through it."""
    x = np.linspace(-3, 3, 400)
    y, cache = fake_quantize(x, symmetric(-2, 2, bits=3))
    figure, (left, right) = new_figure(6.6, 2.5, 2)
    left.plot(x, x, color="lightgray")
    left.plot(x, y, color=BLUE)
    left.set(title="forward", xlabel="x", ylabel="x~")
    right.plot(x, fake_quantize_backward(np.ones_like(x), cache), color=ORANGE)
    right.set(title="backward, dy = 1", xlabel="x", ylabel="dx")
    return figure


def products() -> Figure:
    """How many products of integers float32 adds up exactly."""
    limits = [2**k - 1 for k in range(1, 8)]
    counts = [products_in_a_block(255, limit) for limit in limits]
    figure, axes = new_figure(5.6, 2.6)
    axes.semilogy(range(2, 9), counts, "o-", color=BLUE)
    for bits, count in zip(range(2, 9), counts, strict=True):
        axes.annotate(f"{count:,}", (bits, count), (4, 4), textcoords="offset points", fontsize=7)
    axes.set(xlabel="bits of the weights (inputs: 8)", ylabel="exact products in a sum")
    return figure


def networks() -> Figure:
    """How many digits a network reads with fewer bits in its weights."""
    network, images, labels = digit_reader()
    full = float((network.forward(images)[0].argmax(axis=1) == labels).mean())
    figure, axes = new_figure(5.6, 2.7)
    bits = [2, 3, 4, 5, 6, 8]
    kept = {name: array.copy() for name, array in network.parameters.items()}
    for per_channel in (True, False):
        right = []
        for count in bits:
            for name, array in kept.items():
                if array.ndim > 1:
                    axes_ = tuple(range(array.ndim - 1)) if per_channel else None
                    largest = np.abs(array).max(axis=axes_)
                    kind = symmetric(-largest, largest, count)
                    network.parameters[name] = kind.round_trip(array)
            right.append(float((network.forward(images)[0].argmax(axis=1) == labels).mean()))
        axes.plot(bits, right, "o-", label="a scale per channel" if per_channel else "one scale")
    for name, array in kept.items():
        network.parameters[name] = array
    axes.axhline(full, color=GRAY, linestyle=":", label="float")
    axes.set(xlabel="bits of the weights", ylabel="test digits right")
    axes.legend(fontsize=7)
    return figure


def few_bits() -> Figure:
    """The weights of a kernel as they are, and in 4 and 2 bits."""
    network, _, _ = digit_reader()
    W = network[3].parameters["W"][:, :, 0]
    figure, axes = new_figure(8, 2.2, 3)
    for axis, bits in zip(axes, (0, 4, 2), strict=True):
        largest = np.abs(W).max(axis=(0, 1))
        kind = symmetric(-largest, largest, bits) if bits else None
        shown = W if kind is None else kind.round_trip(W)
        title = f"{bits} bits" if bits else "float"
        axis.imshow(shown.reshape(9, -1), cmap="RdBu_r", vmin=-1, vmax=1)
        axis.set(title=title, xlabel="filter")
        axis.set(yticks=[])
    axes[0].set_ylabel("place in the kernel")
    return figure
