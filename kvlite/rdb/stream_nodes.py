"""The nodes of a stream: a listpack of some entries, which says first what most of them have in common.

    node    = entries  removed entries  number of fields  field*  0  entry*
    entry   = flags  milliseconds  number  value*                            with the fields of the node
            | flags  milliseconds  number  number of fields  (field value)*  with its own
              and behind that, how many elements of the listpack it was
    flags   = 1 if it was removed + 2 if it has the fields of the node

Milliseconds and number are those of the id less those of the node's, which is the first one's.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from ..numbers import parse_int
from ..structs.block import Block
from ..structs.stream_id import SEQUENCE, signed
from .listpack import decode, encode
from .source import BadFormat

REMOVED, SAME_FIELDS = 1, 2


def pack_node(block: Block) -> bytes:
    """The listpack of a block. O(n)."""
    return encode(_elements(block))


def _elements(block: Block) -> Iterator[bytes]:
    yield from _numbers(block.live, len(block.ids) - block.live, len(block.fields))
    yield from block.fields
    yield b"0"
    first = block.ids[0]
    for place, id in enumerate(block.ids):
        fields, values = block.pair_at(place)
        flags = 0 if block.lives(place) else REMOVED
        same = place not in block.odd
        yield from _numbers(
            flags + SAME_FIELDS * same,
            signed((id >> 64) - (first >> 64)),
            signed((id & SEQUENCE) - (first & SEQUENCE)),
        )
        if same:
            yield from values
            yield b"%d" % (3 + len(values))
        else:
            yield b"%d" % len(fields)
            for pair in zip(fields, values, strict=True):
                yield from pair
            yield b"%d" % (4 + 2 * len(values))


def _numbers(*numbers: int) -> Iterator[bytes]:
    return (b"%d" % number for number in numbers)


def unpack_node(id: bytes, node: bytes, owner: object) -> Block:
    """The block whose node, under the id of its first entry, this is; BadFormat if it is none. O(n)."""
    elements = _Elements(decode(node))
    live, removed = elements.number(), elements.number()
    fields = elements.take(elements.number())
    if elements.number() != 0:
        raise BadFormat("a node without an end of its fields")
    block = Block(owner, tuple(fields))
    high, low = int.from_bytes(id[:8], "big"), int.from_bytes(id[8:], "big")
    while elements.left:
        start = elements.at
        flags, milliseconds, number = elements.number(), elements.number(), elements.number()
        own = None
        if flags & SAME_FIELDS:
            values = elements.take(len(fields))
        else:
            texts = elements.take(2 * elements.number())
            own, values = tuple(texts[::2]), texts[1::2]
        if elements.number() != elements.at - start - 1:
            raise BadFormat("an entry of another length than it says")
        if flags & REMOVED:
            block.dead.add(len(block.ids))
        block.put((high + milliseconds) % (1 << 64) << 64 | (low + number) & SEQUENCE, own, values)
    if not block.ids or any(one >= other for one, other in pairwise(block.ids)):
        raise BadFormat("a node without entries, or with entries out of order")
    block.settle()
    if (block.live, len(block.ids) - block.live) != (live, removed):
        raise BadFormat("another number of entries than announced")
    block.measure()
    return block


class _Elements:
    """A walk over the elements of a listpack."""

    def __init__(self, texts: list[bytes]) -> None:
        self._texts = texts
        self.at = 0

    @property
    def left(self) -> int:
        return len(self._texts) - self.at

    def number(self) -> int:
        number = parse_int(self.take(1)[0])
        if number is None:
            raise BadFormat("a text where a number should be")
        return number

    def take(self, count: int) -> list[bytes]:
        if not 0 <= count <= self.left:
            raise BadFormat(f"{count} elements announced where {self.left} are left")
        self.at += count
        return self._texts[self.at - count : self.at]
