"""What a forward or backward pass needs to know besides its arrays."""

from dataclasses import dataclass

import numpy as np

from src.classic_nn.communicator import SOLO, Communicator


@dataclass(frozen=True)
class Context:
    """Circumstances of one pass.

    Attributes:
        training: True while training: dropout drops, batch normalization uses the statistics of
            the mini-batch and updates the running ones. False for evaluation and prediction.
        rng: source of the randomness of layers (dropout); needed only while training.
        communicator: joins the workers that share the mini-batch.
    """

    training: bool = False
    rng: np.random.Generator | None = None
    communicator: Communicator = SOLO


EVALUATION = Context()
"""The context of prediction: not training, one worker."""
