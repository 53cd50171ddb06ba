"""Worker processes: started, given jobs, watched, and started again where one ends.

Processes and not threads, because they share no lock of Python's with the server (it answers while
they compute), because one that takes too long can be ended, and because one that a photo brings
down takes nobody along: who waited is told so, or is answered by the next.
"""

import multiprocessing
import signal
import threading
import time
from collections.abc import Callable
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

from src.load.errors import UnreadableDataError
from src.serve.service.jobs import Answer, ExplainJob, Job, Problem, Ready, Unusable
from src.serve.service.limits import Limits
from src.serve.service.waiting import Line, Waiting

PAUSE = 1.0
"""Seconds before a worker that could not start is started again."""


def _work(connection: Connection, models: dict[str, Path], pixels: int, threads: int) -> None:
    """What the process does; the imports are its own, the server has no use for NumPy."""
    from src.serve.service.worker import run_worker

    run_worker(connection, models, pixels, threads)


class Pool:
    """Workers and the line before them.

    Args:
        models: files by name.
        workers: processes.
        limits: of the server.
        log: gets a line for each worker that is lost.

    Attributes:
        line: jobs that wait.
        lost: workers that have ended unasked, or were ended, so far.
        models: descriptions, once a worker is ready.
        closing: set once the server is being stopped.
    """

    def __init__(
        self,
        models: dict[str, Path],
        workers: int,
        limits: Limits,
        log: Callable[[str], None],
    ) -> None:
        self.limits = limits
        self.line = Line(limits, workers)
        self.lost = 0
        self.models: list[dict[str, Any]] = []
        self._files = models
        self._log = log
        self._context = multiprocessing.get_context("spawn")
        self._news = threading.Condition()
        self._problem = ""
        self._ready: set[int] = set()
        self.closing = threading.Event()
        self._handlers = [_Handler(self, number) for number in range(workers)]

    def start(self) -> None:
        """Start the workers; they load the models while the caller does something else."""
        # its process undoes the mask of signals of the thread that starts it
        resource_tracker.ensure_running()
        for handler in self._handlers:
            handler.thread.start()

    def wait(self) -> None:
        """Wait for the first worker that is ready.

        Raises UnreadableDataError where the models cannot be served.
        """
        with self._news:
            self._news.wait_for(lambda: self._ready or self._problem)
        if self._problem:
            raise UnreadableDataError(self._problem)

    @property
    def ready(self) -> int:
        """Workers that answer."""
        return 0 if self.closing.is_set() else len(self._ready)

    def add(self, jobs: list[Job]) -> list[Waiting] | Problem:
        """Put jobs in line; see ``Line.add``."""
        return self.line.add(jobs)

    def close(self, seconds: float) -> None:
        """Finish what waits and runs, as far as this time allows, and end the workers."""
        self.closing.set()
        self.line.close()
        end = time.monotonic() + seconds
        for handler in self._handlers:
            handler.thread.join(max(end - time.monotonic(), 0))
        self.line.fail_all(Problem(503, "the server was stopped", again=5))
        for handler in self._handlers:
            handler.end()

    # what handlers say, from their threads

    def tell_ready(self, number: int, models: list[dict[str, Any]]) -> None:
        """A worker has loaded its models."""
        with self._news:
            self.models = self.models or models
            self._ready.add(number)
            self._news.notify_all()

    def tell_unusable(self, message: str) -> bool:
        """A worker cannot be used; returns whether it should be started again."""
        with self._news:
            started = bool(self.models)
            if not started:
                self._problem = self._problem or message
            self._news.notify_all()
        if started:
            self._log(f"a worker cannot start: {message}")
        return started

    def tell_lost(self, number: int, cause: str) -> None:
        """A worker has ended."""
        with self._news:
            self._ready.discard(number)
            self.lost += 1
        if not self.closing.is_set():
            self._log(f"worker {number + 1} {cause}; starting another")

    def start_process(self) -> tuple[SpawnProcess, "Connection[Any, Any]"]:
        """A new worker, and the connection to it."""
        ours, theirs = self._context.Pipe()
        process = self._context.Process(
            target=_work,
            args=(theirs, self._files, self.limits.pixels, len(self._handlers)),
            daemon=True,
        )
        process.start()
        theirs.close()  # so that its end is seen here
        return process, ours


