"""Running requests, and keeping account of how many there were and how long they took.

A look at the clock costs some percent of what a command does, and an entry in the books as much again. So in
a pipeline the end of one command is the beginning of the next, and a run of the same command is entered as a
whole, as if each call had taken the average time; one that takes longer than `QUICK` is entered by itself.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

from ..errors import RedisError
from .replies import PARKED, Reply
from .table import Row

if TYPE_CHECKING:
    from .instance import Instance

QUICK = 0.0001
"""Seconds that a command may take to be one of a run."""


class Timekeeper:
    """How a session, which this is a part of, runs a request. Times are those of `perf_counter`.

    Whoever lets it run several, one after the other, says so by `begin` and `end`.
    """

    __slots__ = ("_began", "_repeated", "_repeats", "_run_began", "_usages", "instance")

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self._usages = instance.statistics.usages
        self._began = 0.0
        """When what is run next began; 0 if it is not one of several."""
        self._repeated: Row | None = None
        """The command that was run last."""
        self._repeats = 0
        """How often it was run again since `_run_began`, quickly: these calls have not been entered yet."""
        self._run_began = 0.0

    def begin(self) -> None:
        """Requests are about to be run, one after the other."""
        if self._repeats:
            self.settle()
        self._began = self._run_began = perf_counter()

    def end(self) -> None:
        """That was all of them, for now."""
        if self._repeats:
            self.settle()
        self._began = 0.0
        self._repeated = None

    def run(self: Any, row: Row, args: list[bytes]) -> Reply:  # a session, as far as rows are concerned
        """Run a request that nothing speaks against. A RedisError is answered, not raised."""
        began = self._began or perf_counter()
        try:
            reply = row.run(self, args)
        except RedisError as error:
            reply = error
            self.instance.statistics.failed(row, error)
        now = perf_counter()
        if row is self._repeated and now - began < self.instance.quick:
            self._repeats += 1
            self._began = now
        else:
            self._enter(row, args, reply, began, now)
        if row.reading and (row.counted or not reply):
            self.instance.statistics.look(self, row, args, reply)
        return reply

    def _enter(self: Any, row: Row, args: list[bytes], reply: Reply, began: float, now: float) -> None:
        """Enter one call into the books; those that follow may be the first of a run."""
        if self._repeats:
            self.settle()
        if self._began:
            self._began = self._run_began = now
            self._repeated = row
        spent = int((now - began) * 1e9)
        usage = self._usages[row]
        usage.spent += spent
        usage.times[spent.bit_length()] += 1
        if spent >= self.instance.attention:
            self.instance.attend(self, row, args, spent, waits=reply is PARKED)

    def settle(self) -> None:
        """Enter what has not been entered yet: whoever looks into the books in between asks for it."""
        if self._repeats:
            assert self._repeated is not None
            usage = self._usages[self._repeated]
            spent = int((self._began - self._run_began) * 1e9)
            usage.spent += spent
            usage.times[(spent // self._repeats).bit_length()] += self._repeats
            self._run_began = self._began
            self._repeats = 0
