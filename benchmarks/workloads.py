"""What is measured: networks, convolutions, batch sizes and goals, the same for every contestant.

Nothing here imports a framework: each contestant builds the workload with its own parts.
"""

from dataclasses import dataclass
from itertools import pairwise

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Conv:
    """A convolution with "same" padding and, in a network, what follows it."""

    channels: int
    kernel: int = 3
    stride: int = 1
    groups: int = 1
    batch_norm: bool = False


@dataclass(frozen=True)
class Training:
    """A training step: forward, loss, backward and update, with the batch in memory.

    Attributes:
        input_shape: of one sample.
        blocks: convolutions, each followed by (batch normalization and) ReLU; after each group
            a max-pooling by 2 and, if ``block_dropout``, dropout.
        hidden: widths of the dense layers, each followed by ReLU.
        outputs: width of the last layer.
        loss: "binary" (logits) or "softmax".
        optimizer: "adam" or "momentum".
        block_dropout, head_dropout: rates.
    """

    input_shape: Shape
    hidden: tuple[int, ...]
    outputs: int
    batch: int
    blocks: tuple[tuple[Conv, ...], ...] = ()
    loss: str = "softmax"
    optimizer: str = "adam"
    block_dropout: float = 0.0
    head_dropout: float = 0.0

    def multiply_adds(self) -> int:
        """Of the products of one step: forward, weight gradients, and input gradients but one."""
        layers = []
        shape = self.input_shape
        for block in self.blocks:
            for conv in block:
                height, width, channels = shape
                layers.append(height * width * conv.kernel**2 * channels * conv.channels)
                shape = (height, width, conv.channels)
            shape = (shape[0] // 2, shape[1] // 2, shape[2])
        features = 1
        for size in shape:
            features *= size
        layers += [a * b for a, b in pairwise((features, *self.hidden, self.outputs))]
        return self.batch * (3 * sum(layers) - layers[0])


@dataclass(frozen=True)
class Convolution:
    """One convolution, forward, or forward and backward to input and kernel."""

    input_shape: Shape
    conv: Conv
    batch: int
    backward: bool

    def multiply_adds(self) -> int:
        """Of the forward pass, and twice as many again backwards."""
        height, width, channels = self.input_shape
        conv = self.conv
        pixels = (height // conv.stride) * (width // conv.stride)
        forward = pixels * conv.kernel**2 * (channels // conv.groups) * conv.channels
        return self.batch * forward * (3 if self.backward else 1)


@dataclass(frozen=True)
class Workload:
    """A named measurement and its goal: our time over that of the fastest PyTorch eager."""

    title: str
    task: Training | Convolution
    goal: float
    sklearn_goal: float | None = None


def _tiny_vgg_blocks() -> tuple[tuple[Conv, ...], ...]:
    return tuple((Conv(c, batch_norm=True), Conv(c, batch_norm=True)) for c in (16, 32, 64))


WORKLOADS = {
    "W1": Workload(
        "MLP 12288-2048-1024-512-256-128-63, binary cross-entropy, batch 64, Adam",
        Training((12288,), (2048, 1024, 512, 256, 128), 63, 64, loss="binary"),
        goal=1.2,
    ),
    "W2": Workload(
        "MLP 10-64-32-16-8-3, softmax, batch 64, momentum",
        Training((10,), (64, 32, 16, 8), 3, 64, optimizer="momentum"),
        goal=0.3,
    ),
    "W3": Workload(
        "MLP 784-256-128-10, softmax, batch 128, Adam",
        Training((784,), (256, 128), 10, 128),
        goal=0.9,
        sklearn_goal=0.4,
    ),
    "W4": Workload(
        "TinyVGG of the dish classifier, 128 x 128, batch norm, dropout, batch 32, Adam",
        Training(
            (128, 128, 3),
            (128,),
            1,
            32,
            _tiny_vgg_blocks(),
            loss="binary",
            block_dropout=0.3,
            head_dropout=0.5,
        ),
        goal=1.5,
    ),
    "W4b": Workload(
        "CNN on 64 x 64: two blocks of two 3x3, 32 and 64 channels, batch 32, Adam",
        Training((64, 64, 3), (), 2, 32, ((Conv(32), Conv(32)), (Conv(64), Conv(64)))),
        goal=1.5,
    ),
    "W5": Workload(
        "LeNet-like on 28 x 28: 3x3x32, 3x3x64, dense 128, batch 128, Adam",
        Training((28, 28, 1), (128,), 10, 128, ((Conv(32),), (Conv(64),))),
        goal=1.5,
    ),
}
for _name, _title, _shape, _conv in (
    ("W6a", "3x3, 64 to 64, 56 x 56", (56, 56, 64), Conv(64)),
    ("W6b", "1x1, 256 to 64, 56 x 56", (56, 56, 256), Conv(64, 1)),
    ("W6c", "depthwise 3x3, 96, 56 x 56", (56, 56, 96), Conv(96, groups=96)),
    ("W6d", "7x7 stride 2, 3 to 64, 224 x 224", (224, 224, 3), Conv(64, 7, 2)),
):
    for _suffix, _backward in (("f", False), ("fb", True)):
        WORKLOADS[_name + _suffix] = Workload(
            f"convolution {_title}, batch 8, {'forward+backward' if _backward else 'forward'}",
            Convolution(_shape, _conv, 8, _backward),
            goal=1.5,
        )


def chosen(names: list[str]) -> dict[str, Workload]:
    """Workloads whose names begin with one of those given; all where none is given."""
    for name in names:
        if not any(known.lower().startswith(name.lower()) for known in WORKLOADS):
            raise ValueError(f"unknown workload {name!r}; choose from {', '.join(WORKLOADS)}")
    if not names:
        return WORKLOADS
    exact = {name: WORKLOADS[name] for name in names if name in WORKLOADS}
    prefixes = tuple(name.lower() for name in names if name not in exact)
    return {
        name: workload
        for name, workload in WORKLOADS.items()
        if name in exact or (prefixes and name.lower().startswith(prefixes))
    }
