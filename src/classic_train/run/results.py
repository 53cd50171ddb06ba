"""What a finished run leaves: model, metrics, tables and pictures."""

from dataclasses import replace
from typing import Any

from src.classic_nn.layers import Sequential
from src.classic_nn.layers.summary import parameter_count
from src.classic_nn.serialization import SavedModel, save_model
from src.classic_train.cli.options import TrainingOptions
from src.classic_train.data.splits import RecipeData
from src.classic_train.recipes.recipe import Recipe
from src.classic_train.run.baselines import baselines
from src.classic_train.run.decision import decide
from src.classic_train.run.directory import MODEL, Run
from src.classic_train.run.fine_tuning import report_progress
from src.classic_train.run.integers import write_integers
from src.classic_train.run.plots import save_pictures
from src.classic_train.run.rate_finder import RATE_PICTURE
from src.classic_train.run.report import Trained, report_page
from src.common.files import write_json, write_text
from src.common.tables import write_csv
from src.inference.classifier import Classifier
from src.inference.evaluation import Evaluation, evaluate
from src.inference.report import save_evaluation, summary_text
from src.inference.shortcuts import PICTURE, find_shortcuts, save_shortcuts
from src.load import PreparedImages


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


def write_results(
    recipe: Recipe,
    options: TrainingOptions,
    run: Run,
    data: RecipeData,
    trained: Trained,
) -> Evaluation:
    """Choose how to answer, evaluate on the test data, write everything; returns the evaluation."""
    model = saved_model(trained.network, data)
    decision = decide(options, data, model, trained.threads)
    model = decision.applied_to(model)
    classifier = Classifier(model, trained.threads)
    dataset = data.dataset()
    test = evaluate(classifier, dataset, dataset.splits["test"])
    compared = baselines(data, test)
    run.log(f"\n{summary_text(test, compared)}\n")
    metrics = test.summary()
    save_model(run.directory / MODEL, replace(model, metrics=metrics))
    write_json(
        run.directory / "metrics.json",
        {
            "test": metrics,
            "baseline": next(iter(compared.values())),
            "baselines": compared,
            "threshold": decision.threshold,
            "temperature": decision.temperature,
            "reject_below": decision.reject_below,
            "seconds": trained.seconds,
            "parameters": parameter_count(trained.network),
            "trained_parameters": len(trained.network.parameters.vector),
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
    pictures += [path for path in [run.directory / RATE_PICTURE] if path.exists()]
    sections = {
        "Before and after": report_progress(trained.begun_with, run, data, model, trained.threads)
    }
    integers = write_integers(options, run, data, model, test, trained.threads)
    sections["Integers"] = integers
    if recipe.shortcuts and isinstance(dataset.images, PreparedImages):
        found = find_shortcuts(classifier, dataset, test.rows)
        sections["Where it looks"] = save_shortcuts(found, run.directory)
        pictures.append(run.directory / PICTURE)
    for title, lines in sections.items():
        if lines:
            run.log("\n".join([f"{title}:", *lines, ""]))
    said = decision.sentences()
    page = report_page(
        recipe, options, run, data, trained, test, compared, pictures, shown, said, sections
    )
    write_text(run.directory / "report.md", page)
    run.log(f"model     {run.directory / MODEL}")
    for picture in [*pictures, *shown]:
        run.log(f"picture   {picture}")
    run.log(f"report    {run.directory / 'report.md'}")
    return test
