"""The service from the command line: models checked, workers started, address printed, served."""

import argparse
import contextlib
import ipaddress
import math
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from src.common.files import model_name
from src.load.class_names import distinct_names
from src.load.errors import UnreadableDataError
from src.serve.listening import free_socket
from src.serve.service.limits import Limits
from src.serve.service.options import LIMITS
from src.serve.service.pool import Pool

if TYPE_CHECKING:
    from uvicorn import Server

OTHER_FILES = 64
"""That the server has open besides its connections: pipes to workers, libraries."""

MODEL = "model.safetensors"
"""Name of a model's file in the directory of its run."""

SHORTEST_TOKEN = 16
"""Characters; shorter ones can be guessed."""


def run_service(arguments: argparse.Namespace) -> int:
    """Serve until Ctrl-C or SIGTERM; returns the exit status."""
    models = named_models(arguments.models)
    if arguments.export:
        return export(arguments, list(models.values()))
    token = None if arguments.token_file is None else read_token(arguments.token_file)
    limits = usable_limits(Limits(**{name: getattr(arguments, name) for name in LIMITS}))
    with free_socket(arguments.port, arguments.host) as listening:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # of the workers: a core each
        pool = Pool(models, arguments.workers, limits, _log)
        try:
            pool.start()
            with interruption_later():
                import_service()
            pool.wait()
            server = service_server(pool, limits, token, arguments.name, arguments.glass)
            # until uvicorn takes SIGTERM over, and at the end, when it hands it on
            before = signal.signal(signal.SIGTERM, lambda *_: setattr(server, "should_exit", True))
            try:
                for line in opening_lines(arguments, listening.getsockname(), models):
                    print(line, flush=True)
                if token is None and not _is_loopback(listening.getsockname()[0]):
                    _log("anyone who reaches this address can ask; --token-file asks for a token")
                with contextlib.suppress(KeyboardInterrupt):  # likewise
                    server.run(sockets=[listening])
            finally:
                signal.signal(signal.SIGTERM, before)
        finally:
            pool.close(0.0)
    print("stopped", flush=True)
    return 0


def export(arguments: argparse.Namespace, models: Sequence[Path]) -> int:
    """Write the glass box of photos into a folder; returns the exit status."""
    folder, *photos = arguments.export
    if not (arguments.glass and photos and len(models) == 1):
        raise UnreadableDataError(
            "--export: expected --glass, one model, a new folder, and photos after it"
        )
    from src.serve.service.glass_export import export_glass

    written = export_glass(models[0], photos, folder)
    size = sum(path.stat().st_size for path in written) / 1e6
    print(f"{folder / 'index.html'}: {len(photos)} photos, {len(written)} files, {size:.1f} MB")
    return 0


def usable_limits(limits: Limits) -> Limits:
    """Limits that do not contradict each other, with as many connections as the system gives.

    Raises UnreadableDataError.
    """
    if limits.photos > limits.waiting:
        raise UnreadableDataError(
            f"--photos: {limits.photos} photos in a request can never wait in line, of which "
            f"--waiting is {limits.waiting}"
        )
    try:
        import resource
    except ImportError:  # where there is no such limit
        return limits
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = limits.connections + OTHER_FILES
    if soft < wanted and (hard == resource.RLIM_INFINITY or hard > soft):
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return limits
    if soft <= OTHER_FILES:
        raise UnreadableDataError(
            f"the system gives this process {soft} open files, expected more than {OTHER_FILES} "
            "(ulimit -n)"
        )
    return replace(limits, connections=soft - OTHER_FILES)


def named_models(paths: Sequence[Path]) -> dict[str, Path]:
    """Files by what the models are called: their run, or file.

    Raises UnreadableDataError for one that is missing.
    """
    files = [path / MODEL if (path / MODEL).is_file() else path for path in paths]
    for path in files:
        if not path.is_file():
            raise UnreadableDataError(
                f"{path}: no such file: expected model files, directories of runs, or the word "
                "review"
            )
    return dict(zip(distinct_names([model_name(path) for path in files]), files, strict=True))


def read_token(path: Path) -> str:
    """The first line of a file.

    Raises UnreadableDataError for one that cannot be read, or guessed too easily.
    """
    try:
        token = path.read_text("utf-8").partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        cause = getattr(error, "strerror", None) or "is no text"
        raise UnreadableDataError(f"--token-file: {path}: {cause}") from None
    if len(token) < SHORTEST_TOKEN or not (token.isascii() and token.isprintable()):
        raise UnreadableDataError(
            f"--token-file: {path}: expected {SHORTEST_TOKEN} or more ASCII characters in its "
            "first line; python -c 'import secrets; print(secrets.token_urlsafe())' makes one"
        )
    if os.name == "posix" and path.stat().st_mode & 0o004:
        _log(f"--token-file: {path} can be read by everybody on this machine (chmod 600)")
    return token


def opening_lines(
    arguments: argparse.Namespace, address: Sequence[Any], models: dict[str, Path]
) -> list[str]:
    """What is printed once photos are answered."""
    host, port = address[:2]
    shown = f"[{host}]" if ":" in host else host
    if ipaddress.ip_address(host).is_unspecified:
        shown = "127.0.0.1"
    where = f"http://{shown}:{port}/"
    return [
        f"{', '.join(models)}: answering at {where} (Ctrl-C ends it)",
        f"  page {where}   {f'glass box {where}glass   ' if arguments.glass else ''}API {where}docs"
        f"   workers {arguments.workers}"
        f"   token {'asked for' if arguments.token_file else 'none'}",
    ]


@contextlib.contextmanager
def interruption_later() -> Iterator[None]:
    """Ctrl-C comes after this block.

    In the middle of an import it may become another error: Python makes a RuntimeError, and a
    library an error of its own, of whatever is raised while a class is being made.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if came:
        raise KeyboardInterrupt


def import_service() -> None:
    """Import what serves. Raises UnreadableDataError where its packages are missing."""
    try:
        import fastapi_offline  # noqa: F401  its files are served, see app.py
        import python_multipart  # noqa: F401  Starlette asks for it late

        import src.serve.service.app
        import src.serve.service.connections  # noqa: F401
    except ImportError as error:
        raise UnreadableDataError(
            f"the service needs FastAPI and uvicorn: pip install -e '.[serve]' ({error})"
        ) from None


def service_server(
    pool: Pool, limits: Limits, token: str | None, names: Sequence[str], glass: bool
) -> "Server":
    """What serves the application, of a pool that is ready."""
    import uvicorn

    from src.serve.service.app import create_app
    from src.serve.service.connections import LONGER, StoppingServer, bounded_protocol

    config = uvicorn.Config(
        create_app(pool, limits, token, names, glass),
        http=bounded_protocol(limits),
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=math.ceil(limits.stopping_seconds) + LONGER,
    )
    return StoppingServer(config, pool)


def _is_loopback(host: str) -> bool:
    return ipaddress.ip_address(host).is_loopback


def _log(line: str) -> None:
    print(f"serve: {line}", file=sys.stderr, flush=True)
