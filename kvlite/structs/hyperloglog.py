"""HyperLogLogs: how many different elements there were, from 16384 registers, in Redis's own bytes.

A sketch is a string: a header of 16 bytes, and the registers behind it, in one of two encodings.

    header   "HYLL", 1 if sparse or 0 if dense, three zeros, the cardinality in 8 bytes, lowest first
             (the highest bit of the last byte says that it is not known)
    dense    16384 registers of 6 bits, the lowest bits of each byte first
    sparse   operations, that together are about all registers in turn:
             00nnnnnn            n+1 registers are zero
             01nnnnnn nnnnnnnn   n+1 registers are zero
             1vvvvvnn            n+1 registers are v+1

An element's hash says which register it is about, and how many zeros follow there: a register keeps the most
that was seen, plus one. From how often each number occurs the cardinality is estimated as Otmar Ertl has
shown in "New cardinality estimation algorithms for HyperLogLog sketches" (2017).
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate
from math import floor, inf, sqrt
from struct import Struct, unpack_from
from typing import TypeAlias

REGISTERS = 16384
HEADER = 16
DENSE_SIZE = HEADER + REGISTERS * 6 // 8
MAGIC = b"HYLL"
DENSE, SPARSE = 0, 1
_DENSE_START, _SPARSE_START = MAGIC + bytes((DENSE,)), MAGIC + bytes((SPARSE,))
UNKNOWN = 0x80
"""The bit of the last byte of the header that says that the cardinality is not known."""
LARGEST_SPARSE = 32
"""The largest number that a sparse sketch can hold."""
EMPTY = MAGIC + bytes((SPARSE, 0, 0, 0)) + bytes(7) + bytes((UNKNOWN, 0x7F, 0xFF))
"""A new sketch, with all registers zero."""

Sketch: TypeAlias = bytes | bytearray
Place: TypeAlias = tuple[int, int]
"""A register, and a number that it is to hold at least."""


class Corrupt(Exception):
    """The operations of a sparse sketch are not about 16384 registers."""


# Elements

_SEED = 0xADC83B19
_FACTOR = 0xC6A4A7935BD1E995
_64_BITS = (1 << 64) - 1
_SHORT = 64
_STARTS = [_SEED ^ (size * _FACTOR & _64_BITS) for size in range(_SHORT)]
"""What the hash of an element of each length begins with."""
_WORDS = [Struct(f"<{count}Q").unpack_from for count in range(_SHORT // 8)]
"""What reads so many words of eight bytes."""
_number_of = int.from_bytes


def murmur(element: bytes) -> int:
    """The 64-bit hash of an element: MurmurHash64A with Redis's seed. O(len)."""
    size = len(element)
    if size < _SHORT:
        value, words = _STARTS[size], _WORDS[size >> 3](element)
    else:
        value, words = _SEED ^ (size * _FACTOR & _64_BITS), unpack_from(f"<{size >> 3}Q", element)
    for word in words:
        word = word * _FACTOR & _64_BITS
        value = (value ^ (word ^ word >> 47) * _FACTOR) * _FACTOR & _64_BITS
    if size & 7:
        value = (value ^ _number_of(element[size & -8 :], "little")) * _FACTOR & _64_BITS
    value = (value ^ value >> 47) * _FACTOR & _64_BITS
    return value ^ value >> 47


_AFTER_BYTE = [(byte & -byte).bit_length() for byte in range(256)]
"""The place of the lowest bit that is 1, counted from 1; 0 if there is none."""


def place_of(element: bytes) -> Place:
    """What an element says of which register. O(len)."""
    value = murmur(element)
    number = _AFTER_BYTE[value >> 14 & 0xFF]
    if not number:
        rest = value >> 14 | 1 << 50
        number = (rest & -rest).bit_length()
    return value & 16383, number


# Sketches of either encoding


def is_sketch(text: Sketch) -> bool:
    """Whether a string may be a sketch: the header fits. O(1)."""
    if text.startswith(_DENSE_START):
        return len(text) == DENSE_SIZE
    return text.startswith(_SPARSE_START) and len(text) >= HEADER


def registers_of(sketch: Sketch) -> bytearray:
    """The numbers in all registers; `Corrupt` if there are more or fewer. O(registers)."""
    return _unpacked(sketch) if sketch[4] == DENSE else Sparse(sketch).registers()


