"""The body of a request, with its bounds: bytes of one, bytes of all together, and time.

What counts is what arrives: a false length, or none, helps nobody. A client that sends slowly keeps
only what it has sent, and not for long.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from src.serve.service.limits import Limits
from src.serve.service.refused import RefusedError

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]

DRAIN_SECONDS = 2.0
"""For the rest of a body that is refused: a client that is cut off never reads why."""

CLOSE = {"Connection": "close"}
"""What is left of the body cannot be told from the next request."""


@dataclass
class Budget:
    """Bytes of all bodies in memory.

    Attributes:
        most: at one time.
        held: now.
    """

    most: int
    held: int = 0


class BoundedBody:
    """Takes the place of a request's ``receive`` (ASGI).

    Args:
        receive: the server's own.
        limits: of the server.
        budget: shared by all requests; see ``release``.
    """

    def __init__(self, receive: Receive, limits: Limits, budget: Budget) -> None:
        self._receive = receive
        self._limits = limits
        self._budget = budget
        self._bytes = 0
        self._complete = False
        self._deadline = asyncio.get_running_loop().time() + limits.upload_seconds

    def check_length(self, length: str) -> None:
        """Refuse a body that says itself that it is too long; nothing of it is read."""
        if length.isascii() and length.isdigit() and int(length[:15]) > self._limits.request_bytes:
            raise self._too_long()

    async def __call__(self) -> Message:
        """The next part of the body. Raises RefusedError beyond a bound."""
        if self._complete:  # nothing more comes but the end of the connection
            message: Message = await self._receive()
            return message
        left = self._deadline - asyncio.get_running_loop().time()
        try:
            message = await asyncio.wait_for(self._receive(), max(left, 0.001))
        except TimeoutError:
            raise RefusedError(
                408, f"the request took more than {self._limits.upload_seconds:g} seconds", CLOSE
            ) from None
        if message["type"] == "http.disconnect":
            self._complete = True
            raise RefusedError(499, "the client has gone", CLOSE)  # nobody reads it
        size = len(message.get("body", b""))
        self._bytes += size
        self._budget.held += size
        self._complete = not message.get("more_body", False)
        if self._bytes > self._limits.request_bytes:
            raise self._too_long()
        if self._budget.held > self._budget.most:
            raise RefusedError(503, "too many photos are arriving", {**CLOSE, "Retry-After": "2"})
        return message

    async def drain(self) -> None:
        """Read and forget the rest, for a short time."""
        self._budget.held -= self._bytes
        self._bytes = 0
        end = asyncio.get_running_loop().time() + DRAIN_SECONDS
        while not self._complete and (left := end - asyncio.get_running_loop().time()) > 0:
            try:
                message = await asyncio.wait_for(self._receive(), left)
            except TimeoutError:
                return
            self._complete = not message.get("more_body", False)

    def release(self) -> None:
        """The request has its answer: its bytes are no longer held."""
        self._budget.held -= self._bytes
        self._bytes = 0

    def _too_long(self) -> RefusedError:
        most = self._limits.request_bytes
        return RefusedError(413, f"the request is longer than {most:,} bytes", CLOSE)
