"""The settings of a training run: one dataclass, and the command-line options made from it.

Every setting is declared once, with its default, its type and its help text. A recipe changes
defaults; a checkpoint stores all values, so that a resumed run is the same run.
"""

import argparse
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

from src.classic_nn.layers import ACTIVATIONS
from src.classic_nn.optimizers import OPTIMIZERS, Optimizer, create_optimizer
from src.classic_nn.schedules import SCHEDULES, Cosine, Schedule
from src.classic_train.cli.parsers import (
    one_of,
    parse_specification,
    quantized_bits,
    rate,
    specification,
    units,
    whole_number_or_auto,
)
from src.common.cli import argument_type, number, whole_number
from src.common.lookup import create


def option(default: Any, help: str, parse: Callable[[str], Any], metavar: str) -> Any:
    """A dataclass field with what the command line needs to know about it."""
    return field(default=default, metadata={"help": help, "parse": parse, "metavar": metavar})


@dataclass(frozen=True)
class TrainingOptions:
    """Settings of a training run. The help texts are the documentation of the fields."""

    data: str = option(
        "",
        "what to train on: {data}, or any place that inspect takes: a folder, .csv, .yaml, .npz",
        str,
        "NAME",
    )
    model: str = option("mlp", "which network: {models}", str, "NAME")
    train_samples: int = option(4000, "size of generated training data", whole_number(10), "N")
    epochs: int = option(20, "passes over the training data", whole_number(1), "N")
    batch_size: int = option(64, "samples in a mini-batch", whole_number(1), "N")
    learning_rate: float | str = option(
        0.1,
        "step size; with another --optimizer, that one's own default; auto finds one by a range "
        "test",
        rate,
        "RATE",
    )
    optimizer: str = option(
        "momentum",
        f"one of {', '.join(OPTIMIZERS)}; settings follow as in adam:beta2=0.99",
        specification("optimizer", OPTIMIZERS),
        "NAME",
    )
    schedule: str = option(
        "constant",
        f"learning rate over time, one of {', '.join(SCHEDULES)}; settings follow as in "
        "step:factor=0.5,every=10",
        specification("schedule", SCHEDULES),
        "NAME",
    )
    hidden: tuple[int, ...] = option(
        (256, 128), "units of the hidden dense layers, as 256,128, or none", units, "UNITS"
    )
    filters: tuple[int, ...] = option(
        (16, 32, 64, 128), "filters of the convolutions of each block, as 16,32", units, "FILTERS"
    )
    activation: str = option(
        "relu",
        "after hidden layers: " + ", ".join(name for name in ACTIVATIONS if name != "softmax"),
        one_of("activation", [name for name in ACTIVATIONS if name != "softmax"]),
        "NAME",
    )
    initialization: str = option(
        "he",
        "scale of the first weights: he, xavier, lecun, or torch, that of PyTorch's layers",
        one_of("initialization", ["he", "xavier", "lecun", "torch"]),
        "NAME",
    )
    dropout: float = option(
        0.0, "fraction of hidden units dropped in training", number(0, below=1), "RATE"
    )
    l2: float = option(0.0, "strength of L2 regularization of weights", number(0), "STRENGTH")
    clip_norm: float = option(
        0.0, "longest norm of the gradient; 0 for no limit", number(0), "NORM"
    )
    clip_value: float = option(
        0.0, "largest component of the gradient; 0 for no limit", number(0), "VALUE"
    )
    miss_weight: float = option(
        1.0,
        "cost of a missed label, where a false alarm costs 1 (3 for the plant classifier's loss)",
        number(0, exclusive=True),
        "FACTOR",
    )
    patience: int = option(
        0,
        "stop after N epochs without a better validation cost; 0 never stops early",
        whole_number(0),
        "N",
    )
    keep: str = option(
        "best",
        "weights of which epoch make the model: best, by validation cost, or last, where too few "
        "validation samples say which is best",
        one_of("keep", ["best", "last"]),
        "WHICH",
    )
    seed: int = option(0, "of data, weights, shuffling and dropout", whole_number(0), "N")
    dtype: str = option(
        "float32",
        "float32, or float64: slower, more exact",
        one_of("dtype", ["float32", "float64"]),
        "TYPE",
    )
    accumulate: int = option(
        1,
        "mini-batches whose gradients add up to one update, as of one large one",
        whole_number(1),
        "N",
    )
    workers: int | str = option(
        1,
        "threads that share every mini-batch; auto chooses by the network",
        whole_number_or_auto(1),
        "N",
    )
    product_threads: int = option(
        1,
        "threads of the matrix library in each worker, for wide dense layers",
        whole_number(1),
        "N",
    )
    history_every: int = option(
        1, "record parameters and gradients every N epochs", whole_number(1), "N"
    )
    history_batches: int = option(
        8, "record the gradients of the first N batches of such an epoch", whole_number(1), "N"
    )
    save_every: int = option(
        0, "keep the model of every Nth epoch, ready for use; 0 for none", whole_number(0), "N"
    )
    checkpoint_every: int = option(
        0,
        "keep a numbered checkpoint every N epochs; 0 for best and last only",
        whole_number(0),
        "N",
    )

    quantize: int = option(
        0,
        "train for integers: weights of N bits (2 to 8), activations of 8; 0 for numbers",
        quantized_bits,
        "N",
    )

    finetune: str = option(
        "",
        "a finished run: begin with its weights, and with its settings but for a tenth of the "
        "learning rate and 10 epochs",
        str,
        "RUN",
    )

    def as_dict(self, names: Collection[str] | None = None) -> dict[str, Any]:
        """Plain values, as JSON holds them; of all settings, or of the named ones."""
        plain = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}
        return {k: v for k, v in plain.items() if names is None or k in names}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """The inverse of ``as_dict``."""
        lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
        return cls(**{**values, **lists})

    def create_optimizer(self) -> Optimizer:
        """The optimizer that these options describe."""
        name, settings = parse_specification(self.optimizer)
        return create_optimizer(name, **{"learning_rate": self.learning_rate, **settings})

    def create_schedule(self) -> Schedule:
        """The schedule that these options describe; a cosine ends with the last epoch."""
        name, settings = parse_specification(self.schedule)
        if SCHEDULES.get(name) is Cosine:
            settings = {"epochs": self.epochs, **settings}
        settings = {"learning_rate": self.learning_rate, **settings}
        return create("schedule", name, SCHEDULES, settings)


