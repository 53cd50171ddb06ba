"""What readers raise."""

from src.common.files import printable


class UnreadableDataError(ValueError):
    """A file that is missing, damaged or of another format; one line names file and cause.

    Args:
        message: what happened, what was expected; a name in it may hold any sign.
    """

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))
