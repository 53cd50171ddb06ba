"""What uvicorn leaves open: how many connections, how long they say nothing, and how work ends.

It closes connections that are idle between two requests, but waits without end for the head of one
that has begun, and for a client that does not read its answer. Told to stop, it waits for requests
that run, and then cancels them without a word.
"""

import asyncio
import json
import socket
from typing import Any

import uvicorn
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from src.serve.service.limits import Limits
from src.serve.service.pool import Pool

LONGER = 5
"""Seconds that uvicorn waits longer than the pool does, which answers what is not finished."""

HEAD_BYTES = 64 << 10
"""Of the head of a request, at most."""


class StoppingServer(uvicorn.Server):
    """A server that has its pool finish, or answer that it will not, before it closes connections.

    Args:
        config: of uvicorn.
        pool: of workers.
    """

    def __init__(self, config: uvicorn.Config, pool: Pool) -> None:
        super().__init__(config)
        self._pool = pool

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept nothing more, finish what runs, close; at once where it is told so again."""
        seconds = self._pool.limits.stopping_seconds
        closing = asyncio.ensure_future(asyncio.to_thread(self._pool.close, seconds))
        await super().shutdown(sockets)
        self._pool.hurry()  # nobody waits for anything any more
        await closing


def _full() -> bytes:
    """The answer where there are too many connections."""
    content = json.dumps({"error": "too many connections"}).encode()
    head = (
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 2\r\n"
        f"Content-Length: {len(content)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + content


def bounded_protocol(limits: Limits) -> type[asyncio.Protocol]:
    """uvicorn's protocol, with bounds of number, bytes and time.

    Args:
        limits: of connections; and the seconds after which one is looked at again: it is closed if
            it has brought no request since, or read nothing of an answer.
    """
    # either of two classes of uvicorn, by what is installed; both have these attributes
    base: Any = AutoHTTPProtocol

    class BoundedProtocol(base):  # type: ignore[misc]
        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._seen: Any = None  # no request yet
            self._head_bytes = self._unread = 0
            self._look = self.loop.call_later(limits.head_seconds, self._close_if_silent)
            if len(self.connections) > limits.connections:
                transport.write(_full())
                transport.close()

        def connection_lost(self, error: Exception | None) -> None:
            self._look.cancel()
            super().connection_lost(error)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self._head_bytes += len(data)
            if not self._waits():
                self._head_bytes = 0
            elif self._head_bytes > HEAD_BYTES:
                self.transport.abort()

        def _waits(self) -> bool:
            """Whether there is no request that is being answered."""
            return self.cycle is None or self.cycle.response_complete

        def _close_if_silent(self) -> None:
            unread = self.transport.get_write_buffer_size()
            silent = self._waits() and self.cycle is self._seen
            if silent or (unread and unread == self._unread):
                self.transport.abort()
                return
            self._seen, self._unread = self.cycle, unread
            self._look = self.loop.call_later(limits.head_seconds, self._close_if_silent)

    return BoundedProtocol
