"""What the service takes, and how long it works on it: nothing that comes in is without a bound."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Of one server.

    Attributes:
        request_bytes: of the body of a request.
        held_bytes: of the bodies of all requests at one time.
        photos: in a request.
        pixels: of a photo: a small file can hold an image that fills the memory.
        waiting: photos that wait for a worker.
        waiting_explanations: explanations that do.
        upload_seconds: from the head of a request to the end of its body.
        waiting_seconds: that a photo waits before it is given up.
        predict_seconds: that a worker may take for a photo.
        explain_seconds: and for an explanation.
        head_seconds: that a connection may take for the head of a request, up to twice.
        connections: at one time.
        stopping_seconds: that are left to what runs when the server is told to stop.
    """

    request_bytes: int = 32 << 20
    held_bytes: int = 256 << 20
    photos: int = 32
    pixels: int = 60_000_000
    waiting: int = 256
    waiting_explanations: int = 16
    upload_seconds: float = 30.0
    waiting_seconds: float = 10.0
    predict_seconds: float = 30.0
    explain_seconds: float = 120.0
    head_seconds: float = 10.0
    connections: int = 512
    stopping_seconds: float = 30.0
