"""The socket on which a page is served."""

import errno
import socket

from src.load.errors import UnreadableDataError

HOST = "127.0.0.1"
"""This machine alone: nobody else reaches the page."""

WAITING = 2048
"""Connections that wait to be accepted, at most."""

PORT_ERRORS = (errno.EADDRINUSE, errno.EACCES)
"""What the system answers where another program has the port, or only its administrator may."""


def free_socket(port: int, host: str = HOST) -> socket.socket:
    """A socket that listens. Raises UnreadableDataError where port or host cannot be had."""
    if port > 65535:
        raise UnreadableDataError(f"--port: expected 65535 or less, got {port}")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise UnreadableDataError(
            f"--host: {host} is no address of this machine ({error})"
        ) from None
    listening = socket.socket(family, kind, protocol)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(address)
        listening.listen(WAITING)  # from here on a browser waits, and is not refused
    except OSError as error:
        listening.close()
        if error.errno in PORT_ERRORS:
            cause = f"--port: {port} cannot be used ({error.strerror}); choose another, or 0"
        else:
            cause = f"--host: {host} is no address of this machine ({error.strerror})"
        raise UnreadableDataError(cause) from None
    return listening
