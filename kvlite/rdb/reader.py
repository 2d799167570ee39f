"""Bytes to values: everything that Redis 7.0 restores, but for modules.

Whether a hash, a set or a sorted set is packed is decided as Redis decides it: by the limits, but of what
comes packed only the number of elements counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from math import isnan
from struct import unpack

from ..structs import Collection
from ..structs.gap_list import GapList
from ..structs.hash import Hash
from ..structs.limits import Limits
from ..structs.set import Set
from ..structs.sorted_set import SortedSet
from ..structs.stream import Stream
from ..structs.stream_id import SIZE, signed, unpack_ids
from .kinds import INT8, INT16, INT32, LENGTH_32, LENGTH_64, LZF, PACKED, PLAIN, SPECIAL_SCORES, Kind
from .listpack import decode as decode_listpack
from .lzf import decompress
from .source import BadFormat, Source
from .stream_nodes import unpack_node
from .ziplist import decode_ziplist, decode_zipmap

_number_at_start = re.compile(
    rb"\s*(?:([+-]?0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)(?:[pP][+-]?[0-9]+)?)"
    rb"|([+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[iI][nN][fF]|[nN][aA][nN])))"
).match
"""What C reads as a number at the start of a text: a hexadecimal one, or another."""

INTEGERS = {INT8: 1, INT16: 2, INT32: 4}
"""How many bytes the number behind the head of a string has."""


def read(data: bytes, limits: Limits) -> bytes | Collection:
    """The value whose object `data` begins with; BadFormat if there is none. O(n)."""
    source = Source(data)
    reader = READERS.get(source.number(1))
    if reader is None:
        raise BadFormat("an object of an unknown kind")
    value = reader(source, limits)
    if isinstance(value, Collection) and not len(value) and not value.may_be_empty:
        raise BadFormat("a value without elements")
    return value


# Lengths, strings and scores


def length(source: Source) -> int:
    head = source.number(1)
    if head < 0x40 or head >= INT8:
        return head & 0x3F
    if head < 0x80:
        return (head & 0x3F) << 8 | source.number(1)
    if head == LENGTH_32:
        return source.number(4, "big")
    if head == LENGTH_64:
        return source.number(8, "big")
    raise BadFormat(f"a length with the head {head:#x}")


def string(source: Source) -> bytes:
    head = source.data[source.at] if source.left else 0
    if head < INT8:
        return source.take(length(source))
    source.at += 1
    if head in INTEGERS:
        return b"%d" % source.number(INTEGERS[head], signed=True)
    if head != LZF:
        raise BadFormat(f"a string with the head {head:#x}")
    compressed_size, size = length(source), length(source)
    return decompress(source.take(compressed_size), size)


def _strings(source: Source, each: int = 1) -> list[bytes]:
    """As many strings as the length before them says, or `each` times as many."""
    return [string(source) for _ in range(length(source) * each)]


def _score_of_text(text: bytes) -> float | None:
    """The number that C reads at the start of a text, or None."""
    found = _number_at_start(text)
    if found is None:
        return None
    try:
        return float.fromhex(found[1].decode()) if found[1] else float(found[2])
    except OverflowError:
        return float("-inf" if found[1].startswith(b"-") else "inf")


def _written_score(source: Source) -> float:
    size = source.number(1)
    if size in SPECIAL_SCORES:
        return SPECIAL_SCORES[size]
    score = _score_of_text(source.take(size))
    if score is None:
        raise BadFormat("a score that is no number")
    return score


def _binary_score(source: Source) -> float:
    score: float = unpack("<d", source.take(8))[0]
    return score


# Values


def _list(source: Source, limits: Limits) -> GapList:
    return GapList(_strings(source))


def _list_of_ziplist(source: Source, limits: Limits) -> GapList:
    return GapList(decode_ziplist(string(source)))


def _list_of_ziplists(source: Source, limits: Limits) -> GapList:
    elements: list[bytes] = []
    for _ in range(length(source)):
        elements += decode_ziplist(string(source))
    return GapList(elements)


def _list_of_nodes(source: Source, limits: Limits) -> GapList:
    elements: list[bytes] = []
    for _ in range(length(source)):
        container = length(source)
        node = string(source)
        if container == PACKED:
            elements += decode_listpack(node)
        elif container == PLAIN and node:
            elements.append(node)
        else:
            raise BadFormat("a node that is none")
    return GapList(elements)


def _set(source: Source, limits: Limits) -> Set:
    members = _strings(source)
    value = Set(members, limits)
    _refuse_duplicates(len(value), len(members))
    return value


def _intset(source: Source, limits: Limits) -> Set:
    pack = Source(string(source))
    size, count = pack.number(4), pack.number(4)
    if size not in (2, 4, 8) or pack.left != size * count:
        raise BadFormat("integers of another size than announced")
    numbers = [pack.number(size, signed=True) for _ in range(count)]
    if any(one >= other for one, other in pairwise(numbers)):
        raise BadFormat("integers out of order")
    return Set([b"%d" % number for number in numbers], limits)


def _zset_of(read_score: Callable[[Source], float]) -> Callable[[Source, Limits], SortedSet]:
    def read_zset(source: Source, limits: Limits) -> SortedSet:
        pairs = [(string(source), read_score(source)) for _ in range(length(source))]
        value = _sorted_set(pairs, limits)
        if value.small:
            # A listpack does not know the sign of a zero.
            value = SortedSet({member: score + 0.0 for score, member in value.entries}, limits)
        return value

    return read_zset


def _packed_zset(decode: Callable[[bytes], list[bytes]]) -> Callable[[Source, Limits], SortedSet]:
    def read_zset(source: Source, limits: Limits) -> SortedSet:
        pairs = _pairs(decode(string(source)))
        value = _sorted_set([(member, _score_of_text(text) or 0.0) for member, text in pairs], limits)
        if len(value) <= limits.zset_max_listpack_entries:
            value.pack()
        return value

    return read_zset


def _sorted_set(pairs: Sequence[tuple[bytes, float]], limits: Limits) -> SortedSet:
    if any(isnan(score) for _, score in pairs):
        raise BadFormat("a score that is not a number")
    value = SortedSet(dict(pairs), limits)
    _refuse_duplicates(len(value), len(pairs))
    return value


def _hash(source: Source, limits: Limits) -> Hash:
    return _hash_of(_pairs(_strings(source, each=2)), limits)


def _hash_of_zipmap(source: Source, limits: Limits) -> Hash:
    return _hash_of(_pairs(decode_zipmap(string(source))), limits)


def _packed_hash(decode: Callable[[bytes], list[bytes]]) -> Callable[[Source, Limits], Hash]:
    def read_hash(source: Source, limits: Limits) -> Hash:
        value = _hash_of(_pairs(decode(string(source))), limits)
        if len(value) <= limits.hash_max_listpack_entries:
            value.pack()
        return value

    return read_hash


def _hash_of(pairs: Sequence[tuple[bytes, bytes]], limits: Limits) -> Hash:
    value = Hash(pairs, limits)
    _refuse_duplicates(len(value), len(pairs))
    return value


def _stream_of(with_counters: bool) -> Callable[[Source, Limits], Stream]:
    """What reads a stream; before version 10 it said little of what it counts."""

    def read_stream(source: Source, limits: Limits) -> Stream:
        stream = Stream()
        try:
            for _ in range(length(source)):
                id = string(source)
                if len(id) != SIZE:
                    raise BadFormat("a node whose id is none")
                stream.take(unpack_node(id, string(source), stream.owner))
            announced, last_id = length(source), _id(source)
            if with_counters:
                _, max_deleted_id, added = _id(source), _id(source), length(source)
            else:
                max_deleted_id, added = 0, announced
            stream.set_ids(last_id, max_deleted_id, added)
            for _ in range(length(source)):
                _read_group(source, stream, with_counters)
        except (KeyError, ValueError) as error:
            raise BadFormat(str(error)) from None
        if announced != len(stream):
            raise BadFormat("another number of entries than announced")
        return stream

    return read_stream


def _id(source: Source) -> int:
    return length(source) << 64 | length(source)


def _read_group(source: Source, stream: Stream, with_counters: bool) -> None:
    name, last_id = string(source), _id(source)
    entries_read = signed(length(source)) if with_counters else stream.count_until(last_id)
    if name in stream.groups:
        raise BadFormat("a group that is there twice")
    stream.set_group(name, last_id, entries_read)
    group = stream.groups[name]
    pending = {}
    for _ in range(length(source)):
        (id,) = unpack_ids(source.take(SIZE))
        pending[id] = source.number(8, signed=True), signed(length(source))
    for _ in range(length(source)):
        consumer = string(source)
        if consumer in group.consumers:
            raise BadFormat("a consumer that is there twice")
        group.see(consumer, source.number(8, signed=True))
        for id in unpack_ids(source.take(SIZE * length(source))):
            group.assign(consumer, id, *pending.pop(id))
    if pending:
        raise BadFormat("an entry that is pending at nobody")


def _pairs(texts: list[bytes]) -> list[tuple[bytes, bytes]]:
    if len(texts) % 2:
        raise BadFormat("half a pair")
    return list(zip(texts[::2], texts[1::2], strict=True))


def _refuse_duplicates(found: int, announced: int) -> None:
    if found != announced:
        raise BadFormat("an element that is there twice")


READERS: dict[int, Callable[[Source, Limits], bytes | Collection]] = {
    Kind.STRING: lambda source, limits: string(source),
    Kind.LIST: _list,
    Kind.SET: _set,
    Kind.ZSET: _zset_of(_written_score),
    Kind.HASH: _hash,
    Kind.ZSET_2: _zset_of(_binary_score),
    Kind.HASH_ZIPMAP: _hash_of_zipmap,
    Kind.LIST_ZIPLIST: _list_of_ziplist,
    Kind.SET_INTSET: _intset,
    Kind.ZSET_ZIPLIST: _packed_zset(decode_ziplist),
    Kind.HASH_ZIPLIST: _packed_hash(decode_ziplist),
    Kind.LIST_QUICKLIST: _list_of_ziplists,
    Kind.HASH_LISTPACK: _packed_hash(decode_listpack),
    Kind.ZSET_LISTPACK: _packed_zset(decode_listpack),
    Kind.LIST_QUICKLIST_2: _list_of_nodes,
    Kind.STREAM_LISTPACKS: _stream_of(with_counters=False),
    Kind.STREAM_LISTPACKS_2: _stream_of(with_counters=True),
}
"""What reads each kind of object, behind its kind."""