def known_cardinality(sketch: Sketch) -> int | None:
    """The cardinality that stands in the header, None if it is not known. O(1)."""
    return None if sketch[15] & UNKNOWN else int.from_bytes(sketch[8:HEADER], "little")


def dense_of(sketch: Sketch, registers: Sketch) -> bytearray:
    """A dense sketch with these registers, otherwise like `sketch`. O(registers)."""
    return bytearray(sketch[:4]) + bytes((DENSE,)) + sketch[5:HEADER] + _packed(registers)


# Counting


def cardinality(registers: Sketch) -> int:
    """About how many different elements there were. O(registers)."""
    histogram = _histogram(registers)
    total = REGISTERS * _tau(1 - histogram[51] / REGISTERS)
    for number in range(50, 0, -1):
        total = (total + histogram[number]) * 0.5
    total += REGISTERS * _sigma(histogram[0] / REGISTERS)
    if not total:  # no element can make such a sketch; in C, this is what infinity becomes
        return -1 << 63
    estimate = 0.721347520444481703680 * REGISTERS * REGISTERS / total
    whole = floor(estimate)
    return whole + (estimate - whole >= 0.5)


def _histogram(registers: Sketch) -> list[int]:
    """How often each number occurs."""
    counts = [0] * 64
    left = len(registers)
    for number in range(64):
        counts[number] = registers.count(number)
        left -= counts[number]
        if not left:
            break
    return counts


def _tau(share: float) -> float:
    if share in (0.0, 1.0):
        return 0.0
    weight, value, before = 1.0, 1 - share, inf
    while value != before:
        share = sqrt(share)
        weight *= 0.5
        before, value = value, value - (1 - share) ** 2 * weight
    return value / 3


def _sigma(share: float) -> float:
    if share == 1.0:
        return inf
    weight, value, before = 1.0, share, inf
    while value != before:
        share *= share
        before, value = value, value + share * weight
        weight += weight
    return value


_EIGHTHS = int.from_bytes(b"\x80" * REGISTERS, "little")


def greatest(first: Sketch, second: Sketch) -> bytes:
    """The greater of both numbers in each register. O(registers), a few operations on long integers."""
    one, other = int.from_bytes(first, "little"), int.from_bytes(second, "little")
    # In each byte the highest bit stays 1 where one is not less than the other: none borrows from the next.
    not_less = ((one | _EIGHTHS) - other & _EIGHTHS) >> 7
    return (other ^ ((one ^ other) & not_less * 0xFF)).to_bytes(REGISTERS, "little")


# Dense sketches

_LOW_6 = bytes(byte & 0x3F for byte in range(256))
_HIGH_2 = bytes(byte >> 6 for byte in range(256))
_LOW_4 = bytes((byte & 0xF) << 2 for byte in range(256))
_HIGH_4 = bytes(byte >> 4 for byte in range(256))
_LOW_2 = bytes((byte & 3) << 4 for byte in range(256))
_HIGH_6 = bytes(byte >> 2 for byte in range(256))


def _either(first: Sketch, second: Sketch) -> bytes:
    """Bytes with the bits of both."""
    bits = int.from_bytes(first, "little") | int.from_bytes(second, "little")
    return bits.to_bytes(len(first), "little")


def _unpacked(sketch: Sketch) -> bytearray:
    """The registers of a dense sketch, a byte each. Four of them are in three bytes."""
    first, second, third = (sketch[start::3] for start in (HEADER, HEADER + 1, HEADER + 2))
    registers = bytearray(REGISTERS)
    registers[0::4] = first.translate(_LOW_6)
    registers[1::4] = _either(first.translate(_HIGH_2), second.translate(_LOW_4))
    registers[2::4] = _either(second.translate(_HIGH_4), third.translate(_LOW_2))
    registers[3::4] = third.translate(_HIGH_6)
    return registers


_UP_6 = bytes((byte & 3) << 6 for byte in range(256))
_UP_4 = bytes((byte & 0xF) << 4 for byte in range(256))
_UP_2 = bytes((byte & 0x3F) << 2 for byte in range(256))


def _packed(registers: Sketch) -> bytearray:
    """The registers as a dense sketch has them."""
    first, second, third, fourth = (registers[start::4] for start in range(4))
    dense = bytearray(DENSE_SIZE - HEADER)
    dense[0::3] = _either(first, second.translate(_UP_6))
    dense[1::3] = _either(second.translate(_HIGH_6), third.translate(_UP_4))
    dense[2::3] = _either(third.translate(_HIGH_4), fourth.translate(_UP_2))
    return dense


