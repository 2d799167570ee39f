"""What the sessions of one instance have done, counted as they do it: INFO and LATENCY HISTOGRAM tell of it.

Counting must cost next to nothing, so what can be derived is not counted: calls are the sum of a histogram,
and hits are the lookups that were no misses. Counters are not locked: threads that share an instance may lose
a count now and then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..errors import RedisError
from .resp import error_line
from .table import READ_TO_WRITE, Row

if TYPE_CHECKING:
    from .replies import Reply
    from .session import Session

LONGEST = 64
"""Bits of the longest time that is told apart."""
AT_ONCE = 0.1
"""Looks that lie no further apart, in seconds, give the same rates."""


class Usage:
    """What is counted of one command. Times are in nanoseconds."""

    __slots__ = ("failed", "looked_up", "missed", "rejected", "spent", "times")

    def __init__(self) -> None:
        self.times = [0] * LONGEST
        """How many calls took a time of 0, 1, 2, ... bits."""
        self.spent = 0
        self.failed = 0
        """Calls that were answered by an error."""
        self.rejected = 0
        """Requests that were not run."""
        self.looked_up = 0
        """Keys that were read, beside the one that each call reads that did not fail."""
        self.missed = 0

    @property
    def calls(self) -> int:
        return sum(self.times)

    def cumulative(self) -> Iterator[tuple[int, int]]:
        """How many calls took no longer than so many microseconds, for each time at which that grows.

        The times are those of Redis's histograms: powers of two from 1024 nanoseconds on, with what cannot be
        told from them by two digits.
        """
        count = 0
        for bits in range(10, LONGEST):
            more = sum(self.times[:11]) if bits == 10 else self.times[bits]
            if more:
                count += more
                yield ((1 << bits) + (1 << (bits - 7)) - 1) // 1000, count

    def percentile(self, percent: float) -> float:
        """How many nanoseconds so many of a hundred calls took at most: an estimate within a power of two."""
        rank = percent / 100 * self.calls
        for bits, count in enumerate(self.times):
            if count and rank <= count:
                low = (1 << bits) >> 1
                return low + (low or 1) * rank / count
            rank -= count
        return 0.0


class Usages(dict["Row", Usage]):
    """By the row of the table; a command that was not used yet has one when it is."""

    def __missing__(self, row: Row) -> Usage:
        usage = self[row] = Usage()
        return usage


class Rates:
    """How much has been done in a second, of late: from one look to the next."""

    def __init__(self) -> None:
        self.commands = self.bytes_read = self.bytes_written = 0.0
        self._time = 0.0
        self._before = (0, 0, 0)

    def look(self, statistics: Statistics, now: float) -> None:
        """Work out the rates since the last look, unless that was just now."""
        elapsed = now - self._time
        if elapsed < AT_ONCE:
            return
        present = (statistics.commands, statistics.bytes_read, statistics.bytes_written)
        done = [max(0, count - before) for count, before in zip(present, self._before, strict=True)]
        self.commands, self.bytes_read, self.bytes_written = [count / elapsed for count in done]
        self._time, self._before = now, present


class Statistics:
    """Everything that CONFIG RESETSTAT sets back to 0."""

    def __init__(self) -> None:
        self.usages = Usages()
        self.errors: defaultdict[str, int] = defaultdict(int)
        """By the code at their beginning."""
        self.rates = Rates()
        self.reset()

    def reset(self) -> None:
        self.usages.clear()
        self.errors.clear()
        self.connections = 0
        """All that ever were."""
        self.rejected_connections = 0
        self.reads = 0
        """How often bytes came from clients."""
        self.writes = 0
        self.bytes_read = 0
        self.bytes_written = 0

    def failed(self, row: Row, error: RedisError) -> None:
        """A call was answered by an error."""
        usage = self.usages[row]
        usage.failed += 1
        code = self._count(error)
        if code == "WRONGTYPE" and row.reading and not row.counted:
            usage.looked_up += 1

    def rejected(self, row: Row | None, error: RedisError) -> None:
        """A request was not run; `row` is None if it is no command."""
        if row is not None:
            self.usages[row].rejected += 1
        self._count(error)

    def _count(self, error: RedisError) -> str:
        line = error_line(error)
        end = line.find(b" ", 0, 32)
        code = line[1:end].decode(errors="replace") if end > 0 else "ERR"
        if not error.counted:
            self.errors[code] += 1
        return code

    def look(self, session: Session, row: Row, args: list[bytes], reply: Reply) -> None:
        """Count the keys that a command has read, and those that were not there.

        It is called after the command, which has removed what had expired, if that may have missed one.
        """
        usage, data = self.usages[row], session.store._db.data
        if not row.counted:
            if row.name in READ_TO_WRITE:  # it may have made the key, or removed it
                usage.missed += reply is None
            else:
                usage.missed += args[row.reading[0].index] not in data
            return
        try:
            keys = [args[place] for keys in row.reading for place in keys.positions(args)]
        except ValueError:
            return
        usage.looked_up += len(keys)
        usage.missed += sum(key not in data for key in keys)

    def entries(self) -> list[tuple[Row, Usage]]:
        """Every command that was used or asked for, at this moment: others may be using more."""
        return list(self.usages.items())

    @property
    def commands(self) -> int:
        """How many have been run."""
        return sum(usage.calls for _, usage in self.entries())

    @property
    def write_commands(self) -> int:
        return sum(usage.calls for row, usage in self.entries() if "write" in row.flags)

    @property
    def misses(self) -> int:
        return sum(usage.missed for _, usage in self.entries())

    @property
    def hits(self) -> int:
        """Lookups that found a key: of commands that read one key, all calls that came to look for it."""
        looked_up = 0
        for row, usage in self.entries():
            looked_up += usage.looked_up
            if row.reading and not row.counted:
                looked_up += usage.calls - usage.failed
        return looked_up - self.misses
