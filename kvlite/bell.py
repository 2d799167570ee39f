"""How a thread or a task sleeps until another has something for it."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress

TURN = 100
"""How much may be done at once, where it might be waited for, before other tasks have their turn."""


class Bell:
    """Lets a thread sleep until another rings; a ring that nobody waits for is kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()

    def ring(self) -> None:
        with suppress(RuntimeError):  # it has been rung already
            self._lock.release()

    def wait(self, seconds: float | None) -> None:
        self._lock.acquire(timeout=-1 if seconds is None else min(seconds, threading.TIMEOUT_MAX))


class AsyncBell:
    """Lets tasks sleep until somebody rings, from whatever thread; a ring that nobody waits for is kept."""

    def __init__(self) -> None:
        self._rung = False
        self._asleep: dict[asyncio.Future[None], asyncio.AbstractEventLoop] = {}

    def ring(self) -> None:
        """Wake who sleeps. It does not block."""
        self._rung = True
        for future, loop in list(self._asleep.items()):
            with suppress(RuntimeError):  # the loop is closed, and with it the task
                loop.call_soon_threadsafe(_wake, future)

    async def wait(self, seconds: float | None = None) -> None:
        """Return when it rings, or has rung since the last time, or `seconds` have gone by."""
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        self._asleep[future] = loop
        timer = None if seconds is None else loop.call_later(max(0, seconds), _wake, future)
        try:
            if not self._rung:
                await future
        finally:
            if timer is not None:
                timer.cancel()
            del self._asleep[future]
            self._rung = False


class Turns:
    """Lets other tasks have their turn now and then, where there is always something for one."""

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = TURN

    def over(self) -> bool:
        """Whether to `pause` before one more thing is done."""
        self._left -= 1
        return self._left <= 0

    async def pause(self) -> None:
        """Let others have their turn. Who is cancelled here has taken nothing."""
        self._left = TURN
        await asyncio.sleep(0)


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
