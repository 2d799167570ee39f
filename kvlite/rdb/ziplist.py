"""What older versions of Redis kept small values in: ziplists and zipmaps. They are read, never written.

ziplist = size (u32)  place of the last entry (u32)  number of entries (u16, 65535 for unknown)  entry*  0xFF
entry   = size of the entry before (u8, or 0xFE and u32)  code
code    = 00llllll  text
        | 01llllll  llllllll  text
        | 10......  length (u32, big-endian)  text
        | 0xC0, 0xD0, 0xE0, 0xF0, 0xFE        numbers of 16, 32, 64, 24 and 8 bits
        | 1111vvvv                            a number from 0 to 12, plus one

zipmap  = number of pairs (u8, 254 for more)  pair*  0xFF
pair    = length  field  length  unused (u8)  text  unused bytes
length  = u8 below 254, or 0xFE and u32
"""

from __future__ import annotations

from .source import BadFormat, Source

END = 0xFF
LONG = 0xFE
UNKNOWN = 0xFFFF
_SIZES = {0xC0: 2, 0xD0: 4, 0xE0: 8, 0xF0: 3, 0xFE: 1}


def decode_ziplist(pack: bytes) -> list[bytes]:
    """The texts of a ziplist, numbers in decimal; BadFormat if it is none. O(n)."""
    source = Source(pack)
    size, tail, announced = source.number(4), source.number(4), source.number(2)
    end = len(pack) - 1
    if size != len(pack) or end < source.at or pack[end] != END or tail > end:
        raise BadFormat("a ziplist of another size than it says")
    texts: list[bytes] = []
    last, before = source.at, 0
    while pack[source.at] != END:
        last = source.at
        if _length(source) != before:
            raise BadFormat("an entry that does not know the one before")
        texts.append(_text(source))
        before = source.at - last
        if source.at > end:
            raise BadFormat("an entry beyond the end")
    if source.at != end or (texts and last != tail):
        raise BadFormat("a ziplist that ends elsewhere than it says")
    if announced not in (len(texts), UNKNOWN):
        raise BadFormat("another number of entries than announced")
    return texts


def _length(source: Source) -> int:
    """A number of one byte, or of four behind one that is too large to be it."""
    number = source.number(1)
    return number if number < LONG else source.number(4)


def _text(source: Source) -> bytes:
    head = source.number(1)
    if head < 0x40:
        return source.take(head)
    if head < 0x80:
        return source.take((head & 0x3F) << 8 | source.number(1))
    if head < 0xC0:
        return source.take(source.number(4, "big"))
    if head in _SIZES:
        return b"%d" % source.number(_SIZES[head], signed=True)
    if 0xF1 <= head <= 0xFD:
        return b"%d" % ((head & 0x0F) - 1)
    raise BadFormat(f"an entry with the head {head:#x}")


def decode_zipmap(pack: bytes) -> list[bytes]:
    """The fields of a zipmap, each with its text behind it; BadFormat if it is none. O(n)."""
    source = Source(pack)
    announced = source.number(1)
    end = len(pack) - 1
    if end < 1 or pack[end] != END:
        raise BadFormat("a zipmap without its end")
    texts: list[bytes] = []
    while pack[source.at] != END:
        texts.append(source.take(_length(source)))
        length = _length(source)
        unused = source.number(1)
        texts.append(source.take(length))
        source.take(unused)
        if source.at > end:
            raise BadFormat("a pair beyond the end")
    if source.at != end or (announced != LONG and announced * 2 != len(texts)):
        raise BadFormat("another number of pairs than announced")
    return texts
