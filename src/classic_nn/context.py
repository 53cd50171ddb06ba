"""What a forward or backward pass needs to know besides its arrays."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from src.classic_nn.array_types import Array
from src.classic_nn.communicator import SOLO, Communicator
from src.classic_nn.parameters import ParameterVector
from src.classic_nn.sample_streams import SampleStreams

Observer = Callable[[Any, Array], None]
"""Is given a layer and its output; leaves both as they are."""


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
        finished: called with the parameter gradients of each layer of the network as soon as the
            backward pass has them, from the last layer to the first.
    """

    training: bool = False
    rng: np.random.Generator | SampleStreams | None = None
    communicator: Communicator = SOLO
    observer: Observer | None = None
    finished: Callable[[ParameterVector], None] | None = None


EVALUATION = Context()
"""The context of prediction: not training, one worker."""
