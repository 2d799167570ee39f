"""The ids of the entries of a stream: milliseconds, and a number among those of the same millisecond.

As an int, the milliseconds are the upper 64 bits and the number is the lower: so ids compare as in Redis.
"""

from __future__ import annotations

from collections.abc import Iterable
from struct import unpack

LARGEST = (1 << 128) - 1
SEQUENCE = (1 << 64) - 1
"""The bits of the number."""
SIZE = 16
"""How many bytes it takes when it is written."""


def show_id(id: int) -> bytes:
    """The text of an id.

    >>> show_id((5 << 64) + 7)
    b'5-7'
    """
    return b"%d-%d" % (id >> 64, id & SEQUENCE)


def pack_ids(ids: Iterable[int]) -> bytes:
    """Ids as bytes, the highest first, one after the other."""
    return b"".join([id.to_bytes(SIZE, "big") for id in ids])


def unpack_ids(packed: bytes) -> list[int]:
    """The ids that were packed; ValueError if that is not what they are."""
    if type(packed) is not bytes or len(packed) % SIZE:
        raise ValueError("ids that are none")
    halves = unpack(f">{len(packed) // 8}Q", packed)
    return [high << 64 | low for high, low in zip(halves[::2], halves[1::2], strict=True)]
