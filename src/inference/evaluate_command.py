"""The command ``evaluate``: a model, or two, evaluated on labelled data."""

import argparse
from dataclasses import asdict
from pathlib import Path

from PIL import Image

from src.common.files import model_name, results_directory, write_json, write_text
from src.inference.classifier import Classifier, load_model
from src.inference.evaluation import Evaluation, evaluate
from src.inference.labelled_data import LabelledData, read_labelled_data
from src.inference.mcnemar import Comparison, compare
from src.inference.outside import tell_apart
from src.inference.report import (
    MISTAKES,
    class_text,
    evaluation_page,
    save_evaluation,
    summary_text,
)
from src.inference.shortcuts import PICTURE, TABLE, find_shortcuts, save_shortcuts
from src.load.boxes_of_photos import boxes_of_photos
from src.load.errors import UnreadableDataError
from src.load.reading_options import reading_of


def run_evaluation(arguments: argparse.Namespace) -> int:
    """Evaluate as the command line says; returns the exit status."""
    first = load_model(arguments.model, arguments.threads)
    classifiers = [first]
    if arguments.against:
        classifiers.append(_second(arguments, first))
    first.check_threshold(arguments.threshold)
    if arguments.threshold is not None:
        first.threshold = arguments.threshold
    if arguments.reject_below is not None:
        first.reject_below = arguments.reject_below
    if arguments.explain:
        from src.inference.explain.mistakes import check_photos

        check_photos(first)
    directory = arguments.output_dir or _default_directory(arguments.model, arguments.data)
    known = read_labelled_data(
        arguments.data,
        classifiers,
        split=arguments.split,
        unseen=arguments.unseen,
        rename=parse_rename(arguments.rename),
        on_error=arguments.on_error,
        **reading_of(arguments),
    )
    directory.mkdir(parents=True, exist_ok=True)  # before the work: it may not be allowed
    found = [
        evaluate(classifier, known.dataset, known.rows, arguments.threshold)
        for classifier in classifiers
    ]
    names = [model_name(arguments.model)]
    comparison = None
    (directory / "comparison.json").unlink(missing_ok=True)  # of an earlier evaluation
    if len(found) > 1:
        names.append(model_name(arguments.against))
        comparison = compare(*found)
        write_json(directory / "comparison.json", asdict(comparison))
    pictures = save_evaluation(found[0], directory)
    others = {name: other.summary() for name, other in zip(names[1:], found[1:], strict=True)}
    lines = [*warnings_of(known, names), *known.account.splitlines()]
    summary = [summary_text(found[0], others, names[0])]
    summary += [] if comparison is None else ["", comparison_text(comparison)]
    further = further_tests(arguments, first, known, directory)
    if arguments.explain:
        pictures += explained_mistakes(first, found[0], arguments.explain, directory)
    page = _page(arguments, found[0], lines, [*summary, *further], pictures)
    write_text(directory / "report.md", page)
    print(f"{arguments.model} on {arguments.data}: {len(found[0]):,} samples")
    print("\n".join([*lines, "", *summary, *further, "", class_text(found[0]), ""]))
    pictures += [path for path in [directory / PICTURE] if path.exists()]
    for path in [*pictures, directory / "report.md"]:
        print(path)
    return 0


def further_tests(
    arguments: argparse.Namespace, classifier: Classifier, known: LabelledData, directory: Path
) -> list[str]:
    """What ``--shortcuts`` and ``--outside`` ask for, as lines of the report."""
    for stale in (TABLE, PICTURE):
        (directory / stale).unlink(missing_ok=True)
    lines: list[str] = []
    if arguments.shortcuts:
        images = known.dataset.images
        if not isinstance(images[int(known.rows[0])], Image.Image):
            raise UnreadableDataError(f"--shortcuts: {arguments.data} holds no photos")
        # a sample that was cut out by its box is all subject
        objects = getattr(images, "boxes", None) is not None
        boxes = {} if objects else boxes_of_photos(arguments.data)
        found = find_shortcuts(classifier, known.dataset, known.rows, boxes)
        lines += ["", "where it looks:", *save_shortcuts(found, directory)]
    if arguments.outside:
        scores = tell_apart(classifier, known, arguments.outside)
        lines += ["", f"photos told from those of {arguments.outside}:", *scores]
    return lines


def explained_mistakes(
    classifier: Classifier, evaluation: Evaluation, count: int, directory: Path
) -> list[Path]:
    """Draw why the model made its most confident mistakes; returns the path of the picture."""
    from src.classic_nn.utils.plots import save_figure
    from src.inference.explain.mistakes import draw_explained_mistakes

    figure = draw_explained_mistakes(classifier, evaluation, count)
    if figure is None:
        return []
    save_figure(figure, directory / MISTAKES)
    return [directory / MISTAKES]


def _second(arguments: argparse.Namespace, first: Classifier) -> Classifier:
    """The other model, if it is for the same classes."""
    other = load_model(arguments.against, arguments.threads)
    if (other.model.task, other.classes) != (first.model.task, first.classes):
        raise UnreadableDataError(
            f"--against: {arguments.against} is a {other.model.task} model of "
            f"{len(other.classes)} classes, expected {first.model.task} and the same "
            f"{len(first.classes)} classes as {arguments.model}"
        )
    return other


def parse_rename(pairs: list[str]) -> dict[str, str]:
    """Names by names, from "a=b"; the last = counts. Raises UnreadableDataError."""
    found = {}
    for pair in pairs:
        name, sign, target = pair.rpartition("=")
        if not sign or not name or not target:
            raise UnreadableDataError(f"--rename: expected NAME=CLASS, got {pair!r}")
        found[name] = target
    return found


def warnings_of(known: LabelledData, names: list[str]) -> list[str]:
    """What makes the metrics better than they are, and what was left out."""
    what = {"train": "trained on", "validation": "validated by"}
    lines = []
    for name, seen in zip(names, known.seen, strict=True):
        if seen is None:
            lines.append(f"it is not known which of these samples {name} has seen in training")
            continue
        lines += [
            f"{count:,} of these samples are from photos that {name} was {what[split]} "
            "(--unseen leaves them out)"
            for split, count in seen.items()
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
    """Named after the model and the data; no other data's."""
    prefix = f"{model_name(model)}-"
    return results_directory(Path("assets/evaluations"), data, "report.md", prefix)


def _page(
    arguments: argparse.Namespace,
    evaluation: Evaluation,
    warnings: list[str],
    summary: list[str],
    pictures: list[Path],
) -> str:
    """The report, in Markdown."""
    lines = [
        f"# {model_name(arguments.model)} on {arguments.data.resolve()}",
        "",
        *(f"- {line}" for line in warnings),
        "",
        "```",
        *summary,
        "```",
        "",
        evaluation_page(evaluation, pictures),
    ]
    return "\n".join(lines)
