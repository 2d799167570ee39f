"""One computation for all who ask for the same thing at the same time in this process.

A flight is a computation under way. Whoever asks first leads it; the others wait until it lands, be they
threads or tasks of any loop. A flight whose leader was cancelled or killed is abandoned, and one of those who
wait leads the next.

Who computes something may ask for something else. It then waits for another flight, which may wait for its
own, and so on; `Flight.would_wait_for_itself` finds such circles before they close.
"""

from __future__ import annotations

import math
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import Any, Protocol

from . import background, leases
from .background import Work

_circles = threading.Lock()
"""Held while somebody looks whether waiting would close a circle, and begins to wait."""

REFRESH_NOTED = 10.0
"""For how many seconds nobody else is told to compute the same anew."""

computing: ContextVar[tuple[Flight, ...]] = ContextVar("computing", default=())
"""The flights that this thread or task leads, outermost first."""


class Flight:
    """A computation under way, or what came of it."""

    __slots__ = (
        *("_lock", "_rings", "awaited", "error", "forgotten", "key", "landed", "loop", "tags", "value"),
    )

    def __init__(self, key: str) -> None:
        self.key = key
        self.tags: frozenset[str] = frozenset()
        self.landed = False
        """It has a value or an error."""
        self.value: Any = None
        self.error: BaseException | None = None
        self.forgotten = False
        """What comes of it is not to be kept: it was invalidated since it began."""
        self.awaited: list[Flight] = []
        """The flights that its leader waits for."""
        self.loop: Any = None
        """The loop of its leader, if that is a task."""
        self._lock = threading.Lock()
        self._rings: list[Callable[[], None]] | None = []

    def land(self, value: Any) -> None:
        self.value, self.landed = value, True

    def fail(self, error: BaseException) -> None:
        self.error, self.landed = error, True

    def result(self) -> Any:
        """The value, or the error raised."""
        if self.error is not None:
            raise self.error
        return self.value

    def end(self) -> None:
        """Wake who waits: it has landed, or is abandoned."""
        with self._lock:
            rings, self._rings = self._rings, None
        for ring in rings or ():
            ring()

    def tell(self, ring: Callable[[], None]) -> bool:
        """Have `ring` called at the end; false if that has come."""
        with self._lock:
            if self._rings is None:
                return False
            self._rings.append(ring)
            return True

    def begin_to_wait(self, leading: Iterable[Flight]) -> bool:
        """Note that the leader of `leading` waits for this flight; false if that would close a circle."""
        leading = [flight for flight in leading if not flight.landed]
        if not leading:
            return True
        with _circles:
            if self.would_wait_for_itself(leading):
                return False
            for flight in leading:
                flight.awaited.append(self)
        return True

    def stop_waiting(self, leading: Iterable[Flight]) -> None:
        with _circles:
            for flight in leading:
                if self in flight.awaited:
                    flight.awaited.remove(self)

    def would_wait_for_itself(self, leading: list[Flight]) -> bool:
        found, seen = [self], set()
        while found:
            flight = found.pop()
            if flight in leading:
                return True
            if id(flight) not in seen:
                seen.add(id(flight))
                found += flight.awaited
        return False


