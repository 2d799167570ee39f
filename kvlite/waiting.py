"""Waiting for a key to be born: try; if there is nothing, park; when the key is born, try again in order.

A parked waiter stands in line at each of its keys. The thread that gives birth to one serves the line
before it lets go of the lock, so nothing can slip in between, the first who came is the first served, and
an element is never taken for somebody who has left: a waiter that gives up does so under the same lock.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .structs import Collection

if TYPE_CHECKING:
    from .keyspace import Keyspace


class Waiter:
    """One blocked call. Whoever serves it leaves `result` or `error` and calls `wake`."""

    __slots__ = ("_bell", "error", "keys", "kind", "parked", "result", "serve", "store")

    def __init__(
        self,
        store: Keyspace[Any],
        keys: list[bytes],
        kind: type[Collection],
        serve: Callable[[bytes], Any],
    ) -> None:
        self.store = store
        self.keys = keys
        self.kind = kind
        self.serve = serve
        self.parked = False
        self.result: Any = None
        self.error: Exception | None = None
        self._bell = threading.Lock()
        self._bell.acquire()

    def wake(self) -> None:
        """Tell the waiter that it is no longer parked. Called under the lock, once."""
        self._bell.release()

    def wait(self, seconds: float | None) -> bool:
        """Sleep until woken, without the lock; False when `seconds` went by first."""
        return self._bell.acquire(timeout=-1 if seconds is None else min(seconds, threading.TIMEOUT_MAX))


class WaitingRoom:
    """All who wait on the databases of one store, and the keys that have been born for them.

    Every method is called under the store's lock.
    """

    def __init__(self) -> None:
        self._ready: deque[tuple[Keyspace[Any], bytes]] = deque()
        self._timeouts: list[tuple[int, int, Waiter]] = []
        self._arrival = itertools.count()

    def park(self, waiter: Waiter, deadline: int | None = None) -> None:
        """Put `waiter` in line at its keys; at `deadline`, on a manual clock, it leaves."""
        waiter.parked = True
        for key in dict.fromkeys(waiter.keys):
            waiter.store._lines.setdefault(key, deque()).append(waiter)
        if deadline is not None:
            heapq.heappush(self._timeouts, (deadline, next(self._arrival), waiter))

    def leave(self, waiter: Waiter) -> None:
        """Take `waiter` out of every line and wake it."""
        waiter.parked = False
        lines = waiter.store._lines
        for key in dict.fromkeys(waiter.keys):
            line = lines[key]
            line.remove(waiter)
            if not line:
                del lines[key]
        waiter.wake()

    def dismiss(self, store: Keyspace[Any], error: Exception) -> None:
        """Send everybody away who waits on `store`."""
        for line in list(store._lines.values()):
            for waiter in list(line):
                if waiter.parked:
                    waiter.error = error
                    self.leave(waiter)

    def born(self, store: Keyspace[Any], key: bytes) -> None:
        """`key`, which somebody waits for, has a new value."""
        self._ready.append((store, key))

    def serve(self) -> None:
        """Serve the lines of the keys that were born, in the order of their birth."""
        ready = self._ready
        while ready:
            store, key = ready.popleft()
            for waiter in list(store._lines.get(key, ())):
                value = store._peek(key)
                if value is None:
                    break
                if isinstance(value, waiter.kind):
                    try:
                        waiter.result = waiter.serve(key)
                    except Exception as error:
                        waiter.error = error
                    self.leave(waiter)

    def next_timeout(self) -> int | None:
        timeouts = self._timeouts
        while timeouts and not timeouts[0][2].parked:
            heapq.heappop(timeouts)
        return timeouts[0][0] if timeouts else None

    def time_out(self, now: int) -> None:
        """Send away those whose time is up."""
        while (deadline := self.next_timeout()) is not None and deadline <= now:
            self.leave(heapq.heappop(self._timeouts)[2])
