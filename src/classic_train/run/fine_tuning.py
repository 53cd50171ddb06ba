"""A run that begins with the weights of another one, and whether it has become better by that."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from src.classic_nn.layers import Sequential
from src.classic_nn.serialization import (
    SavedModel,
    load_model,
    load_network_arrays,
    network_arrays,
)
from src.classic_train.callbacks import read_checkpoint
from src.classic_train.cli.backbone_options import BackboneOptions
from src.classic_train.cli.options import TrainingOptions
from src.classic_train.cli.parsers import OptionError
from src.classic_train.cli.resolve import resolve_options
from src.classic_train.data.added_photos import MINED
from src.classic_train.data.photos import PhotoData
from src.classic_train.data.splits import RecipeData
from src.classic_train.recipes.recipe import Recipe
from src.classic_train.run.directory import MODEL, Run
from src.common.files import write_json
from src.common.tables import format_table
from src.inference.classifier import Classifier
from src.inference.evaluation import Evaluation, evaluate
from src.inference.mcnemar import Comparison, compare

EPOCHS, LOWER_RATE = 10, 0.1
"""Of fine-tuning, where nothing else is said: epochs, and the rate as a fraction of the run's."""

OF_THE_NETWORK = (
    *("model", "hidden", "filters", "activation", "backbone", "weights", "until"),
    *("image_size", "color", "dtype"),
)
"""Settings that make another network, or another input."""


def finetuned_options(recipe: Recipe, given: Mapping[str, Any], path: Path) -> TrainingOptions:
    """Settings of a run that goes on from another one's model: those of that run, but for a lower
    rate, a few epochs, and what is given.

    Raises OptionError for another recipe, or a setting that makes another network.
    """
    if not path.exists():
        raise OptionError(f"--finetune: {path}: no such run")
    directory = path if path.is_dir() else path.parent
    metadata = read_checkpoint(directory)[1]
    if metadata.get("recipe") != recipe.name:
        raise OptionError(
            f"--finetune: {directory} is a run of {metadata.get('recipe')}, not of {recipe.name}"
        )
    try:
        base = recipe.saved_options(metadata["options"])
    except TypeError as error:
        raise OptionError(f"--finetune: {directory} is of another version: {error}") from None
    for name in OF_THE_NETWORK:
        if name in given and given[name] != getattr(base, name, None):
            raise OptionError(
                f"--{name.replace('_', '-')}: the model of {directory} has {getattr(base, name)}; "
                "leave the option out"
            )
    if not (directory / MODEL).is_file():
        raise OptionError(f"--finetune: {directory} has no {MODEL}: the run is not finished")
    earlier = getattr(base, "add", "")
    if earlier and given.get("add") and Path(given["add"]).resolve() != Path(earlier):
        raise OptionError(
            f"--add: {directory} has learned the photos of {earlier}; put the new rows into that "
            "file, and give it again"
        )
    rate = resolve_options(base, {k: v for k, v in given.items() if k == "optimizer"}).learning_rate
    defaults: dict[str, Any] = {"epochs": EPOCHS, **recipe.finetuning}
    if not isinstance(rate, str):
        defaults["learning_rate"] = LOWER_RATE * rate
    if isinstance(base, BackboneOptions):
        defaults["unfreeze"] = ""  # a plan for the epochs of that run
        if given.get("freeze") == "none" or given.get("unfreeze"):
            defaults["cache_features"] = 0
    return replace(base, **{**defaults, **given, "finetune": str(directory.resolve())})


def begin_with(network: Sequential, data: RecipeData, path: Path) -> SavedModel:
    """Give a built network the weights of a run's model; returns the model.

    Raises OptionError where the model is of other classes or of another network, or has seen photos
    that are to test it.
    """
    saved = load_model(path / MODEL)
    if isinstance(data, PhotoData):
        tested = data.short_digests("test")
        for split, digests in saved.photo_digests.items():
            if seen := int(np.isin(tested, digests, kind="sort").sum()):
                raise OptionError(
                    f"--finetune: {seen} of the {len(tested)} test photos stood in the {split} "
                    f"data of {path}: expected the same data in the same splits (--data, "
                    "--split-seed), and no fold"
                )
    if list(saved.class_names) != list(data.class_names):
        raise OptionError(
            f"--finetune: the model of {path} is for {', '.join(saved.class_names)}, and the data "
            f"have {', '.join(data.class_names)}"
        )
    try:
        load_network_arrays(network, network_arrays(saved.network))
    except ValueError as error:
        raise OptionError(f"--finetune: {path} has another network: {error}") from None
    return saved


def report_progress(
    begun_with: SavedModel | None, run: Run, data: RecipeData, model: SavedModel, threads: int
) -> list[str]:
    """Compare with the model that the run began with, on the same photos; lines for the report.

    The test photos, and the added ones of the split "mined". Writes ``before_after.json``.
    """
    if begun_with is None:
        return []
    before = Classifier(begun_with, threads)
    after = Classifier(model, threads)
    dataset = data.dataset()
    lines: list[str] = []
    results: dict[str, Any] = {}
    for split, title in (("test", "test photos"), (MINED, "mined photos, not trained on")):
        rows = dataset.splits.get(split)
        if rows is None or not len(rows):
            continue
        pair = [evaluate(classifier, dataset, rows) for classifier in (before, after)]
        comparison = compare(*pair)
        lines += [f"{len(rows):,} {title}", _table(*pair), _sentence(comparison), ""]
        results[split] = {
            "before": pair[0].summary(),
            "after": pair[1].summary(),
            "mcnemar": asdict(comparison),
        }
    write_json(run.directory / "before_after.json", results)
    return lines


def _table(before: Evaluation, after: Evaluation) -> str:
    first, second = before.summary(), after.summary()
    rows: list[tuple[str, ...]] = [("", "before", "after")]
    rows += [(name, f"{first[name]:.4f}", f"{second[name]:.4f}") for name in first]
    if before.task != "multi_label":
        for k, name in enumerate(before.classes):
            wrong = [int(((e.predicted == k) & (e.targets != k)).sum()) for e in (before, after)]
            rows.append((f'wrong answers "{name}"', *map(str, wrong)))
    return format_table(rows)


def _sentence(found: Comparison) -> str:
    return (
        f"right before only {found.first_only:,}, after only {found.second_only:,}; McNemar's "
        f"exact test: {found.verdict(names=('model before', 'model after'))}"
    )
