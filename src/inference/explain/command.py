"""The command ``explain``: why a model says so, and whether the reasons can be believed."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import fields

from tqdm import tqdm

from src.classic_nn.array_types import Array
from src.inference.classifier import load_model
from src.inference.explain.choices import (
    background_photos,
    chosen_methods,
    default_directory,
    is_array,
    named_inputs,
)
from src.inference.explain.drawing import Pictures
from src.inference.explain.explainer import Explainer, Explanation
from src.inference.explain.measure_command import run_measuring
from src.inference.explain.methods import ADD_UP
from src.inference.explain.saving import save_explanations
from src.inference.explain_settings import DEFAULT_METHOD, MOST, Settings
from src.inference.inputs import passed_over
from src.load.errors import UnreadableDataError


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
        explainer.background = background_photos(explainer, arguments.background)
    if arguments.evaluate:
        return run_measuring(arguments, explainer)
    for name in ("split", "rename"):
        if getattr(arguments, name):
            raise UnreadableDataError(f"--{name} is for --evaluate")
    return _explain(arguments, explainer)


def _explain(arguments: argparse.Namespace, explainer: Explainer) -> int:
    """A sheet for each image."""
    classifier = explainer.classifier
    directory = arguments.output_dir or default_directory(arguments.model)
    methods = chosen_methods(arguments, explainer, DEFAULT_METHOD)
    pictures = Pictures(classifier) if len(classifier.input_shape) == 3 else None
    failed: list[str] = []
    images = named_inputs(classifier, arguments.images)
    most = arguments.most or MOST
    chosen = explainer.inputs(images[:most])
    total = min(most, len(images))
    bar = tqdm(chosen, "explaining", total, unit="image", disable=None, leave=False)
    for name, x in bar:
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
    for line in passed_over([image for image in arguments.images if not is_array(image)]):
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
