"""JAX on the processor: the workloads as functions that XLA compiles, step and optimizer as one."""

import os
from collections.abc import Callable
from typing import Any

from benchmarks.workloads import WORKLOADS, Backbone, Conv, Convolution, Sum, Training, Unit

VERSION = ""

Parameters = dict[str, Any]
Layer = Callable[[Parameters, Any, Any], Any]
"""From parameters, input and random key to the output."""


def build(description: dict[str, Any]) -> Callable[[], object]:
    """The step of a workload."""
    os.sched_setaffinity(0, range(description["threads"]))  # XLA has as many threads as cores
    global VERSION
    import jax

    VERSION = f"jax {jax.__version__}"
    task = WORKLOADS[description["workload"]].task
    if isinstance(task, Convolution):
        return _convolution(task)
    return _training(task)


class _Maker:
    """Makes layers, and their parameters."""

    def __init__(self) -> None:
        import jax

        self.parameters: Parameters = {}
        self.key = jax.random.PRNGKey(0)

    def new(self, kind: str, *shape: int) -> str:
        """The name of a new parameter."""
        import jax
        import jax.numpy as jnp

        name = f"{kind}{len(self.parameters)}"
        self.key, key = jax.random.split(self.key)
        scale = {"W": 0.05, "b": 0.0, "gamma": 0.0, "beta": 0.0}[kind]
        start = 1.0 if kind == "gamma" else 0.0
        self.parameters[name] = start + scale * jax.random.normal(key, shape, jnp.float32)
        return name

    def conv(self, channels: int, conv: Conv, bias: bool) -> Layer:
        """A convolution with "same" padding."""
        from jax import lax

        W = self.new("W", conv.kernel, conv.kernel, channels // conv.groups, conv.channels)
        b = self.new("b", conv.channels) if bias else ""
        padding = [(conv.kernel // 2, conv.kernel // 2)] * 2

        def forward(p: Parameters, x: Any, key: Any) -> Any:
            y = lax.conv_general_dilated(
                x, p[W], (conv.stride, conv.stride), padding,
                dimension_numbers=("NHWC", "HWIO", "NHWC"), feature_group_count=conv.groups,
            )  # fmt: skip
            return y + p[b] if b else y

        return forward

    def batch_norm(self, channels: int) -> Layer:
        """With the statistics of the mini-batch."""
        from jax import lax

        gamma, beta = self.new("gamma", channels), self.new("beta", channels)

        def forward(p: Parameters, x: Any, key: Any) -> Any:
            mean = x.mean((0, 1, 2))
            variance = ((x - mean) ** 2).mean((0, 1, 2))
            return p[gamma] * (x - mean) * lax.rsqrt(variance + 1e-5) + p[beta]

        return forward

    def dense(self, features: int, units: int) -> Layer:
        """A dense layer."""
        W, b = self.new("W", features, units), self.new("b", units)
        return lambda p, x, key: x @ p[W] + p[b]

    def unit(self, channels: int, unit: Unit) -> Layer:
        """Convolution, batch normalization, activation."""
        return _sequence(
            self.conv(channels, unit.conv, bias=False),
            self.batch_norm(unit.conv.channels),
            _activation(unit.activation),
        )


def _sequence(*layers: Layer) -> Layer:
    def forward(p: Parameters, x: Any, key: Any) -> Any:
        import jax

        for layer in layers:
            key, own = jax.random.split(key)
            x = layer(p, x, own)
        return x

    return forward


def _activation(name: str) -> Layer:
    import jax.numpy as jnp

    highest = {"relu": jnp.inf, "relu6": 6.0}
    return (lambda p, x, key: jnp.clip(x, 0, highest[name])) if name else (lambda p, x, key: x)


def _pool(window: int, stride: int, padding: int) -> Layer:
    import jax.numpy as jnp
    from jax import lax

    sides = ((0, 0), (padding, padding), (padding, padding), (0, 0))
    return lambda p, x, key: lax.reduce_window(
        x, -jnp.inf, lax.max, (1, window, window, 1), (1, stride, stride, 1), sides
    )


def _dropout(rate: float) -> Layer:
    import jax
    import jax.numpy as jnp

    def forward(p: Parameters, x: Any, key: Any) -> Any:
        return jnp.where(jax.random.uniform(key, x.shape) < rate, 0, x / (1 - rate))

    return forward


def _network(task: Training | Backbone, make: _Maker) -> Layer:
    if isinstance(task, Backbone):
        return _backbone(task, make)
    layers: list[Layer] = []
    shape = list(task.input_shape)
    for block in task.blocks:
        for conv in block:
            layers.append(make.conv(shape[2], conv, bias=not conv.batch_norm))
            layers += [make.batch_norm(conv.channels)] if conv.batch_norm else []
            layers.append(_activation("relu"))
            shape[2] = conv.channels
        layers.append(_pool(2, 2, 0))
        layers += [_dropout(task.block_dropout)] if task.block_dropout else []
        shape = [shape[0] // 2, shape[1] // 2, shape[2]]
    if task.blocks:
        layers.append(lambda p, x, key: x.reshape(len(x), -1))
    features = 1
    for size in shape:
        features *= size
    for width in task.hidden:
        layers += [make.dense(features, width), _activation("relu")]
        layers += [_dropout(task.head_dropout)] if task.head_dropout else []
        features = width
    return _sequence(*layers, make.dense(features, task.outputs))


def _backbone(task: Backbone, make: _Maker) -> Layer:
    layers: list[Layer] = []
    channels = task.input_shape[-1]
    for part in task.parts:
        if isinstance(part, str):
            layers.append(_pool(3, 2, 1))
        elif isinstance(part, Unit):
            layers.append(make.unit(channels, part))
            channels = part.conv.channels
        else:
            layers.append(_sum(part, channels, make))
            channels = part.body[-1].conv.channels
    mean: Layer = lambda p, x, key: x.mean((1, 2))  # noqa: E731
    return _sequence(*layers, mean, make.dense(channels, task.outputs))


def _sum(part: Sum, channels: int, make: _Maker) -> Layer:
    body, inside = [], channels
    for unit in part.body:
        body.append(make.unit(inside, unit))
        inside = unit.conv.channels
    whole = _sequence(*body)
    shortcut = _activation("") if part.shortcut is None else make.unit(channels, part.shortcut)
    after = _activation(part.activation)
    return lambda p, x, key: after(p, whole(p, x, key) + shortcut(p, x, key), key)


def _training(task: Training | Backbone) -> Callable[[], object]:
    import jax
    import jax.numpy as jnp

    make = _Maker()
    network = _network(task, make)
    x = jax.random.normal(make.key, (task.batch, *task.input_shape), jnp.float32)
    binary = isinstance(task, Training) and task.loss == "binary"
    adam = isinstance(task, Backbone) or task.optimizer == "adam"
    y = jax.random.randint(make.key, (task.batch, task.outputs) if binary else (task.batch,), 0, 2)

    def loss(p: Parameters, key: Any) -> Any:
        z = network(p, x, key)
        if binary:
            return (jnp.maximum(z, 0) - z * y + jnp.log1p(jnp.exp(-jnp.abs(z)))).mean()
        return -jax.nn.log_softmax(z)[jnp.arange(task.batch), y].mean()

    def update(p: Any, g: Any, m: Any, v: Any, t: Any) -> tuple[Any, Any, Any]:
        if not adam:
            m = 0.9 * m + g
            return p - 1e-3 * m, m, v
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        corrected = (m / (1 - 0.9**t)) / (jnp.sqrt(v / (1 - 0.999**t)) + 1e-8)
        return p - 1e-4 * corrected, m, v

    def step(state: tuple[Any, ...]) -> tuple[Any, ...]:
        p, m, v, t, key = state
        key, own = jax.random.split(key)
        g = jax.grad(loss)(p, own)
        new = {name: update(p[name], g[name], m[name], v[name], t + 1) for name in p}
        parts = tuple({name: new[name][k] for name in new} for k in range(3))
        return (*parts, t + 1, key)

    compiled = jax.jit(step, donate_argnums=0)
    zeros = {name: jnp.zeros_like(value) for name, value in make.parameters.items()}
    held = [(make.parameters, zeros, jax.tree.map(jnp.copy, zeros), jnp.float32(0), make.key)]

    def run() -> None:
        held[0] = compiled(held[0])
        jax.block_until_ready(held[0])

    return run


def _convolution(task: Convolution) -> Callable[[], object]:
    import jax
    import jax.numpy as jnp

    make = _Maker()
    layer = make.conv(task.input_shape[-1], task.conv, bias=True)
    x = jax.random.normal(make.key, (task.batch, *task.input_shape), jnp.float32)
    forward = jax.jit(lambda p, x: layer(p, x, None))
    y = forward(make.parameters, x)
    if not task.backward:
        return lambda: jax.block_until_ready(forward(make.parameters, x))
    upstream = jnp.ones_like(y)

    def both(p: Parameters, x: Any) -> Any:
        y, back = jax.vjp(lambda p, x: layer(p, x, None), p, x)
        return y, back(upstream)

    step = jax.jit(both)
    return lambda: jax.block_until_ready(step(make.parameters, x))
