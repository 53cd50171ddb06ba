"""Jobs that wait for a worker: a bounded line, first come, first served."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from src.serve.service.jobs import Answer, ExplainJob, Job, Problem
from src.serve.service.limits import Limits

TOGETHER = 8
"""Photos that a worker is given at once, at most."""

WAKE_UP = 0.25
"""Seconds after which a worker without a job is looked at again."""


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
        self._photos = _Places("photos", limits.waiting, seconds=0.05)
        self._explanations = _Places("explanations", limits.waiting_explanations, seconds=2.0)
        self._changed = threading.Condition()
        self._closed = False
        self._failed: Problem | None = None

    def __len__(self) -> int:
        return len(self._photos.line) + len(self._explanations.line)

    def _places_of(self, job: Job) -> "_Places":
        """Where a job waits: questions of the glass box among the photos."""
        return self._explanations if isinstance(job, ExplainJob) else self._photos

    def add(self, jobs: Sequence[Job]) -> list[Waiting] | Problem:
        """Put all jobs in line, or none of them: then why.

        Args:
            jobs: of one request, all of one kind.
        """
        made = [Waiting(job) for job in jobs]
        places = self._places_of(jobs[0])
        with self._changed:
            if self._closed:
                return Problem(503, "the server is being stopped", again=5)
            if len(made) > places.most:
                return Problem(413, f"{len(made)} {places.what}, expected {places.most} or fewer")
            self._give_up_old()
            places.drop_cancelled()
            if len(places.line) + len(made) > places.most:
                cause = f"{len(places.line)} {places.what} are waiting already"
                return Problem(503, cause, self._again(places))
            places.line.extend(made)
            self._changed.notify_all()
        return made

    def _again(self, places: "_Places") -> int:
        """Seconds after which another try makes sense."""
        return max(round(places.seconds * len(places.line) / self.workers), 1)

    def take(self, wanted: Callable[[], bool] = lambda: True) -> list[Waiting] | None:
        """The next jobs for a worker; none once the line is closed and empty.

        Photos that wait are shared out evenly: a worker gets several at once, and need not ask for
        each. It never waits for more to come.

        Args:
            wanted: is asked now and then; None is returned where jobs are no longer wanted.
        """
        with self._changed:
            while wanted():
                self._give_up_old()
                taken = self._take_explanation() or self._take_predictions()
                self.working += len(taken)
                if taken or (self._closed and not len(self)):
                    return taken
                self._changed.wait(WAKE_UP)
        return None

    def _take_explanation(self) -> list[Waiting]:
        """An explanation, if one may begin and is older than all photos."""
        line, photos = self._explanations.line, self._photos.line
        while line and self.explaining < max(self.workers - 1, 1):
            if photos and photos[0].since < line[0].since:
                return []
            waiting = line.popleft()
            if waiting.begun:
                self.explaining += 1
                return [waiting]
        return []

    def _take_predictions(self) -> list[Waiting]:
        """A share of the photos."""
        places = self._photos
        places.drop_cancelled()
        share = min(-(-len(places.line) // self.workers), TOGETHER)
        taken = [places.line.popleft() for _ in range(share)]
        return [waiting for waiting in taken if waiting.begun]

    def done(self, waiting: Waiting, seconds: float) -> None:
        """A worker has answered, or never will.

        Args:
            waiting: the job.
            seconds: that it took.
        """
        with self._changed:
            self._leave(waiting)
            places = self._places_of(waiting.job)
            places.seconds += 0.05 * (seconds - places.seconds)

    def give_back(self, jobs: Sequence[Waiting]) -> None:
        """Put jobs that were taken, and not begun, back in front."""
        with self._changed:
            for waiting in reversed(jobs):
                self._leave(waiting)
                if self._failed:
                    waiting.set(self._failed)
                else:
                    self._places_of(waiting.job).line.appendleft(waiting)

    def _leave(self, waiting: Waiting) -> None:
        """A worker has a job no longer."""
        self.working -= 1
        if isinstance(waiting.job, ExplainJob):
            self.explaining -= 1
        self._changed.notify_all()

    def close(self) -> None:
        """Take no more jobs; those in line are still done."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def fail_all(self, problem: Problem) -> None:
        """Answer everything that waits, and whatever is given back from now on."""
        with self._changed:
            self._failed = problem
            for places in (self._photos, self._explanations):
                while places.line:
                    places.line.popleft().set(problem)
            self._changed.notify_all()

    def give_up_old(self) -> None:
        """Answer jobs that have waited too long."""
        with self._changed:
            self._give_up_old()

    def _give_up_old(self) -> None:
        oldest = time.monotonic() - self.limits.waiting_seconds
        for places in (self._photos, self._explanations):
            while places.line and places.line[0].since < oldest:
                waiting = places.line.popleft()
                if waiting.begun:
                    waiting.set(Problem(503, "the server is too busy", self._again(places)))


@dataclass
class _Places:
    """Those of one kind of job.

    Attributes:
        what: they are called.
        most: that may wait.
        seconds: that one takes, a moving average.
        line: those that wait.
    """

    what: str
    most: int
    seconds: float
    line: deque[Waiting] = field(default_factory=deque)

    def drop_cancelled(self) -> None:
        """Forget jobs whose clients have gone."""
        kept = [waiting for waiting in self.line if not waiting.answer.cancelled()]
        if len(kept) < len(self.line):
            self.line.clear()
            self.line.extend(kept)
