"""What is wrong with a row."""


class RowError(ValueError):
    """A row that cannot be used: kind of problem, and cause."""

    def __init__(self, kind: str, cause: str) -> None:
        super().__init__(cause)
        self.kind = kind
