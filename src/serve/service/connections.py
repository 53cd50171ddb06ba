"""Connections that say nothing are closed: a client that sends the head of a request byte by byte.

uvicorn closes connections that are idle between two requests, but waits without end for the head of
one that has begun.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol


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
