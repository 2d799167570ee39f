"""Work for another thread, and who does it."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from queue import SimpleQueue

from ..replies import Reply


class Job:
    """Some work for another thread."""

    def __init__(self, work: Callable[[], Reply]) -> None:
        self._work = work
        self._result: Reply = None
        self._error: BaseException | None = None
        self._lock = threading.Lock()
        self._resume: Callable[[], object] | None = None
        self._bell = threading.Lock()
        self._bell.acquire()

    def do(self) -> None:
        try:
            self._result = self._work()
        except BaseException as error:
            self._error = error
        with self._lock:
            resume = self._resume
            self._bell.release()
        if resume is not None:
            resume()

    def wait(self, seconds: float) -> bool:
        """Whether it is done within so many seconds."""
        return self._bell.acquire(timeout=min(seconds, threading.TIMEOUT_MAX))

    def resume_by(self, resume: Callable[[], object]) -> bool:
        """Have `resume` called when it is done; False if it is."""
        with self._lock:
            if not self._bell.locked():
                return False
            self._resume = resume
            return True

    def outcome(self) -> Reply:
        if self._error is not None:
            raise self._error
        return self._result


class Worker:
    """A thread that does one job after the other, and ends when nobody holds on to this any more."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._thread = threading.Thread(target=_work, args=(self._jobs,), name="kvlite-scripts", daemon=True)
        self._thread.start()
        weakref.finalize(self, self._jobs.put, None)

    @property
    def alive(self) -> bool:
        """Not so in a process that was forked from the one in which it began."""
        return self._thread.is_alive()

    def begin(self, work: Callable[[], Reply]) -> Job:
        job = Job(work)
        self._jobs.put(job)
        return job


def _work(jobs: SimpleQueue[Job | None]) -> None:
    while (job := jobs.get()) is not None:
        job.do()