def add_training_options(
    parser: argparse.ArgumentParser,
    defaults: TrainingOptions,
    data_names: list[str],
    model_names: list[str],
    used: Collection[str],
) -> None:
    """Add an option for every setting; one that is not given stays out of the namespace.

    Settings that are not ``used`` are taken too, so that they can be refused with a reason, but the
    help does not show them.
    """
    group = parser.add_argument_group("training")
    for f in fields(defaults):
        value = getattr(defaults, f.name)
        shown = ",".join(map(str, value)) if isinstance(value, tuple) else value
        text = f.metadata["help"].replace("{data}", " or ".join(data_names))
        text = text.replace("{models}", " or ".join(model_names))
        group.add_argument(
            f"--{f.name.replace('_', '-')}",
            type=argument_type(f.metadata["parse"]) if f.name in used else str,
            metavar=f.metadata["metavar"],
            default=argparse.SUPPRESS,
            help=f"{text} (default: {shown})".replace("%", "%%")
            if f.name in used
            else argparse.SUPPRESS,
        )


def given_options(
    namespace: argparse.Namespace, kind: type[TrainingOptions] = TrainingOptions
) -> dict[str, Any]:
    """The settings that were given on the command line, by name.

    Args:
        namespace: parsed.
        kind: of options, whose fields are settings.
    """
    names = {f.name for f in fields(kind)}
    return {name: value for name, value in vars(namespace).items() if name in names}
