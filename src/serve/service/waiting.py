"""Jobs that wait for a worker: a bounded line, first come, first served."""

import threading
import time
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field

from src.serve.service.jobs import Answer, ExplainJob, Job, PredictJob, Problem
from src.serve.service.limits import Limits

TOGETHER = 8
"""Photos that a worker is given at once, at most."""


@dataclass(eq=False)
class Waiting:
    """A job, and the future of its answer.

    Attributes:
        job: to be done.
        answer: is set by the worker; whoever is not interested any more cancels it.
        since: when it came, on the monotonic clock.
    """

    job: Job
    answer: "Future[Answer]" = field(default_factory=Future)
    since: float = field(default_factory=time.monotonic)

    def set(self, answer: Answer) -> None:
        """Give the answer, if anybody still waits for it."""
        if not self.answer.done():
            self.answer.set_result(answer)

    @property
    def begun(self) -> bool:
        """Whether it may begin: from now on it cannot be cancelled."""
        return self.answer.running() or self.answer.set_running_or_notify_cancel()


class Line:
    """Jobs that wait.

    Predictions and explanations have places of their own. One worker is always left to predictions
    where there are several: an explanation takes as long as a hundred of them.

    Args:
        limits: of the server.
        workers: that take jobs.

    Attributes:
        explaining: explanations that workers have taken.
        working: jobs that they have.
    """

    def __init__(self, limits: Limits, workers: int) -> None:
        self.limits = limits
        self.workers = workers
        self.explaining = 0
        self.working = 0
        self._predictions: deque[Waiting] = deque()
        self._explanations: deque[Waiting] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._seconds = 0.05  # that a photo takes, a moving average

    def __len__(self) -> int:
        return len(self._predictions) + len(self._explanations)

    def add(self, jobs: list[Job]) -> list[Waiting] | Problem:
        """Put all jobs in line, or none of them: then why.

        Args:
            jobs: of one request, all of one kind.
        """
        made = [Waiting(job) for job in jobs]
        with self._changed:
            explain = isinstance(jobs[0], ExplainJob)
            line = self._explanations if explain else self._predictions
            self._drop_cancelled(line)
            most = self.limits.waiting_explanations if explain else self.limits.waiting
            if self._closed:
                return Problem(503, "the server is being stopped", again=5)
            if len(line) + len(made) > most:
                what = "explanations" if explain else "photos"
                return Problem(503, f"{len(line)} {what} are waiting already", self.again())
            line.extend(made)
            self._changed.notify_all()
        return made

    def again(self) -> int:
        """Seconds after which another try makes sense."""
        return max(round(self._seconds * len(self._predictions) / self.workers), 1)

    def take(self) -> list[Waiting]:
        """The next jobs for a worker; none once the line is closed and empty.

        Photos that wait are shared out evenly: a worker gets several at once, and need not ask for
        each. It never waits for more to come.
        """
        with self._changed:
            while True:
                for line in (self._predictions, self._explanations):
                    self._give_up_old(line)
                taken = self._take()
                self.working += len(taken)
                if taken or self._closed:
                    return taken
                self._changed.wait(1.0)

    def _take(self) -> list[Waiting]:
        may_explain = self.explaining < max(self.workers - 1, 1)
        explanation = self._explanations[0] if self._explanations and may_explain else None
        first = self._predictions[0] if self._predictions else None
        if explanation and (first is None or explanation.since < first.since):
            self._explanations.popleft()
            if explanation.begun:
                self.explaining += 1
                return [explanation]
            return self._take()
        share = min(-(-len(self._predictions) // self.workers), TOGETHER)
        taken = [self._predictions.popleft() for _ in range(share)]
        begun = [waiting for waiting in taken if waiting.begun]
        return begun if begun or not taken else self._take()

    def done(self, waiting: Waiting, seconds: float) -> None:
        """A worker has answered, or never will.

        Args:
            waiting: the job.
            seconds: that it took.
        """
        with self._changed:
            self.working -= 1
            if isinstance(waiting.job, PredictJob):
                self._seconds += 0.05 * (seconds - self._seconds)
            else:
                self.explaining -= 1
                self._changed.notify_all()

    def give_back(self, jobs: list[Waiting]) -> None:
        """Put jobs that were taken, and not begun, back in front."""
        with self._changed:
            self.working -= len(jobs)
            self._predictions.extendleft(reversed(jobs))
            self._changed.notify_all()

    def close(self) -> None:
        """Take no more jobs; those in line are still done."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def fail_all(self, problem: Problem) -> None:
        """Answer everything that waits."""
        with self._changed:
            for line in (self._predictions, self._explanations):
                while line:
                    line.popleft().set(problem)

    def _give_up_old(self, line: deque[Waiting]) -> None:
        oldest = time.monotonic() - self.limits.waiting_seconds
        while line and line[0].since < oldest:
            waiting = line.popleft()
            if waiting.begun:
                waiting.set(Problem(503, "the server is too busy", self.again()))

    @staticmethod
    def _drop_cancelled(line: deque[Waiting]) -> None:
        """Forget jobs whose clients have gone."""
        kept = [waiting for waiting in line if not waiting.answer.cancelled()]
        if len(kept) < len(line):
            line.clear()
            line.extend(kept)
