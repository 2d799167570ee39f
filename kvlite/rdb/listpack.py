"""Listpacks: how Redis 7 keeps a few short texts and numbers together.

    listpack = size (u32)  number of entries (u16, 65535 for unknown)  entry*  0xFF
    entry    = code  length of the code, to be read backward
    code     = 0vvvvvvv                   a number from 0 to 127
             | 10llllll  text             up to 63 bytes
             | 110vvvvv  vvvvvvvv         a number of 13 bits
             | 1110llll  llllllll  text   up to 4095 bytes
             | 0xF0  length (u32)  text
             | 0xF1 .. 0xF4               numbers of 16, 24, 32 and 64 bits

All but the bits within the heads is little-endian, and numbers are signed.
"""

from __future__ import annotations

from collections.abc import Iterable
from struct import Struct

from ..numbers import parse_int
from .source import BadFormat

_HEAD = Struct("<IH")
HEAD_SIZE = _HEAD.size
END = 0xFF
UNKNOWN = 0xFFFF
LONGEST_INTEGER = 20
"""How many characters a number of 64 bits has at most."""


def encode(texts: Iterable[bytes]) -> bytes:
    """The listpack of these texts; those that are integers are kept as such. O(n)."""
    entries = list(map(encode_entry, texts))
    body = b"".join(entries)
    size = HEAD_SIZE + len(body) + 1
    return _HEAD.pack(size, min(len(entries), UNKNOWN)) + body + b"\xff"


def encode_entry(text: bytes) -> bytes:
    number = parse_int(text) if len(text) <= LONGEST_INTEGER else None
    code = _code_of_text(text) if number is None else _code_of_number(number)
    return code + _backward(len(code))


def _code_of_text(text: bytes) -> bytes:
    length = len(text)
    if length < 64:
        return bytes((0x80 | length,)) + text
    if length < 4096:
        return bytes((0xE0 | length >> 8, length & 0xFF)) + text
    return b"\xf0" + length.to_bytes(4, "little") + text


def _code_of_number(number: int) -> bytes:
    if 0 <= number < 128:
        return bytes((number,))
    if -4096 <= number < 4096:
        number &= 0x1FFF
        return bytes((0xC0 | number >> 8, number & 0xFF))
    size = next(size for size in (2, 3, 4, 8) if -(1 << 8 * size - 1) <= number < 1 << 8 * size - 1)
    return bytes((_HEADS[size],)) + number.to_bytes(size, "little", signed=True)


_SIZES = {0xF1: 2, 0xF2: 3, 0xF3: 4, 0xF4: 8}
"""How many bytes the number behind a head has."""
_HEADS = {size: head for head, size in _SIZES.items()}


def _backward(length: int) -> bytes:
    """A length to be read from its end: seven bits a byte, the highest bit set if more stands before it."""
    if length < 128:
        return bytes((length,))
    groups = bytearray((length >> 7 * place & 0x7F) | 0x80 for place in range(_backward_size(length)))
    groups[-1] &= 0x7F
    groups.reverse()
    return bytes(groups)


def _backward_size(length: int) -> int:
    if length < 128:
        return 1
    # Redis takes one byte more than it needs for the largest number that fits.
    return next((size for size in (2, 3, 4) if length < (1 << 7 * size) - 1), 5)


def decode(pack: bytes) -> list[bytes]:
    """The texts of a listpack, numbers in decimal; BadFormat if it is none. O(n)."""
    end = len(pack) - 1
    if end < HEAD_SIZE or pack[end] != END:
        raise BadFormat("a listpack without its end")
    size, announced = _HEAD.unpack_from(pack)
    if size != len(pack):
        raise BadFormat("a listpack of another size than it says")
    texts: list[bytes] = []
    at = HEAD_SIZE
    while at < end:
        head = pack[at]
        if head < 0x80:
            length, text = 1, b"%d" % head
        elif head < 0xC0:
            length = 1 + (head & 0x3F)
            text = pack[at + 1 : at + length]
        else:
            length, text = _decode_longer(pack, at, head)
        after = at + length + _backward_size(length)
        if after > end:
            raise BadFormat("an entry beyond the end")
        if (length > 127 or pack[after - 1] != length) and _read_backward(pack, after) != length:
            raise BadFormat("an entry of another length than it says")
        texts.append(text)
        at = after
    if announced not in (len(texts), UNKNOWN):
        raise BadFormat("another number of entries than announced")
    return texts


def _read_backward(pack: bytes, after: int) -> int:
    """The length that stands before `after`."""
    length = 0
    for place in range(5):
        byte = pack[after - 1 - place]
        length |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return length
    raise BadFormat("a length without its end")


def _decode_longer(pack: bytes, at: int, head: int) -> tuple[int, bytes]:
    """The length of the code at `at`, whose head is 0xC0 or higher, and its text."""
    if head < 0xE0:
        number = (head & 0x1F) << 8 | pack[at + 1]
        return 2, b"%d" % (number - 0x2000 if number & 0x1000 else number)
    if head < 0xF0:
        length = 2 + ((head & 0x0F) << 8 | pack[at + 1])
        return length, pack[at + 2 : at + length]
    if head == 0xF0:
        length = 5 + int.from_bytes(pack[at + 1 : at + 5], "little")
        return length, pack[at + 5 : at + length]
    if head not in _SIZES:
        raise BadFormat(f"an entry with the head {head:#x}")
    length = 1 + _SIZES[head]
    return length, b"%d" % int.from_bytes(pack[at + 1 : at + length], "little", signed=True)
