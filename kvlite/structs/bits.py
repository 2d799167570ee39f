"""Bits of byte strings: counting, finding and combining them, and integers of any width among them.

Bits are counted from the most significant one of the first byte on, as Redis does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import and_, or_, xor
from typing import Literal, NamedTuple, TypeAlias

CHUNK = 65536
"""So many bytes at once are an integer that the machine's caches hold."""
Bytes: TypeAlias = bytes | bytearray

# Many bits


def count_ones(text: Bytes, first: int, last: int) -> int:
    """How many bits are 1 from bit `first` to bit `last`, both within `text`. O(bytes looked at)."""
    start, stop = first >> 3, (last >> 3) + 1
    before = text[start] >> (8 - (first & 7))
    after = text[stop - 1] & (0x7F >> (last & 7))
    whole = sum(int.from_bytes(chunk, "little").bit_count() for chunk in _chunks(text, start, stop))
    return whole - before.bit_count() - after.bit_count()


def find_bit(text: Bytes, bit: int, first: int, last: int) -> int | None:
    """Where the first such bit is from `first` to `last`, both within `text`; None if there is none.

    O(bytes looked at).
    """
    place = _find(text, bit, first, last)
    return None if place is None or place > last else place


def _find(text: Bytes, bit: int, first: int, last: int) -> int | None:
    start, stop = first >> 3, (last >> 3) + 1
    flip, others = (0, b"\0") if bit else (0xFF, b"\xff")
    begun = (text[start] ^ flip) & (0xFF >> (first & 7))
    if begun:
        return start * 8 + 8 - begun.bit_length()
    at = start + 1
    for chunk in _chunks(text, at, stop):
        left = bytes(chunk).lstrip(others)
        if left:
            return (at + len(chunk) - len(left)) * 8 + 8 - (left[0] ^ flip).bit_length()
        at += len(chunk)
    return None


def _chunks(text: Bytes, start: int, stop: int) -> Iterator[memoryview]:
    with memoryview(text) as view:
        for at in range(start, stop, CHUNK):
            with view[at : min(at + CHUNK, stop)] as chunk:
                yield chunk


_OPERATORS: dict[bytes, Callable[[int, int], int]] = {b"AND": and_, b"OR": or_, b"XOR": xor}
_INVERTED = bytes(range(255, -1, -1))


def combine(operation: bytes, texts: Sequence[Bytes]) -> bytes:
    """AND, OR or XOR of several texts, or NOT of one, as long as the longest; zeros follow shorter ones.

    O(bytes of all).
    """
    if operation == b"NOT":
        return bytes(texts[0].translate(_INVERTED))
    operator = _OPERATORS[operation]
    size = max(map(len, texts))
    parts = []
    for at in range(0, size, CHUNK):
        end = min(at + CHUNK, size)
        # From the little end, a short text has zeros behind it by itself.
        numbers = (int.from_bytes(text[at:end], "little") for text in texts)
        result = next(numbers)
        for number in numbers:
            result = operator(result, number)
        parts.append(result.to_bytes(end - at, "little"))
    return b"".join(parts)


# Integers

_number_of = int.from_bytes

Overflow: TypeAlias = Literal["WRAP", "SAT", "FAIL"]
"""What becomes of an integer that does not fit: its low bits, the nearest one that fits, or nothing."""


class Field(NamedTuple):
    """An integer of some width among the bits of a text, from bit `offset` on.

    >>> text = bytes([0b00011000, 0])
    >>> Field(width=4, signed=True, offset=3).read(text)
    -4
    """

    width: int
    signed: bool
    offset: int

    @property
    def size(self) -> int:
        """How many bytes a text has that ends with this field."""
        return (self.offset + self.width + 7) >> 3

    @property
    def most(self) -> int:
        """The largest number it can hold."""
        return (1 << self.width - self.signed) - 1

    def read(self, text: Bytes) -> int:
        """The integer in `text`, behind which there are zeros. O(1)."""
        window, spare, _ = self._window(text)
        limit = 1 << self.width
        number = window >> spare & limit - 1
        return number - limit if self.signed and number << 1 >= limit else number

    def written(self, text: Bytes, number: int) -> tuple[int, bytes]:
        """What `text` holds once `number` is in this field: bytes, and from which byte on. O(1)."""
        window, spare, length = self._window(text)
        mask = (1 << self.width) - 1
        window = window & ~(mask << spare) | (number & mask) << spare
        return self.offset >> 3, window.to_bytes(length, "big")

    def _window(self, text: Bytes) -> tuple[int, int, int]:
        """The bytes that have a part of the field, as a number, how many bits follow the field there, and how
        many bytes they are."""
        width, _, offset = self
        start, stop = offset >> 3, (offset + width + 7) >> 3
        part, length = text[start:stop], stop - start
        if len(part) < length:
            part = part.ljust(length, b"\0")
        return _number_of(part, "big"), stop * 8 - offset - width, length

    def fitted(self, number: int, overflow: Overflow) -> int | None:
        """`number` as the field can hold it; None if it cannot and is to FAIL. O(1)."""
        most = self.most
        least = -most - 1 if self.signed else 0
        if least <= number <= most:
            return number
        if overflow == "FAIL":
            return None
        if overflow == "SAT":
            return most if number > most else least
        number &= (1 << self.width) - 1
        return number - (1 << self.width) if number > most else number
