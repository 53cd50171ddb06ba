"""What a comparison with YOLO leaves: the table, and the evaluation of each model."""

import time
from collections.abc import Mapping, Sequence

from src.classic_train.parallel.choice import usable_cores
from src.classic_train.run.directory import Run
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
    run: Run,
    settings: Mapping[str, str],
) -> None:
    """Print the table; write ``report.md``, ``comparison.json``, and YOLO's evaluation.

    Args:
        results: YOLO's first.
        photos: that were used.
        run: where to write.
        settings: of the run, by name.
    """
    rows, directory = table(results), run.directory
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
        "- ms per photo: median from file to scores, one photo at a time, with "
        f"{usable_cores()} threads",
        *([f"- {settings['note']}"] if settings.get("note") else []),
        f"- written {time.strftime('%Y-%m-%d %H:%M')}",
        f"- {LICENCE}",
        "",
        f"## {results[0].contestant.name}: test photos by class",
        "",
        evaluation_page(yolo, pictures),
        *account_of(photos.data),
        "## Settings",
        "",
        markdown_table([("setting", "value"), *((k, v) for k, v in settings.items() if v)]),
        "",
    ]
    report = directory / "report.md"
    write_text(report, "\n".join(lines))
    run.log(f"report    {report}")
