"""The command ``explain``: why a model says so, and whether the reasons can be believed."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from src.classic_nn.array_types import Array
from src.classic_nn.utils.plots import save_figure
from src.common.files import results_directory, write_json, write_text
from src.common.tables import format_table, markdown_table, write_csv
from src.inference.classifier import Classifier, load_model
from src.inference.evaluate_command import model_name, parse_rename, warnings_of
from src.inference.explain.drawing import Pictures, draw_summary
from src.inference.explain.explainer import Explainer, Explanation
from src.inference.explain.labelled_samples import measured_samples
from src.inference.explain.measured_pictures import draw_measures
from src.inference.explain.measures import RANDOMIZED, Table, measure, table_rows, ticks
from src.inference.explain.methods import ADD_UP, OWN_SETTINGS, check_settings, suits
from src.inference.explain.saving import save_explanations
from src.inference.explain_options import ALL
from src.inference.explain_settings import DEFAULT_METHOD, METHOD_NAMES, MOST, Settings
from src.inference.inputs import named_images, passed_over
from src.inference.labelled_data import LabelledData, read_labelled_data
from src.inference.sampling import some_of_each_class
from src.load import read_data
from src.load.errors import UnreadableDataError
from src.load.reading_options import reading_of

ARRAYS = (".npz", ".npy")
"""Files of samples that are no photos, or already prepared."""

BACKGROUND = 100
"""Other photos that are used, at most, chosen at random."""


def run_explain(arguments: argparse.Namespace) -> int:
    """Explain as the command line says; returns the exit status."""
    classifier = load_model(arguments.model, arguments.threads)
    names = [field.name for field in fields(Settings)]
    settings = Settings(**{name: getattr(arguments, name) for name in names})
    try:
        explainer = Explainer(
            classifier,
            arguments.class_name,
            arguments.against,
            arguments.baseline,
            settings=settings,
        )
    except UnreadableDataError as error:
        raise UnreadableDataError(f"{arguments.model}: {error}") from None
    if arguments.background:
        explainer.background = _background(explainer, arguments.background)
    if arguments.evaluate:
        return _evaluate(arguments, explainer)
    for name in ("split", "rename"):
        if getattr(arguments, name):
            raise UnreadableDataError(f"--{name} is for --evaluate")
    return _explain(arguments, explainer)


def _check(arguments: argparse.Namespace, explainer: Explainer, methods: Sequence[str]) -> None:
    """Raise UnreadableDataError for options that no method uses, or that cannot be."""
    default = Settings()
    for method, names in OWN_SETTINGS.items():
        for name in names:
            if method not in methods and getattr(explainer.settings, name) != getattr(
                default, name
            ):
                raise UnreadableDataError(f"--{name.replace('_', '-')} is for {method}")
    used = "expected_gradients" in methods or explainer.baseline == "average"
    if arguments.background and not used:
        raise UnreadableDataError("--background is for expected_gradients and --baseline average")
    rng = np.random.default_rng(0)
    x = rng.random(explainer.classifier.input_shape).astype(np.float32)
    try:
        check_settings(explainer.question(x, 0), methods)
    except ValueError as error:
        raise UnreadableDataError(str(error)) from None


def _explain(arguments: argparse.Namespace, explainer: Explainer) -> int:
    """A sheet for each image."""
    classifier = explainer.classifier
    directory = arguments.output_dir or _directory(arguments.model)
    methods = _methods(arguments, explainer, DEFAULT_METHOD)
    _check(arguments, explainer, methods)
    pictures = Pictures(classifier) if len(classifier.input_shape) == 3 else None
    failed: list[str] = []
    images = _images(arguments.images)
    most = arguments.most or MOST
    bar = tqdm(images[:most], desc="explaining", unit="image", disable=None, leave=False)
    for image in bar:
        name, x = _input(explainer, image)
        if isinstance(x, UnreadableDataError):
            failed.append(str(x))
            continue
        found = list(_with_progress(explainer, name, x, methods))
        if all(explanation.error for explanation in found):
            failed.append(f"{name}: {found[0].error}")
            continue
        path = save_explanations(found, directory, pictures)
        bar.clear()
        print("\n".join([*explanation_lines(found), str(path)]), flush=True)
        failed += [f"{name}: {e.method}: {e.error}" for e in found if e.error]
    if len(images) > most:
        left = len(images) - most
        print(f"{left:,} more images were left out (--most {most})", file=sys.stderr)
    for line in passed_over([image for image in arguments.images if not _is_array(image)]):
        print(line, file=sys.stderr)
    if failed:
        print(f"{len(failed)} of the explanations could not be made:", file=sys.stderr)
        for text in failed:
            print(f"  {text}", file=sys.stderr)
    return 1 if failed else 0


def _with_progress(
    explainer: Explainer, name: str, x: Array, methods: Sequence[str]
) -> Iterator[Explanation]:
    """The explanations of one input; several methods show which one is at work."""
    with tqdm(
        methods, unit="method", disable=None if len(methods) > 1 else True, leave=False
    ) as bar:
        for method in bar:
            bar.set_description(method)
            yield from explainer.explain(name, x, [method])


def explanation_lines(explanations: Sequence[Explanation]) -> list[str]:
    """What is printed of one image."""
    found = [explanation for explanation in explanations if not explanation.error]
    first = found[0]
    lines = [f"{first.name}: {first.summary()}"]
    for explanation in found:
        figures = ", ".join(
            f"{name.replace('_', ' ')} {value:.3g}"
            if isinstance(value, float)
            else f"{name} {value}"
            for name, value in explanation.figures.items()
            if not isinstance(value, list)
        )
        adds_up = explanation.method in ADD_UP
        total = f"sum {explanation.values.sum():.4g}" if adds_up else ""
        lines.append(f"  {explanation.method}: {', '.join(filter(None, [total, figures]))}")
    return lines


def _evaluate(arguments: argparse.Namespace, explainer: Explainer) -> int:
    """The table of measures, and its pictures."""
    if len(arguments.images) > 1:
        raise UnreadableDataError("--evaluate: expected one data set, got several")
    if arguments.most:
        raise UnreadableDataError("--most is for images: --evaluate N says how many samples")
    place = Path(arguments.images[0])
    classifier = explainer.classifier
    directory = arguments.output_dir or _directory(arguments.model, place)
    known = read_labelled_data(
        place,
        [classifier],
        split=arguments.split,
        rename=parse_rename(arguments.rename),
        **reading_of(arguments),
    )
    rng = np.random.default_rng(arguments.seed)
    rows = some_of_each_class(known.dataset, known.rows, rng, arguments.evaluate)
    if explainer.background is None:
        explainer.background = _training_photos(classifier, known, rng)
    methods = _methods(arguments, explainer, ALL)
    _check(arguments, explainer, methods)
    samples, known_by = measured_samples(classifier, known.dataset, rows, place)
    directory.mkdir(parents=True, exist_ok=True)
    total = ticks(classifier.model.network, len(samples), len(methods))
    with tqdm(total=total, desc="explaining", disable=None) as bar:
        table = measure(explainer, samples, methods, bar.update)
    if not any(table.explanations.values()):
        raise UnreadableDataError(f"nothing could be explained: {table.failed[0]}")
    rows_of_table = table_rows(table)
    all_samples = f"of the {len(known.rows):,} samples that these were chosen from"
    seen = warnings_of(known, [model_name(arguments.model)])
    lines = [line.replace("of these samples", all_samples) for line in seen]
    lines += known.account.splitlines()
    lines += _notes(table, len(samples), known_by)
    paths = _save(table, rows_of_table, directory)
    page = [f"# {model_name(arguments.model)} explained on {place.resolve()}", ""]
    page += [markdown_table(rows_of_table), "", *(f"- {line}" for line in lines), ""]
    page += [f"![{path.stem}]({path.name})" for path in paths if path.suffix == ".png"]
    write_text(directory / "report.md", "\n".join([*page, ""]))
    print(f"{arguments.model} on {place}: {len(samples):,} samples")
    print("\n".join([format_table(rows_of_table), "", *lines]))
    for path in [*paths, directory / "report.md"]:
        print(path)
    for cause in table.failed:
        print(cause, file=sys.stderr)
    return 1 if table.failed else 0


def _notes(table: Table, samples: int, known_by: Any) -> list[str]:
    """What the columns of the table are."""
    lines = [
        "deletion, insertion: mean probability while the most important parts are hidden (low is "
        "good) or shown (high is good)",
        "randomized N: rank correlation with the maps after the last N layers were given random "
        "weights: it must fall; signed: with signs, after all "
        f"({min(samples, RANDOMIZED)} samples)",
        "agreement: mean rank correlation with the maps of the other methods; error: completeness, "
        "relative, the median",
        "edges and random are maps that know nothing of the model",
    ]
    if known_by:
        known = ", ".join(f"{how} {count:,}" for how, count in known_by.items())
        lines.insert(
            1,
            f"on subject: share of what speaks for the class that lies on the subject, which has "
            f"{table.area:.3f} of the photo (known by: {known})",
        )
    return lines


def _save(table: Table, rows: Sequence[tuple[str, ...]], directory: Path) -> list[Path]:
    """Write tables and pictures, and remove those of an earlier time; returns their paths."""
    for method in METHOD_NAMES:
        (directory / f"summary_{method}.png").unlink(missing_ok=True)
    write_csv(directory / "measures.csv", rows)
    write_json(directory / "measures.json", _values(table))
    save_figure(draw_measures(table), directory / "measures.png")
    paths = [directory / "measures.csv", directory / "measures.json", directory / "measures.png"]
    for method, explanations in table.explanations.items():
        if explanations:
            paths.append(directory / f"summary_{method}.png")
            save_figure(draw_summary(explanations), paths[-1])
    return paths


def _values(table: Table) -> dict[str, Any]:
    """What ``measures.json`` holds: a value for each sample."""
    return {
        "subject_area": table.area,
        "methods": {
            name: {
                "samples": found.names,
                "deletion": [curve.area for curve in found.deletion],
                "insertion": [curve.area for curve in found.insertion],
                "on_subject": found.inside,
                "randomized": {f"{f:g}": found.correlations[f] for f in found.correlations},
                "randomized_signed": found.signed,
                "relative_error": found.errors,
                "seconds": found.seconds,
            }
            for name, found in table.measures.items()
        },
        "agreement": {f"{one}, {other}": value for (one, other), value in table.agreement.items()},
        "failed": list(table.failed),
    }


def _methods(arguments: argparse.Namespace, explainer: Explainer, default: str) -> list[str]:
    """Names of the methods to use; of all those that suit, and a line for each of the others."""
    chosen = arguments.method or default
    if chosen != ALL:
        cause = suits(chosen, explainer.classifier.model.network, explainer.background)
        if cause:
            raise UnreadableDataError(f"--method {chosen}: {cause}")
        return [chosen]
    methods = []
    for name in METHOD_NAMES:
        cause = suits(name, explainer.classifier.model.network, explainer.background)
        if cause:
            print(f"without {name}: {cause}", file=sys.stderr)
        else:
            methods.append(name)
    return methods


Item = tuple[Any, int]
"""An image and -1; or a source of arrays and the number of a sample."""


def _images(arguments: Sequence[str]) -> list[Item]:
    """All that is to be explained, nothing of it read yet; of files of arrays each sample."""
    photos = named_images([image for image in arguments if not _is_array(image)])
    items: list[Item] = [(photo, -1) for photo in photos]
    for image in filter(_is_array, arguments):
        source = read_data(Path(image)).images
        items += [(source, row) for row in range(len(source))]
    return items


def _input(explainer: Explainer, item: Item) -> tuple[str, Array | UnreadableDataError]:
    """Name and input of an item, or why there is none."""
    image, row = item
    if row < 0:
        ((name, x),) = explainer.prepared([image])
        return name, x
    name = image.name(row)
    dtype = explainer.classifier.model.network.parameters.vector.dtype
    try:
        return name, explainer.classifier.prepare(image[row]).astype(dtype, copy=False)
    except UnreadableDataError as error:
        return name, UnreadableDataError(f"{name}: {error}")


def _is_array(image: str) -> bool:
    return Path(image).suffix.lower() in ARRAYS


def _background(explainer: Explainer, place: str) -> Array:
    """Other inputs, some of them at random; one that cannot be read is left out, with a line.

    Raises UnreadableDataError where none is left.
    """
    rng = np.random.default_rng(explainer.settings.seed)
    items = _images([place])
    inputs, causes = [], []
    for number in _some(len(items), rng):
        _, x = _input(explainer, items[number])
        if isinstance(x, UnreadableDataError):
            causes.append(str(x))
        else:
            inputs.append(x)
    if not inputs:
        raise UnreadableDataError(
            f"--background: {place} has no image that can be read: {causes[0]}"
        )
    for cause in causes:
        print(f"--background: without {cause}", file=sys.stderr)
    return np.stack(inputs)


def _training_photos(
    classifier: Classifier, known: LabelledData, rng: np.random.Generator
) -> Array:
    """Inputs from the training split where there is one, else from all."""
    dataset = known.dataset
    rows = dataset.splits.get("train", dataset.rows())
    return classifier.computed(dataset.images, rows[_some(len(rows), rng)], lambda x: x)


def _some(count: int, rng: np.random.Generator) -> list[int]:
    chosen = rng.permutation(count)[:BACKGROUND]
    return sorted(chosen.tolist())


def _directory(model: Path, data: Path | None = None) -> Path:
    """Where results go by default."""
    base = Path("assets/explanations")
    if data is None:
        return base / model_name(model)
    return results_directory(base, data, "report.md", f"{model_name(model)}-")
