"""What is measured in an epoch for the diagnosis."""

from dataclasses import dataclass, field


@dataclass
class EpochMeasurements:
    """Measurements of one epoch, by parameter or layer in the order of the network.

    Attributes:
        epoch: from 1.
        cost: of training.
        validation_cost: None without validation data.
        learning_rate: of the optimizer.
        gradients: by weight, the Euclidean norm of its gradient, the mean over some mini-batches.
        weights: by weight, its norm.
        updates: by weight, the norm of one step's change divided by the norm of the weight.
        dead: by ReLU layer, the fraction of units (features or channels) that are 0 for every
            sample and at every position.
        saturated: by sigmoid or tanh layer, the fraction of values at which the slope is below a
            hundredth of its largest.
    """

    epoch: int
    cost: float = 0.0
    validation_cost: float | None = None
    learning_rate: float = 0.0
    gradients: dict[str, float] = field(default_factory=dict)
    weights: dict[str, float] = field(default_factory=dict)
    updates: dict[str, float] = field(default_factory=dict)
    dead: dict[str, float] = field(default_factory=dict)
    saturated: dict[str, float] = field(default_factory=dict)

    @property
    def gradient(self) -> float:
        """Norm of the gradient of all weights together."""
        return float(sum(norm**2 for norm in self.gradients.values()) ** 0.5)
