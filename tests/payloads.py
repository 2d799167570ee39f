"""Payloads for RESTORE made by hand: the encodings of older versions of Redis, and damaged ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from struct import pack

from oracle import START_MS

from kvlite.numbers import parse_int
from kvlite.rdb.crc64 import crc64
from kvlite.rdb.listpack import encode as pack_list
from kvlite.rdb.lzf import compress

STRING, LIST, SET, ZSET, HASH, ZSET_2 = range(6)
HASH_ZIPMAP, LIST_ZIPLIST, SET_INTSET, ZSET_ZIPLIST, HASH_ZIPLIST, LIST_QUICKLIST = range(9, 15)
STREAM, HASH_LISTPACK, ZSET_LISTPACK, LIST_QUICKLIST_2, STREAM_2 = range(15, 20)


def payload(kind: int, *parts: bytes, version: int = 10) -> bytes:
    """A whole payload, with its version and the right checksum."""
    body = bytes((kind,)) + b"".join(parts) + version.to_bytes(2, "little")
    return body + crc64(body).to_bytes(8, "little")


def sealed(body: bytes) -> bytes:
    """`body`, which ends with the version, and the right checksum."""
    return body + crc64(body).to_bytes(8, "little")


def length(number: int, width: int = 0) -> bytes:
    """A length in the shortest form, or in that of `width` bits."""
    if number < 64 and not width:
        return bytes((number,))
    if number < 1 << 14 and width in (0, 14):
        return pack(">H", 0x4000 | number)
    return b"\x80" + pack(">I", number) if width != 64 else b"\x81" + pack(">Q", number)


def raw(text: bytes, width: int = 0) -> bytes:
    return length(len(text), width) + text


def lzf(text: bytes) -> bytes:
    compressed = compress(text, len(text))
    assert compressed is not None
    return b"\xc3" + length(len(compressed)) + length(len(text)) + compressed


def strings(texts: Iterable[bytes]) -> bytes:
    return b"".join(map(raw, texts))


def written_score(score: float) -> bytes:
    special = {float("-inf"): b"\xff", float("inf"): b"\xfe"}
    if score != score:
        return b"\xfd"
    text = b"%.17g" % score
    return special.get(score, bytes((len(text),)) + text)


def ziplist(texts: Iterable[bytes], numbers: bool = True) -> bytes:
    """A ziplist; with `numbers` texts that are integers become such."""
    body, before, last, count = b"", 0, 10, 0
    for text in texts:
        last = 10 + len(body)
        entry = (bytes((before,)) if before < 254 else b"\xfe" + pack("<I", before)) + _code(text, numbers)
        body += entry
        before = len(entry)
        count += 1
    return pack("<IIH", 10 + len(body) + 1, last, min(count, 65535)) + body + b"\xff"


def _code(text: bytes, numbers: bool) -> bytes:
    number = parse_int(text) if numbers else None
    if number is None:
        if len(text) < 64:
            return bytes((len(text),)) + text
        if len(text) < 1 << 14:
            return pack(">H", 0x4000 | len(text)) + text
        return b"\x80" + pack(">I", len(text)) + text
    if 0 <= number <= 12:
        return bytes((0xF1 + number,))
    for head, size in ((0xFE, 1), (0xC0, 2), (0xF0, 3), (0xD0, 4)):
        if -(1 << 8 * size - 1) <= number < 1 << 8 * size - 1:
            return bytes((head,)) + number.to_bytes(size, "little", signed=True)
    return b"\xe0" + number.to_bytes(8, "little", signed=True)


def zipmap(pairs: Iterable[tuple[bytes, bytes]], unused: int = 0) -> bytes:
    """A zipmap with so many unused bytes behind each text."""
    pairs = list(pairs)
    body = b"".join(
        _zip_length(field) + field + _zip_length(text) + bytes((unused,)) + text + bytes(unused)
        for field, text in pairs
    )
    return bytes((min(len(pairs), 254),)) + body + b"\xff"


def _zip_length(text: bytes) -> bytes:
    return bytes((len(text),)) if len(text) < 254 else b"\xfe" + pack("<I", len(text))


def intset(numbers: Iterable[int], size: int) -> bytes:
    numbers = sorted(numbers)
    return pack(f"<II{len(numbers)}{ {2: 'h', 4: 'i', 8: 'q'}[size] }", size, len(numbers), *numbers)


def binary_score(score: float) -> bytes:
    return pack("<d", score)


# --- every kind, and what is wrong with others ---------------------------------------------------------

OLD_TEXTS = [
    b"a", b"1", b"-5", b"12", b"13", b"300", b"-70000", b"9999999", b"-123456789012", b"x" * 70,
    b"", b"f7", b"y" * 300, b"z" * 20_000,
]  # fmt: skip
PAIRS = list(zip(OLD_TEXTS[::2], OLD_TEXTS[1::2], strict=True))
SCORED = [b"-7", b"-7", b"a", b"1", b"b", b"1.5", b"m" * 70, b"1000000", b"c", b"inf"]
FLOATS = [-0.0, 0.0, 1.5, -1e300, 1e17, float("inf"), float("-inf"), 0.1, 5e-324]
MANY = [b"%d" % number for number in range(700)]
TWICE = [text for text in MANY for text in (text, text)]


def scored(score: Callable[[float], bytes]) -> bytes:
    return b"".join(raw(text) + score(number) for text, number in zip(OLD_TEXTS, FLOATS, strict=False))


def id_of(milliseconds: int, number: int) -> bytes:
    return pack(">QQ", milliseconds, number)


def lengths(*numbers: int) -> bytes:
    return b"".join(map(length, numbers))


def node(*elements: object) -> bytes:
    """A node of a stream."""
    return raw(pack_list(str(each).encode() for each in elements))


ENTRIES = node(2, 1, 1, "f", 0, 2, 0, 0, "v", 4, 0, 1, 0, 1, "g", "w", 6, 3, 1, 1, "x", 4)
"""Under the id 5-1 entries 5-1, 6-1 with another field, and 6-2, which was removed."""
NODE = length(1) + raw(id_of(5, 1)) + ENTRIES
COUNTERS = lengths(2, 6, 2)
"""How many entries there are, and the last id."""
NEW_COUNTERS = COUNTERS + lengths(5, 1, 6, 2, 7)
"""These, the first id, the largest that was removed, and how many entries were added."""
PENDING = length(1) + id_of(5, 1) + pack("<q", START_MS - 5000) + length(3)
CONSUMER = length(1) + raw(b"c") + pack("<q", START_MS - 700) + length(1) + id_of(5, 1)
GROUP = length(1) + raw(b"g") + lengths(5, 1)


GOOD: dict[str, bytes] = {
    "raw": payload(STRING, raw(b"hello")),
    "empty": payload(STRING, raw(b"")),
    "14 bits": payload(STRING, raw(b"hello", 14)),
    "32 bits": payload(STRING, raw(b"hello", 32)),
    "64 bits": payload(STRING, raw(b"hello", 64)),
    "int8": payload(STRING, b"\xc0\x85"),
    "int16": payload(STRING, b"\xc1\x85\x01"),
    "int32": payload(STRING, b"\xc2\x85\x01\x02\xf3"),
    "lzf": payload(STRING, lzf(b"abc" * 40)),
    "lzf of runs": payload(STRING, lzf(b"x" * 1000 + b"abcd" * 30 + bytes(range(256)) + b"x" * 8)),
    "number as text": payload(STRING, raw(b"12345")),
    "an empty stream": payload(STREAM_2, length(0), lengths(0, 5, 1, 0, 0, 5, 1, 1), length(0)),
    "stream": payload(STREAM_2, NODE, NEW_COUNTERS, GROUP, length(1), PENDING, CONSUMER),
    "stream of Redis 5": payload(STREAM, NODE, COUNTERS, GROUP, PENDING, CONSUMER),
    "stream of Redis 5 without groups": payload(STREAM, NODE, COUNTERS, length(0)),
    "list": payload(LIST, length(len(OLD_TEXTS)), strings(OLD_TEXTS)),
    "list of a ziplist": payload(LIST_ZIPLIST, raw(ziplist(OLD_TEXTS))),
    "ziplist of texts": payload(LIST_ZIPLIST, raw(ziplist(OLD_TEXTS, numbers=False))),
    "compressed ziplist": payload(LIST_ZIPLIST, lzf(ziplist(OLD_TEXTS))),
    "quicklist": payload(LIST_QUICKLIST, length(3), *map(raw, map(ziplist, (OLD_TEXTS, [], MANY)))),
    "quicklist 2": payload(
        LIST_QUICKLIST_2, length(4), b"\2", raw(pack_list(OLD_TEXTS)), b"\1", raw(b"plain"), b"\1", b"\xc0\7",
        b"\2", raw(pack_list([])),
    ),
    "set": payload(SET, length(len(OLD_TEXTS)), strings(OLD_TEXTS)),
    "set of integers": payload(SET, length(3), strings([b"3", b"1", b"2"])),
    "set of many integers": payload(SET, length(len(MANY)), strings(MANY)),
    "intset 16": payload(SET_INTSET, raw(intset([1, 2, -5, 300], 2))),
    "intset 32": payload(SET_INTSET, raw(intset([1, 2, -5, 70_000], 4))),
    "intset 64": payload(SET_INTSET, raw(intset([1, 2, -5, 2**40], 8))),
    "large intset": payload(SET_INTSET, raw(intset(range(700), 2))),
    "zset": payload(ZSET, length(9), scored(written_score)),
    "zset, short": payload(ZSET, length(2), raw(b"a"), written_score(-0.0), raw(b"b"), b"\x08 0x1.8p1"),
    "zset 2": payload(ZSET_2, length(9), scored(binary_score)),
    "zset 2, short": payload(ZSET_2, length(2), raw(b"a"), binary_score(-0.0), raw(b"b"), binary_score(7)),
    "zset 2, long": payload(ZSET_2, length(700), b"".join(raw(text) + binary_score(-0.0) for text in MANY)),
    "zset of a ziplist": payload(ZSET_ZIPLIST, raw(ziplist(SCORED))),
    "zset of a listpack": payload(ZSET_LISTPACK, raw(pack_list(SCORED))),
    "zset of a long listpack": payload(ZSET_LISTPACK, raw(pack_list(TWICE))),
    "zset of odd scores": payload(ZSET_LISTPACK, raw(pack_list([b"a", b"x", b"b", b"1e", b"c", b" 0x10 "]))),
    "hash": payload(HASH, length(len(PAIRS)), strings(OLD_TEXTS)),
    "hash, short": payload(HASH, length(2), strings([b"a", b"1", b"b", b"2"])),
    "hash, long": payload(HASH, length(600), strings(TWICE[:1200])),
    "hash of a zipmap": payload(HASH_ZIPMAP, raw(zipmap(PAIRS))),
    "short zipmap": payload(HASH_ZIPMAP, raw(zipmap(PAIRS[:3], unused=3))),
    "long zipmap": payload(HASH_ZIPMAP, raw(zipmap([(text, text) for text in MANY]))),
    "hash of a ziplist": payload(HASH_ZIPLIST, raw(ziplist(OLD_TEXTS))),
    "hash of a listpack": payload(HASH_LISTPACK, raw(pack_list(OLD_TEXTS))),
    "hash of a long listpack": payload(HASH_LISTPACK, lzf(pack_list(TWICE))),
    "version 1": payload(STRING, raw(b"hello"), version=1),
    "version 0": payload(STRING, raw(b"hello"), version=0),
    "something behind": payload(STRING, raw(b"hello"), b"something"),
    "the version as text": payload(STRING, length(7), b"hello"),
    "the checksum as text": payload(STRING, length(15), b"hello"),
    "lengths of six bits": payload(LIST, b"\xc2", raw(b"a"), raw(b"b")),
    "ten zeros": b"\x00" * 10,
    "compressed nothing": payload(STRING, b"\xc3\x02\x00\x00a"),
}  # fmt: skip

BAD: dict[str, bytes] = {
    "nothing": b"",
    "short": b"\x00" * 9,
    "no object": sealed(b"\x0a\x00"),
    "a newer version": payload(STRING, raw(b"hello"), version=11),
    "another checksum": payload(STRING, raw(b"hello"))[:-1] + b"\x00",
    "an unknown kind": payload(8, raw(b"hello")),
    "a stream without entries that has some": payload(STREAM_2, length(0), NEW_COUNTERS, length(0)),
    "a stream with a short id": payload(STREAM_2, length(1), raw(b"5-1"), ENTRIES, NEW_COUNTERS, length(0)),
    "a stream with an empty node": payload(
        STREAM_2, length(1), raw(id_of(5, 1)), raw(pack_list([])), NEW_COUNTERS, length(0)
    ),
    "a stream with half an entry": payload(
        STREAM_2, length(1), raw(id_of(5, 1)), node(1, 0, 1, "f", 0, 2, 0, 0), NEW_COUNTERS, length(0)
    ),
    "a stream with a node twice": payload(
        STREAM_2, length(2), (raw(id_of(5, 1)) + ENTRIES) * 2, NEW_COUNTERS, length(0)
    ),
    "a group twice": payload(
        STREAM_2, NODE, NEW_COUNTERS, length(2), (raw(b"g") + lengths(5, 1, 1) + lengths(0, 0)) * 2
    ),
    "pending at nobody": payload(STREAM_2, NODE, NEW_COUNTERS, GROUP, length(1), PENDING, length(0)),
    "pending in no group": payload(STREAM_2, NODE, NEW_COUNTERS, GROUP, length(1), length(0), CONSUMER),
    "a stream that ends early": payload(STREAM_2, NODE, NEW_COUNTERS, GROUP),
    "a module": payload(7, raw(b"hello")),
    "a set of Redis 7.2": payload(20, raw(pack_list([b"a"]))),
    "no string": payload(STRING, b"\xc4"),
    "no length": payload(LIST, b"\x82"),
    "a short string": payload(STRING, length(30), b"hello"),
    "a huge string": payload(STRING, length(2**31, 32), b"hello"),
    "a hugest string": payload(STRING, length(2**63 - 1, 64), b"hello"),
    "a huge list": payload(LIST, length(2**60, 64), raw(b"hello")),
    "lzf of too little": payload(STRING, b"\xc3", length(4), length(200), b"\x03abc"),
    "lzf of too much": payload(STRING, b"\xc3", length(5), length(3), b"\x03abcd"),
    "lzf of a huge size": payload(STRING, b"\xc3", length(5), length(2**40, 64), b"\x03abcd"),
    "lzf before the beginning": payload(STRING, b"\xc3", length(5), length(8), b"\x01ab\x80\x09"),
    "lzf cut in a run": payload(STRING, b"\xc3", length(2), length(4), b"\x03a"),
    "lzf cut in a head": payload(STRING, b"\xc3", length(4), length(9), b"\x01ab\xe0"),
    "an empty list": payload(LIST, length(0)),
    "an empty quicklist": payload(LIST_QUICKLIST_2, length(1), b"\2", raw(pack_list([]))),
    "an empty plain node": payload(LIST_QUICKLIST_2, length(1), b"\1", raw(b"")),
    "an odd node": payload(LIST_QUICKLIST_2, length(1), b"\3", raw(pack_list([b"a"]))),
    "an empty ziplist": payload(LIST_ZIPLIST, raw(ziplist([]))),
    "an empty set": payload(SET, length(0)),
    "an empty intset": payload(SET_INTSET, raw(b"\2\0\0\0\0\0\0\0")),
    "an empty zset": payload(ZSET_2, length(0)),
    "an empty packed zset": payload(ZSET_LISTPACK, raw(pack_list([]))),
    "an empty hash": payload(HASH, length(0)),
    "an empty packed hash": payload(HASH_LISTPACK, raw(pack_list([]))),
    "an empty zipmap": payload(HASH_ZIPMAP, raw(zipmap([]))),
    "a member twice": payload(SET, length(2), strings([b"a", b"a"])),
    "an integer twice": payload(SET, length(2), strings([b"1", b"1"])),
    "an integer twice in an intset": payload(SET_INTSET, raw(intset([1, 1], 2))),
    "integers out of order": payload(SET_INTSET, raw(b"\2\0\0\0\2\0\0\0\2\0\1\0")),
    "integers of three bytes": payload(SET_INTSET, raw(b"\3\0\0\0\1\0\0\0\1\0\0")),
    "integers that are missing": payload(SET_INTSET, raw(intset([1, 2], 2)[:-1])),
    "a scored member twice": payload(ZSET_2, length(2), (raw(b"a") + binary_score(1)) * 2),
    "a packed member twice": payload(ZSET_LISTPACK, raw(pack_list([b"a", b"1", b"a", b"2"]))),
    "a score that is nan": payload(ZSET_2, length(1), raw(b"a"), binary_score(float("nan"))),
    "a written nan": payload(ZSET, length(1), raw(b"a"), written_score(float("nan"))),
    "a written text nan": payload(ZSET, length(1), raw(b"a"), b"\x03nan"),
    "a written text": payload(ZSET, length(1), raw(b"a"), b"\x03abc"),
    "an empty score": payload(ZSET, length(1), raw(b"a"), b"\x00"),
    "a score that is missing": payload(ZSET_LISTPACK, raw(pack_list([b"a"]))),
    "a field twice": payload(HASH, length(2), strings([b"a", b"1", b"a", b"2"])),
    "a packed field twice": payload(HASH_LISTPACK, raw(pack_list([b"a", b"1", b"a", b"2"]))),
    "a zipped field twice": payload(HASH_ZIPLIST, raw(ziplist([b"a", b"1", b"a", b"2"]))),
    "a mapped field twice": payload(HASH_ZIPMAP, raw(zipmap([(b"a", b"1"), (b"a", b"2")]))),
    "a field without a value": payload(HASH_LISTPACK, raw(pack_list([b"a"]))),
    "a listpack without its end": payload(HASH_LISTPACK, raw(pack_list([b"a", b"1"])[:-1])),
    "a listpack in a listpack": payload(HASH_LISTPACK, raw(raw(pack_list([b"a", b"1"])))),
    "a listpack that lies": payload(HASH_LISTPACK, raw(pack_list([b"a", b"1"]).replace(b"\2\0", b"\3\0"))),
}  # fmt: skip
