"""A list with free room at its front, so that both ends are quick."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from sys import getsizeof
from typing import Any, Self

from .collection import Collection, sizes

SLACK = 64
"""A gap may be this much larger than twice the elements, so that short lists keep theirs."""


class GapList(Collection, kind="list"):
    """The elements are `items[head:]`; what stands before them is the gap, filled with b"".

    Pushing at the left writes into the gap. Where there is none, a new one is made, half as long as the
    list; one that has grown far beyond the list is cut off. Between two such moves of the whole list lie as
    many pushes or pops as it has elements, or half as many, whatever their order, so each push and pop is
    O(1), amortized.

    >>> letters = GapList([b"b", b"c"])
    >>> letters.push_left([b"a"])
    >>> letters.pop_right()
    b'c'
    >>> letters.slice(0, 10)
    [b'a', b'b']

    Positions count from the first element, 0, and are never negative.
    """

    overhead = 9
    __slots__ = ("head", "items")

    def __init__(self, elements: Iterable[bytes] = ()) -> None:
        self.items: list[bytes] = [*elements]
        self.head = 0

    def __len__(self) -> int:
        return len(self.items) - self.head

    def __iter__(self) -> Iterator[bytes]:
        return islice(self.items, self.head, None)

    @property
    def encoding(self) -> bytes:
        return b"quicklist"

    def copy(self) -> Self:
        twin = self.__class__.__new__(self.__class__)
        twin.items = self.items[self.head :]
        twin.head = 0
        return twin

    def dump(self) -> list[bytes]:
        return self.items[self.head :]

    def footprint(self, samples: int) -> int:
        return getsizeof(self) + getsizeof(self.items) + sizes(self, samples, len(self))

    @classmethod
    def load(cls, dump: Any) -> Self:
        if type(dump) is not list or not set(map(type, dump)) <= {bytes}:
            raise ValueError("a list that is none")
        return cls(dump)

    def push_left(self, values: Sequence[bytes]) -> None:
        """Put the values in front one by one, so that the last becomes the first. O(values), amortized."""
        missing = len(values) - self.head
        if missing > 0:
            room = missing + (len(self.items) >> 1) + 16
            self.items[:0] = [b""] * room
            self.head += room
        self.items[self.head - len(values) : self.head] = values[::-1]
        self.head -= len(values)

    def push_right(self, values: Sequence[bytes]) -> None:
        """Put the values at the end. O(values), amortized."""
        self.items += values

    def pop_left(self) -> bytes:
        """Take out the first element; there must be one. O(1), amortized."""
        value = self.items[self.head]
        self.items[self.head] = b""
        self.head += 1
        self.settle()
        return value

    def pop_right(self) -> bytes:
        """Take out the last element; there must be one. O(1), amortized."""
        value = self.items.pop()
        self.settle()
        return value

    def settle(self) -> None:
        """Cut the gap off if it has grown too large. Whoever takes elements out of `items` asks for it.

        Nothing is to be done while the gap is less than half of `items`.
        """
        if self.head > 2 * (len(self.items) - self.head) + SLACK:
            del self.items[: self.head]
            self.head = 0

    def __getitem__(self, position: int) -> bytes:
        """The element there; IndexError beyond the end. O(1)."""
        return self.items[self.head + position]

    def __setitem__(self, position: int, value: bytes) -> None:
        """Put another element there; IndexError beyond the end. O(1)."""
        self.items[self.head + position] = value

    def slice(self, start: int, stop: int) -> list[bytes]:
        """The elements from `start` until before `stop`. O(result)."""
        return self.items[self.head + start : self.head + stop]

    def trim(self, start: int, stop: int) -> None:
        """Keep the elements from `start` until before `stop` only. O(removed), amortized."""
        head = self.head
        if head + stop < len(self.items):
            del self.items[head + stop :]
        if start:
            start = min(start, len(self.items) - head)
            self.items[head : head + start] = [b""] * start
            self.head = head + start
        self.settle()

    def find(self, value: bytes) -> int | None:
        """Where `value` stands first, or None. O(position)."""
        try:
            return self.items.index(value, self.head) - self.head
        except ValueError:
            return None

    def insert(self, position: int, value: bytes) -> None:
        """Put `value` before the element there, or at the end. O(n), a move of memory; O(1) at an end."""
        if position == 0:
            self.push_left([value])
        else:
            self.items.insert(self.head + position, value)

    def remove(self, value: bytes, count: int) -> int:
        """Take out `value` as often as it is there, at most `count` times, from the end for a negative one.

        0 is all of them. How many they were. O(n).
        """
        found = self.positions(value, 1 if count >= 0 else -1, abs(count), 0)
        if not found:
            return 0
        if count < 0:
            found.reverse()
        items, head = self.items, self.head
        kept: list[bytes] = []
        start = head + found[0]
        for position, following in zip(found, [*found[1:], len(items) - head], strict=True):
            kept += items[head + position + 1 : head + following]
        items[start:] = kept
        self.settle()
        return len(found)

    def positions(self, value: bytes, rank: int, count: int, limit: int) -> list[int]:
        """Where `value` stands: up to `count` positions in the order they are met, from the `rank`-th on.

        A negative rank counts and looks from the end. `count` 0 is all of them; `limit` is how many
        elements are looked at, 0 for all. O(what is looked at).
        """
        items, head = self.items, self.head
        end = len(items)
        wanted = count if count else end
        to_skip = abs(rank) - 1
        found: list[int] = []
        if rank > 0:
            stop = min(end, head + limit) if limit else end
            position = head
            try:
                while len(found) < wanted:
                    position = items.index(value, position, stop) + 1
                    if to_skip:
                        to_skip -= 1
                    else:
                        found.append(position - 1 - head)
            except ValueError:
                pass
            return found
        stop = max(head, end - limit) if limit else head
        for position in range(end - 1, stop - 1, -1):
            if items[position] == value:
                if to_skip:
                    to_skip -= 1
                    continue
                found.append(position - head)
                if len(found) == wanted:
                    break
        return found

    def _check(self) -> None:
        assert 0 <= self.head <= len(self.items)
        assert self.head <= 2 * len(self) + SLACK, "the gap should have been cut off"
        assert not any(self.items[: self.head]), "the gap keeps elements alive"
        assert all(type(value) is bytes for value in self.items)
