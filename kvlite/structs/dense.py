"""A set in a dense array: random members and stateless scans in constant time.

The members stand in `items` in no particular order, without gaps: a new one is put at the end, and the
last one is moved into the place of one that is removed. `positions` says where each stands.

A scan walks the array downward from its end, and the cursor is the number of places still to visit.
No member that stays throughout can be missed: members only ever move to lower places, so one that has not
been visited remains below the cursor, and new ones are added above it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from sys import getsizeof
from typing import TYPE_CHECKING

from ..errors import OUT_OF_RANGE, ResponseError

if TYPE_CHECKING:
    from random import Random

NUMBER = getsizeof(1000)
"""The bytes of an int that the interpreter does not share: it does so up to 256."""

MOST_DRAWN = 512 * 1024 * 1024
"""How many bytes the members may take that are drawn by one command, where they may repeat."""
ABOUT_EACH = 64
"""The bytes around a member in a reply, about."""


def draw(
    random: Random, members: Sequence[bytes], count: int, size: Callable[[bytes], int] = len
) -> list[bytes]:
    """`count` of `members` at random, each picked from all. O(count).

    ResponseError if they, `size` bytes each and what is around them, would take more than `MOST_DRAWN`: a few
    bytes of a request could ask for all the memory there is.
    """
    if count * ABOUT_EACH <= MOST_DRAWN:
        drawn = random.choices(members, k=count)
        if count * ABOUT_EACH + sum(map(size, drawn)) <= MOST_DRAWN:
            return drawn
    raise ResponseError(OUT_OF_RANGE)


class Dense:
    """A set of bytes that can be picked from at random and scanned.

    >>> dense = Dense([b"a", b"b", b"c"])
    >>> dense.remove(b"a")
    >>> sorted(dense)
    [b'b', b'c']
    >>> dense.scan(0, 1)
    (1, [b'b'])
    >>> dense.scan(1, 1)
    (0, [b'c'])
    """

    __slots__ = ("items", "positions")

    def __init__(self, members: Iterable[bytes] = ()) -> None:
        self.positions: dict[bytes, int] = {}
        self.items: list[bytes] = []
        for member in members:
            self.add(member)

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.items)

    def __contains__(self, member: bytes) -> bool:
        return member in self.positions

    def add(self, member: bytes) -> bool:
        """Whether `member` is new. O(1)."""
        if member in self.positions:
            return False
        self.positions[member] = len(self.items)
        self.items.append(member)
        return True

    def add_new(self, members: Collection[bytes]) -> None:
        """Add many members at once, none of which is there. O(len(members))."""
        places = range(len(self.items), len(self.items) + len(members))
        self.positions.update(zip(members, places, strict=True))
        self.items.extend(members)

    def remove(self, member: bytes) -> None:
        """Take out `member`, which must be there (KeyError). O(1)."""
        position = self.positions.pop(member)
        last = self.items.pop()
        if last is not member and position < len(self.items):
            self.items[position] = last
            self.positions[last] = position

    def put_back(self, member: bytes, position: int) -> None:
        """Undo the removal of `member` from `position`: who took its place returns to the end. O(1)."""
        if position < len(self.items):
            occupant = self.items[position]
            self.items[position], self.positions[member] = member, position
            member, position = occupant, len(self.items)
        self.positions[member] = position
        self.items.append(member)

    def discard(self, member: bytes) -> bool:
        """Whether `member` was there to be taken out. O(1)."""
        if member not in self.positions:
            return False
        self.remove(member)
        return True

    def choose(self, random: Random) -> bytes:
        """One member at random; there must be one. O(1)."""
        return self.items[int(random.random() * len(self.items))]

    def sample(self, random: Random, count: int) -> list[bytes]:
        """`count` different members at random, or all if there are fewer. O(count)."""
        if count >= len(self.items):
            return self.items.copy()
        return random.sample(self.items, count)

    def choices(self, random: Random, count: int) -> list[bytes]:
        """`count` members at random, each picked from all; see `draw`. O(count)."""
        return draw(random, self.items, count)

    def scan(self, cursor: int, count: int) -> tuple[int, list[bytes]]:
        """Up to `count` members and the cursor to go on with, 0 when all were visited. O(count).

        A scan starts at cursor 0. A member that is there from its start to its end is returned at least
        once, and more than once only if others were removed meanwhile.
        """
        end = min(cursor, len(self.items)) or len(self.items)
        start = max(0, end - count)
        return start, self.items[start:end][::-1]

    def own_size(self) -> int:
        """How many bytes the array takes beside the members themselves. O(1)."""
        return getsizeof(self.items) + getsizeof(self.positions) + NUMBER * max(0, len(self.items) - 256)

    def _check(self) -> None:
        assert len(self.items) == len(self.positions)
        for position, member in enumerate(self.items):
            assert self.positions[member] == position
