"""The command ``evaluate``: a model, or two, judged by data with known answers."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from src.classic_nn.serialization import atomic_path, write_json
from src.inference.classifier import Classifier, load_model
from src.inference.comparison import Comparison, compare
from src.inference.evaluation import Evaluation, evaluate
from src.inference.known_data import KnownData, read_known_data
from src.inference.report import (
    class_text,
    evaluation_page,
    save_evaluation,
    summary_text,
)
from src.load.errors import UnreadableDataError


def judge(arguments: argparse.Namespace) -> int:
    """Evaluate as the command line says; returns the exit status."""
    classifier = load_model(arguments.model, arguments.threads)
    rename = parse_rename(arguments.rename)
    reading: dict[str, Any] = {}
    if arguments.whole_images:
        reading["objects"] = False
    if arguments.labels:
        reading["labels"] = arguments.labels
    known = read_known_data(
        arguments.data,
        classifier,
        split=arguments.split,
        unseen=arguments.unseen,
        rename=rename,
        **reading,
    )
    first = _evaluated(classifier, known, arguments.threshold)
    others: dict[str, dict[str, float]] = {}
    comparison = None
    if arguments.against:
        second = _second(arguments, classifier, known)
        others[arguments.against.stem] = second.summary()
        comparison = compare(first, second)
    print(f"{arguments.model} on {arguments.data}: {len(first):,} samples")
    for line in warnings_of(known):
        print(line)
    print(f"\n{summary_text(first, others)}\n\n{class_text(first)}")
    if comparison is not None:
        print(f"\n{comparison_text(comparison)}")
    directory = arguments.output_dir or _default_directory(arguments.model, arguments.data)
    pictures = save_evaluation(first, directory)
    if comparison is not None:
        write_json(directory / "comparison.json", asdict(comparison))
    page = _page(arguments, first, known, others, comparison, pictures)
    with atomic_path(directory / "report.md") as partial:
        partial.write_text(page, encoding="utf-8")
    print()
    for path in [*pictures, directory / "report.md"]:
        print(path)
    return 0


def _evaluated(classifier: Classifier, known: KnownData, threshold: float | None) -> Evaluation:
    if threshold is not None and classifier.model.task == "multi_class":
        raise UnreadableDataError(
            "--threshold: this model gives the most probable of several classes, and has none"
        )
    return evaluate(classifier, known.dataset, known.rows, threshold)


def _second(arguments: argparse.Namespace, first: Classifier, known: KnownData) -> Evaluation:
    """What the other model says of the same samples."""
    other = load_model(arguments.against, arguments.threads)
    if (other.model.task, other.classes) != (first.model.task, first.classes):
        raise UnreadableDataError(
            f"--against: {arguments.against} is a {other.model.task} model of "
            f"{len(other.classes)} classes, expected {first.model.task} and the same "
            f"{len(first.classes)} classes as {arguments.model}"
        )
    return _evaluated(other, known, arguments.threshold)


def parse_rename(text: str) -> dict[str, str]:
    """Names by names, from "a=b,c=b"; raises UnreadableDataError."""
    found = {}
    for part in filter(None, text.split(",")):
        name, sign, target = part.partition("=")
        if not sign or not name or not target:
            raise UnreadableDataError(f"--rename: expected NAME=CLASS,..., got {part!r}")
        found[name.strip()] = target.strip()
    return found


def warnings_of(known: KnownData) -> list[str]:
    """What makes the figures better than they are, and what was left out."""
    what = {"train": "it was trained on", "validation": "its epoch was chosen by"}
    lines = [
        f"{count:,} of these samples are from photos that {what[split]} (--unseen leaves them out)"
        for split, count in known.seen.items()
        if count
    ]
    return [*lines, *known.left_out.splitlines()]


def comparison_text(comparison: Comparison) -> str:
    """The comparison of two models in three lines."""
    return "\n".join(
        [
            f"right by both {comparison.both:,}, by the first only {comparison.first_only:,}, by "
            f"the second only {comparison.second_only:,}, by none {comparison.neither:,}",
            f"McNemar's exact test: {comparison.verdict()}",
        ]
    )


def _default_directory(model: Path, data: Path) -> Path:
    """Named after the run, or the model's file, and the data."""
    run = model.resolve().parent.name if model.stem == "model" else model.stem
    return Path("assets/evaluations") / f"{run}-{data.resolve().stem or 'root'}"


def _page(
    arguments: argparse.Namespace,
    evaluation: Evaluation,
    known: KnownData,
    others: dict[str, dict[str, float]],
    comparison: Comparison | None,
    pictures: list[Path],
) -> str:
    """The report, in Markdown."""
    lines = [
        f"# {arguments.model.name} on {arguments.data.name}",
        "",
        *(f"- {line}" for line in warnings_of(known)),
        "",
        "```",
        summary_text(evaluation, others),
        *([] if comparison is None else ["", comparison_text(comparison)]),
        "```",
        "",
        evaluation_page(evaluation, pictures),
    ]
    return "\n".join(lines)
