"""Hashes: fields with their values, some of which may have a deadline."""

from __future__ import annotations

import heapq
from collections.abc import Collection as Sized
from itertools import chain, islice
from sys import getsizeof
from typing import TYPE_CHECKING, Any

from .collection import Collection, sizes
from .dense import NUMBER, Dense, draw
from .limits import DEFAULTS, Limits

if TYPE_CHECKING:
    from random import Random


class Hash(Collection, kind="hash"):
    """Fields and values in the order in which the fields came.

    A hash that is small within the limits, to Redis a listpack, is a plain dict, which does everything within
    a bounded time. Once it has too many fields, or too long ones, it is a hash table to Redis and stays one;
    here it then keeps its fields in a dense array as well, for random picks and scans.

    Fields with a deadline, milliseconds since the epoch, stand in `deadlines`, which is None where there are
    none, and in a heap; an entry of the heap that no longer holds is dropped when it comes up.

    >>> hash = Hash([(b"a", b"1"), (b"b", b"2")])
    >>> hash.put(b"a", b"3")
    False
    >>> hash.fields
    {b'a': b'3', b'b': b'2'}
    """

    overhead = 60
    __slots__ = ("deadlines", "dense", "fields", "peak", "timetable")

    def __init__(self, pairs: Sized[tuple[bytes, bytes]] = (), limits: Limits = DEFAULTS) -> None:
        self.fields: dict[bytes, bytes] = dict(pairs)
        self.dense: Dense | None = None
        self.peak = 0
        """The most fields there were in `fields`; counted only beside an array."""
        self.deadlines: dict[bytes, int] | None = None
        self.timetable: list[tuple[int, bytes]] = []
        if pairs and _are_too_much(pairs, len(self.fields), limits):
            self.convert()

    def __len__(self) -> int:
        return len(self.fields)

    # Fields

    def put(self, field: bytes, text: bytes, limits: Limits = DEFAULTS) -> bool:
        """Give `field` a value and leave its deadline; whether it is new. O(1), amortized."""
        fields = self.fields
        new = field not in fields
        fields[field] = text
        if self.dense is None:
            longest = limits.hash_max_listpack_value
            if len(text) > longest or len(field) > longest or len(fields) > limits.hash_max_listpack_entries:
                self.convert()
        elif new:
            self.dense.add(field)
            if len(fields) > self.peak:
                self.peak = len(fields)
        return new

    def remove(self, field: bytes) -> None:
        """Take out `field`, which must be there, with its deadline. O(1), amortized."""
        del self.fields[field]
        if self.dense is not None:
            self.dense.remove(field)
            if len(self.fields) * 4 < self.peak:
                # A dict never shrinks, and a walk through it takes as long as at its largest.
                self.fields = dict(self.fields)
                self.peak = len(self.fields)
        if self.deadlines is not None:
            self.set_deadline(field, None)

    # Encodings

    @property
    def is_listpack(self) -> bool:
        """Whether Redis keeps it as a listpack. O(1)."""
        return self.dense is None

    def pack(self) -> None:
        """Be a listpack, whatever the limits say. O(1)."""
        self.dense, self.peak = None, 0

    def convert(self) -> None:
        """Be a hash table from now on. O(n)."""
        self.dense = Dense()
        self.dense.add_new(self.fields)
        self.peak = len(self.fields)

    def reencode(self, limits: Limits) -> None:
        if _are_too_much(self.fields.items(), len(self.fields), limits):
            self.convert()
        else:
            self.pack()

    # Deadlines

    def deadline(self, field: bytes) -> int | None:
        """When `field` falls due, None if never. O(1)."""
        return None if self.deadlines is None else self.deadlines.get(field)

    def set_deadline(self, field: bytes, deadline: int | None) -> None:
        """Let `field`, which must be there, live until `deadline`, or for ever. O(log n), amortized."""
        deadlines = self.deadlines
        if deadline is not None:
            if deadlines is None:
                deadlines = self.deadlines = {}
            if deadlines.get(field) == deadline:
                return
            deadlines[field] = deadline
            heapq.heappush(self.timetable, (deadline, field))
        elif deadlines is None or deadlines.pop(field, None) is None:
            return
        elif not deadlines:
            self.deadlines = None
            self.timetable = []
            return
        if len(self.timetable) > 2 * len(deadlines) + 64:
            self._reschedule(deadlines)

    def _reschedule(self, deadlines: dict[bytes, int]) -> None:
        self.timetable = [(deadline, field) for field, deadline in deadlines.items()]
        heapq.heapify(self.timetable)

    def next_due(self) -> tuple[int, bytes] | None:
        """The deadline and the field that come first, or None. O(log n), amortized."""
        deadlines, timetable = self.deadlines, self.timetable
        if deadlines is not None:
            while timetable:
                deadline, field = timetable[0]
                if deadlines.get(field) == deadline:
                    return timetable[0]
                heapq.heappop(timetable)
        return None

    def next_deadline(self) -> int | None:
        first = self.next_due()
        return None if first is None else first[0]

    # Picking

    def choose(self, random: Random) -> bytes:
        """One field at random; there must be one. O(1)."""
        if self.dense is not None:
            return self.dense.choose(random)
        return next(islice(self.fields, int(random.random() * len(self.fields)), None))

    def sample(self, random: Random, count: int) -> list[bytes]:
        """`count` different fields at random, or all if there are fewer. O(count).

        All of them come in the order of the fields, and so do some of a small hash, as in Redis.
        """
        if count >= len(self.fields):
            return list(self.fields)
        if self.dense is not None:
            return self.dense.sample(random, count)
        fields = list(self.fields)
        return [fields[place] for place in sorted(random.sample(range(len(fields)), count))]

    def choices(self, random: Random, count: int) -> list[bytes]:
        """`count` fields at random, each picked from all; see `draw`, to which the values count. O(count)."""
        fields = self.fields
        names = list(fields) if self.dense is None else self.dense.items
        return draw(random, names, count, lambda name: len(name) + len(fields[name]))

    def scan(self, cursor: int, count: int) -> tuple[int, list[bytes]]:
        """Some fields and the cursor to go on with, 0 at the end: O(count), or a small hash all at once."""
        if self.dense is None:
            return 0, list(self.fields)
        return self.dense.scan(cursor, count)

    # As every collection

    @property
    def encoding(self) -> bytes:
        return b"listpack" if self.is_listpack else b"hashtable"

    def copy(self) -> Hash:
        # The array is copied and not made anew: a scan goes on in the copy that a rollback brings back.
        copy = Hash()
        copy.fields = self.fields.copy()
        copy.peak = self.peak
        if self.dense is not None:
            copy.dense = Dense()
            copy.dense.items = self.dense.items.copy()
            copy.dense.positions = self.dense.positions.copy()
        if self.deadlines is not None:
            copy.deadlines = self.deadlines.copy()
            copy.timetable = self.timetable.copy()
        return copy

    def dump(self) -> list[dict[bytes, Any]]:
        """The fields with their values; where there are any, the deadlines by field as a second map."""
        if self.deadlines is None:
            return [self.fields.copy()]
        return [self.fields.copy(), self.deadlines.copy()]

    def footprint(self, samples: int) -> int:
        size, count = getsizeof(self) + getsizeof(self.fields), len(self.fields)
        size += sizes(self.fields, samples, count) + sizes(self.fields.values(), samples, count)
        if self.dense is not None:
            size += self.dense.own_size()
        if self.deadlines is not None:
            size += getsizeof(self.deadlines) + NUMBER * len(self.deadlines)
            size += getsizeof(self.timetable) + sizes(self.timetable, 1, len(self.timetable))
        return size

    @classmethod
    def load(cls, dump: Any) -> Hash:
        fields, deadlines = dump if len(dump) > 1 else (*dump, None)
        if not _maps(fields, bytes):
            raise ValueError("a hash that is none")
        hash = cls(fields.items())
        if deadlines is not None:
            if not (deadlines and _maps(deadlines, int) and deadlines.keys() <= fields.keys()):
                raise ValueError("deadlines of fields that are none")
            hash.deadlines = deadlines
            hash._reschedule(deadlines)
        return hash

    def _check(self) -> None:
        if self.dense is not None:
            self.dense._check()
            assert self.dense.positions.keys() == self.fields.keys()
            assert len(self.fields) <= self.peak <= 4 * len(self.fields)
        if self.deadlines is None:
            assert not self.timetable
        else:
            assert self.deadlines
            assert self.deadlines.keys() <= self.fields.keys()
            assert {(deadline, field) for field, deadline in self.deadlines.items()} <= set(self.timetable)
            assert len(self.timetable) <= 2 * len(self.deadlines) + 64


def _are_too_much(pairs: Sized[tuple[bytes, bytes]], size: int, limits: Limits) -> bool:
    """Whether so many fields, or one of the texts, do not fit into a listpack."""
    if size > limits.hash_max_listpack_entries:
        return True
    return max(map(len, chain.from_iterable(pairs))) > limits.hash_max_listpack_value


def _maps(dump: Any, kind: type) -> bool:
    """Whether `dump` is a dict from bytes to this kind."""
    return type(dump) is dict and {*map(type, dump)} <= {bytes} and {*map(type, dump.values())} <= {kind}
