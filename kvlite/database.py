"""One numbered database: its keys, their values and their deadlines, kept consistent with each other."""

from __future__ import annotations

import heapq
import sys
from collections.abc import Callable, Container, Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

from .structs import Collection
from .structs.dense import Dense
from .uses import ask_again

if TYPE_CHECKING:
    from .uses import Uses

Value: TypeAlias = bytes | bytearray | int | Collection
"""What a key holds. A string is bytes, an int while it counts, or a bytearray while it grows in place."""


class Text(bytes):
    """A string that reads as an integer, and that Redis nevertheless keeps as text: a sum of INCRBYFLOAT."""


def size_after_growth(count: int) -> int:
    """How many bytes a dict takes that had to be made larger when it had `count` entries.

    The interpreter exchanges one that is full for one with three times the room that its entries need, and a
    power of two.
    """
    places = 1 << max(3, (3 * count - 1).bit_length())
    index = 1 if places <= 128 else 2 if places <= 32_768 else 4
    return places * index + 24 * (2 * places // 3)


class Database:
    """The keys of one database.

    `data` is read without a lock, so two rules hold. A writer changes `data` first and `deadlines` after,
    and a reader looks at `deadlines` first: it can then never take a dead value for a live one. And `busy`
    is set while several changes are being made that belong together; a reader that finds it set, after it
    has read, must ask again under the lock. What was read may have been overwritten, undone or carried off
    to another key by then: so when such changes end a successor takes the place of the object, and the one
    that readers may hold stays busy for ever. Who has found something looks at `doubt` instead, which notes
    uses as well.
    """

    __slots__ = (
        *("account", "busy", "data", "deadlines", "doubt", "field_deadlines", "keys", "special"),
        *("timetable", "uses"),
    )

    def __init__(self) -> None:
        self.data: dict[bytes, Value] = {}
        self.deadlines: dict[bytes, int] = {}
        self.field_deadlines: dict[bytes, int] = {}
        """The earliest deadline of a field, for each hash that may have one; checked when it comes."""
        self.special: Container[bytes] = self.deadlines
        """The keys for which, under the lock, more is to be done than to look into `data`: those with a
        deadline, or all that there are, where uses are recorded."""
        self.keys = Dense()
        self.timetable: list[tuple[int, bytes]] = []
        """A heap of deadlines and their keys; an entry that no longer holds is dropped when it comes up."""
        self.uses: Uses | None = None
        """How the keys were used, where that is recorded."""
        self.account: Any = None
        """What all this takes in memory, where that is counted: see `accounting`."""
        self.busy = False
        self.doubt: Callable[[bytes], object] | None = None
        """What a reader without the lock has to call with the key whose value it has read: true if it must
        ask again under the lock. Else the use of the key has been noted. It does not become None again while
        readers may hold this object."""

    def retired(self, busy: bool | None = None) -> Database:
        """A successor with the same contents; this object stays busy for the readers that hold it."""
        successor = Database.__new__(Database)
        successor.data = self.data
        successor.deadlines = self.deadlines
        successor.field_deadlines = self.field_deadlines
        successor.special = self.special
        successor.keys = self.keys
        successor.timetable = self.timetable
        successor.uses = self.uses
        successor.account = self.account
        successor.set_busy(self.busy if busy is None else busy)
        self.set_busy(True)
        return successor

    def set_busy(self, busy: bool) -> None:
        """Say whether several changes are being made."""
        self.busy = busy
        self.doubt = ask_again if busy else None if self.uses is None else self.uses.note_read

    def is_sparse(self) -> bool:
        """Whether the tables are far larger than what is left in them: a dict does not shrink by itself."""
        return sys.getsizeof(self.data) > 10_000 + 1_000 * len(self.data)

    def is_wasteful(self) -> bool:
        """Whether smaller tables would do, even when they have next been made larger."""
        size = sys.getsizeof(self.data)
        return size > 10_000 and size > 3 * size_after_growth(len(self.data)) // 2

    def compacted(self) -> Database:
        """A successor with the same contents in tables of their size. O(n)."""
        successor = self.retired()
        successor.data = dict(self.data)
        successor.deadlines = dict(self.deadlines)
        successor.keys.positions = dict(self.keys.positions)
        successor.special = successor.deadlines if self.uses is None else successor.data
        if self.uses is not None:
            self.uses.fill(self.data)
        return successor

    def record_uses(self, uses: Uses | None) -> None:
        """Note in `uses`, or nowhere, when or how often each key is used. O(n)."""
        if uses is not None:
            uses.fill(self.data)
        self.uses = uses
        self.special = self.deadlines if uses is None else self.data
        self.set_busy(self.busy)

    def successor(self) -> Database:
        """An empty database with the same settings."""
        empty = Database()
        if self.uses is not None:
            empty.record_uses(self.uses.successor())
        if self.account is not None:
            empty.account = self.account.successor()
        empty.set_busy(self.busy)
        return empty

    def put(self, key: bytes, value: Value) -> None:
        """Give `key` a value, whether it has one or not. O(1)."""
        if key not in self.data:
            self.keys.add(key)
        self.data[key] = value

    def put_new(self, strings: dict[bytes, bytes | int]) -> None:
        """Add many keys without deadlines at once; ValueError if one exists. O(len(strings))."""
        before = len(self.data)
        self.data.update(strings)
        if len(self.data) != before + len(strings):
            raise ValueError("a key that is there twice")
        self.keys.add_new(strings)

    def add(self, key: bytes, value: Value) -> None:
        """Give a value to `key`, which has none. O(1)."""
        self.data[key] = value
        keys = self.keys
        keys.positions[key] = len(keys.items)
        keys.items.append(key)

    def remove(self, key: bytes) -> None:
        """Take out `key`, which must be there, with its deadline. O(1)."""
        del self.data[key]
        self.keys.remove(key)
        self._forget(key)

    def remove_all(self, keys: Iterable[bytes]) -> list[Value]:
        """`remove` each of `keys`; their values. O(keys)."""
        positions, items = self.keys.positions, self.keys.items
        values = list(map(self.data.pop, keys))
        # As `Dense.remove` does it: this is what making room costs.
        for position in map(positions.pop, keys):
            last = items.pop()
            if position < len(items):
                items[position] = last
                positions[last] = position
        if self.deadlines or self.field_deadlines:
            for key in keys:
                self.deadlines.pop(key, None)
                self.field_deadlines.pop(key, None)
        if self.uses is not None:
            self.uses.forget_all(keys)
        return values

    def _forget(self, key: bytes) -> None:
        self.deadlines.pop(key, None)
        if self.field_deadlines:
            self.field_deadlines.pop(key, None)
        if self.uses is not None:
            self.uses.forget(key)

    def replace(self, key: bytes, value: Value, deadline: int | None) -> None:
        """Give `key` this value and this deadline, whatever it had. O(log n)."""
        self.put(key, value)
        self._set_deadlines(key, value, deadline)

    def _set_deadlines(self, key: bytes, value: Value, deadline: int | None) -> None:
        self.set_deadline(key, deadline)
        field_deadline = value.next_deadline() if isinstance(value, Collection) else None
        if field_deadline is not None or self.field_deadlines:
            self.set_field_deadline(key, field_deadline)

    def restore(self, key: bytes, value: Value | None, deadline: int | None) -> None:
        """Give `key`, whose place in the order is right already, the value and deadline it had, or none."""
        if value is not None:
            self.data[key] = value
            self._set_deadlines(key, value, deadline)
            if self.uses is not None and self.uses.state(key) is None:
                self.uses.born(key)
        elif key in self.data:
            del self.data[key]
            self._forget(key)

    def set_deadline(self, key: bytes, deadline: int | None) -> None:
        """Let `key` live until `deadline`, milliseconds since the epoch, or for ever. O(log n)."""
        if deadline is None:
            self.deadlines.pop(key, None)
        elif self.deadlines.get(key) != deadline:
            self.deadlines[key] = deadline
            self._schedule(deadline, key)

    def set_field_deadline(self, key: bytes, deadline: int | None) -> None:
        """Note when the first field of the hash at `key` falls due, or that none does. O(log n)."""
        if deadline is None:
            self.field_deadlines.pop(key, None)
        elif self.field_deadlines.get(key) != deadline:
            self.field_deadlines[key] = deadline
            self._schedule(deadline, key)

    def _schedule(self, deadline: int, key: bytes) -> None:
        timetable = self.timetable
        heapq.heappush(timetable, (deadline, key))
        if len(timetable) > 2 * (len(self.deadlines) + len(self.field_deadlines)) + 64:
            timetable[:] = [(at, key) for key, at in self.deadlines.items()]
            timetable += [(at, key) for key, at in self.field_deadlines.items()]
            heapq.heapify(timetable)

    def next_deadline(self) -> int | None:
        """The earliest deadline of a key or field, or None. O(log n), amortized."""
        timetable = self.timetable
        while timetable:
            deadline, key = timetable[0]
            if self.deadlines.get(key) == deadline or self.field_deadlines.get(key) == deadline:
                return deadline
            heapq.heappop(timetable)
        return None

    def _check(self) -> None:
        self.keys._check()
        assert self.data.keys() == self.keys.positions.keys()
        assert self.deadlines.keys() <= self.data.keys()
        scheduled = set(self.timetable)
        for key, deadline in [*self.deadlines.items(), *self.field_deadlines.items()]:
            assert (deadline, key) in scheduled
        for value in self.data.values():
            if isinstance(value, Collection):
                value._check()
                assert len(value) > 0 or value.may_be_empty, (
                    "an empty value should have gone with its last element"
                )
