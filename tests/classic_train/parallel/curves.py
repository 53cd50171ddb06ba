"""The costs of the first steps of every recipe; as a program, on the processes of mpirun.

curves.py FOLDER WORKERS OVERLAP CASE... writes FOLDER/curves-PROCESSESxWORKERS.json; OVERLAP is
yes or no, and with it a part of the gradients is at least one kilobyte.
"""

import json
import sys
from contextlib import suppress
from dataclasses import fields, replace
from pathlib import Path

import numpy as np

from src.classic_nn import (
    BatchNorm,
    BinaryCrossEntropy,
    Dense,
    Dropout,
    ReLU,
    Sequential,
    SoftmaxCrossEntropy,
    create_optimizer,
)
from src.classic_train.callbacks import Callback
from src.classic_train.mini_batch import MiniBatchTrainer
from src.classic_train.parallel import overlap as overlap_module
from src.classic_train.parallel.processes import MPIProcesses
from src.classic_train.recipes.registry import RECIPES

STEPS = 20
SMALL = {
    **{"dtype": "float64", "train_samples": 150, "batch_size": 13, "epochs": 20},
    **{"image_size": 32, "filters": (4, 8, 8)},
}


class EnoughError(Exception):
    pass


class Costs(Callback):
    """Collects the cost of every step and of the validation data, and ends training after some."""

    def __init__(self):
        self.costs = []
        self.validation_costs = []

    def on_batch_end(self, trainer):
        self.costs.append(trainer.batch_cost)
        if len(self.costs) >= STEPS and self.validation_costs:
            raise EnoughError

    def on_epoch_end(self, trainer):
        self.validation_costs.append(trainer.record["validation_cost"])


def of_trainer(trainer, *data):
    costs = Costs()
    trainer.callbacks.append(costs)
    with suppress(EnoughError):
        trainer.fit(*data)
    return costs.costs[:STEPS], costs.validation_costs[:1]


def of_recipe(name, folder, **team):
    """The costs of a recipe on small data, those in ``folder`` if the recipe reads files."""
    recipe = RECIPES[name]
    known = {f.name for f in fields(recipe.options)}
    settings = {k: value for k, value in SMALL.items() if k in known}
    if (folder / name).exists():
        settings["data"] = str(folder / name)
    options = replace(recipe.options, **settings)
    data = recipe.load_data(options)
    network = recipe.build_network(options, data)
    trainer = MiniBatchTrainer(
        network,
        recipe.create_loss(options, data),
        options.create_optimizer(),
        batch_size=options.batch_size,
        epochs=options.epochs,
        schedule=options.create_schedule(),
        augmentation=recipe.augmentation,
        seed=options.seed,
        **team,
    )
    return of_trainer(trainer, data.batches("train"), data.batches("validation"))


def of_weighted_samples(kind, **team):
    """Weighted samples, some of which count nothing; the last mini-batch is shorter than a team."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(6 * 16 + 3, 5))
    y = x[:, :2] * x[:, 1:3] > 0
    weights = rng.uniform(0, 2, len(x)) * (rng.random(len(x)) < 0.8)
    network = Sequential([Dense(8), BatchNorm(), ReLU(), Dropout(0.3), Dense(2)])
    network.build((5,), np.random.default_rng(0), np.float64)
    if kind == "classes":
        loss, targets = SoftmaxCrossEntropy(0.1, class_weights=(1.0, 3.0)), y[:, 0].astype(int)
    else:
        loss, targets = BinaryCrossEntropy(), y.astype(float)
    trainer = MiniBatchTrainer(
        network,
        loss,
        create_optimizer("adam", learning_rate=0.05),
        batch_size=16,
        epochs=4,
        **team,
    )
    return of_trainer(trainer, (x, targets, weights), (x, targets))


OWN_TESTS = {"photos", "imagenet100"}
"""Of frozen and unfrozen layers in ``tests/classic_train/callbacks/test_unfreezing.py``."""

CASES = [name for name in RECIPES if name not in OWN_TESTS]
CASES += ["weighted labels", "weighted classes"]


def of_case(case, folder, **team):
    """Of one case; ``team`` are workers, processes and overlap."""
    if case.startswith("weighted "):
        return of_weighted_samples(case.split()[1], **team)
    return of_recipe(case, folder, **team)


def main(folder, workers, overlap, *cases):
    processes = MPIProcesses()
    overlap_module.PART = 1 << 10
    team = {"workers": int(workers), "processes": processes, "overlap": overlap == "yes"}
    costs = {case: of_case(case, Path(folder), **team) for case in cases}
    if processes.rank == 0:
        path = Path(folder) / f"curves-{processes.size}x{workers}.json"
        path.write_text(json.dumps(costs))


if __name__ == "__main__":
    main(*sys.argv[1:])
