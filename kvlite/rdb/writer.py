"""Values to bytes, as Redis 7.0 writes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from struct import pack
from typing import Any

from ..numbers import format_double, parse_int
from ..structs.gap_list import GapList
from ..structs.hash import Hash
from ..structs.limits import Limits
from ..structs.set import Set
from ..structs.sorted_set import SortedSet
from ..structs.stream import Stream
from ..structs.stream_id import SEQUENCE, pack_ids
from . import listpack
from .kinds import INT8, INT16, INT32, LENGTH_32, LENGTH_64, LZF, PACKED, Kind
from .lzf import compress
from .stream_nodes import pack_node

LONGEST_SHORT_INTEGER = 11
"""How many characters a number of 32 bits has at most."""
TOO_SHORT = 20
"""Strings up to so many bytes are not compressed."""
ENOUGH = 2 << 20
"""How many bytes of one value are compressed at most: more would take the interpreter too long."""
EXACT = float(1 << 62)
"""Up to here a score without a fraction is written as an integer."""

NODE_SIZES = (4096, 8192, 16384, 32768, 65536)
"""What -1 to -5 mean for list-max-listpack-size."""
SAFE_NODE_SIZE = 8192
"""What a node may have where the number of its elements is limited."""
ENTRY_OVERHEAD = 8
"""What is added to an element to estimate the size of its entry."""
TOO_SHORT_NODE = 48
LEAST_GAIN = 8
"""What compressing a node must save at least."""


def write(value: object, limits: Limits) -> bytes:
    """The object for a value, its kind in front. O(n)."""
    if isinstance(value, int):
        value = b"%d" % value
    if isinstance(value, (bytes, bytearray)):
        return _head(Kind.STRING) + _Strings(limits).write(bytes(value))
    writer = _WRITERS.get(type(value))
    if writer is None:
        raise TypeError(f"{type(value).__name__} is no value of a key")
    return writer(value, _Strings(limits))


def write_string(text: bytes, limits: Limits) -> bytes:
    """A string by itself. O(n)."""
    return _Strings(limits).write(text)


class _Strings:
    """Writes the strings of one value."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._to_compress = ENOUGH

    def write(self, text: bytes) -> bytes:
        """A string: as a number of up to 32 bits, compressed, or as its length and itself."""
        if len(text) <= LONGEST_SHORT_INTEGER:
            number = parse_int(text)
            if number is not None and -(1 << 31) <= number < 1 << 31:
                return _integer(number)
        elif self.limits.rdbcompression and len(text) > TOO_SHORT:
            compressed = self._compress(text, len(text) - 4)
            if compressed is not None:
                return _compressed(compressed, len(text))
        return _length(len(text)) + text

    def write_all(self, texts: Iterable[bytes]) -> bytes:
        return b"".join(map(self.write, texts))

    def write_inner_node(self, node: bytes) -> bytes:
        """A node of a list that Redis keeps compressed, and writes as it is kept."""
        if len(node) >= TOO_SHORT_NODE:
            compressed = self._compress(node, len(node))
            if compressed is not None and len(compressed) + LEAST_GAIN < len(node):
                return _compressed(compressed, len(node))
        return self.write(node)

    def _compress(self, text: bytes, room: int) -> bytes | None:
        if len(text) > self._to_compress:
            return None
        self._to_compress -= len(text)
        return compress(text, room)


def _write_hash(value: Hash, strings: _Strings) -> bytes:
    texts = [text for pair in value.fields.items() for text in pair]
    if value.is_listpack:
        return _head(Kind.HASH_LISTPACK) + strings.write(listpack.encode(texts))
    return _head(Kind.HASH) + _length(len(value)) + strings.write_all(texts)


def _write_set(value: Set, strings: _Strings) -> bytes:
    if value.integers:
        return _head(Kind.SET_INTSET) + strings.write(_intset(sorted(map(int, value.items))))
    return _head(Kind.SET) + _length(len(value)) + strings.write_all(value.items)


def _write_sorted_set(value: SortedSet, strings: _Strings) -> bytes:
    if value.small:
        texts = [text for score, member in value.entries for text in (member, _score_text(score))]
        return _head(Kind.ZSET_LISTPACK) + strings.write(listpack.encode(texts))
    entries = [strings.write(member) + pack("<d", score) for score, member in reversed(value.entries)]
    return _head(Kind.ZSET_2) + _length(len(value)) + b"".join(entries)


