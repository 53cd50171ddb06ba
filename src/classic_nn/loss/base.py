"""What a loss is: settings around a pair of functions, forward and backward."""

from dataclasses import asdict, dataclass
from typing import Any

from numpy.typing import NDArray

from src.classic_nn.array_types import Array
from src.classic_nn.context import EVALUATION, Context


@dataclass
class Loss:
    """Base of the losses; like a layer, it keeps nothing of a call."""

    def forward(
        self,
        logits: Array,
        y: Array,
        sample_weights: Array | None = None,
        context: Context = EVALUATION,
    ) -> tuple[float, Any]:
        """Mean loss over the whole mini-batch, and the cache for ``backward``.

        Args:
            logits: (samples, outputs), the output of the network.
            y: targets; their shape is the loss's own matter.
            sample_weights: (samples,), importance of each sample; ones if None.
            context: its communicator joins the workers that share the mini-batch.
        """
        raise NotImplementedError

    def backward(self, cache: Any) -> Array:
        """Gradient of the loss with respect to the logits, (samples, outputs)."""
        raise NotImplementedError

    def check_targets(self, y: NDArray[Any], outputs: int) -> None:
        """Raise ValueError, naming the first sample, for targets that the loss is not defined for.

        Args:
            y: targets of all samples.
            outputs: of the network.
        """
        raise NotImplementedError

    def total_weight(self, y: Array, sample_weights: Array | None = None) -> float:
        """What the sum over these samples is divided by: their number, or the sum of weights."""
        return float(len(y) if sample_weights is None else sample_weights.sum())

    def probabilities(self, logits: Array) -> Array:
        """What the logits mean as probabilities."""
        raise NotImplementedError

    def config(self) -> dict[str, Any]:
        """Type and settings as plain values."""
        return {"type": type(self).__name__, **asdict(self)}
