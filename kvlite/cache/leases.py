"""Who computes for all processes holds a lease: a key with a token, which lives on while it is renewed.

A process that dies renews nothing, and when its lease has run out another takes over.
"""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any, TypeAlias

from .backends import run

Renew: TypeAlias = Callable[[], Coroutine[Any, Any, bool]]
"""Makes a lease last on; false if it is lost."""
Renewing: TypeAlias = Callable[[Renew, float], AbstractAsyncContextManager[None]]
"""A block during which a lease is renewed every so many seconds."""


class _Renewer:
    """One thread that renews the leases of all threads of this process. It ends when there are none."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._leases: dict[object, tuple[float, float, Renew]] = {}
        self._thread: threading.Thread | None = None

    def begin(self, renew: Renew, every: float) -> object:
        lease = object()
        with self._changed:
            self._leases[lease] = time.monotonic() + every, every, renew
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name="kvlite-leases", daemon=True)
                self._thread.start()
            else:
                self._changed.notify()
        return lease

    def end(self, lease: object) -> None:
        with self._changed:
            self._leases.pop(lease, None)

    def _work(self) -> None:
        idle_since = time.monotonic()
        while True:
            with self._changed:
                now = time.monotonic()
                if self._leases:
                    idle_since = now
                elif now - idle_since > 1:
                    self._thread = None
                    return
                due = [(lease, each) for lease, each in self._leases.items() if each[0] <= now]
                if not due:
                    soonest = min((each[0] for each in self._leases.values()), default=now + 1)
                    self._changed.wait(soonest - now)
                    continue
            for lease, (_, every, renew) in due:
                held = True
                with suppress(Exception):  # the store cannot be reached now; perhaps the next time
                    held = run(renew())
                with self._changed:
                    if not held:
                        self._leases.pop(lease, None)
                    elif lease in self._leases:
                        self._leases[lease] = time.monotonic() + every, every, renew


_renewer = _Renewer()


@asynccontextmanager
async def renewed_by_thread(renew: Renew, every: float) -> AsyncIterator[None]:
    lease = _renewer.begin(renew, every)
    try:
        yield
    finally:
        _renewer.end(lease)


@asynccontextmanager
async def renewed_by_task(renew: Renew, every: float) -> AsyncIterator[None]:
    import asyncio

    async def work() -> None:
        held = True
        while held:
            await asyncio.sleep(every)
            with suppress(Exception):
                held = await renew()

    task: Awaitable[None] = asyncio.create_task(work())
    try:
        yield
    finally:
        task.cancel()  # type: ignore[attr-defined]


def start_anew() -> None:
    """After a fork, in the child: the thread and its leases are the parent's."""
    global _renewer
    _renewer = _Renewer()
