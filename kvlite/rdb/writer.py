"""Values to bytes, as Redis 7.0 writes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import singledispatch
from struct import pack

from ..numbers import format_double, parse_int
from ..structs.gap_list import GapList
from ..structs.hash import Hash
from ..structs.limits import Limits
from ..structs.set import Set
from ..structs.sorted_set import SortedSet
from . import listpack
from .kinds import INT8, INT16, INT32, LENGTH_32, LENGTH_64, LZF, PACKED, Kind
from .lzf import compress

LONGEST_SHORT_INTEGER = 11
"""How many characters a number of 32 bits has at most."""
TOO_SHORT = 20
"""Strings up to so many bytes are not compressed."""
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


@singledispatch
def write(value: object, limits: Limits) -> bytes:
    """The object for `value`, its kind in front. O(n)."""
    raise TypeError(f"{type(value).__name__} is no value of a key")


@write.register
def _write_text(value: bytes, limits: Limits) -> bytes:
    return bytes((Kind.STRING,)) + string(value, limits)


@write.register
def _write_buffer(value: bytearray, limits: Limits) -> bytes:
    return _write_text(bytes(value), limits)


@write.register
def _write_number(value: int, limits: Limits) -> bytes:
    return _write_text(b"%d" % value, limits)


@write.register
def _write_hash(value: Hash, limits: Limits) -> bytes:
    texts = [text for pair in value.fields.items() for text in pair]
    if value.is_listpack:
        return bytes((Kind.HASH_LISTPACK,)) + string(listpack.encode(texts), limits)
    return bytes((Kind.HASH,)) + length(len(value)) + _strings(texts, limits)


@write.register
def _write_set(value: Set, limits: Limits) -> bytes:
    if value.integers:
        return bytes((Kind.SET_INTSET,)) + string(_intset(sorted(map(int, value.items))), limits)
    return bytes((Kind.SET,)) + length(len(value)) + _strings(value.items, limits)


@write.register
def _write_sorted_set(value: SortedSet, limits: Limits) -> bytes:
    if value.small:
        texts = [text for score, member in value.entries for text in (member, _score_text(score))]
        return bytes((Kind.ZSET_LISTPACK,)) + string(listpack.encode(texts), limits)
    body = b"".join(string(member, limits) + pack("<d", score) for score, member in reversed(value.entries))
    return bytes((Kind.ZSET_2,)) + length(len(value)) + body


@write.register
def _write_list(value: GapList, limits: Limits) -> bytes:
    nodes = [listpack.encode(node) for node in nodes_of(value, limits.list_max_listpack_size)]
    depth = limits.list_compress_depth
    inner = range(depth, len(nodes) - depth) if depth else range(0)
    body = b"".join(
        bytes((PACKED,)) + (_inner_node(node, limits) if place in inner else string(node, limits))
        for place, node in enumerate(nodes)
    )
    return bytes((Kind.LIST_QUICKLIST_2,)) + length(len(nodes)) + body


# Parts


def length(number: int) -> bytes:
    if number < 1 << 6:
        return bytes((number,))
    if number < 1 << 14:
        return (0x4000 | number).to_bytes(2, "big")
    if number < 1 << 32:
        return bytes((LENGTH_32,)) + number.to_bytes(4, "big")
    return bytes((LENGTH_64,)) + number.to_bytes(8, "big")


def string(text: bytes, limits: Limits) -> bytes:
    """A string: as a number of up to 32 bits, compressed, or as its length and itself."""
    if len(text) <= LONGEST_SHORT_INTEGER:
        number = parse_int(text)
        if number is not None and -(1 << 31) <= number < 1 << 31:
            return _integer(number)
    elif limits.rdbcompression and len(text) > TOO_SHORT:
        compressed = compress(text, len(text) - 4)
        if compressed is not None:
            return _compressed(compressed, len(text))
    return length(len(text)) + text


def _integer(number: int) -> bytes:
    for head, size in ((INT8, 1), (INT16, 2)):
        if -(1 << 8 * size - 1) <= number < 1 << 8 * size - 1:
            return bytes((head,)) + number.to_bytes(size, "little", signed=True)
    return bytes((INT32,)) + number.to_bytes(4, "little", signed=True)


def _compressed(compressed: bytes, size: int) -> bytes:
    return bytes((LZF,)) + length(len(compressed)) + length(size) + compressed


def _strings(texts: Iterable[bytes], limits: Limits) -> bytes:
    return b"".join(string(text, limits) for text in texts)


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


def _inner_node(node: bytes, limits: Limits) -> bytes:
    """A node that Redis keeps compressed, and writes as it is kept."""
    if len(node) >= TOO_SHORT_NODE:
        compressed = compress(node, len(node))
        if compressed is not None and len(compressed) + LEAST_GAIN < len(node):
            return _compressed(compressed, len(node))
    return string(node, limits)