def dense_changes(sketch: Sketch, places: Iterable[Place]) -> dict[int, int]:
    """The bytes of a dense sketch that are others once its registers have taken `places`. O(places)."""
    changed: dict[int, int] = {}
    for register, number in places:
        at, shift = HEADER + register * 6 // 8, register * 6 & 7
        low = changed.get(at, sketch[at])
        if shift <= 2:
            if low >> shift & 0x3F < number:
                changed[at] = low & ~(0x3F << shift) | number << shift
            continue
        high = changed.get(at + 1, sketch[at + 1])
        both = high << 8 | low
        if both >> shift & 0x3F < number:
            both = both & ~(0x3F << shift) | number << shift
            changed[at], changed[at + 1] = both & 0xFF, both >> 8
    return changed


def write_dense(sketch: bytearray, places: Iterable[Place]) -> bool:
    """Let a dense sketch take `places`; whether that changed anything. O(places)."""
    changed = False
    for register, number in places:
        bit = register * 6
        at, shift = HEADER + (bit >> 3), bit & 7
        both = _number_of(sketch[at : at + 2], "little")
        if both >> shift & 0x3F < number:
            both = both & ~(0x3F << shift) | number << shift
            sketch[at] = both & 0xFF
            if shift > 2:
                sketch[at + 1] = both >> 8
            changed = True
    return changed


# Sparse sketches

_operations = re.compile(rb"[\x40-\x7f].?|[^\x40-\x7f]", re.DOTALL).findall
_values_in_a_row = re.compile(
    rb"(?:[\x40-\x7f].|[\x00-\x3f]|[\x80-\xff](?![\x80-\xff])){0,4}[\x80-\xff]{2}", re.DOTALL
).match
"""Whether one of five operations, and the one behind it, are about registers that are not zero."""
_BYTES = [bytes((byte,)) for byte in range(256)]
_MOST_VALUES = 4
_MOST_SHORT_ZEROS = 64


def _values(number: int, count: int) -> int:
    return 0x80 | number - 1 << 2 | count - 1


def _run(number: int, count: int) -> bytes:
    """The operation that so many registers hold this number; four at most, unless it is zero."""
    if number:
        return _BYTES[_values(number, count)]
    return _BYTES[count - 1] if count <= _MOST_SHORT_ZEROS else (0x4000 + count - 1).to_bytes(2, "big")


def _span(operation: bytes) -> int:
    """How many registers an operation is about. A byte that is missing at the end is zero."""
    head = operation[0]
    if head & 0x80:
        return (head & 3) + 1
    return (int.from_bytes(operation.ljust(2, b"\0"), "big") & 0x3FFF if head & 0x40 else head) + 1


