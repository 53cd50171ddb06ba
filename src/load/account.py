"""The account of a data set: every file or row of it is used, or left out with a cause.

What is under the given place is counted before anything is decided; then each item is used, left
out, or passed over. Left out is what a user may have meant to be used: a reason to stop where
``on_error`` is "fail". Passed over is what nobody means: what systems put there, descriptions,
licences.
"""

from collections import Counter
from collections.abc import Hashable, Iterable
from copy import copy
from dataclasses import dataclass, field
from typing import Literal

Status = Literal["used", "left out", "passed over"]

ORDER: tuple[Status, ...] = ("used", "left out", "passed over")

UNEXPLAINED = "other files"
"""What an item is that no reader has said anything of."""


@dataclass
class Account:
    """Items of one kind: files, rows, lines.

    Attributes:
        unit: what they are, in the plural.
        found: how many there are; counted on their own, not by what became of them.
    """

    unit: str
    _items: dict[Hashable, tuple[Status, str]] = field(default_factory=dict)
    _shared: dict[tuple[Status, str], tuple[Status, str]] = field(default_factory=dict)

    @property
    def found(self) -> int:
        """How many items there are."""
        return len(self._items)

    def find(self, items: Iterable[Hashable]) -> None:
        """There are these items; what becomes of them is not known yet."""
        unknown: tuple[Status, str] = ("left out", UNEXPLAINED)
        for item in items:
            self._items.setdefault(item, unknown)

    def set(self, item: Hashable, status: Status, what: str) -> None:
        """What becomes of an item.

        Args:
            item: path, row number.
            status: used, left out or passed over.
            what: what it is used as; or why not, in the plural: "unreadable images".
        """
        self._items[item] = self._shared.setdefault((status, what), (status, what))

    def set_all(self, items: Iterable[Hashable], status: Status, what: str) -> None:
        """What becomes of several items."""
        self._items.update(dict.fromkeys(items, (status, what)))

    def status(self, item: Hashable) -> Status:
        """Of an item."""
        return self._items[item][0]

    def what(self, item: Hashable) -> str:
        """What an item is used as, or why not."""
        return self._items[item][1]

    def undecided(self) -> list[Hashable]:
        """Items that no reader has said anything of."""
        return [item for item, (_, what) in self._items.items() if what == UNEXPLAINED]

    def counts(self) -> dict[Status, Counter[str]]:
        """How many items were used as what, left out and passed over for what; the most first."""
        counted = Counter(self._items.values())
        order = sorted(counted, key=lambda entry: (-counted[entry], entry[1]))
        return {
            status: Counter({what: counted[of, what] for of, what in order if of == status})
            for status in ORDER
        }

    def lines(self) -> list[str]:
        """A table: what became of how many, adding up to what was found."""
        rows = [
            (status if number == 0 else "", count, what)
            for status, whats in self.counts().items()
            for number, (what, count) in enumerate(whats.items())
        ]
        width = max([len(f"{self.found:,}"), 6])
        return [
            f"{self.unit} found  {self.found:>{width},}",
            *(f"  {status:12}{count:>{width},}  {what}" for status, count, what in rows),
        ]

    def sentence(self) -> str:
        """The same in one sentence."""
        parts = [
            f"{status}: " + ", ".join(f"{what} {count:,}" for what, count in whats.items())
            for status, whats in self.counts().items()
            if whats
        ]
        return "; ".join([f"{self.unit} found {self.found:,}", *parts])

    def copy(self) -> "Account":
        """An account that goes its own way from here."""
        twin = copy(self)
        twin._items = dict(self._items)
        return twin
