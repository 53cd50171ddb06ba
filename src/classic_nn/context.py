"""What a forward or backward pass needs to know besides its arrays."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from src.classic_nn.array_types import Array
from src.classic_nn.communicator import SOLO, Communicator
from src.classic_nn.parameters import ParameterVector
from src.classic_nn.sample_streams import SampleStreams

Observer = Callable[[Any, Array], None]
"""Is given a layer and its output, or the gradient of that; leaves both as they are."""


@dataclass(frozen=True)
class Context:
    """Circumstances of one pass.

    Attributes:
        training: True while training: dropout drops, batch normalization uses the statistics of
            the mini-batch and updates the running ones. False for evaluation and prediction.
        rng: source of the randomness of layers (dropout), needed only while training: a generator,
            or streams that make a sample's numbers the same for any number of workers.
        communicator: joins the workers that share the mini-batch.
        observer: called with every layer and its output, in the order of the forward
            pass; see ``observe_outputs``.
        gradient_observer: called with every layer and the gradient with respect to its output,
            dy, in the order of the backward pass.
        finished: called with the parameter gradients of each layer of the network as soon as the
            backward pass has them, from the last layer to the first.
        keep_cache: False where no backward pass will follow: the containers then keep nothing of
            what their layers remember for it.
        input_gradient: False where the backward pass will not be asked for the gradient of the
            network's input: frozen layers before the first trained one then remember nothing.
        parameter_gradients: False where only the gradient of the input is wanted: layers then
            leave those of their parameters as they find them.
    """

    training: bool = False
    rng: np.random.Generator | SampleStreams | None = None
    communicator: Communicator = SOLO
    observer: Observer | None = None
    gradient_observer: Observer | None = None
    finished: Callable[[ParameterVector], None] | None = None
    keep_cache: bool = True
    input_gradient: bool = True
    parameter_gradients: bool = True

    @property
    def observed(self) -> bool:
        """Whether somebody looks at every layer: then no two are computed as one."""
        return self.observer is not None or self.gradient_observer is not None

    # both are asked for in every pass, and made once

    @cached_property
    def after_trained(self) -> "Context":
        """For what comes after a trained layer, which needs the gradient of that one's output."""
        return self if self.input_gradient else replace(self, input_gradient=True)

    @cached_property
    def of_frozen(self) -> "Context":
        """For a frozen layer, in training: it computes as in evaluation."""
        keep = self.keep_cache and self.input_gradient
        return replace(self, training=False, keep_cache=keep)


EVALUATION = Context()
"""The context of evaluation: not training, one worker; a backward pass may follow."""

PREDICTION = Context(keep_cache=False)
"""The context of prediction: no backward pass follows."""

EXPLANATION = Context(parameter_gradients=False)
"""The context of explanation: of the gradients, only that of the input is wanted."""
