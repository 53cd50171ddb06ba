"""Runs that train for integers: ``--quantize BITS``."""

from dataclasses import replace
from typing import Any

import numpy as np

from src.classic_nn.layers import Sequential
from src.classic_nn.serialization import SavedModel, save_model
from src.classic_train.cli.options import TrainingOptions
from src.classic_train.data.splits import RecipeData
from src.classic_train.run.directory import Run
from src.common.files import write_json
from src.inference.classifier import Classifier
from src.inference.evaluation import Evaluation, evaluate
from src.inference.mcnemar import compare
from src.inference.quantize import find_ranges, integers_of_aware, quantization_aware

EXAMPLES = 64
"""Validation samples from which ranges begin."""


def prepared_for_integers(
    network: Sequential, options: TrainingOptions, data: RecipeData
) -> Sequential:
    """A network with the same weights that rounds as integers would be; ranges to begin with."""
    aware = quantization_aware(network, options.quantize)
    find_ranges(aware, np.array_split(data.validation_examples(EXAMPLES), EXAMPLES // 8))
    return aware


def write_integers(
    options: TrainingOptions,
    run: Run,
    data: RecipeData,
    model: SavedModel,
    test: Evaluation,
    threads: int,
) -> list[str]:
    """Write the integers that were trained for, and what they lose; lines for the report."""
    if not options.quantize:
        return []
    assert isinstance(model.network, Sequential)
    examples = np.array_split(data.validation_examples(EXAMPLES), EXAMPLES // 8)
    small = replace(model, network=integers_of_aware(model.network, examples))
    path = run.directory / f"model-static{options.quantize}.safetensors"
    dataset = replace(data.dataset(), images=test.images)  # arrays are wrapped anew each time
    found = evaluate(Classifier(small, threads), dataset, test.rows)
    save_model(path, replace(small, metrics=found.summary()))
    same = float((found.predicted == test.predicted).mean())
    values: dict[str, Any] = {
        "bits": options.quantize,
        "bytes": path.stat().st_size,
        "same_answers": same,
        "test": found.summary(),
        "test_of_rounded_numbers": test.summary(),
    }
    write_json(run.directory / "integers.json", values)
    accuracy = found.accuracy()[0]
    return [
        f"weights of {options.quantize} bits, activations of 8: {path} "
        f"({path.stat().st_size:,} bytes)",
        f"right {accuracy:.4f}; the same answer as the network that was trained to {same:.4f} of "
        f"{len(test):,} test samples ({compare(test, found).verdict()})",
    ]
