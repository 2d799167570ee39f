"""Sets: a dense set that remembers whether Redis would keep it as sorted integers."""

from __future__ import annotations

from collections.abc import Collection as Sized
from collections.abc import Iterable
from sys import getsizeof
from typing import Any, Self

from ..numbers import parse_int
from .collection import Collection, sizes
from .dense import Dense
from .limits import DEFAULTS, Limits


class Set(Dense, Collection, kind="set"):
    """A dense set that can be the value of a key.

    Redis keeps a small set of integers as a sorted array, an intset, until something else or too much is
    put in, and then never again. It shows: such a set comes in order, and all at once when it is scanned.
    `integers` says that this is one; the array itself is not needed.

    >>> small = Set([b"10", b"9"])
    >>> small.scan(0, 1)
    (0, [b'9', b'10'])
    >>> small.add(b"x")
    True
    >>> small.scan(0, 1)
    (2, [b'x'])
    """

    overhead = 80
    __slots__ = ("integers",)

    def __init__(self, members: Iterable[bytes] = (), limits: Limits = DEFAULTS) -> None:
        unique = dict.fromkeys(members)
        self.items: list[bytes] = list(unique)
        self.positions: dict[bytes, int] = dict(zip(unique, range(len(unique)), strict=True))
        self.integers = self._all_integers(unique, limits)

    def _all_integers(self, members: Iterable[bytes], limits: Limits) -> bool:
        if len(self.items) > limits.set_max_intset_entries:
            return False
        return all(parse_int(member) is not None for member in members)

    def reencode(self, limits: Limits) -> None:
        self.integers = self._all_integers(self.items, limits)

    def add(self, member: bytes, limits: Limits = DEFAULTS) -> bool:
        """Whether `member` is new. O(1)."""
        positions = self.positions
        if member in positions:
            return False
        items = self.items
        if self.integers and (len(items) >= limits.set_max_intset_entries or parse_int(member) is None):
            self.integers = False
        positions[member] = len(items)
        items.append(member)
        return True

    def add_new(self, members: Sized[bytes], limits: Limits = DEFAULTS) -> None:
        """Add many members at once, none of which is there. O(len(members))."""
        super().add_new(members)
        if self.integers:
            self.integers = self._all_integers(members, limits)

    def members(self) -> list[bytes]:
        """All of them: integers in their order, others in no particular one. O(n)."""
        return sorted(self.items, key=int) if self.integers else self.items.copy()

    def sample(self, random: Any, count: int) -> list[bytes]:
        """`count` different members at random, or all if there are fewer. O(count)."""
        return self.members() if count >= len(self.items) else super().sample(random, count)

    def scan(self, cursor: int, count: int) -> tuple[int, list[bytes]]:
        """As `Dense.scan`; a set of integers comes at once, whatever `cursor` and `count` are. O(count)."""
        return (0, self.members()) if self.integers else super().scan(cursor, count)

    @property
    def encoding(self) -> bytes:
        return b"intset" if self.integers else b"hashtable"

    def copy(self) -> Self:
        # Member by member in the same places: a scan goes on in the copy that a rollback brings back.
        twin = self.__class__.__new__(self.__class__)
        twin.items = self.items.copy()
        twin.positions = self.positions.copy()
        twin.integers = self.integers
        return twin

    def dump(self) -> list[bytes]:
        return self.items.copy()

    def footprint(self, samples: int) -> int:
        return getsizeof(self) + self.own_size() + sizes(self.items, samples, len(self))

    @classmethod
    def load(cls, dump: Any) -> Self:
        if type(dump) is not list or not set(map(type, dump)) <= {bytes}:
            raise ValueError("a set that is none")
        members = cls(dump)
        if len(members) != len(dump):
            raise ValueError("a member that is there twice")
        return members

    def _check(self) -> None:
        super()._check()
        assert all(type(member) is bytes for member in self.items)
        if self.integers:
            assert all(parse_int(member) is not None for member in self.items)
