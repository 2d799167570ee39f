"""Where time comes from: the system, or a test's own hand."""

from __future__ import annotations

import math
import threading
import time
import weakref
from datetime import timedelta
from typing import Protocol


class Clock(Protocol):
    def now(self) -> int:
        """Milliseconds since the Unix epoch."""


class Timed(Protocol):
    """Something with deadlines, which a manual clock calls when they come."""

    def next_deadline(self) -> int | None:
        """The earliest instant at which something falls due, or None."""

    def run_due(self) -> None:
        """Do everything that is due now."""


class SystemClock:
    """The time of the machine."""

    @staticmethod
    def now() -> int:
        return time.time_ns() // 1_000_000


class ManualClock:
    """A clock that stands still until it is advanced.

    >>> clock = ManualClock(1_000)
    >>> clock.advance(1.5)
    >>> clock.now()
    2500
    """

    def __init__(self, start_ms: int | None = None) -> None:
        """Start at `start_ms`, milliseconds since the epoch; by default at the present."""
        self._now = SystemClock.now() if start_ms is None else start_ms
        self._fraction = 0.0
        self._lock = threading.RLock()
        self._followers: weakref.WeakSet[Timed] = weakref.WeakSet()

    def __repr__(self) -> str:
        return f"ManualClock({self._now})"

    def now(self) -> int:
        return self._now

    def turn_back(self, now_ms: int) -> None:
        """Go back to a time when everything was as it is now again."""
        with self._lock:
            self._now, self._fraction = now_ms, 0.0

    def follow(self, follower: Timed) -> None:
        """Have `follower` called as its deadlines come; it is held weakly."""
        self._followers.add(follower)

    def advance(self, seconds: float | timedelta) -> None:
        """Move forward by `seconds`, stopping at every deadline on the way, in order.

        Fractions of a millisecond add up. ValueError for a time that is negative or not finite.
        """
        if isinstance(seconds, timedelta):
            seconds = seconds.total_seconds()
        if not 0 <= seconds < math.inf:
            raise ValueError(f"a clock cannot be advanced by {seconds} seconds")
        with self._lock:
            exact = round(seconds * 1000 + self._fraction, 6)
            self._fraction = exact % 1
            target = self._now + int(exact)
            while True:
                due = [
                    (deadline, follower)
                    for follower in list(self._followers)
                    if (deadline := follower.next_deadline()) is not None and deadline <= target
                ]
                if not due:
                    break
                deadline, follower = min(due, key=lambda pair: pair[0])
                self._now = max(self._now, deadline)
                follower.run_due()
            self._now = target
