"""Which of two models is better, if any: McNemar's test on the samples on which they differ."""

from dataclasses import dataclass

import numpy as np

from src.inference.evaluation import Evaluation


@dataclass(frozen=True)
class Comparison:
    """Two models on the same samples.

    Attributes:
        accuracies: fractions of samples that each gets right.
        both, first_only, second_only, neither: numbers of samples that these get right.
        p_value: probability of a difference as large as this, or larger, between models that are
            equally good.
    """

    accuracies: tuple[float, float]
    both: int
    first_only: int
    second_only: int
    neither: int
    p_value: float

    def verdict(
        self, level: float = 0.05, names: tuple[str, str] = ("first model", "second model")
    ) -> str:
        """The comparison in words.

        Args:
            level: of p from which on a difference counts as chance.
            names: of the two.
        """
        if self.p_value >= level:
            return f"no difference that chance does not explain (p = {self.p_value:.3f})"
        better = names[self.first_only < self.second_only]
        return f"the {better} is better (p = {self.p_value:.2g})"


def compare(first: Evaluation, second: Evaluation) -> Comparison:
    """McNemar's test (1947), exact: samples that only one of two equally good models gets right
    are divided between them like throws of a coin.

    Raises ValueError for other samples or other right answers.
    """
    if not (np.array_equal(first.rows, second.rows) and first.images is second.images):
        raise ValueError("the models were evaluated on different samples")
    if not np.array_equal(first.targets, second.targets):
        raise ValueError("the models have different classes")
    from scipy.stats import binomtest

    one, other = first.correct, second.correct
    first_only, second_only = int((one & ~other).sum()), int((other & ~one).sum())
    differing = first_only + second_only
    return Comparison(
        (float(one.mean()), float(other.mean())),
        int((one & other).sum()),
        first_only,
        second_only,
        int((~one & ~other).sum()),
        float(binomtest(first_only, differing).pvalue) if differing else 1.0,
    )
