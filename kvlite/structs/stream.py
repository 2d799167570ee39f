"""Streams: entries under ids that only grow, kept in blocks as Redis keeps them in the nodes of a tree."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from sys import getsizeof
from typing import Any, NamedTuple, TypeVar

from ..errors import ResponseError
from .block import LONG, MOST_BYTES, Block, Document, Entry, Listed
from .collection import Collection, sizes
from .consumer_group import UNKNOWN, Group
from .limits import DEFAULTS, Limits
from .stream_id import LARGEST, SEQUENCE, pack_ids, show_id, signed, unpack_ids

E = TypeVar("E")

PREPARED = 1000
"""So many of the numbers that ids of one millisecond have are ready as texts."""
_NUMBERS = [b"%d" % number for number in range(PREPARED)]


class Trim(NamedTuple):
    """What is to go from the front of a stream: all but `maxlen` entries, or those before `minid`.

    An `approximate` one takes whole blocks only, and no more blocks than have `limit` entries together; a
    limit of 0 is none.
    """

    maxlen: int | None
    minid: int = 0
    approximate: bool = False
    limit: int = 0


def refuse_too_large(fields: Sequence[bytes], values: Sequence[bytes]) -> None:
    """ResponseError for an entry that is larger than any that Redis takes. O(fields)."""
    if sum(map(len, fields)) + sum(map(len, values)) > MOST_BYTES:
        raise ResponseError("Elements are too large to be stored")


class Stream(Collection, kind="stream"):
    """Entries, the largest id there ever was, what is needed to count what was read, and consumer groups.

    A stream may be empty, and its key stays.

    >>> stream = Stream()
    >>> stream.append(1 << 64, (b"field",), [b"value"])
    >>> stream.range(0, LARGEST)
    [(18446744073709551616, (b'field',), [b'value'])]
    """

    __slots__ = (
        "blocks",
        "firsts",
        "groups",
        "last_ms",
        "last_number",
        "length",
        "max_deleted_id",
        "open",
        "owner",
        "prefix",
        "removed",
    )

    may_be_empty = True

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.firsts: list[int] = []
        """The id with which each block begins."""
        self.length = 0
        self.last_id = 0
        self.max_deleted_id = 0
        """The largest id that was ever removed by itself, rather than trimmed."""
        self.removed = 0
        """How many entries there were that are no more, as far as is known."""
        self.groups: dict[bytes, Group] = {}
        self.owner = object()
        """What the blocks have that no other stream shares."""
        self.open: Block | None = None
        """The last block, if it is this stream's own and its entries have the same fields."""

    @property
    def last_id(self) -> int:
        """The largest id there ever was. O(1)."""
        return self.last_ms << 64 | self.last_number

    @last_id.setter
    def last_id(self, id: int) -> None:
        self.last_ms, self.last_number = id >> 64, id & SEQUENCE
        self.prefix = b"%d-" % self.last_ms

    @property
    def entries_added(self) -> int:
        """How many entries there ever were, as far as is known, in 64 bits without a sign. O(1)."""
        return (self.length + self.removed) & SEQUENCE

    @entries_added.setter
    def entries_added(self, count: int) -> None:
        self.removed = count - self.length

    def __len__(self) -> int:
        return self.length

    # Reading

    @property
    def first_id(self) -> int:
        """The id of the first entry, 0 if there is none. O(blocks without entries at the front)."""
        for block in self.blocks:
            if block.live:
                return block.ids[block.head]
        return 0

    @property
    def top_id(self) -> int:
        """The id of the last entry, 0 if there is none. O(tombstones at the end)."""
        if not self.length:
            return 0
        block = self.blocks[-1]
        high, low = block.ids.high, block.ids.low
        if not block.dead and block.head < len(high):
            return high[-1] << 64 | low[-1]
        return self.range(0, LARGEST, 1, reverse=True)[0][0]

    def range(self, first: int, last: int, count: int = 0, reverse: bool = False) -> list[Entry]:
        """The entries from `first` to `last`, both included, or `count` of them. O(log n + entries passed).

        In reverse the last come first.
        """
        return self._collect(Block.entries, first, last, count, reverse)

    def documents(self, first: int, last: int, count: int = 0, reverse: bool = False) -> list[Document]:
        """`range`, each entry as the text of its id and a dict."""
        return self._collect(Block.documents, first, last, count, reverse)

    def listed(self, first: int, last: int, count: int = 0, reverse: bool = False) -> list[Listed]:
        """`range`, each entry as the text of its id and a list of fields and values in turn."""
        return self._collect(Block.listed, first, last, count, reverse)

    def _collect(
        self, read: Callable[..., list[E]], first: int, last: int, count: int, reverse: bool
    ) -> list[E]:
        found: list[E] = []
        blocks, firsts = self.blocks, self.firsts
        at = bisect_right(firsts, last if reverse else first) - 1
        if at < 0 and not reverse:
            at = 0
        while 0 <= at < len(blocks):
            block, begun = blocks[at], firsts[at]
            if begun > last:
                break
            start = block.ids.before(first) if begun < first else 0
            found += read(block, start, block.ids.until(last), count - len(found) if count else 0, reverse)
            if (count and len(found) >= count) or (reverse and begun <= first):
                break
            at += -1 if reverse else 1
        return found

    def entry(self, id: int) -> Entry | None:
        """The entry with this id, or None. O(log n)."""
        found = self._find(id)
        if found is None:
            return None
        at, place = found
        return self.blocks[at].entries(place, place + 1)[0]

    def _find(self, id: int) -> tuple[int, int] | None:
        """The number of the block and the place in it."""
        at = bisect_right(self.firsts, id) - 1
        place = self.blocks[at].place(id) if at >= 0 else None
        return None if place is None else (at, place)

    # Changing

    def append_next(
        self, ms: int, fields: tuple[bytes, ...], values: list[bytes], length: int, limits: Limits
    ) -> bytes:
        """`append` at this millisecond, or under the next id if it is over: the commonest case of all.

        `length` is that of all values together. The text of the id. ValueError if there is no next one, a
        ResponseError for what `refuse_too_large` refuses. O(1).
        """
        number = 0
        if ms <= self.last_ms:
            ms, number = self.last_ms, self.last_number + 1
        block = self.open
        if block is not None and (fields is block.fields or fields == block.fields) and number < PREPARED:
            size, high = block.size + block.cost + length + (length >> 5), block.ids.high
            if (
                length < LONG
                and size + block.fields_length < limits.stream_node_max_bytes
                and len(high) < limits.stream_node_max_entries
                and ms < block.near
            ):
                if not number:
                    self.last_ms, self.prefix = ms, b"%d-" % ms
                block.size = size
                high.append(ms)
                block.ids.low.append(number)
                block.values += values
                self.last_number = number
                self.length += 1
                return self.prefix + _NUMBERS[number]
        refuse_too_large(fields, values)
        id = (ms << 64) + number
        self.append(id, fields, values, limits)
        return show_id(id)

    def append(
        self, id: int, fields: tuple[bytes, ...], values: Sequence[bytes], limits: Limits = DEFAULTS
    ) -> None:
        """Put an entry at the end. ValueError if `id` is no larger than all there ever were. O(1)."""
        if not self.last_id < id <= LARGEST:
            raise ValueError("an id that is no larger than the last")
        block = self._own(-1) if self.blocks else None
        if block is None or not block.add(id, fields, values, limits):
            block = Block(self.owner, fields)
            block.add(id, fields, values, limits)
            self.blocks.append(block)
            self.firsts.append(id)
        self.open = None if block.odd else block
        self.last_id = id
        self.length += 1

    def _own(self, at: int) -> Block:
        """A block that is to be changed."""
        block = self.blocks[at]
        if block.owner is not self.owner:
            block = self.blocks[at] = block.copy(self.owner)
        return block

    def remove(self, id: int) -> None:
        """Take out the entry with this id; KeyError if there is none. O(log n)."""
        found = self._find(id)
        if found is None:
            raise KeyError(id)
        at, place = found
        block = self._own(at)
        if block.live == 1:
            del self.blocks[at], self.firsts[at]
            self.open = None
        else:
            block.bury(place)
        self.length -= 1
        self.removed += 1
        self.max_deleted_id = max(self.max_deleted_id, id)

    def set_ids(self, last_id: int, max_deleted_id: int, entries_added: int) -> None:
        """Set the counters; ValueError if an entry is beyond `last_id`. O(tombstones beyond it)."""
        if last_id < self.top_id:
            raise ValueError("an id beyond the last")
        self.last_id, self.max_deleted_id, self.entries_added = last_id, max_deleted_id, entries_added
        self.open = None
        while self.blocks and self.blocks[-1].ids[-1] > last_id:
            if self.firsts[-1] > last_id:
                del self.blocks[-1], self.firsts[-1]
            else:
                self._own(-1).forget_after(last_id)

    def cut(self, trim: Trim) -> int | None:
        """The id up to which a trimming takes everything, None if it takes nothing. O(entries it takes)."""
        length, gone = self.length, 0
        upto = None
        for block in self.blocks:
            live = block.live
            if trim.maxlen is not None and length <= trim.maxlen:
                break
            if trim.limit and gone + live > trim.limit:
                break
            if block.ids[-1] < trim.minid if trim.maxlen is None else length - live >= trim.maxlen:
                length -= live
                gone += live
                upto = block.ids[-1]
                continue
            if trim.approximate:
                break
            if trim.maxlen is not None:
                return block.id_of_live(length - trim.maxlen - 1)
            return trim.minid - 1 if block.ids[0] < trim.minid else upto
        return upto

    def trim(self, upto: int) -> int:
        """Take out the entries up to `upto`; how many they were. O(entries taken out).

        A block that has others behind stays, and remembers those that are gone.
        """
        before, blocks = self.length, self.blocks
        whole = 0
        for block in blocks:
            if block.ids[-1] > upto:
                break
            self.length -= block.live
            whole += 1
        del blocks[:whole], self.firsts[:whole]
        self.open = self.open if blocks else None
        if blocks and self.firsts[0] <= upto:
            block = self._own(0)
            self.length -= block.live
            block.bury_until(block.ids.until(upto))
            self.length += block.live
        self.removed += before - self.length
        return before - self.length

    # What was read

    def count_until(self, id: int) -> int:
        """How many entries were ever added up to `id`, as far as Redis can tell; else UNKNOWN. O(1)."""
        if not self.entries_added:
            return 0
        if not self.length and id <= self.last_id:
            return self.entries_added
        if id >= self.last_id:
            return self.entries_added if id == self.last_id else UNKNOWN
        first = self.first_id
        if id <= first and (not self.max_deleted_id or self.max_deleted_id < first):
            return self.entries_added - self.length + (id == first)
        return UNKNOWN

    def set_group(self, name: bytes, last_id: int, entries_read: int) -> None:
        """Let a group, made if missing, have read up to `last_id`. O(1)."""
        group = self.groups.get(name)
        if group is None:
            self.groups[name] = Group(last_id, entries_read)
        else:
            group.last_id, group.entries_read = last_id, entries_read

    def has_gap_after(self, id: int) -> bool:
        """Whether one behind `id` and the first entry was removed by itself, as far as is known. O(1)."""
        return self.length > 0 and id <= self.max_deleted_id and self.first_id <= self.max_deleted_id

    def lag(self, group: Group) -> int | None:
        """How many entries the group has still to read, None if that is not known. O(1)."""
        if not self.entries_added:
            return 0
        read = group.entries_read
        if read == UNKNOWN or self.has_gap_after(group.last_id):
            read = self.count_until(group.last_id)
        return None if read == UNKNOWN else signed(self.entries_added - read)

    # As every collection

    @property
    def encoding(self) -> bytes:
        return b"stream"

    def copy(self) -> Stream:
        """Another one with the same entries and groups. O(blocks + what is pending).

        Blocks are shared until one of the two changes them.
        """
        copy = Stream()
        copy.blocks, copy.firsts = self.blocks.copy(), self.firsts.copy()
        copy.length, copy.removed = self.length, self.removed
        copy.last_id, copy.max_deleted_id = self.last_id, self.max_deleted_id
        copy.groups = {name: group.copy() for name, group in self.groups.items()}
        self.owner, self.open = object(), None
        return copy

    def dump(self) -> list[Any]:
        ids = pack_ids([self.last_id, self.max_deleted_id])
        blocks = [block.dump() for block in self.blocks]
        groups = {name: group.dump() for name, group in self.groups.items()}
        return [ids, self.entries_added, blocks, groups]

    @classmethod
    def load(cls, dump: Any) -> Stream:
        ids, entries_added, blocks, groups = dump
        stream = cls()
        stream.last_id, stream.max_deleted_id = unpack_ids(ids)
        if type(entries_added) is not int or not 0 <= entries_added <= SEQUENCE:
            raise ValueError("a number of entries that is none")
        for each in blocks:
            stream.take(Block.load(stream.owner, each))
        stream.entries_added = entries_added
        stream.groups = {_name(name): Group.load(each) for name, each in groups.items()}
        if len(stream.firsts) and stream.blocks[-1].ids[-1] > stream.last_id:
            raise ValueError("an id beyond the last")
        return stream

    def take(self, block: Block) -> None:
        """Put a block at the end as it is; ValueError if it does not belong there. O(1)."""
        if self.blocks and block.ids[0] <= self.blocks[-1].ids[-1]:
            raise ValueError("blocks out of order")
        self.blocks.append(block)
        self.firsts.append(block.ids[0])
        self.length += block.live

    def footprint(self, samples: int) -> int:
        size = getsizeof(self) + getsizeof(self.blocks) + getsizeof(self.firsts)
        size += sizes(self.firsts, 1, len(self.firsts))
        looked_at = self.blocks[: (samples or len(self.blocks))]
        if looked_at:
            size += sum(block.footprint(samples) for block in looked_at) * len(self.blocks) // len(looked_at)
        return size + sum(getsizeof(name) + group.footprint() for name, group in self.groups.items())

    def _check(self) -> None:
        assert self.firsts == [block.ids[0] for block in self.blocks]
        ids = [id for block in self.blocks for id in block.ids]
        assert ids == sorted(set(ids)), "ids out of order"
        assert not ids or ids[-1] <= self.last_id
        assert self.length == sum(block.live for block in self.blocks)
        for block in self.blocks:
            block._check()
        if self.open is not None:
            assert self.open is self.blocks[-1]
            assert self.open.owner is self.owner
            assert not self.open.odd
        for group in self.groups.values():
            group._check()


def _name(name: object) -> bytes:
    if type(name) is not bytes:
        raise ValueError("a name that is none")
    return name
