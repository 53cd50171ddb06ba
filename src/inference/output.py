"""Predictions as text: a table for people, JSON lines for programs."""

import json
import sys
from collections.abc import Iterable

from src.common.files import printable
from src.inference.classifier import Prediction

NAME_WIDTH = 40


def print_predictions(predictions: Iterable[Prediction], as_json: bool, top: int) -> list[str]:
    """Print each prediction as soon as it is there; returns what went wrong, for each image.

    Args:
        predictions: in order.
        as_json: a line of JSON each, also for those that failed; else a table of those that did
            not.
        top: probabilities in a line of the table.
    """
    failed = []
    for number, prediction in enumerate(predictions):
        if prediction.error:
            failed.append(prediction.error)
        if as_json:
            print(json.dumps(as_values(prediction)))
        elif not prediction.error:
            if number == len(failed):
                print(f"{'image':{NAME_WIDTH}}  {'prediction':24}  probabilities")
            print(table_line(prediction, top))
    sys.stdout.flush()
    return failed


def as_values(prediction: Prediction) -> dict[str, object]:
    """What a line of JSON holds."""
    if prediction.error:
        return {"image": prediction.name, "error": prediction.error}
    return {
        "image": prediction.name,
        "labels": list(prediction.labels),
        "probabilities": prediction.probabilities,
    }


def table_line(prediction: Prediction, top: int) -> str:
    """Image, labels and the highest probabilities, in columns."""
    name = printable(prediction.name)
    name = name if len(name) <= NAME_WIDTH else f"...{name[3 - NAME_WIDTH :]}"
    probabilities = sorted((prediction.probabilities or {}).items(), key=lambda item: -item[1])
    shown = ", ".join(f"{label} {probability:.3f}" for label, probability in probabilities[:top])
    return f"{name:{NAME_WIDTH}}  {', '.join(prediction.labels) or 'nothing':24}  {shown}"
