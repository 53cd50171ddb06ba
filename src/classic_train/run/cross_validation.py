"""The option ``--folds``: every photo judges once, and the figures get a spread."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from src.classic_train.cli.options import TrainingOptions
from src.classic_train.cli.parsers import OptionError
from src.classic_train.data.photos import PhotoData
from src.classic_train.parallel.processes import ALONE, Processes
from src.classic_train.recipes.recipe import Recipe
from src.classic_train.run.directory import Run
from src.classic_train.run.train import train_recipe
from src.common.files import atomic_path, write_json
from src.common.tables import format_table, markdown_table, write_csv

Figures = dict[str, list[float]]
"""Values of each fold, by the name of the figure."""


def cross_validate(
    recipe: Recipe,
    options: TrainingOptions,
    run: Run,
    folds: int,
    processes: Processes = ALONE,
) -> Figures | None:
    """Train and judge once for each part of the photos, in ``fold-1`` and so on of the run.

    The parts share no photo, nor near-duplicates of one. Writes ``folds.csv``,
    ``cross_validation.json`` and ``report.md``. Of several processes, the first writes, and the
    others return None.

    Raises OptionError for a recipe whose data come in fixed splits; else as ``train_recipe``.
    """
    data = recipe.load_data(options)
    if not isinstance(data, PhotoData):
        raise OptionError(f"--folds: {recipe.name} has data in fixed splits, expected photos")
    tests: list[dict[str, float]] = []
    beside: list[dict[str, dict[str, float]]] = []
    for number, fold in enumerate(data.folds(folds), 1):
        part = replace(
            run,
            directory=run.directory / f"fold-{number}",
            history_directory=run.history_directory / f"fold-{number}",
            check_gradients=run.check_gradients and number == 1,
            complete=False,
        )
        if run.writes:
            part.directory.mkdir()
            part.history_directory.mkdir()
        run.log(f"=== fold {number} of {folds}")
        train_recipe(recipe, options, part, fold, processes)
        if not run.writes:
            continue
        metrics = json.loads((part.directory / "metrics.json").read_text(encoding="utf-8"))
        tests.append(metrics["test"])
        beside.append(metrics["baselines"])
    if not run.writes:
        return None
    figures = {name: [test[name] for test in tests] for name in tests[0]}
    rows = fold_rows(figures, beside)
    run.log(f"{folds}-fold cross-validation of {recipe.name}\n{format_table(rows)}")
    _write(run.directory, recipe, options, rows, figures)
    return figures


def fold_rows(figures: Figures, beside: list[dict[str, dict[str, float]]]) -> list[tuple[str, ...]]:
    """Rows of a table: each figure's mean, standard deviation, and values; and of baselines."""
    folds = len(next(iter(figures.values())))
    heading = ("test data", "mean", "std", *(f"fold {k}" for k in range(1, folds + 1)))
    rows = [heading, *(_row(name, values) for name, values in figures.items())]
    for baseline in beside[0]:
        name = "accuracy" if "accuracy" in figures else next(iter(figures))
        values = [of_fold[baseline][name] for of_fold in beside]
        rows.append(_row(f"{name}, {baseline}", values))
    return rows


def _row(name: str, values: list[float]) -> tuple[str, ...]:
    spread = np.std(values, ddof=1) if len(values) > 1 else 0.0
    return (name, f"{np.mean(values):.4f}", f"{spread:.4f}", *(f"{value:.4f}" for value in values))


def _write(
    directory: Path,
    recipe: Recipe,
    options: TrainingOptions,
    rows: list[tuple[str, ...]],
    figures: Figures,
) -> None:
    write_csv(directory / "folds.csv", rows)
    write_json(
        directory / "cross_validation.json",
        {
            "recipe": recipe.name,
            "options": options.as_dict(recipe.used_settings(options)),
            "figures": figures,
        },
    )
    links = [f"- [fold {k}](fold-{k}/report.md)" for k in range(1, len(rows[0]) - 2)]
    title = f"# {recipe.name}: {len(links)}-fold cross-validation"
    with atomic_path(directory / "report.md") as partial:
        text = "\n".join([title, "", markdown_table(rows), "", *links, ""])
        partial.write_text(text, encoding="utf-8")
