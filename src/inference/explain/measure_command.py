"""``explain --evaluate N``: the table of measures of all methods, and its pictures."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from src.classic_nn.utils.plots import save_figure
from src.common.files import model_name, write_json, write_text
from src.common.tables import format_table, markdown_table, write_csv
from src.inference.evaluate_command import parse_rename, warnings_of
from src.inference.explain.choices import chosen_methods, default_directory, training_photos
from src.inference.explain.drawing import draw_summary
from src.inference.explain.explainer import Explainer
from src.inference.explain.labelled_samples import measured_samples
from src.inference.explain.measured_pictures import draw_measures
from src.inference.explain.measures import RANDOMIZED, Table, measure, table_rows, ticks
from src.inference.explain_options import ALL
from src.inference.explain_settings import METHOD_NAMES
from src.inference.labelled_data import read_labelled_data
from src.inference.sampling import some_of_each_class
from src.load.errors import UnreadableDataError
from src.load.reading_options import reading_of


def run_measuring(arguments: argparse.Namespace, explainer: Explainer) -> int:
    """The table of measures, and its pictures."""
    if len(arguments.images) > 1:
        raise UnreadableDataError("--evaluate: expected one data set, got several")
    if arguments.most:
        raise UnreadableDataError("--most is for images: --evaluate N says how many samples")
    place = Path(arguments.images[0])
    classifier = explainer.classifier
    directory = arguments.output_dir or default_directory(arguments.model, place)
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
        explainer.background = training_photos(classifier, known.dataset, rng)
    methods = chosen_methods(arguments, explainer, ALL)
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
