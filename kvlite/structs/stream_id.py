"""The ids of the entries of a stream: milliseconds, and a number among those of the same millisecond.

As an int, the milliseconds are the upper 64 bits and the number is the lower: so ids compare as in Redis.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from struct import unpack
from sys import getsizeof

LARGEST = (1 << 128) - 1
SEQUENCE = (1 << 64) - 1
"""The bits of the number."""
SIZE = 16
"""How many bytes it takes when it is written."""
INT64 = 1 << 63


def signed(count: int) -> int:
    """A count as Redis keeps it, in 64 bits with a sign: beyond the largest it goes on from the smallest.

    >>> signed((1 << 63) + 1)
    -9223372036854775807
    """
    return (count + INT64) % (2 * INT64) - INT64


def show_id(id: int) -> bytes:
    """The text of an id.

    >>> show_id((5 << 64) + 7)
    b'5-7'
    """
    return b"%d-%d" % (id >> 64, id & SEQUENCE)


def show_ids(high: Iterable[int], low: Iterable[int]) -> list[bytes]:
    """The texts of ids, given as their milliseconds and their numbers. O(n)."""
    return [b"%d-%d" % id for id in zip(high, low)]  # noqa: B905  # to be strict takes as long as an id


class Ids:
    """Ids that grow, in 16 bytes each.

    >>> ids = Ids()
    >>> ids.append((5 << 64) + 7)
    >>> ids[0] >> 64, ids.before(LARGEST)
    (5, 1)
    """

    __slots__ = ("high", "low")

    def __init__(self) -> None:
        self.high = array("Q")
        self.low = array("Q")

    def append(self, id: int) -> None:
        self.high.append(id >> 64)
        self.low.append(id & SEQUENCE)

    def __len__(self) -> int:
        return len(self.high)

    def __getitem__(self, place: int) -> int:
        return self.high[place] << 64 | self.low[place]

    def __iter__(self) -> Iterator[int]:
        return (high << 64 | low for high, low in zip(self.high, self.low, strict=True))

    def before(self, id: int) -> int:
        """How many are smaller than `id`. O(log n)."""
        ms, numbers, low = self.high, self.low, id & SEQUENCE
        start = bisect_left(ms, id >> 64)
        if not low or start == len(ms) or ms[start] != id >> 64:
            return start
        return bisect_left(numbers, low, start, bisect_right(ms, id >> 64, start))

    def until(self, id: int) -> int:
        """How many are no larger than `id`. O(log n)."""
        return self.before(id + 1) if id < LARGEST else len(self.high)

    def cut(self, length: int) -> None:
        """Keep so many at the front. O(n)."""
        del self.high[length:], self.low[length:]

    def copy(self) -> Ids:
        copy = Ids()
        copy.high, copy.low = self.high[:], self.low[:]
        return copy

    def own_size(self) -> int:
        """How many bytes they take. O(1)."""
        return getsizeof(self) + getsizeof(self.high) + getsizeof(self.low)


def pack_ids(ids: Iterable[int]) -> bytes:
    """Ids as bytes, the highest first, one after the other."""
    return b"".join([id.to_bytes(SIZE, "big") for id in ids])


def unpack_id(packed: bytes) -> int:
    """The one id that was packed; ValueError if that is not what it is."""
    if len(packed) != SIZE:
        raise ValueError("an id that is none")
    return int.from_bytes(packed, "big")


def unpack_ids(packed: bytes) -> list[int]:
    """The ids that were packed; ValueError if that is not what they are."""
    if type(packed) is bytes and len(packed) == SIZE:
        return [int.from_bytes(packed, "big")]
    if type(packed) is not bytes or len(packed) % SIZE:
        raise ValueError("ids that are none")
    halves = unpack(f">{len(packed) // 8}Q", packed)
    return [high << 64 | low for high, low in zip(halves[::2], halves[1::2], strict=True)]
