"""What was left out of a data set while it was read, and why; and the account of all there was."""

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Literal

from src.common.files import printable
from src.load.account import Account
from src.load.errors import UnreadableDataError

OnError = Literal["skip", "fail"]
"""What happens at the first thing that cannot be used: leave it out, or stop."""


def as_on_error(text: str) -> OnError:
    """The text of an option as one of the two. Raises ValueError."""
    if text not in ("skip", "fail"):
        raise ValueError(f"on_error: expected 'skip' or 'fail', got {text!r}")
    return "fail" if text == "fail" else "skip"


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
    """Collects problems, or stops at the first; keeps the accounts of files, rows and lines.

    Args:
        on_error: "skip" to collect, "fail" to raise.

    Attributes:
        accounts: what was found, and what became of it, by unit: "files", "rows".
    """

    on_error: OnError = "skip"
    found: list[Problem] = field(default_factory=list)
    accounts: dict[str, Account] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._seen = set(self.found)
        self._causes: set[str] = set()  # kinds of what cannot be used
        as_on_error(self.on_error)

    def __len__(self) -> int:
        return len(self.found)

    def account(self, unit: str) -> Account:
        """The account of items of a kind."""
        return self.accounts.setdefault(unit, Account(unit))

    def add(self, kind: str, text: str) -> None:
        """File something that cannot be used. Raises UnreadableDataError if that is the wish."""
        if self.on_error == "fail":
            raise UnreadableDataError(text)
        self._causes.add(kind)
        self.note(kind, text)

    def note(self, kind: str, text: str) -> None:
        """File something that a user should know, and that is never a reason to stop.

        The same thing is filed once, also if it is met again in every epoch.
        """
        problem = Problem(kind, printable(text))
        if problem not in self._seen:
            self._seen.add(problem)
            self.found.append(problem)

    def leave_out(self, unit: str, item: Hashable, kind: str, text: str) -> None:
        """File an item that cannot be used, in its account too.

        Raises UnreadableDataError if that is the wish.
        """
        self.account(unit).set(item, "left out", kind)
        self.add(kind, text)

    def count(self, kind: str) -> int:
        """How many there are of a kind."""
        return sum(problem.kind == kind for problem in self.found)

    def first_cause(self) -> str:
        """The first thing that could not be used, for the message that nothing can."""
        texts = [problem.text for problem in self.found if problem.kind in self._causes]
        return f"; the first: {texts[0]}" if texts else ""

    def summary(self, shown: int = SHOWN) -> str:
        """A paragraph for every kind; empty if there was nothing."""
        lines = []
        for kind, count in Counter(problem.kind for problem in self.found).items():
            lines.append(f"{kind}: {count}")
            texts = [problem.text for problem in self.found if problem.kind == kind]
            lines += [f"  {text}" for text in texts[:shown]]
            lines += [f"  and {count - shown} more"] if count > shown else []
        return "\n".join(lines)

    def paragraph(self) -> str:
        """The accounts, a sentence each; empty where nothing was counted."""
        return "\n".join(account.sentence() for account in self.accounts.values())

    def apart(self) -> "Problems":
        """The accounts so far and no problems, for a trial that leaves no trace here."""
        accounts = {unit: account.copy() for unit, account in self.accounts.items()}
        return Problems(self.on_error, accounts=accounts)
