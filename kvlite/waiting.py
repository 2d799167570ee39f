"""Waiting for a key to be born: try; if there is nothing, park; when the key is born, try again in order.

A value that can hold what nobody waits for, a stream, is born again whenever something comes into it.

A parked waiter stands in line at each of its keys. The thread that gives birth to one serves the line
before it lets go of the lock, so nothing can slip in between, the first who came is the first served, and
an element is never taken for somebody who has left: a waiter that gives up does so under the same lock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .errors import ResponseError, StoreClosedError
from .structs import Collection

if TYPE_CHECKING:
    from .keyspace import Keyspace

R = TypeVar("R")


class Attempt(Generic[R]):
    """What a blocking command waits for: that one of `keys` holds a value of this kind, of which `serve` then
    makes the result, or None if there is nothing after all.

    How it is waited for is up to the door: a thread sleeps, an asyncio task awaits, a session is told.
    """

    __slots__ = ("begin", "gone", "keys", "kind", "put_back", "serve", "store")

    def __init__(
        self,
        store: Keyspace[Any],
        keys: list[bytes],
        kind: type[Collection],
        serve: Callable[[bytes], R | None],
        put_back: Callable[[R], object] | None = None,
        begin: Callable[[], R | None] | None = None,
        gone: str | None = None,
    ) -> None:
        self.store = store
        self.keys = keys
        self.kind = kind
        self.serve = serve
        self.put_back = put_back
        """Undoes `serve`, where its result would be lost if nobody came for it."""
        self.begin = begin or self._serve_first
        """Makes the result of what there is before anybody waits, or None: by default of the first key."""
        self.gone = gone
        """The error of who waits for a key that is removed; by default it is waited for the next one."""

    def _serve_first(self) -> R | None:
        for key in self.keys:
            result = self.serve(key)
            if result is not None:
                return result
        return None


class Waiter(Generic[R]):
    """One blocked call. Whoever serves it leaves `result` or `error` and calls `wake`.

    `wake` is called under the store's lock, once, by whichever thread it is; it must not block.
    """

    __slots__ = ("attempt", "deadline", "error", "key", "parked", "result", "wake", "written")

    def __init__(self, attempt: Attempt[R], wake: Callable[[], None]) -> None:
        self.attempt = attempt
        self.wake = wake
        self.parked = False
        self.result: R | None = None
        self.error: Exception | None = None
        self.key = b""
        self.deadline: int | None = None
        """The key from which it was served, and when what was there would have died."""
        self.written: object = None
        """How far the journal was when it was served."""


class WaitingRoom:
    """All who wait on the databases of one store, and the keys that have been born for them.

    Every method is called under the store's lock.
    """

    def __init__(self) -> None:
        self.ready: dict[tuple[Keyspace[Any], bytes], None] = {}
        """The keys that were born and whose lines are still to be served, in the order of their birth."""
        self._timeouts: dict[Waiter[Any], int] = {}

    def park(self, waiter: Waiter[Any], deadline: int | None = None) -> None:
        """Put `waiter` in line at its keys; at `deadline`, on a manual clock, it leaves."""
        waiter.parked = True
        store = waiter.attempt.store
        for key in dict.fromkeys(waiter.attempt.keys):
            store._lines.setdefault(key, deque()).append(waiter)
        if waiter.attempt.gone is not None:
            store._keep_watch(1)
        if deadline is not None:
            self._timeouts[waiter] = deadline

    def leave(self, waiter: Waiter[Any]) -> None:
        """Take `waiter` out of every line and wake it."""
        waiter.parked = False
        self._timeouts.pop(waiter, None)
        lines = waiter.attempt.store._lines
        if waiter.attempt.gone is not None:
            waiter.attempt.store._keep_watch(-1)
        for key in dict.fromkeys(waiter.attempt.keys):
            line = lines[key]
            line.remove(waiter)
            if not line:
                del lines[key]
        waiter.wake()

    def dismiss(self, store: Keyspace[Any], why: str) -> None:
        """Send everybody away who waits on `store`, because it is closed."""
        for line in list(store._lines.values()):
            for waiter in list(line):
                if waiter.parked:
                    waiter.error = StoreClosedError(why)
                    self.leave(waiter)

    def born(self, store: Keyspace[Any], key: bytes) -> None:
        """`key`, which somebody waits for, has a new value."""
        self.ready[store, key] = None

    def serve(self) -> None:
        """Serve the lines of the keys that were born, in the order of their birth.

        Serving may give birth to further keys (a waiter that moves its element), which are served as well.
        """
        while self.ready:
            store, key = next(iter(self.ready))
            self._serve_line(store, key)
            del self.ready[store, key]

    def _serve_line(self, store: Keyspace[Any], key: bytes) -> None:
        passed_over = 0
        while (line := store._lines.get(key)) is not None and passed_over < len(line):
            value = store._peek(key)
            waiter = line[passed_over]
            if isinstance(value, waiter.attempt.kind):
                waiter.key, waiter.deadline = key, store._db.deadlines.get(key)
                try:
                    waiter.result = waiter.attempt.serve(key)
                except Exception as error:
                    waiter.error = error
                if waiter.result is not None or waiter.error is not None:
                    if store._shared.journal is not None:
                        waiter.written = store._shared.journal.written()
                    self.leave(waiter)
                    continue
                # There is nothing new, or its deadline came between two looks at the clock.
            elif waiter.attempt.gone is not None:
                waiter.error = ResponseError(waiter.attempt.gone)
                self.leave(waiter)
                continue
            passed_over += 1

    def next_timeout(self) -> int | None:
        return min(self._timeouts.values(), default=None)

    def time_out(self, now: int) -> None:
        """Send away those whose time is up."""
        for waiter, deadline in list(self._timeouts.items()):
            if deadline <= now:
                self.leave(waiter)
