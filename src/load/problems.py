"""What was left out of a data set while it was read, and why."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

from src.common.files import printable
from src.load.errors import UnreadableDataError

OnError = Literal["skip", "fail"]
"""What happens at the first thing that cannot be used: leave it out, or stop."""

SHOWN = 10
"""Problems of a kind that a summary names one by one."""


@dataclass(frozen=True)
class Problem:
    """One thing that was left out, or that a user should know.

    Attributes:
        kind: what sort of problem, in the plural: "unreadable images".
        text: where, and what is wrong.
    """

    kind: str
    text: str


@dataclass
class Problems:
    """Collects problems, or stops at the first.

    Args:
        on_error: "skip" to collect, "fail" to raise.
    """

    on_error: OnError = "skip"
    found: list[Problem] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._seen = set(self.found)
        if self.on_error not in ("skip", "fail"):
            raise ValueError(f"on_error: expected 'skip' or 'fail', got {self.on_error!r}")

    def __len__(self) -> int:
        return len(self.found)

    def add(self, kind: str, text: str) -> None:
        """File something that cannot be used. Raises UnreadableDataError if that is the wish."""
        if self.on_error == "fail":
            raise UnreadableDataError(text)
        self.note(kind, text)

    def note(self, kind: str, text: str) -> None:
        """File something that a user should know, and that is never a reason to stop.

        The same thing is filed once, also if it is met again in every epoch.
        """
        problem = Problem(kind, printable(text))
        if problem not in self._seen:
            self._seen.add(problem)
            self.found.append(problem)

    def count(self, kind: str) -> int:
        """How many there are of a kind."""
        return sum(problem.kind == kind for problem in self.found)

    def summary(self, shown: int = SHOWN) -> str:
        """A paragraph for every kind; empty if there was nothing."""
        lines = []
        for kind, count in Counter(problem.kind for problem in self.found).items():
            lines.append(f"{kind}: {count}")
            texts = [problem.text for problem in self.found if problem.kind == kind]
            lines += [f"  {text}" for text in texts[:shown]]
            lines += [f"  and {count - shown} more"] if count > shown else []
        return "\n".join(lines)
