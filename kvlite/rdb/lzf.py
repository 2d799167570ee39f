"""LZF, the compression of strings in Redis's payloads.

    compressed = run*
    run        = 000nnnnn  n + 1 bytes as they are
               | lllooooo  oooooooo            repeat l + 2 bytes, 1 <= l <= 6
               | 111ooooo  llllllll  oooooooo  repeat l + 9 bytes

What is repeated began o + 1 bytes before, and may reach into itself.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Sequence

from .source import BadFormat

LITERALS = 32
"""How many bytes at most follow one head as they are."""
REACH = 1 << 13
LONGEST = 264
"""How many bytes at most one run repeats."""
TABLE = 1 << 16
FEW = 4000
"""Up to so many bytes the table is not worth being laid out whole."""


def compress(data: bytes, room: int) -> bytes | None:
    """`data` compressed to at most about `room` bytes, or None if that cannot be. O(n).

    Repetitions are found as liblzf finds them in its usual configuration: by a table of where a hash of three
    bytes was met last, into which of what was repeated only the end goes. So the result is the same, too.
    """
    slots = _slots(data)
    last = len(slots)
    places: dict[int, int] | list[int] = [0] * TABLE if last > FEW else defaultdict(int)
    out = bytearray()
    start = 0
    while start < last:
        for at in range(start, last):
            slot = slots[at]
            place = places[slot]
            places[slot] = at
            if place and at - place <= REACH and data[place : place + 3] == data[at : at + 3]:
                break
        else:
            break
        literals = at - start
        # The head of the run to come counts, unless the one before has just ended.
        if len(out) + literals + literals // LITERALS + (literals % LITERALS > 0) + 4 >= room:
            return None
        _put_literals(out, data[start:at])
        length = _common_length(data, place, at)
        _put_repetition(out, length, at - place - 1)
        start = at + length
        if start < last:
            places[slots[start - 2]] = start - 2
            places[slots[start - 1]] = start - 1
    literals = max(0, last - start)
    if len(out) + 1 + literals + literals // LITERALS + 3 > room:
        return None
    _put_literals(out, data[start:])
    return bytes(out)


def _slots(data: bytes) -> Sequence[int]:
    """The hash of the three bytes that begin at each place, but for the last two."""
    triples = zip(data, data[1:], data[2:], strict=False)
    return array("H", ((256 * one - 1279 * two - 5 * three) % TABLE for one, two, three in triples))


def _put_literals(out: bytearray, data: bytes) -> None:
    for place in range(0, len(data), LITERALS):
        chunk = data[place : place + LITERALS]
        out.append(len(chunk) - 1)
        out += chunk


def _put_repetition(out: bytearray, length: int, distance: int) -> None:
    if length < 9:
        out += bytes(((length - 2) << 5 | distance >> 8, distance & 0xFF))
    else:
        out += bytes((7 << 5 | distance >> 8, length - 9, distance & 0xFF))


def _common_length(data: bytes, place: int, at: int) -> int:
    """How many bytes are the same from both places on, three at least. Mostly the last two are spared."""
    spared = len(data) - at - 2
    most = min(LONGEST, spared if spared > 18 else 19 if spared > 16 else max(3, spared))
    one, other = data[place : place + most], data[at : at + most]
    if one == other:
        return most
    difference = int.from_bytes(one, "little") ^ int.from_bytes(other, "little")
    return ((difference & -difference).bit_length() - 1) // 8


def decompress(data: bytes, size: int) -> bytes:
    """The `size` bytes that were compressed to `data`; BadFormat if they were not. O(n).

    No more is taken than comes out of what is there, whatever `size` says. A `size` of 0 is believed.
    """
    if not size:
        return b""
    out = bytearray()
    at, end = 0, len(data)
    try:
        while at < end:
            head = data[at]
            at += 1
            if head < LITERALS:
                if at + head >= end:
                    raise BadFormat("bytes are missing")
                out += data[at : at + head + 1]
                at += head + 1
            else:
                length = head >> 5
                if length == 7:
                    length += data[at]
                    at += 1
                start = len(out) - ((head & 0x1F) << 8 | data[at]) - 1
                at += 1
                if start < 0:
                    raise BadFormat("a repetition of what was before the beginning")
                _repeat(out, start, length + 2)
            if len(out) > size:
                break
    except IndexError:
        raise BadFormat("bytes are missing") from None
    if len(out) != size:
        raise BadFormat(f"{size} bytes announced that are others")
    return bytes(out)


def _repeat(out: bytearray, start: int, length: int) -> None:
    period = len(out) - start
    if length <= period:
        out += out[start : start + length]
    else:
        out += (out[start:] * (length // period + 1))[:length]
