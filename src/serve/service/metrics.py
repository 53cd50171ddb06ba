"""What the server counts, for Prometheus: requests, photos, waiting, workers.

Names follow Prometheus's conventions (base units, ``_total``). Nothing of a photo, a name or a
client is in them.
"""

import time
from collections.abc import Awaitable, Callable
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.process_collector import ProcessCollector

from src.serve.service.pool import Pool

SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 120)
"""Upper ends of the buckets of durations."""

OTHER = "other"
"""Stands for all paths that lead nowhere: they are the clients' to choose, and without end."""


class Metrics:
    """Counts of one server.

    Args:
        pool: of which the state is told.
        paths: that have their own counts.
    """

    def __init__(self, pool: Pool, paths: frozenset[str]) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each, which nobody asks for
        self._registry = CollectorRegistry()
        self._paths = paths
        settings: Any = {"registry": self._registry}
        self.requests = Counter(
            "classic_nn_requests", "Requests that were answered.", ["path", "status"], **settings
        )
        self.seconds = Histogram(
            "classic_nn_request_seconds",
            "From the head of a request to the end of its answer.",
            ["path"],
            buckets=SECONDS,
            **settings,
        )
        self.photos = Counter(
            "classic_nn_photos", "Photos, by what became of them.", ["model", "outcome"], **settings
        )
        for name, text, value in (
            ("waiting", "Photos that wait for a worker.", lambda: len(pool.line)),
            ("working", "Photos that workers have.", lambda: pool.line.working),
            ("workers_ready", "Workers that answer.", lambda: pool.ready),
            ("workers_lost", "Workers that have ended unasked, or were ended.", lambda: pool.lost),
        ):
            Gauge(f"classic_nn_{name}", text, **settings).set_function(value)
        ProcessCollector(registry=self._registry)

    def text(self) -> bytes:
        """In Prometheus's text format."""
        return generate_latest(self._registry)

    def measured(self, app: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        """An ASGI application whose requests are counted."""

        async def counted(scope: dict[str, Any], receive: Any, send: Any) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            began, status = time.perf_counter(), 500

            async def noted(message: dict[str, Any]) -> None:
                nonlocal status
                status = message.get("status", status)
                await send(message)

            try:
                await app(scope, receive, noted)
            finally:
                path = scope["path"] if scope["path"] in self._paths else OTHER
                self.requests.labels(path, status).inc()
                self.seconds.labels(path).observe(time.perf_counter() - began)

        return counted
