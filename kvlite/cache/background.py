"""What is computed while its callers go on: by a few threads of this process, or by tasks of their loops.

Nothing here keeps a program alive. The threads are daemons; they come with the work, and go when there has
been none for a while. A task ends with its loop.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from contextvars import copy_context
from typing import Any, TypeAlias

from .backends import run

Work: TypeAlias = Callable[[], Coroutine[Any, Any, None]]

THREADS = 4
"""How many there are at most: what more callers want done waits its turn."""
IDLE = 1.0
"""After how many seconds without work a thread ends."""


class _Crew:
    """The threads of this process that do such work, in the order in which it comes."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: deque[Callable[[], None]] = deque()
        self._threads = self._idle = 0

    def give(self, work: Callable[[], None]) -> None:
        """Have it done soon. RuntimeError if no thread can be started."""
        with self._changed:
            if self._idle <= len(self._waiting) and self._threads < THREADS:
                try:
                    threading.Thread(target=self._serve, name="kvlite-refresh", daemon=True).start()
                    self._threads += 1
                except RuntimeError:
                    if not self._threads:
                        raise
            self._waiting.append(work)
            self._changed.notify_all()

    def _serve(self) -> None:
        while True:
            with self._changed:
                self._idle += 1
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._waiting, IDLE)
                self._idle -= 1
                if not self._waiting:
                    self._threads -= 1
                    return
                work = self._waiting.popleft()
            with suppress(BaseException):  # it says itself what went wrong, and exits no more than itself
                work()
            del work

    def finish(self, seconds: float) -> bool:
        """Wait until all is done, at most so long; whether it is."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not self._waiting and self._idle == self._threads, timeout=seconds
            )


_crew = _Crew()


def in_a_thread(work: Work) -> None:
    """Have `work`, which never suspends, run in another thread, with the caller's context variables.

    RuntimeError if there can be none.
    """
    context = copy_context()
    _crew.give(lambda: context.run(lambda: run(work())))


def in_a_task(work: Work) -> None:
    """Have `work` run in a task of the caller's loop.

    Nobody holds on to the task but what it waits for. So one whose loop was closed too early is collected,
    and thereby ends.
    """
    import asyncio

    asyncio.get_running_loop().create_task(work())


def finish(seconds: float) -> bool:
    """Wait for what the threads still have to do, at most so long; whether all is done."""
    return _crew.finish(seconds)


def start_anew() -> None:
    """After a fork, in the child: the threads and their work are the parent's."""
    global _crew
    _crew = _Crew()
