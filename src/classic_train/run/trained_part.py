"""What of a network a run trains, and what that part is given: photos, or features of them."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from src.classic_nn.array_types import Array
from src.classic_nn.layers import Sequential
from src.classic_nn.loss import Loss
from src.classic_nn.serialization import frozen_digest
from src.classic_nn.utils import save_figure
from src.classic_train.cli.backbone_options import BackboneOptions
from src.classic_train.cli.options import TrainingOptions
from src.classic_train.data.features import FEATURES, PhotoFeatures
from src.classic_train.data.photos import PhotoData
from src.classic_train.data.splits import RecipeData
from src.classic_train.mini_batch.batches import ArrayBatches, Batches, Data
from src.classic_train.mini_batch.dataset import as_dataset
from src.classic_train.parallel.choice import usable_cores
from src.classic_train.recipes.backbone import HEAD, unfreezing_plan
from src.classic_train.run.directory import Run
from src.classic_train.run.rate_finder import RATE_PICTURE, plot_range_test, range_test


class Inputs(Protocol):
    """What is put into the part that is trained."""

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Of one sample."""

    def batches(self, split: str) -> Data:
        """The training or validation split."""

    def validation_examples(self, count: int) -> Array:
        """x of the first validation samples."""


@dataclass(frozen=True)
class TrainedPart:
    """What a run trains.

    Attributes:
        network: the whole, which becomes the model.
        trained: itself, or the part of it that is trained on features.
        inputs: of that part.
        weights_digest: SHA-256 of what is frozen at the start, empty where nothing is.
        rate_factors: see ``Optimizer``.
        unfreezing: from the name of a layer to the epoch from which on it is trained.
    """

    network: Sequential
    trained: Sequential
    inputs: Inputs
    weights_digest: str
    rate_factors: Mapping[str, float]
    unfreezing: Mapping[str, int]


def trained_part(
    network: Sequential, options: TrainingOptions, data: RecipeData, run: Run
) -> TrainedPart:
    """What the options train of a built network, with the features that it needs.

    Raises DataError where features cannot be kept.
    """
    plan = unfreezing_plan(options)
    digest = frozen_digest(network)
    views = int(getattr(options, "cache_features", 0) or 0) if digest else 0
    factors: dict[str, float] = {}
    if isinstance(options, BackboneOptions) and options.backbone != "none":
        rate = options.backbone_rate
        names = [layer.name for layer in network.layers if layer.name != HEAD]
        factors = {f"{name}.": rate for name in names} if rate != 1 else {}
    if not views or not isinstance(data, PhotoData):
        return TrainedPart(network, network, data, digest, factors, plan)
    start = time.perf_counter()
    first = first_trained(network)
    features = PhotoFeatures(data, network[:first], views, usable_cores(), run.quiet)
    run.log(
        f"features of {views} views of each training photo, and of the validation photos, are in "
        f"{FEATURES} ({time.perf_counter() - start:.1f} s)"
    )
    trained = network[first:]
    factors = {
        beginning: rate
        for beginning, rate in factors.items()
        if any(name.startswith(beginning) for name in trained.parameters)
    }
    return TrainedPart(network, trained, features, digest, factors, {})


def first_trained(network: Sequential) -> str:
    """Name of the first layer that has something to be trained."""
    return next(layer.name for layer in network.layers if layer.parameters.vector.size)


def find_rate(part: TrainedPart, options: TrainingOptions, loss: Loss, run: Run) -> float:
    """The learning rate of a range test, whose picture the run keeps."""
    train = part.inputs.batches("train")
    if not isinstance(train, Batches):
        dtype = part.network.parameters.vector.dtype
        train = ArrayBatches(as_dataset(train, "train", dtype), options.batch_size, options.seed)
    optimizer = replace(options, learning_rate=1e-3).create_optimizer()
    optimizer.rate_factors = dict(part.rate_factors)
    found = range_test(part.trained, loss, optimizer, train, options.seed)
    if run.writes:
        save_figure(plot_range_test(found), run.directory / RATE_PICTURE)
    how = f"by a range test of {len(found.rates)} steps"
    if not found.falls:
        how = "the optimizer's default: in the range test the cost never fell"
    run.log(f"learning rate {found.suggested:.2g}, {how}")
    return found.suggested
