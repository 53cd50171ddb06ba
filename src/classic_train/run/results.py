"""What a finished run leaves: model, figures, tables, pictures, and a page that shows them."""

import importlib.metadata
import os
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from src.classic_nn.layers import Sequential
from src.classic_nn.serialization import SavedModel, save_model
from src.classic_train.callbacks.diagnosis.finding import Finding
from src.classic_train.cli.options import TrainingOptions
from src.classic_train.data.splits import RecipeData
from src.classic_train.recipes.recipe import Recipe
from src.classic_train.run.baselines import baselines
from src.classic_train.run.directory import Run, train_command_line
from src.classic_train.run.plots import save_pictures
from src.common.files import atomic_path, write_json
from src.common.tables import markdown_table, write_csv
from src.inference.classifier import Classifier
from src.inference.evaluation import Evaluation, evaluate
from src.inference.report import evaluation_page, save_evaluation, summary_text
from src.inference.thresholds import threshold_for_specificity

MODEL = "model.safetensors"


@dataclass(frozen=True)
class Trained:
    """A network after training, and how it got there.

    Attributes:
        network: with the weights that were chosen.
        history: a record of each epoch.
        seconds: that training took.
        ending: why it stopped, and of which epoch the weights are.
        findings: of the diagnosis.
        threads: that trained it, and judge it.
    """

    network: Sequential
    history: list[dict[str, float]]
    seconds: float
    ending: str
    findings: Sequence[Finding] = ()
    threads: int = 1


def saved_model(network: Sequential, data: RecipeData, **more: Any) -> SavedModel:
    """The network with all that is needed to use it, and what it was trained on."""
    return SavedModel(
        network,
        data.task,
        data.class_names,
        data.preprocessing,
        data=data.metadata(),
        photo_digests=data.photo_digests(),
        **more,
    )


def versions() -> dict[str, str]:
    """Of the program, of Python, and of the libraries that compute."""
    names = ("classic-nn", "numpy", "scipy", "pillow", "scikit-learn")
    found = {"python": platform.python_version(), "machine": platform.platform()}
    for name in names:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:  # run from a folder, not installed
            found[name] = "not installed"
    return found


def write_results(
    recipe: Recipe, options: TrainingOptions, run: Run, data: RecipeData, trained: Trained
) -> Evaluation:
    """Choose the threshold, judge by the test data, write everything; returns the judgement."""
    classifier = Classifier(saved_model(trained.network, data), trained.threads)
    threshold = chosen_threshold(options, data, classifier)
    dataset = data.dataset()
    test = evaluate(classifier, dataset, dataset.splits["test"], threshold)
    beside = baselines(data, test)
    run.log(f"\n{summary_text(test, beside)}\n")
    metrics = test.summary()
    save_model(
        run.directory / MODEL,
        saved_model(trained.network, data, metrics=metrics, threshold=threshold),
    )
    write_json(
        run.directory / "metrics.json",
        {
            "test": metrics,
            "baseline": next(iter(beside.values())),
            "baselines": beside,
            "threshold": threshold,
            "seconds": trained.seconds,
            "parameters": len(trained.network.parameters.vector),
            "data": data.metadata(),
            "findings": [str(finding) for finding in trained.findings],
            "history": trained.history,
        },
    )
    columns = list(dict.fromkeys(name for record in trained.history for name in record))
    rows = [[record.get(name, "") for name in columns] for record in trained.history]
    write_csv(run.directory / "epochs.csv", [columns, *rows])
    shown = save_evaluation(test, run.directory)
    pictures = save_pictures(run.directory, classifier, data, test, trained.history)
    page = report_page(recipe, options, run, data, trained, test, beside, pictures, shown)
    with atomic_path(run.directory / "report.md") as partial:
        partial.write_text(page, encoding="utf-8")
    run.log(f"model     {run.directory / MODEL}")
    for picture in [*pictures, *shown]:
        run.log(f"picture   {picture}")
    run.log(f"report    {run.directory / 'report.md'}")
    return test


def chosen_threshold(options: TrainingOptions, data: RecipeData, classifier: Classifier) -> float:
    """One half, or what the wanted specificity asks for on the validation data."""
    wanted = getattr(options, "specificity", 0.0)
    if not wanted or data.task != "binary":
        return 0.5
    dataset = data.dataset()
    validation = evaluate(classifier, dataset, dataset.splits["validation"])
    return threshold_for_specificity(validation.targets, validation.probabilities[:, 1], wanted)


def report_page(
    recipe: Recipe,
    options: TrainingOptions,
    run: Run,
    data: RecipeData,
    trained: Trained,
    test: Evaluation,
    beside: Mapping[str, Mapping[str, float]],
    pictures: list[Path],
    shown: list[Path],
) -> str:
    """The page, in Markdown; its pictures lie beside it."""
    share, low, high = test.accuracy()
    interval = f"{low:.1%} to {high:.1%}"
    right = "all labels right" if test.task == "multi_label" else "right"
    figures = [
        (name, f"{value:.4f}", *(f"{other[name]:.4f}" for other in beside.values()))
        for name, value in test.summary().items()
    ]
    best = min(trained.history, key=lambda record: record.get("validation_cost", record["cost"]))
    metadata = data.metadata()
    sizes = ", ".join(f"{split} {count:,}" for split, count in metadata["samples"].items())
    parameters = len(trained.network.parameters.vector)
    settings = [("setting", "value"), *((k, _text(v)) for k, v in options.as_dict().items())]
    lines = [
        f"# {recipe.name}: {recipe.summary}",
        "",
        f"{share:.1%} of {len(test):,} test samples {right} (95% interval {interval}).",
        "",
        markdown_table([("test data", "trained", *beside), *figures]),
        "",
        f"- data: {data.description}; {sizes}",
        f"- fingerprint of the data (SHA-256): `{metadata['sha256']}`",
        f"- network: {parameters:,} parameters, input {data.input_shape}",
        f"- training: {len(trained.history)} epochs, {trained.seconds:.1f} s; {trained.ending}",
        f"- best epoch by validation cost: {int(best['epoch'])}; threshold {test.threshold:.4g}",
        f"- written {time.strftime('%Y-%m-%d %H:%M')}; all epochs in [epochs.csv](epochs.csv), all "
        "answers in [predictions.csv](predictions.csv)",
        f"- history for TensorBoard: `{os.path.relpath(run.history_directory, run.directory)}`",
        "",
        *(("## Diagnosis", "", *(f"- {finding}" for finding in trained.findings), ""))
        * bool(trained.findings),
        *(f"![{path.stem.replace('_', ' ')}]({path.name})\n" for path in pictures),
        "## Test data by class",
        "",
        evaluation_page(test, shown),
        "## Settings",
        "",
        f"`{train_command_line(recipe.name, *_given(recipe, options))}`",
        "",
        markdown_table(settings),
        "",
        markdown_table([("made with", "version"), *versions().items()]),
        "",
    ]
    return "\n".join(lines)


def _given(recipe: Recipe, options: TrainingOptions) -> list[str]:
    """The options that differ from the recipe's own, as the command line takes them."""
    mine, defaults = options.as_dict(), recipe.defaults(options.model).as_dict()
    words = []
    for name, value in mine.items():
        if value != defaults[name]:
            words += [f"--{name.replace('_', '-')}", _text(value)]
    return words


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
