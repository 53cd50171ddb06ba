"""Worker processes: started, given jobs, watched, and started again where one ends.

Processes and not threads, because they share no lock of Python's with the server (it answers while
they compute), because one that takes too long can be ended, and because one that a photo brings
down takes nobody along: who waited is told so, or is answered by the next.
"""

import contextlib
import math
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
from src.serve.service.jobs import Answer, ExplainJob, Problem, Ready, Unusable
from src.serve.service.limits import Limits
from src.serve.service.waiting import Line, Waiting

PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds before a worker that could not start is started again, at first and at last."""

SIGNALS = (signal.SIGINT, signal.SIGTERM)

LOOK = 0.1
"""Seconds between two looks at whatever takes too long."""


def _work(connection: Connection, models: dict[str, Path], pixels: int, threads: int) -> None:
    """What the process does; the imports are its own, the server has no use for NumPy."""
    from src.serve.service.worker import run_worker

    run_worker(connection, models, pixels, threads)


def leave_signals_to_others() -> None:
    """Let this thread get no Ctrl-C and no SIGTERM."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)


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
        self.closing = threading.Event()
        self._model_files = models
        self._log = log
        self._context = multiprocessing.get_context("spawn")
        self._news = threading.Condition()
        self._problem = ""
        self._first: Ready | None = None
        self._ready: set[int] = set()
        self._hurry = threading.Event()
        self._handlers = [_Handler(self, number) for number in range(workers)]
        self._watch = threading.Thread(target=self._look, name="watch", daemon=True)

    def start(self) -> None:
        """Start the workers; they load the models while the caller does something else."""
        # its process undoes the mask of signals of the thread that starts it
        resource_tracker.ensure_running()
        for handler in self._handlers:
            handler.thread.start()
        self._watch.start()

    def wait(self) -> None:
        """Wait for the first worker that is ready.

        Raises UnreadableDataError where the models cannot be served.
        """
        self.wait_for_news()
        if self._problem:
            raise UnreadableDataError(self._problem)

    def wait_for_news(self) -> None:
        """Wait until a worker is ready, or none will be."""
        with self._news:
            self._news.wait_for(lambda: self._ready or self._problem or self.closing.is_set())

    @property
    def ready(self) -> int:
        """Workers that answer."""
        return 0 if self.closing.is_set() else len(self._ready)

    def close(self, seconds: float) -> None:
        """Finish what waits and runs, as far as this time allows, and end the workers."""
        with self._news:
            self.closing.set()
            self._news.notify_all()
        self.line.close()
        end = time.monotonic() + seconds
        while any(handler.thread.is_alive() for handler in self._handlers):
            if self._hurry.wait(0.02) or time.monotonic() > end:
                break
        self.line.fail_all(Problem(503, "the server was stopped", again=5))
        for handler in self._handlers:
            handler.end()
        for handler in self._handlers:  # which answer what their workers had
            if handler.thread.is_alive():
                handler.thread.join(5)

    def hurry(self) -> None:
        """Let ``close`` wait no longer."""
        self._hurry.set()

    def _look(self) -> None:
        """End workers that take too long, and answer photos that wait too long."""
        leave_signals_to_others()
        while not (self.closing.is_set() and not any(h.thread.is_alive() for h in self._handlers)):
            self.line.give_up_old()
            for handler in self._handlers:
                handler.end_if_overdue()
            time.sleep(LOOK)

    # what handlers say, from their threads

    def tell_ready(self, number: int, ready: Ready) -> str:
        """A worker has loaded its models; returns why it may not answer, if it may not."""
        with self._news:
            self._first = self._first or ready
            if ready.files != self._first.files:
                return "a model's file has changed: restart the server"
            self.models = self.models or ready.models
            self._ready.add(number)
            self._news.notify_all()
        return ""

    def tell_unusable(self, message: str) -> bool:
        """A worker cannot be used; returns whether it should be started again."""
        with self._news:
            started = bool(self.models)
            if not started:
                self._problem = self._problem or message
            self._news.notify_all()
        if started and not self.closing.is_set():
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
        """A new worker, and the connection to it. Raises OSError where the system has no more."""
        ours, theirs = self._context.Pipe()
        process = self._context.Process(
            target=_work,
            args=(theirs, self._model_files, self.limits.pixels, len(self._handlers)),
            daemon=True,
        )
        try:
            process.start()
        except OSError:
            ours.close()
            raise
        finally:
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
        self._deadline = math.inf
        self._overdue = False

    def end(self) -> None:
        """End the process."""
        with self._starting:
            if self._process is not None and self._process.is_alive():
                self._process.kill()

    def end_if_overdue(self) -> None:
        """End the process if its job takes too long."""
        if time.monotonic() > self._deadline:
            self._overdue = True
            self._deadline = math.inf
            self.end()

    def _run(self) -> None:
        leave_signals_to_others()  # the process that is started here inherits it
        if self.number:  # the first one has the cores to itself until it answers
            self.pool.wait_for_news()
        pause = PAUSE
        while not self.pool.closing.is_set():
            began = time.monotonic()
            if not self._run_one():
                return
            soon = time.monotonic() - began < pause
            if soon:  # it could not even start: again, but less and less often
                self.pool.closing.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE) if soon else PAUSE

    def _run_one(self) -> bool:
        """Start a worker and give it jobs; returns whether another one should follow."""
        try:
            with self._starting:
                if self.pool.closing.is_set():
                    return False
                self._process, connection = self.pool.start_process()
        except OSError as error:
            return self.pool.tell_unusable(f"no process can be started ({error.strerror})")
        try:
            return self._serve(connection)
        except (EOFError, OSError):  # before it was ready
            return self.pool.tell_unusable(f"it ended with status {self._exit_status()}")
        finally:
            connection.close()
            self._exit_status()

    def _exit_status(self) -> int | None:
        """That of the process, which has ended or is about to."""
        assert self._process is not None
        self._process.join(5)
        return self._process.exitcode

    def _serve(self, connection: "Connection[Any, Any]") -> bool:
        """Give jobs to a worker; returns whether another one should follow.

        Raises EOFError or OSError where the worker ends before it is ready.
        """
        process, line = self._process, self.pool.line
        assert process is not None
        first: Ready | Unusable = connection.recv()
        cause = first.message if isinstance(first, Unusable) else ""
        if isinstance(first, Ready):
            cause = self.pool.tell_ready(self.number, first)
        if cause:
            self.end()
            return self.pool.tell_unusable(cause)
        while True:
            taken = line.take(process.is_alive)
            if taken == []:
                with contextlib.suppress(OSError):
                    connection.send(None)
                return False
            problem = self._hand_over(connection, taken) if taken else self._ended()
            if problem:
                self.pool.tell_lost(self.number, problem)
                return True

    def _hand_over(self, connection: "Connection[Any, Any]", taken: list[Waiting]) -> str:
        """Jobs to the worker and their answers back; returns why the worker is lost, if it is."""
        line = self.pool.line
        seconds = self._seconds(taken[0])
        self._deadline = time.monotonic() + seconds
        try:
            connection.send([waiting.job for waiting in taken])
        except OSError:
            self._deadline = math.inf
            if not self._overdue:  # it had ended before: the next one gets them
                line.give_back(taken)
                return self._ended()
        for place, waiting in enumerate(taken):
            began = time.monotonic()
            seconds = self._seconds(waiting)
            self._deadline = began + seconds
            problem = self._receive(connection, waiting, seconds)
            self._deadline = math.inf
            line.done(waiting, time.monotonic() - began)
            if problem:
                line.give_back(taken[place + 1 :])
                return problem
        return ""

    def _receive(self, connection: "Connection[Any, Any]", waiting: Waiting, seconds: float) -> str:
        """The answer of one job; returns why the worker is lost, if it is."""
        try:
            answer: Answer = connection.recv()[1]
        except (EOFError, OSError):
            if self._overdue:
                self._overdue = False
                waiting.set(Problem(504, f"it took more than {seconds:g} seconds"))
                return f"took more than {seconds:g} seconds"
            # no time to come again: it may be this photo that has brought the worker down
            stopped = self.pool.closing.is_set()
            waiting.set(
                Problem(503, "the server was stopped" if stopped else "the worker was lost")
            )
            return self._ended()
        waiting.set(answer)
        return ""

    def _seconds(self, waiting: Waiting) -> float:
        """That a job may take."""
        limits = self.pool.limits
        explain = isinstance(waiting.job, ExplainJob)
        return limits.explain_seconds if explain else limits.predict_seconds

    def _ended(self) -> str:
        return f"ended (status {self._exit_status()})"