class Sparse:
    """A sparse sketch that is being changed, and where in it each register is to be found.

    >>> sparse = Sparse(EMPTY)
    >>> sparse.put(3, 7, limit=3000), sparse.put(3, 6, limit=3000)
    (True, False)
    >>> sparse.text[HEADER:].hex(" ")
    '02 98 7f fb'
    """

    __slots__ = ("_before", "_left", "_long", "_right", "_starts", "_total", "text")

    def __init__(self, sketch: Sketch) -> None:
        """O(operations)."""
        self.text = bytearray(sketch)
        operations = _operations(self.text, HEADER)
        starts = [0, *accumulate(map(_span, operations))]
        self._total = starts.pop()
        self._starts = starts
        """The first register of each operation."""
        self._long = [start for start, each in zip(starts, operations, strict=True) if len(each) == 2]
        """Those of the operations of two bytes."""
        self.begin()

    def begin(self) -> None:
        """Let `change` be about what is put from now on."""
        self._before = self._left = self._right = len(self.text)

    def change(self) -> tuple[int, int, bytes]:
        """What was put, as bytes that take the place of others: from where, up to where, in the text as it
        was, and which. There may be some among them that are the same."""
        chunk = self.text[self._left : len(self.text) - self._right]
        return self._left, self._before - self._right, bytes(chunk)

    def registers(self) -> bytearray:
        """The numbers in all registers; `Corrupt` if there are more or fewer. O(registers)."""
        if self._total != REGISTERS:
            raise Corrupt
        registers = bytearray(REGISTERS)
        for start, operation in zip(self._starts, _operations(self.text, HEADER), strict=True):
            head = operation[0]
            if head & 0x80:
                count = (head & 3) + 1
                registers[start : start + count] = bytes(((head >> 2 & 0x1F) + 1,)) * count
        return registers

    def described(self) -> Iterator[str]:
        """Each operation as PFDEBUG DECODE shows it."""
        for operation in _operations(self.text, HEADER):
            head, span = operation[0], _span(operation)
            if head & 0x80:
                yield f"v:{(head >> 2 & 0x1F) + 1},{span}"
            else:
                yield f"{'Z' if head & 0x40 else 'z'}:{span}"

    def put(self, register: int, number: int, limit: int) -> bool | None:
        """Let a register hold this number, if it holds a lesser one; whether it did. O(log n), mostly.

        None, and nothing is done, if that takes a dense sketch: beyond `limit` bytes, or for a number that a
        sparse one cannot hold. `Corrupt` if there is no such register.
        """
        if number > LARGEST_SPARSE:
            return None
        if register >= self._total:
            raise Corrupt
        text, starts = self.text, self._starts
        which = bisect_right(starts, register) - 1
        first = starts[which]
        at = HEADER + which + bisect_left(self._long, first)
        if at + 1 == len(text) and text[at] & 0xC0 == 0x40:
            raise Corrupt
        stop = starts[which + 1] if which + 1 < len(starts) else self._total
        head = text[at]
        old = (head >> 2 & 0x1F) + 1 if head & 0x80 else 0
        if old >= number:
            return False
        if stop - first == 1:
            text[at] = _values(number, 1)
        elif not self._split(which, at, first, stop, register, number, old, limit):
            return None
        if which:  # the one before it may be joined with it
            which -= 1
            at = HEADER + which + bisect_left(self._long, starts[which])
        end = at + 8
        if _values_in_a_row(text, at) is not None:
            end = self._join(which, at)
        right = len(text) - end
        self._left = min(self._left, at)
        self._right = min(self._right, right if right > 0 else 0)
        return True

    def _split(
        self, which: int, at: int, first: int, stop: int, register: int, number: int, old: int, limit: int
    ) -> bool:
        """Replace an operation by one for `register` and others around it; False if there is no room."""
        text, chunk, starts, long = self.text, _run(number, 1), [register], []
        if first < register:
            run = _run(old, register - first)
            chunk = run + chunk
            starts = [first, register]
            if len(run) == 2:
                long.append(first)
        if register + 1 < stop:
            run = _run(old, stop - register - 1)
            chunk += run
            starts.append(register + 1)
            if len(run) == 2:
                long.append(register + 1)
        size = 2 if text[at] & 0xC0 == 0x40 else 1
        if len(chunk) > size and len(text) + len(chunk) - size > limit:
            return False
        text[at : at + size] = chunk
        self._starts[which : which + 1] = starts
        if size == 2:
            place = bisect_left(self._long, first)
            self._long[place : place + 1] = long
        return True

    def _join(self, which: int, at: int) -> int:
        """Make one of two operations with the same number, among the five from `which` on, which begins at
        `at`; where they end."""
        text, starts = self.text, self._starts
        for _ in range(5):
            if at >= len(text):
                break
            head = text[at]
            if head & 0x80 and at + 1 < len(text) and head >> 2 == text[at + 1] >> 2:
                count = (head & 3) + (text[at + 1] & 3) + 2
                if count <= _MOST_VALUES:
                    text[at : at + 2] = _run((head >> 2 & 0x1F) + 1, count)
                    del starts[which + 1]
                    continue
            at += 2 if head & 0xC0 == 0x40 else 1
            which += 1
        return min(at, len(text))


def self_test() -> str | None:
    """What PFSELFTEST finds wrong, None if nothing: both encodings agree, and the estimate is good."""
    sparse, dense = Sparse(EMPTY), dense_of(EMPTY, bytes(REGISTERS))
    expected = bytearray(REGISTERS)
    for number in range(5000):
        register, value = place_of(b"%d" % number)
        expected[register] = max(expected[register], value)
        sparse.put(register, value, limit=DENSE_SIZE)
        write_dense(dense, [(register, value)])
    if registers_of(sparse.text) != expected or sparse.text[4] != SPARSE:
        return "a sparse sketch has lost something"
    if registers_of(dense) != expected or dense != dense_of(sparse.text, expected):
        return "a dense sketch has lost something"
    if abs(cardinality(expected) - 5000) > 3 * 0.0081 * 5000:
        return "the estimate is further off than it should be"
    return None
