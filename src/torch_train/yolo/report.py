"""What a comparison with YOLO leaves: the table, and the evaluation of each model."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from src.classic_train.run.report import account_of
from src.common.files import write_json, write_text
from src.common.tables import format_table, markdown_table
from src.inference.report import evaluation_page, evaluation_values, save_evaluation
from src.torch_train.yolo.contest import Result, table
from src.torch_train.yolo.model import LICENCE
from src.torch_train.yolo.photos import LabelledPhotos


def write_results(
    results: Sequence[Result],
    photos: LabelledPhotos,
    directory: Path,
    settings: Mapping[str, str],
) -> None:
    """Print the table; write ``report.md``, ``comparison.json``, and YOLO's evaluation.

    Args:
        results: YOLO's first.
        photos: that were used.
        directory: where to write.
        settings: of the run, by name.
    """
    rows = table(results)
    print(format_table(rows))
    sizes = ", ".join(f"{split} {len(group):,}" for split, group in photos.splits.items())
    yolo = results[0].evaluation
    pictures = save_evaluation(yolo, directory)
    write_json(
        directory / "comparison.json",
        {
            result.contestant.name: {
                "learned_from": result.contestant.learned_from,
                "used_with": result.contestant.needs,
                "milliseconds": result.milliseconds,
                **evaluation_values(result.evaluation),
            }
            for result in results
        },
    )
    lines = [
        "# YOLO, and models of ours, on the same photos",
        "",
        markdown_table(rows),
        "",
        f"- data: {photos.data.description}; {sizes} photos; metrics are of the test photos",
        "- threshold: that with the best micro F1 on the validation photos, for each model",
        "- ms per photo: median from file to scores, one photo at a time",
        f"- written {time.strftime('%Y-%m-%d %H:%M')}",
        f"- {LICENCE}",
        "",
        f"## {results[0].contestant.name}: test photos by class",
        "",
        evaluation_page(yolo, pictures),
        *account_of(photos.data),
        "## Settings",
        "",
        markdown_table([("setting", "value"), *settings.items()]),
        "",
    ]
    report = directory / "report.md"
    write_text(report, "\n".join(lines))
    print(f"report    {report}")