def _write_list(value: GapList, strings: _Strings) -> bytes:
    limits = strings.limits
    nodes = [listpack.encode(node) for node in nodes_of(value, limits.list_max_listpack_size)]
    depth = limits.list_compress_depth
    inner = range(depth, len(nodes) - depth) if depth else range(0)
    body = b"".join(
        bytes((PACKED,)) + (strings.write_inner_node(node) if place in inner else strings.write(node))
        for place, node in enumerate(nodes)
    )
    return _head(Kind.LIST_QUICKLIST_2) + _length(len(nodes)) + body


def _write_stream(value: Stream, strings: _Strings) -> bytes:
    parts = [_head(Kind.STREAM_LISTPACKS_2), _length(len(value.blocks))]
    for block in value.blocks:
        parts += [strings.write(pack_ids([block.ids[0]])), strings.write(pack_node(block))]
    parts.append(_length(len(value)))
    parts += map(_id, (value.last_id, value.first_id, value.max_deleted_id))
    parts += [_length(value.entries_added), _length(len(value.groups))]
    for name, group in sorted(value.groups.items()):
        parts += [strings.write(name), _id(group.last_id), _length(group.entries_read & SEQUENCE)]
        parts.append(_length(len(group.pending)))
        for id, held in group.pending.in_order():
            parts += [pack_ids([id]), pack("<q", held.time), _length(held.count & SEQUENCE)]
        parts.append(_length(len(group.consumers)))
        for consumer in group.in_order():
            parts += [strings.write(consumer.name), pack("<q", consumer.seen)]
            parts += [_length(len(consumer.pending)), pack_ids(id for id, _ in consumer.pending.in_order())]
    return b"".join(parts)


_WRITERS: dict[type, Callable[[Any, _Strings], bytes]] = {
    Hash: _write_hash,
    Set: _write_set,
    SortedSet: _write_sorted_set,
    GapList: _write_list,
    Stream: _write_stream,
}


# Parts


def _head(kind: Kind) -> bytes:
    return bytes((kind,))


def _length(number: int) -> bytes:
    if number < 1 << 6:
        return bytes((number,))
    if number < 1 << 14:
        return (0x4000 | number).to_bytes(2, "big")
    if number < 1 << 32:
        return bytes((LENGTH_32,)) + number.to_bytes(4, "big")
    return bytes((LENGTH_64,)) + number.to_bytes(8, "big")


def _id(id: int) -> bytes:
    """The id of an entry of a stream, outside of a node."""
    return _length(id >> 64) + _length(id & SEQUENCE)


def _integer(number: int) -> bytes:
    for head, size in ((INT8, 1), (INT16, 2)):
        if -(1 << 8 * size - 1) <= number < 1 << 8 * size - 1:
            return bytes((head,)) + number.to_bytes(size, "little", signed=True)
    return bytes((INT32,)) + number.to_bytes(4, "little", signed=True)


def _compressed(compressed: bytes, size: int) -> bytes:
    return bytes((LZF,)) + _length(len(compressed)) + _length(size) + compressed


def _intset(numbers: list[int]) -> bytes:
    """The numbers in as many bytes each as the largest needs, behind that size and how many they are."""
    low, high = numbers[0], numbers[-1]
    size = next(size for size in (2, 4, 8) if -(1 << 8 * size - 1) <= low and high < 1 << 8 * size - 1)
    code = {2: "h", 4: "i", 8: "q"}[size]
    return pack(f"<II{len(numbers)}{code}", size, len(numbers), *numbers)


def _score_text(score: float) -> bytes:
    if abs(score) <= EXACT and score == int(score):
        return b"%d" % score
    return format_double(score)


def nodes_of(elements: Iterable[bytes], size: int) -> Iterator[list[bytes]]:
    """The elements as Redis spreads them over nodes when they are pushed at the right, one by one.

    `size` is what `list-max-listpack-size` is.
    """
    most = max(1, size) if size >= 0 else None
    room = SAFE_NODE_SIZE if size >= 0 else NODE_SIZES[min(-size, len(NODE_SIZES)) - 1]
    node: list[bytes] = []
    used = listpack.HEAD_SIZE + 1
    for element in elements:
        if node and (used + len(element) + ENTRY_OVERHEAD > room or len(node) == most):
            yield node
            node, used = [], listpack.HEAD_SIZE + 1
        node.append(element)
        used += len(listpack.encode_entry(element))
    if node:
        yield node
