"""A data set: where its images come from, what they show, and how they are divided."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from src.load.problems import Problems
from src.load.sources import Source

UNDIVIDED = "all"
"""The name of the only split of a data set that nobody has divided."""


@dataclass(frozen=True)
class Items:
    """Which items of an account samples are made of.

    Attributes:
        unit: of the account: "files", "rows".
        of_row: the items of each sample.
    """

    unit: str
    of_row: Sequence[Sequence[Hashable]]


@dataclass(frozen=True)
class ImageDataset:
    """Images with their classes or labels.

    Attributes:
        images: the source; every row is a sample.
        targets: (samples,) class numbers, or (samples, labels) of 0 and 1.
        class_names: of the classes or labels.
        splits: rows of each split by name; one split named "all" if it was never divided.
        problems: what was left out, and why.
        items: of the accounts, which each sample is made of: its file, its row, its lines.
    """

    images: Source
    targets: NDArray[np.int64]
    class_names: Sequence[str]
    splits: Mapping[str, NDArray[np.intp]]
    problems: Problems = field(default_factory=Problems)
    items: Sequence["Items"] = ()

    def __post_init__(self) -> None:
        if len(self.targets) != len(self.images):
            raise ValueError(
                f"expected a target for each of {len(self.images)} images, got {len(self.targets)}"
            )

    def __len__(self) -> int:
        return sum(map(len, self.splits.values()))

    @property
    def multi_label(self) -> bool:
        """Whether a sample may have any number of labels, instead of one class."""
        return self.targets.ndim == 2

    def counts(self, split: str | None = None) -> NDArray[np.int64]:
        """(classes,): samples of each class, in one split or in all."""
        rows = self.rows() if split is None else self.splits[split]
        if self.multi_label:
            return self.targets[rows].sum(axis=0)
        return np.bincount(self.targets[rows], minlength=len(self.class_names))

    def rows(self) -> NDArray[np.intp]:
        """Rows of all splits, each once."""
        return np.unique(np.concatenate([*self.splits.values(), np.zeros(0, np.intp)])).astype(
            np.intp
        )

    def summary(self) -> str:
        """Samples of each split, the account of all that was found, what was left out, and why."""
        sizes = ", ".join(f"{split} {len(rows):,}" for split, rows in self.splits.items())
        left_out = self.problems.summary() or "nothing was left out"
        accounts = [account.sentence() for account in self.problems.accounts.values()]
        return "\n".join(
            [f"{len(self.class_names)} classes; samples: {sizes}", *accounts, left_out]
        )

    def leave_out(self, causes: Mapping[int, str]) -> None:
        """Enter samples that were left out into the account, by row, each with its cause.

        An item of which another sample is still used stays used.
        """
        kept = [row for row in self.rows().tolist() if row not in causes]
        for unit, of_row in ((items.unit, items.of_row) for items in self.items):
            still = {item for row in kept for item in of_row[row]}
            account = self.problems.account(unit)
            for row, cause in causes.items():
                for item in of_row[row]:
                    if item not in still:
                        account.set(item, "left out", cause)

    def names_of(self, row: int) -> tuple[str, ...]:
        """The class, or all labels, of a sample."""
        target = self.targets[row]
        numbers = np.flatnonzero(target) if self.multi_label else [target]
        return tuple(self.class_names[int(number)] for number in numbers)

    def divided(self, splits: Mapping[str, Any]) -> Self:
        """The same data set with other splits."""
        return replace(
            self, splits={name: np.asarray(rows, np.intp) for name, rows in splits.items()}
        )


def one_split(samples: int) -> dict[str, NDArray[np.intp]]:
    """Splits of a data set that is not divided."""
    return {UNDIVIDED: np.arange(samples)}
