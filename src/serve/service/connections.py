"""What uvicorn leaves open: connections that never say what they want, and how work ends.

It closes connections that are idle between two requests, but waits without end for the head of one
that has begun. Told to stop, it waits for requests that run, and then cancels them without a word.
"""

import asyncio
import socket
from typing import Any

import uvicorn
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from src.serve.service.pool import Pool

LONGER = 5
"""Seconds that uvicorn waits longer than the pool does, which answers what is not finished."""


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
        """Accept nothing more, finish what runs, close."""
        seconds = self._pool.limits.stopping_seconds
        closing = asyncio.ensure_future(asyncio.to_thread(self._pool.close, seconds))
        await super().shutdown(sockets)
        await closing


def bounded_protocol(head_seconds: float) -> type[asyncio.Protocol]:
    """uvicorn's protocol, with a time for the head of a request.

    Args:
        head_seconds: after this time a connection without a request is looked at again, and closed
            if it has brought none.
    """
    # either of two classes of uvicorn, by what is installed; both have these attributes
    base: Any = AutoHTTPProtocol

    class BoundedProtocol(base):  # type: ignore[misc]
        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._seen: Any = self  # no request yet, and not looked at yet
            self._look = self.loop.call_later(head_seconds, self._close_if_silent)

        def connection_lost(self, error: Exception | None) -> None:
            self._look.cancel()
            super().connection_lost(error)

        def _close_if_silent(self) -> None:
            cycle = self.cycle
            waits = cycle is None or cycle.response_complete
            if waits and (cycle is None or cycle is self._seen):
                self.transport.close()
                return
            self._seen = cycle
            self._look = self.loop.call_later(head_seconds, self._close_if_silent)

    return BoundedProtocol