class _Handler:
    """The thread that looks after one worker, which it starts, and starts again."""

    def __init__(self, pool: Pool, number: int) -> None:
        self.pool = pool
        self.number = number
        self.thread = threading.Thread(target=self._run, name=f"worker-{number}", daemon=True)
        self._process: SpawnProcess | None = None
        self._starting = threading.Lock()  # one that is just being started is not overlooked

    def end(self) -> None:
        """End the process."""
        with self._starting:
            if self._process is not None and self._process.is_alive():
                self._process.kill()
                self._process.join(5)

    def _run(self) -> None:
        if hasattr(signal, "pthread_sigmask"):  # processes started here are deaf to them
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
        again = True
        while again and not self.pool.closing.is_set():
            with self._starting:
                if self.pool.closing.is_set():
                    return
                self._process, connection = self.pool.start_process()
            try:
                again = self._serve(connection)
            except (EOFError, OSError):
                if self.pool.closing.is_set():
                    again = False
                elif not self.pool.models:
                    cause = f"it ended with status {self._exit_status()}"
                    again = self.pool.tell_unusable(f"the first worker could not start: {cause}")
                else:
                    self.pool.tell_lost(self.number, f"ended (status {self._exit_status()})")
            finally:
                connection.close()

    def _exit_status(self) -> int | None:
        assert self._process is not None
        self._process.join(5)
        return self._process.exitcode

    def _serve(self, connection: "Connection[Any, Any]") -> bool:
        """Give jobs to a worker; returns whether another one should follow.

        Raises EOFError or OSError where the worker has ended.
        """
        first: Ready | Unusable = connection.recv()
        if isinstance(first, Unusable):
            again = self.pool.tell_unusable(first.message)
            if again:
                time.sleep(PAUSE)
            return again
        self.pool.tell_ready(self.number, first.models)
        while taken := self.pool.line.take():
            cause = self._hand_over(connection, taken)
            if cause:
                self.pool.tell_lost(self.number, cause)
                return True
        connection.send(None)
        return False

    def _hand_over(self, connection: "Connection[Any, Any]", taken: list[Waiting]) -> str:
        """Jobs to the worker and their answers back; returns why the worker is lost, if it is."""
        try:
            connection.send([waiting.job for waiting in taken])
        except OSError:  # it had ended before: the next one gets them
            self._account([], taken)
            return f"ended (status {self._exit_status()})"
        began = time.monotonic()
        for place, waiting in enumerate(taken):
            problem = self._receive(connection, waiting)
            self._account([waiting], taken[place + 1 :] if problem else [], began)
            if problem:
                return problem
            began = time.monotonic()
        return ""

    def _receive(self, connection: "Connection[Any, Any]", waiting: Waiting) -> str:
        """The answer of one job; returns why the worker is lost, if it is."""
        limits = self.pool.limits
        explain = isinstance(waiting.job, ExplainJob)
        seconds = limits.explain_seconds if explain else limits.predict_seconds
        try:
            if connection.poll(seconds):
                answer: Answer = connection.recv()[1]
                waiting.set(answer)
                return ""
        except (EOFError, OSError):
            stopped = self.pool.closing.is_set()
            cause = "the server was stopped" if stopped else "the worker was lost; try again"
            waiting.set(Problem(503, cause, again=1))
            return f"ended (status {self._exit_status()})"
        self.end()
        waiting.set(Problem(504, f"it took more than {seconds:g} seconds"))
        return f"took more than {seconds:g} seconds"

    def _account(
        self, done: list[Waiting], left: list[Waiting], began: float | None = None
    ) -> None:
        """Tell the line which jobs are done, and which are to be done by another worker."""
        for waiting in done:
            self.pool.line.done(waiting, time.monotonic() - began if began else 0.0)
        if left:
            self.pool.line.give_back(left)
