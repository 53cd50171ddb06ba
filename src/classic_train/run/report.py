"""The page that shows a finished run: ``report.md``."""

import importlib.metadata
import os
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from src.classic_nn.layers import Sequential
from src.classic_nn.layers.summary import parameter_count
from src.classic_nn.serialization import SavedModel
from src.classic_train.callbacks.diagnosis import Finding
from src.classic_train.cli.options import TrainingOptions
from src.classic_train.cli.program import train_command_line
from src.classic_train.data.splits import RecipeData
from src.classic_train.recipes.recipe import Recipe
from src.classic_train.run.directory import Run
from src.common.best_epoch import best_epoch
from src.common.kernels import kernels_version
from src.common.tables import markdown_table, setting_text
from src.inference.evaluation import Evaluation
from src.inference.report import evaluation_page


@dataclass(frozen=True)
class Trained:
    """A network after training, and how it got there.

    Attributes:
        network: with the weights that were chosen.
        history: a record of each epoch.
        seconds: that training took.
        ending: why it stopped, and of which epoch the weights are.
        findings: of the diagnosis.
        threads: that trained it, and evaluate it.
        begun_with: the model whose weights it began with, if it did.
    """

    network: Sequential
    history: list[dict[str, float]]
    seconds: float
    ending: str
    findings: Sequence[Finding] = ()
    threads: int = 1
    begun_with: SavedModel | None = None


def versions() -> dict[str, str]:
    """Of the program, of Python, and of the libraries that compute."""
    names = ("classic-nn", "numpy", "scipy", "pillow", "scikit-learn")
    found = {"python": platform.python_version(), "machine": platform.platform()}
    for name in names:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:  # run from a folder, not installed
            found[name] = "not installed"
    return found | {"kernels": kernels_version()}


def source_text(source: Mapping[str, Any]) -> str:
    """Where pretrained weights are from, in a line."""
    said = [f"{key}: {source[key]}" for key in ("source", "licence") if key in source]
    named = f"{source['architecture']}, file {source['file']} as {source['layout']} names them"
    return "; ".join([named, *said, f"SHA-256 of the arrays `{source['digest'][:16]}...`"])


def report_page(
    recipe: Recipe,
    options: TrainingOptions,
    run: Run,
    data: RecipeData,
    trained: Trained,
    test: Evaluation,
    compared: Mapping[str, Mapping[str, float]],
    pictures: list[Path],
    shown: list[Path],
    decisions: Sequence[str] = (),
    sections: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """The page, in Markdown; its pictures lie next to it."""
    accuracy, low, high = test.accuracy()
    interval = f"{low:.1%} to {high:.1%}"
    right = "all labels right" if test.task == "multi_label" else "right"
    metrics = [
        (name, f"{value:.4f}", *(f"{other[name]:.4f}" for other in compared.values()))
        for name, value in test.summary().items()
    ]
    costs = {int(r["epoch"]): r.get("validation_cost", r["cost"]) for r in trained.history}
    metadata = data.metadata()
    sizes = ", ".join(f"{split} {count:,}" for split, count in metadata["samples"].items())
    parameters = parameter_count(trained.network)
    own = len(trained.network.parameters.vector)
    part = f" ({own:,} of them trained)" if own < parameters else ""
    source = metadata.get("weights", {})
    weights = [f"- pretrained weights: {source_text(source)}"] if source else []
    settings = [
        ("setting", "value"),
        *((k, setting_text(v)) for k, v in options.as_dict(recipe.used_settings(options)).items()),
    ]
    given = _given(recipe, options)
    lines = [
        f"# {recipe.name}: {recipe.summary}",
        "",
        f"{accuracy:.1%} of {len(test):,} test samples {right} (95% interval {interval}).",
        "",
        markdown_table([("test data", "trained", *compared), *metrics]),
        "",
        f"- data: {data.description}; {sizes}",
        f"- fingerprint of the data (SHA-256): `{metadata['sha256']}`",
        f"- network: {parameters:,} parameters{part}, input {data.input_shape}",
        *weights,
        f"- training: {len(trained.history)} epochs, {trained.seconds:.1f} s, by "
        f"{run.backend.name}; {trained.ending}",
        f"- best epoch by validation cost: {best_epoch(costs)}; threshold {test.threshold:.4g}",
        *(f"- {sentence}" for sentence in decisions),
        f"- written {time.strftime('%Y-%m-%d %H:%M')}; all epochs in [epochs.csv](epochs.csv), all "
        "answers in [predictions.csv](predictions.csv)",
        f"- history for TensorBoard: `{os.path.relpath(run.history_directory, run.directory)}`",
        "",
        *(
            line
            for title, text in (sections or {}).items()
            if text
            for line in (f"## {title}", "", "```", *text, "```", "")
        ),
        *(("## Diagnosis", "", *(f"- {finding}" for finding in trained.findings), ""))
        * bool(trained.findings),
        *(f"![{path.stem.replace('_', ' ')}]({path.name})\n" for path in pictures),
        "## Test data by class",
        "",
        evaluation_page(test, shown),
        *account_of(data),
        "## Settings",
        "",
        f"`{train_command_line(recipe.name, *given, module=run.backend.module)}`",
        "",
        markdown_table(settings),
        "",
        markdown_table([("made with", "version"), *versions().items()]),
        "",
    ]
    return "\n".join(lines)


def account_of(data: RecipeData) -> list[str]:
    """What became of every file and row of the data, and why."""
    problems = data.dataset().problems
    tables = [line for account in problems.accounts.values() for line in [*account.lines(), ""]]
    found = problems.summary(20)
    if not tables and not found:
        return []
    return ["## What the data were read from", "", "```", *tables, *found.splitlines(), "```", ""]


def _given(recipe: Recipe, options: TrainingOptions) -> list[str]:
    """The options that differ from the recipe's own, as the command line takes them."""
    used = recipe.used_settings(options)
    mine, defaults = options.as_dict(used), recipe.defaults(options.model).as_dict()
    words = []
    for name, value in mine.items():
        if value != defaults[name]:
            words += [f"--{name.replace('_', '-')}", setting_text(value)]
    return words
