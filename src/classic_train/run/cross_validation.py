"""The option ``--folds``: each photo is tested once, and metrics get a standard deviation."""

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
from src.classic_train.run.report import account_of
from src.classic_train.run.train import train_recipe
from src.common.files import write_json, write_text
from src.common.tables import format_table, markdown_table, write_csv

FoldMetrics = dict[str, list[float]]
"""Values of each fold, by the name of the metric."""


def cross_validate(
    recipe: Recipe,
    options: TrainingOptions,
    run: Run,
    folds: int,
    processes: Processes = ALONE,
) -> FoldMetrics | None:
    """Train and evaluate once for each part of the photos, in ``fold-1`` and so on of the run.

    The parts share no photo, nor near-duplicates of one. Writes ``folds.csv``,
    ``cross_validation.json`` and ``report.md``. Of several processes, the first writes, and the
    others return None.

    Raises OptionError for a recipe whose data come in fixed splits; else as ``train_recipe``.
    """
    data = recipe.load_data(options)
    if not isinstance(data, PhotoData):
        raise OptionError(f"--folds: {recipe.name} has data in fixed splits, expected photos")
    tests: list[dict[str, float]] = []
    baselines: list[dict[str, dict[str, float]]] = []
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
        baselines.append(metrics["baselines"])
    if not run.writes:
        return None
    metrics = {name: [test[name] for test in tests] for name in tests[0]}
    rows = fold_rows(metrics, baselines)
    run.log(f"{folds}-fold cross-validation of {recipe.name}\n{format_table(rows)}")
    _write(run.directory, recipe, options, rows, metrics, data)
    return metrics


def fold_rows(
    metrics: FoldMetrics, baselines: list[dict[str, dict[str, float]]]
) -> list[tuple[str, ...]]:
    """Rows of a table: each metric's mean, standard deviation, and values; and of baselines."""
    folds = len(next(iter(metrics.values())))
    heading = ("test data", "mean", "std", *(f"fold {k}" for k in range(1, folds + 1)))
    rows = [heading, *(_row(name, values) for name, values in metrics.items())]
    for baseline in baselines[0]:
        name = "accuracy" if "accuracy" in metrics else next(iter(metrics))
        values = [of_fold[baseline][name] for of_fold in baselines]
        rows.append(_row(f"{name}, {baseline}", values))
    return rows


def _row(name: str, values: list[float]) -> tuple[str, ...]:
    deviation = np.std(values, ddof=1) if len(values) > 1 else 0.0
    return (
        name,
        f"{np.mean(values):.4f}",
        f"{deviation:.4f}",
        *(f"{value:.4f}" for value in values),
    )


def _write(
    directory: Path,
    recipe: Recipe,
    options: TrainingOptions,
    rows: list[tuple[str, ...]],
    metrics: FoldMetrics,
    data: PhotoData,
) -> None:
    write_csv(directory / "folds.csv", rows)
    write_json(
        directory / "cross_validation.json",
        {
            "recipe": recipe.name,
            "options": options.as_dict(recipe.used_settings(options)),
            "figures": metrics,  # the name that users' programs know
        },
    )
    links = [f"- [fold {k}](fold-{k}/report.md)" for k in range(1, len(rows[0]) - 2)]
    title = f"# {recipe.name}: {len(links)}-fold cross-validation"
    text = "\n".join([title, "", markdown_table(rows), "", *links, "", *account_of(data)])
    write_text(directory / "report.md", text)