class Flights:
    """The flights of one store, by key."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flying: dict[str, Flight] = {}
        self._refreshing: dict[str, float] = {}
        """By key, when somebody was told to compute it anew in the background."""
        _all.add(self)

    def board(self, key: str, tags: frozenset[str]) -> tuple[Flight, bool]:
        """The flight of this key, a new one if there is none; and whether the caller is to lead it."""
        with self._lock:
            flight = self._flying.get(key)
            if flight is not None:
                return flight, False
            flight = self._flying[key] = Flight(key)
            flight.tags = tags
            return flight, True

    def replace(self, key: str, tags: frozenset[str]) -> Flight:
        """A new flight for the caller to lead; what comes of the present one is not to be kept."""
        with self._lock:
            former = self._flying.get(key)
            if former is not None:
                former.forgotten = True
            flight = self._flying[key] = Flight(key)
            flight.tags = tags
            return flight

    def leave(self, flight: Flight) -> None:
        """The end of a flight, for all who wait for it."""
        with self._lock:
            if self._flying.get(flight.key) is flight:
                del self._flying[flight.key]
        flight.end()

    def forget(self, chosen: Callable[[Flight], bool]) -> None:
        """Keep nothing that comes of the chosen flights, and let nobody else board them."""
        with self._lock:
            for flight in list(self._flying.values()):
                if chosen(flight):
                    flight.forgotten = True
                    del self._flying[flight.key]

    def forget_keys(self, keys: Iterable[str]) -> None:
        with self._lock:
            for key in keys:
                flight = self._flying.pop(key, None)
                if flight is not None:
                    flight.forgotten = True

    def begin_to_refresh(self, key: str) -> bool:
        """Note that this key is to be computed anew in the background; false if that was noted lately.

        It does not last, for it may have been left to a task that never came to its beginning. Who begins a
        second time finds the flight of the first.
        """
        now = time.monotonic()
        with self._lock:
            if now < self._refreshing.get(key, -math.inf) + REFRESH_NOTED:
                return False
            self._refreshing[key] = now
            return True

    def end_refresh(self, key: str) -> None:
        with self._lock:
            self._refreshing.pop(key, None)

    def start_anew(self) -> None:
        """After a fork, in the child: nobody there leads what was under way."""
        self._lock = threading.Lock()
        self._flying = {}
        self._refreshing = {}


_all: weakref.WeakSet[Flights] = weakref.WeakSet()
_of_stores: weakref.WeakKeyDictionary[Any, Flights] = weakref.WeakKeyDictionary()
_registering = threading.Lock()


def flights_of(store: Any) -> Flights:
    """The flights of a Store, which all its caches have in common."""
    with _registering:
        found = _of_stores.get(store)
        if found is None:
            found = _of_stores[store] = Flights()
        return found


def _after_fork_in_child() -> None:
    global _circles, _registering
    _circles, _registering = threading.Lock(), threading.Lock()
    for flights in list(_all):
        flights.start_anew()
    computing.set(())
    leases.start_anew()
    background.start_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)


# How one waits


class Manner(Protocol):
    """How the caller waits: a thread sleeps, a task awaits."""

    def loop(self) -> Any:
        """The loop in which the caller is a task; None for a thread."""

    def may_wait(self, flight: Flight) -> bool:
        """Waiting would not keep the flight from ending."""

    async def wait(self, flight: Flight) -> None:
        """Return when the flight has ended."""

    async def sleep(self, seconds: float) -> None: ...

    def leave_behind(self, work: Work) -> None:
        """Have `work` done while the caller goes on. RuntimeError if there is nobody to do it."""


class ThreadManner:
    """Threads block."""

    def loop(self) -> Any:
        return None

    def may_wait(self, flight: Flight) -> bool:
        if flight.loop is None:
            return True
        import asyncio

        return asyncio._get_running_loop() is not flight.loop

    async def wait(self, flight: Flight) -> None:
        bell = threading.Lock()
        bell.acquire()
        if flight.tell(bell.release):
            bell.acquire()

    async def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def leave_behind(self, work: Work) -> None:
        background.in_a_thread(work)


class TaskManner:
    """Tasks await, and leave their loop to others."""

    def loop(self) -> Any:
        import asyncio

        return asyncio.get_running_loop()

    def may_wait(self, flight: Flight) -> bool:
        return True

    async def wait(self, flight: Flight) -> None:
        from ..bell import AsyncBell

        bell = AsyncBell()
        if flight.tell(bell.ring):
            await bell.wait()

    async def sleep(self, seconds: float) -> None:
        import asyncio

        await asyncio.sleep(seconds)

    def leave_behind(self, work: Work) -> None:
        background.in_a_task(work)
