"""How many photos a server answers, and how fast: ``python -m benchmarks.serving MODEL PHOTOS``.

A server in processes of its own, and clients on the same machine, which take their share of its
cores: at concurrency 1, 8 and 64 each client sends its next photo when it has the answer to the
last. Before and after, ``predict`` answers the same photos in one process, with as many threads as
the server has workers; the ratio is to the mean of the two. Then many requests more: is memory
flat?
"""

import argparse
import asyncio
import contextlib
import itertools
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from src.common.cli import Parser, argument_type, run_command, whole_number
from src.common.files import write_json
from src.inference.classifier import load_model
from src.inference.inputs import folder_images
from src.load.errors import UnreadableDataError

CONCURRENCY = (1, 8, 64)

PHOTOS = 200
"""Different photos, at most."""

BOUNDARY = "boundary-of-parts"


def build_parser() -> Parser:
    """The parser of the command line."""
    parser = Parser(prog="python -m benchmarks.serving", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("model", type=Path, help="a model file of a run")
    parser.add_argument("photos", type=Path, help="a folder of photos")
    positive = argument_type(whole_number(1))
    parser.add_argument("--workers", type=positive, default=2, metavar="N")
    parser.add_argument("--requests", type=positive, default=2000, metavar="N", help="at each rate")
    parser.add_argument(
        "--endurance",
        type=argument_type(whole_number(0)),
        default=10_000,
        metavar="N",
        help="requests after which memory is read again; 0 for none (default: 10000)",
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="figures as JSON")
    return parser


@contextlib.contextmanager
def server(model: Path, workers: int) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A server that answers: its process and port."""
    command = [sys.executable, "-m", "src.serve", model, "--port", 0, "--workers", workers]
    began = time.perf_counter()
    process = subprocess.Popen([*map(str, command)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", process.stdout.readline())
        if found is None:
            raise UnreadableDataError(f"{model}: the server does not start")
        print(f"answers after {time.perf_counter() - began:.2f} s", flush=True)
        yield process, int(found[1])
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


def request_of(port: int, name: str, content: bytes) -> bytes:
    """A whole HTTP request with a photo."""
    disposition = f'Content-Disposition: form-data; name="files"; filename="{name}"'
    body = b"".join(
        [
            f"--{BOUNDARY}\r\n{disposition}\r\nContent-Type: image/jpeg\r\n\r\n".encode(),
            content,
            f"\r\n--{BOUNDARY}--\r\n".encode(),
        ]
    )
    head = (
        f"POST /predict HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {len(body)}\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n"
    )
    return head.encode() + body


async def load(port: int, requests: list[bytes], total: int, concurrency: int) -> dict[str, float]:
    """Send so many requests; returns the rate (per second) and percentiles (milliseconds)."""
    rest = iter(itertools.islice(itertools.cycle(requests), total))
    seconds: list[float] = []

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for request in rest:
            began = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head.lower())
            assert length is not None
            await reader.readexactly(int(length[1]))
            if not head.startswith(b"HTTP/1.1 200"):
                raise UnreadableDataError(f"the server answers {head[9:12].decode()}")
            seconds.append(time.perf_counter() - began)
        writer.close()
        await writer.wait_closed()

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(concurrency)))
    rate = total / (time.perf_counter() - began)
    p50, p95, p99 = (1000 * np.percentile(seconds, [50, 95, 99])).tolist()
    return {"concurrency": concurrency, "rate": rate, "p50": p50, "p95": p95, "p99": p99}


def predict_rate(model: Path, threads: int, contents: list[bytes], total: int) -> float:
    """Photos a second of ``predict`` in one process."""
    classifier = load_model(model, threads)
    classifier.predict(contents[:8])
    began = time.perf_counter()
    for _ in classifier.stream(itertools.islice(itertools.cycle(contents), total)):
        pass
    return total / (time.perf_counter() - began)


def resident_bytes(process: int) -> int:
    """Resident memory of a process and of those that it has started."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if process in (int(folder.name), parent):
                pages = int((folder / "statm").read_text().split()[1])
                total += pages * 4096
    return total


def measure(arguments: argparse.Namespace) -> int:
    """Measure and print; returns the exit status."""
    paths = folder_images(arguments.photos)[:PHOTOS]
    contents = [path.read_bytes() for path in paths]
    few = max(arguments.requests // 2, 1)
    rates = [predict_rate(arguments.model, arguments.workers, contents, few)]
    rows: list[dict[str, float]] = []
    with server(arguments.model, arguments.workers) as (process, port):
        requests = [
            request_of(port, path.name, content)
            for path, content in zip(paths, contents, strict=True)
        ]
        for concurrency in CONCURRENCY:
            rows.append(asyncio.run(load(port, requests, arguments.requests, concurrency)))
        memory = [resident_bytes(process.pid)]
        if arguments.endurance:
            asyncio.run(load(port, requests, arguments.endurance, 8))
            memory.append(resident_bytes(process.pid))
    rates.append(predict_rate(arguments.model, arguments.workers, contents, few))
    mean = sum(rates) / 2
    shown = ", ".join(f"{rate:.1f}" for rate in rates)
    print(f"predict, one process, {arguments.workers} threads: {shown} a second")
    print("clients   a second   of predict   p50 ms   p95 ms   p99 ms   p99/p50")
    for row in rows:
        print(
            f"{row['concurrency']:7}   {row['rate']:8.1f}   {row['rate'] / mean:10.2f}   "
            f"{row['p50']:6.1f}   {row['p95']:6.1f}   {row['p99']:6.1f}   "
            f"{row['p99'] / row['p50']:7.2f}"
        )
    print("resident memory, MiB:", *(f"{value / 2**20:.0f}" for value in memory))
    if arguments.output:
        content: dict[str, Any] = {
            "model": arguments.model.name,
            "predict": rates,
            "load": rows,
            "resident_bytes": memory,
        }
        write_json(arguments.output, content)
    return 0


def main() -> int:
    """Run the command line; returns the exit status."""
    arguments = build_parser().parse_args()
    return run_command(
        "python -m benchmarks.serving", lambda: measure(arguments), (UnreadableDataError,)
    )


if __name__ == "__main__":
    sys.exit(main())
