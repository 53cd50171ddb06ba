"""Both libraries train the same network side by side: are they the same, and how fast is each?

They begin with the same weights, see the same mini-batches and drop the same values, so their costs
differ by rounding, which grows with every step: how fast says how steep the way down is, not who is
right.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from src.classic_nn.layers.copying import copy_network
from src.classic_nn.layers.sequential import Sequential
from src.classic_nn.utils.plots import new_figure, save_figure
from src.classic_train.cli.options import TrainingOptions
from src.classic_train.cli.parsers import OptionError
from src.classic_train.mini_batch import MiniBatchTrainer
from src.classic_train.mini_batch.callback import Callback, Training
from src.classic_train.recipes.recipe import Recipe
from src.classic_train.run.backend import NUMPY, Backend
from src.classic_train.run.directory import Run
from src.classic_train.run.train import create_trainer
from src.classic_train.run.trained_part import trained_part
from src.common.files import write_json
from src.common.tables import format_table


@dataclass
class Costs(Callback):
    """The cost of every mini-batch, and the time of its step.

    Attributes:
        values: costs.
        seconds: of forward, backward and update, without making mini-batches and validation.
    """

    values: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def on_batch_begin(self, trainer: Training) -> None:
        """Note the time."""
        self._began = time.perf_counter()

    def on_batch_end(self, trainer: Training) -> None:
        """Note the cost."""
        self.seconds.append(time.perf_counter() - self._began)
        self.values.append(trainer.batch_cost)


@dataclass(frozen=True)
class Side:
    """How one of the two did.

    Attributes:
        name: of the library.
        costs: of mini-batches, and their time.
        history: records of the epochs.
    """

    name: str
    costs: Costs
    history: Sequence[dict[str, float]]


def compare(recipe: Recipe, options: TrainingOptions, theirs: Backend, directory: Path) -> None:
    """Train both, and write table and picture.

    Args:
        recipe: that is trained.
        options: of the training.
        theirs: the other library.
        directory: where to write.

    Raises OptionError for what cannot be compared.
    """
    data = recipe.load_data(options)
    options = recipe.settle_by_data(options, data)
    if options.learning_rate == "auto":
        raise OptionError("--learning-rate auto: give a number, the same for both")
    network = recipe.build_network(options, data)
    loss = recipe.create_loss(options, data)
    options = replace(options, workers="auto")
    sides = []
    for backend in (NUMPY, theirs):
        own = copy_network(network)
        assert isinstance(own, Sequential)
        run = Run(directory, directory, writes=False, backend=backend)
        part = trained_part(own, options, data, run)
        trainer = create_trainer(recipe, options, run, part, loss, data)
        costs = Costs()
        trainer.callbacks.append(costs)
        run.log(f"{backend.name}: {options.epochs} epochs")
        history = trainer.fit(part.inputs.batches("train"), part.inputs.batches("validation"))
        sides.append(Side(backend.name, costs, history))
        _say(run, trainer)
    directory.mkdir(parents=True, exist_ok=True)
    print(comparison_table(sides))
    print(summary(sides))
    picture = directory / f"{recipe.name}.png"
    save_figure(draw(sides, recipe.name), picture)
    write_json(
        directory / f"{recipe.name}.json",
        {
            side.name: {
                "batch_costs": side.costs.values,
                "seconds": side.costs.seconds,
                "history": list(side.history),
            }
            for side in sides
        },
    )
    print(f"picture   {picture}")


def _say(run: Run, trainer: MiniBatchTrainer) -> None:
    record = trainer.history[-1]
    shown = ", ".join(f"{k} {v:.6g}" for k, v in record.items() if k != "epoch")
    run.log(f"  after epoch {trainer.epoch}: {shown}")


def differences(sides: Sequence[Side]) -> np.ndarray:
    """Of the costs of each mini-batch, relative to the first side's."""
    first, second = (np.array(side.costs.values) for side in sides)
    return np.abs(second - first) / np.maximum(np.abs(first), 1e-12)


def summary(sides: Sequence[Side]) -> str:
    """The largest difference, and the median time of a step."""
    found = differences(sides)
    first, second = (1000 * float(np.median(side.costs.seconds)) for side in sides)
    return (
        f"largest difference of a mini-batch's cost: {found.max():.3g} of it (mini-batch "
        f"{int(found.argmax()) + 1} of {len(found)}); after the first {found[0]:.3g}\n"
        f"median time of a step: {first:.2f} ms and {second:.2f} ms ({first / second:.2f} times)"
    )


def comparison_table(sides: Sequence[Side]) -> str:
    """Costs of the epochs, side by side."""
    key = "validation_cost" if "validation_cost" in sides[0].history[0] else "cost"
    rows = [("epoch", *(f"{key}, {side.name}" for side in sides), "difference")]
    for one, other in zip(*(side.history for side in sides), strict=False):
        a, b = one[key], other[key]
        rows.append((f"{one['epoch']:.0f}", f"{a:.8g}", f"{b:.8g}", f"{abs(a - b):.2g}"))
    return format_table(rows)


def draw(sides: Sequence[Side], title: str) -> Figure:
    """Both curves over each other, and their difference below."""
    figure = new_figure(9, 6)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    steps = np.arange(1, len(sides[0].costs.values) + 1)
    for side, style in zip(sides, ("-", "--"), strict=True):
        above.plot(steps, side.costs.values, style, label=side.name, linewidth=1.3)
    above.set_ylabel("cost of a mini-batch")
    above.set_title(title, parse_math=False)
    above.legend()
    below.semilogy(steps, np.maximum(differences(sides), 1e-17), linewidth=1)
    below.set_ylabel("difference, relative")
    below.set_xlabel("mini-batch")
    for axes in (above, below):
        axes.grid(alpha=0.3)
    return figure
