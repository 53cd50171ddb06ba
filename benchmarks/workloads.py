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
class Unit:
    """A convolution with "same" padding, batch normalization and perhaps an activation.

    Attributes:
        conv: the convolution, without bias.
        activation: "relu", "relu6" or "" for none.
    """

    conv: Conv
    activation: str = "relu"


@dataclass(frozen=True)
class Sum:
    """A residual sum: units, added to what they were given, and perhaps an activation.

    Attributes:
        body: the units.
        shortcut: a unit for the other way; None for the input itself.
        activation: after the sum.
    """

    body: tuple[Unit, ...]
    shortcut: Unit | None = None
    activation: str = ""


@dataclass(frozen=True)
class Backbone:
    """A training step of a residual network: units and sums, global average, dense, softmax, Adam.

    Attributes:
        input_shape: of one sample.
        parts: in their order; "pool" is a max-pooling of 3 x 3 with stride 2.
        outputs: classes.
        batch: samples.
    """

    input_shape: Shape
    parts: tuple[Unit | Sum | str, ...]
    outputs: int
    batch: int

    def multiply_adds(self) -> int:
        """Of the products of one step, three times those of a forward pass."""
        total, shape = 0, self.input_shape
        for part in self.parts:
            if isinstance(part, str):
                shape = (-(-shape[0] // 2), -(-shape[1] // 2), shape[2])
                continue
            body = part.body if isinstance(part, Sum) else (part,)
            if isinstance(part, Sum) and part.shortcut is not None:
                total += _after(part.shortcut.conv, shape)[0]
            for unit in body:
                count, shape = _after(unit.conv, shape)
                total += count
        return 3 * self.batch * (total + shape[2] * self.outputs)


def _after(conv: Conv, shape: Shape) -> tuple[int, Shape]:
    """Multiply-adds of a convolution of one sample, and the shape of its output."""
    height, width = (-(-size // conv.stride) for size in shape[:2])
    count = height * width * conv.kernel**2 * (shape[2] // conv.groups) * conv.channels
    return count, (height, width, conv.channels)


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
    task: Training | Backbone | Convolution
    goal: float
    sklearn_goal: float | None = None


def _mobilenet_v2_stages() -> tuple[Unit | Sum, ...]:
    """Stem and first three stages of MobileNetV2 (Sandler et al. 2018, table 2)."""
    parts: list[Unit | Sum] = [Unit(Conv(32, 3, 2), "relu6")]
    channels = 32
    for expansion, width, repeats, stride in ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2)):
        for k in range(repeats):
            wide, step = channels * expansion, stride if k == 0 else 1
            body = [] if expansion == 1 else [Unit(Conv(wide, 1), "relu6")]
            body += [Unit(Conv(wide, 3, step, groups=wide), "relu6"), Unit(Conv(width, 1), "")]
            parts += [Sum(tuple(body))] if k else body
            channels = width
    return tuple(parts)


def _resnet18_parts() -> tuple[Unit | Sum | str, ...]:
    """ResNet-18 (He et al. 2016, table 1)."""
    parts: list[Unit | Sum | str] = [Unit(Conv(64, 7, 2)), "pool"]
    for width in (64, 128, 256, 512):
        for k in range(2):
            stride = 2 if k == 0 and width > 64 else 1
            body = (Unit(Conv(width, 3, stride)), Unit(Conv(width, 3), ""))
            shortcut = Unit(Conv(width, 1, stride), "") if stride == 2 else None
            parts.append(Sum(body, shortcut, "relu"))
    return tuple(parts)


def _tiny_vgg_blocks() -> tuple[tuple[Conv, ...], ...]:
    return tuple((Conv(c, batch_norm=True), Conv(c, batch_norm=True)) for c in (16, 32, 64))


WORKLOADS = {
    "W1": Workload(
        "MLP 12288-2048-1024-512-256-128-63, binary cross-entropy, batch 64, Adam",
        Training((12288,), (2048, 1024, 512, 256, 128), 63, 64, loss="binary"),
        goal=1.0,
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
        goal=0.75,
    ),
    "W4b": Workload(
        "CNN on 64 x 64: two blocks of two 3x3, 32 and 64 channels, batch 32, Adam",
        Training((64, 64, 3), (), 2, 32, ((Conv(32), Conv(32)), (Conv(64), Conv(64)))),
        goal=0.75,
    ),
    "W5": Workload(
        "LeNet-like on 28 x 28: 3x3x32, 3x3x64, dense 128, batch 128, Adam",
        Training((28, 28, 1), (128,), 10, 128, ((Conv(32),), (Conv(64),))),
        goal=0.8,
    ),
}
WORKLOADS["W7"] = Workload(
    "first three stages of MobileNetV2 on 112 x 112, depthwise separable, batch 16, Adam",
    Backbone((112, 112, 3), _mobilenet_v2_stages(), 10, 16),
    goal=1.0,
)
WORKLOADS["W8"] = Workload(
    "ResNet-18 on 64 x 64, batch 32, Adam",
    Backbone((64, 64, 3), _resnet18_parts(), 10, 32),
    goal=0.8,
)
for _name, _title, _shape, _conv, _goals in (
    ("W6a", "3x3, 64 to 64, 56 x 56", (56, 56, 64), Conv(64), (0.65, 0.65)),
    ("W6b", "1x1, 256 to 64, 56 x 56", (56, 56, 256), Conv(64, 1), (1.2, 1.0)),
    ("W6c", "depthwise 3x3, 96, 56 x 56", (56, 56, 96), Conv(96, groups=96), (1.2, 1.0)),
    ("W6d", "7x7 stride 2, 3 to 64, 224 x 224", (224, 224, 3), Conv(64, 7, 2), (1.2, 1.0)),
):
    for _suffix, _backward, _goal in (("f", False, _goals[0]), ("fb", True, _goals[1])):
        WORKLOADS[_name + _suffix] = Workload(
            f"convolution {_title}, batch 8, {'forward+backward' if _backward else 'forward'}",
            Convolution(_shape, _conv, 8, _backward),
            goal=_goal,
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
