"""CLIENT PAUSE: requests are put off for a while."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..numbers import INT64_MAX
from .promises import may_write
from .table import Row

if TYPE_CHECKING:
    from .session import Session

LONGEST = 86_400
"""Seconds; timers take no more than some."""


class Pause:
    """Which requests are put off, until when; and whose have been, in order.

    Nothing else is held up: keys expire meanwhile, and calls of the store itself are answered.
    """

    def __init__(self, now: Callable[[], int], sessions: dict[int, Session]) -> None:
        self._now = now
        self._sessions = sessions
        self.writes_only = True
        self.end_ms = 0
        self.postponed: dict[Session, None] = {}

    def extend(self, milliseconds: int, writes_only: bool) -> None:
        """Begin, or go on for longer. What goes on becomes neither shorter nor less strict.

        An end that 64 bits do not hold is no pause at all: in Redis it lies before 1970.
        """
        end_ms = self._now() + milliseconds
        if end_ms > INT64_MAX:
            return
        self.writes_only = writes_only and (self.writes_only or not self.seconds_left())
        self.end_ms = max(self.end_ms, end_ms)
        self._changed()

    def _changed(self) -> None:
        for session in list(self._sessions.values()):
            session.review()

    def end(self) -> None:
        """Let all go on, in the order in which they came."""
        self.end_ms = 0
        self.writes_only = True
        self._changed()
        for session in list(self.postponed):
            session.give_up(None)

    def seconds_left(self) -> float:
        """0 if there is no pause."""
        return max(0, self.end_ms - self._now()) / 1000

    def seconds_for(self, session: Session, row: Row, args: list[bytes]) -> float:
        """How long a request has to wait, until it is looked at again."""
        if not self.end_ms:
            return 0
        seconds = self.seconds_left()
        if not seconds:
            self.end()
        waits = not self.writes_only or any(may_write(session, *each) for each in session.asked(row, args))
        return min(seconds, LONGEST) if waits else 0
