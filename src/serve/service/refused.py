"""A request that is refused: one line, and the status that says whose turn it is."""

from collections.abc import Mapping


class RefusedError(Exception):
    """Ends a request.

    Args:
        status: of HTTP.
        message: what happened, what was expected.
        headers: of the answer.
    """

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})
