"""What every request passes before it is answered: who may ask, and what the browser may do.

- Names: only IP addresses, localhost and names that were given are answered, so a page that has its
  own name lead here (DNS rebinding) gets nothing.
- Origin: pages of other origins get nothing.
- Token, where there is one: compared in constant time.
- Body: see ``body``.
- Headers of the answer: nothing is loaded from elsewhere, framed, guessed or kept.
"""

import contextlib
import hashlib
import hmac
import ipaddress
import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from src.common.files import printable
from src.serve.service.body import BoundedBody, Budget, Message
from src.serve.service.limits import Limits
from src.serve.service.refused import RefusedError

Scope = dict[str, Any]
Send = Callable[[Any], Awaitable[None]]

OPEN = ("/", "/glass", "/docs", "/openapi.json", "/health", "/ready")
"""Paths that ask for no token: they tell nothing of models or photos."""

FILES = ("/page/", "/swagger/")
"""What the paths of the page's own files begin with."""

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""Content-Security-Policy: the page's own files alone, and photos that the user has chosen."""

DOCS_POLICY = PAGE_POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
"""Swagger UI sets styles in its elements."""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Guard:
    """An ASGI application in front of another.

    Args:
        app: what is guarded.
        limits: of the server.
        token: that has to be sent; None for none.
        names: of hosts that are answered, besides IP addresses and localhost.
    """

    def __init__(
        self,
        app: Callable[..., Awaitable[None]],
        limits: Limits,
        token: str | None = None,
        names: tuple[str, ...] = (),
    ) -> None:
        self._app = app
        self._limits = limits
        self._token = None if token is None else _digest(token.encode())
        self._names = frozenset(name.lower() for name in (*names, "localhost"))
        self.budget = Budget(limits.held_bytes)

    async def __call__(self, scope: Scope, receive: Any, send: Send) -> None:
        """Answer a request, or have it answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = _headers(scope)
        body = BoundedBody(receive, self._limits, self.budget)
        path = scope["path"]

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                policy = DOCS_POLICY if path == "/docs" else PAGE_POLICY
                extra = {**HEADERS, "Content-Security-Policy": policy}
                message["headers"] = [
                    *message.get("headers", ()),
                    *((k.lower().encode(), v.encode()) for k, v in extra.items()),
                ]
            await send(message)

        try:
            self._check(path, headers)
            body.check_length(headers.get("content-length", ""))
            await self._app(scope, body, send_with_headers)
        except RefusedError as refused:
            with contextlib.suppress(OSError):
                await body.drain()
            await send_refusal(refused, send_with_headers)
        finally:
            body.release()

    def _check(self, path: str, headers: dict[str, str]) -> None:
        host = headers.get("host", "")
        if not self._answers_to(host):
            raise RefusedError(
                400, f"this server has no name {printable(host[:100])!r} (option --name)"
            )
        origin = headers.get("origin")
        if origin and not _is_of(origin, host):
            raise RefusedError(403, f"{printable(origin[:100])} is another page")
        if self._token is None or path in OPEN or path.startswith(FILES):
            return
        kind, _, given = headers.get("authorization", "").partition(" ")
        right = hmac.compare_digest(_digest(given.strip().encode("latin-1")), self._token)
        if not right or kind.lower() != "bearer":
            raise RefusedError(
                401,
                "expected the header 'Authorization: Bearer TOKEN'",
                {"WWW-Authenticate": "Bearer", "Connection": "close"},
            )

    def _answers_to(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        if name in self._names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


def _is_of(origin: str, host: str) -> bool:
    """Whether a page is of a host."""
    try:
        return urlsplit(origin).netloc == host
    except ValueError:
        return False


async def send_refusal(refused: RefusedError, send: Send) -> None:
    """The answer to a request that is refused: its one line as JSON."""
    content = json.dumps({"error": refused.message}).encode()
    headers = {
        "content-type": "application/json",
        "content-length": str(len(content)),
        **refused.headers,
    }
    encoded = [(k.lower().encode(), v.encode()) for k, v in headers.items()]
    await send({"type": "http.response.start", "status": refused.status, "headers": encoded})
    await send({"type": "http.response.body", "body": content})


def _headers(scope: Scope) -> dict[str, str]:
    """By name; of those that come several times the last, but of Host, where they must agree."""
    found: dict[str, str] = {}
    for key, value in scope["headers"]:
        name, text = key.decode("latin-1"), value.decode("latin-1")
        found[name] = "" if name == "host" and found.get(name, text) != text else text
    return found


def _digest(token: bytes) -> bytes:
    """Of one length for all tokens, so that the time of comparing them tells nothing."""
    return hashlib.sha256(token).digest()
