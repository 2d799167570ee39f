"""Blocks: what a stream is made of, with the size and the boundaries of Redis's nodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import chain, pairwise
from sys import getsizeof
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from ..numbers import parse_int
from .collection import sizes
from .limits import Limits
from .stream_id import SEQUENCE, Ids, pack_ids, show_id, show_ids, unpack_ids

Entry: TypeAlias = tuple[int, tuple[bytes, ...], list[bytes]]
"""The id, the fields, and the value of each of them."""

Document: TypeAlias = tuple[bytes, dict[bytes, bytes]]
"""The text of the id, and the values by their fields."""

Listed: TypeAlias = tuple[bytes, list[bytes]]
"""The text of the id, and the fields, each with its value behind it, as Redis replies them."""

MOST_BYTES = 1 << 30
"""What a node may take whatever the limits say, and what the fields and values of an entry may."""
LONGEST_INTEGER = 20
SHORT, LONG, SMALL = 64, 4096, 4096
"""Where a text needs more for its length, and a number more than two bytes."""
FEW, MANY = 13, 40
"""What an entry takes at most without its texts: where the numbers of its id are small, and ever."""
FRAME = 7
"""What a listpack has around its entries."""
NAME = 8 + getsizeof(b"1700000000000-0")
"""What the text of an id takes in memory, and its place in a list."""
NARROW = 3
"""With more fields the texts of ids are not kept: a stream would take as much as what it saves."""
WIDEST = 16
"""Up to so many fields dicts are made in the faster way."""


D = TypeVar("D")


class Form(NamedTuple, Generic[D]):
    """How the fields and values of an entry are shown together."""

    of: Callable[[Sequence[bytes], Sequence[bytes]], D]
    """Makes it of them."""
    pair: str
    """How a program writes a field with its value,"""
    around: str
    """and what it writes around all of them."""


DICT = Form(lambda fields, values: dict(zip(fields, values)), "{}: {}", "{{{}}}")  # noqa: B905
LIST = Form(lambda fields, values: [*chain.from_iterable(zip(fields, values))], "{}, {}", "[{}]")  # noqa: B905


@cache
def _maker(form: Form[D], width: int) -> Callable[..., list[D]]:
    """What shows rows of `width` values, given these and then the fields.

    It is compiled from the text of a program, where a dict written out takes a third of `dict(zip(...))`.
    """
    fields, values = ([f"{kind}{place}" for place in range(width)] for kind in "fv")
    display = form.around.format(", ".join(map(form.pair.format, fields, values)))
    maker: Callable[..., list[D]] = eval(
        f"lambda rows, {', '.join(fields)}: [{display} for {', '.join(values)}, in rows]"
    )
    return maker


class Block:
    """Some entries in a row, of which the first one says what fields most of the others have.

    An entry that is removed stays in its place until the whole block goes, as it does in Redis: when a block
    is full, and what an approximate trimming takes, depends on those. All before `head` are removed, and
    behind it those in `dead`. There is always an entry, be it a removed one.
    """

    __slots__ = (
        "_counted",
        "_measured",
        "cost",
        "dead",
        "fields",
        "fields_length",
        "head",
        "ids",
        "names",
        "near",
        "odd",
        "owner",
        "size",
        "starts",
        "values",
    )

    def __init__(self, owner: object, fields: tuple[bytes, ...]) -> None:
        self.owner = owner
        """Whoever has another one may read it, but changes a copy."""
        self.fields = fields
        self.fields_length = sum(map(len, fields))
        self.ids = Ids()
        self.names: list[bytes] = []
        """The texts of the ids at the front that were read: others read them again."""
        self.values: list[bytes] = []
        """Those of all entries, one after the other."""
        self.odd: dict[int, tuple[bytes, ...]] = {}
        """The fields of the entries, by their place, that have not those of the first."""
        self.starts: list[int] | None = None
        """Where the values of each entry begin, once one is odd."""
        self.near = 0
        """An id of fewer milliseconds, and a small number, takes few bytes, less those of the first."""
        self.cost = FEW + 2 * len(fields)
        """What such an entry with the same fields takes at most, but for its values, if they are short."""
        self.head = 0
        self.dead: set[int] = set()
        self.size = 20 + self.fields_length + 10 * len(fields)
        """How many bytes Redis's listpack takes at most."""
        self._measured = self._counted = 0
        """So many entries were measured, and take so many bytes, without the two counters of the block."""

    @property
    def live(self) -> int:
        """How many entries there are, without those that were removed. O(1)."""
        return len(self.ids) - self.head - len(self.dead)

    # Reading

    def place(self, id: int) -> int | None:
        """Where the entry with this id stands, None if there is none. O(log n)."""
        place = self.ids.before(id)
        if place < len(self.ids) and self.ids[place] == id and self.lives(place):
            return place
        return None

    def lives(self, place: int) -> bool:
        """Whether the entry at `place` was not removed. O(1)."""
        return place >= self.head and place not in self.dead

    def entries(self, start: int, stop: int, count: int = 0, reverse: bool = False) -> list[Entry]:
        """The entries from place `start` until before `stop`, or `count` of them. O(entries passed)."""
        places = self._places(start, stop, count, reverse)
        if self.odd:
            ids, pair_at = self.ids, self.pair_at
            return [(ids[place], *pair_at(place)) for place in places]
        high, low, values = self.ids.high, self.ids.low, self.values
        fields, width = self.fields, len(self.fields)
        return [
            (high[place] << 64 | low[place], fields, values[place * width : (place + 1) * width])
            for place in places
        ]

    def documents(self, start: int, stop: int, count: int = 0, reverse: bool = False) -> list[Document]:
        """`entries`, each as the text of its id and a dict. O(entries passed)."""
        return self._shown(DICT, start, stop, count, reverse)

    def listed(self, start: int, stop: int, count: int = 0, reverse: bool = False) -> list[Listed]:
        """`entries`, each as the text of its id and a list. O(entries passed)."""
        return self._shown(LIST, start, stop, count, reverse)

    def _shown(
        self, form: Form[D], start: int, stop: int, count: int, reverse: bool
    ) -> list[tuple[bytes, D]]:
        if self.odd or self.dead or count == 1:
            entries = self.entries(start, stop, count, reverse)
            return [(show_id(id), form.of(fields, values)) for id, fields, values in entries]
        # Many in a row, with the same fields: nothing is made for an entry but what is returned.
        places = self._row(start, stop, count, reverse)
        if not places:
            return []
        start, stop = places.start, places.stop
        fields, width = self.fields, len(self.fields)
        rows = zip(*[iter(self.values[start * width : stop * width])] * width)  # noqa: B905
        if width <= WIDEST:
            shown = _maker(form, width)(rows, *fields)
        else:
            shown = [form.of(fields, row) for row in rows]
        found = list(zip(self._names(start, stop), shown))  # noqa: B905
        if reverse:
            found.reverse()
        return found

    def _names(self, start: int, stop: int) -> list[bytes]:
        """The texts of the ids from place `start` until before `stop`."""
        names, known = self.names, len(self.names)
        if start > known or len(self.fields) > NARROW:
            return show_ids(self.ids.high[start:stop], self.ids.low[start:stop])
        if stop > known:
            names += show_ids(self.ids.high[known:stop], self.ids.low[known:stop])
        return names[start:stop]

    def _places(self, start: int, stop: int, count: int, reverse: bool) -> Sequence[int]:
        if not self.dead:
            places = self._row(start, stop, count, reverse)
            return places[::-1] if reverse else places
        living = [place for place in range(max(start, self.head), stop) if place not in self.dead]
        if reverse:
            living.reverse()
        return living[:count] if count else living

    def _row(self, start: int, stop: int, count: int, reverse: bool) -> range:
        """The places of entries in a row, none of which is in `dead`."""
        if start < self.head:
            start = self.head
        if not count or start + count >= stop:
            return range(start, stop)
        return range(stop - count, stop) if reverse else range(start, start + count)

    def pair_at(self, place: int) -> tuple[tuple[bytes, ...], list[bytes]]:
        """The fields and values of one entry, removed or not."""
        fields = self.odd.get(place, self.fields)
        start = len(fields) * place if self.starts is None else self.starts[place]
        return fields, self.values[start : start + len(fields)]

    def id_of_live(self, number: int) -> int:
        """The id of the entry before which there are so many that were not removed. O(n)."""
        if not self.dead:
            return self.ids[self.head + number]
        living = [id for place, id in enumerate(self.ids) if self.lives(place)]
        return living[number]

    # Changing

    def add(self, id: int, fields: tuple[bytes, ...], values: Sequence[bytes], limits: Limits) -> bool:
        """Put an entry at the end, unless the block is full; whether it was done. O(1), amortized."""
        ids, same = self.ids, fields == self.fields
        names = self.fields_length if same else sum(map(len, fields))
        length = sum(map(len, values))
        if ids:
            if len(ids) >= limits.stream_node_max_entries > 0:
                return False
            room = limits.stream_node_max_bytes
            if not 0 < room <= MOST_BYTES:
                room = MOST_BYTES
            more = names + length
            if self.size + more >= room and self.measure() + more >= room:
                return False
        self.put(id, None if same else fields, values)
        if not same:
            length += names
        heads = 2 if length < SHORT else 4 if length < LONG else 10
        self.size += length + heads * (len(values) if same else 2 * len(values) + 2)
        self.size += FEW if id >> 64 < self.near and id & SEQUENCE < SMALL else MANY
        return True

    def put(self, id: int, fields: tuple[bytes, ...] | None, values: Sequence[bytes]) -> None:
        """Put an entry at the end, whatever the limits are; `fields` are None if they are the first one's.

        How many bytes it takes is up to the caller. O(1).
        """
        if fields is not None:
            if self.starts is None:
                width = len(self.fields)
                self.starts = [place * width for place in range(len(self.ids))]
            self.odd[len(self.ids)] = fields
        if self.starts is not None:
            self.starts.append(len(self.values))
        if not self.ids and id & SEQUENCE < SMALL:
            self.near = (id >> 64) + (1 << 23)
        self.ids.append(id)
        self.values += values

    def bury(self, place: int) -> None:
        """Remove the entry at `place`, which there is. O(1), amortized."""
        self.dead.add(place)
        self.settle()

    def bury_until(self, stop: int) -> None:
        """Remove all entries before the place `stop`. O(those)."""
        if stop > self.head:
            self.dead = {place for place in self.dead if place >= stop}
            self.head = stop
            self.settle()

    def forget_after(self, id: int) -> None:
        """Let the entries behind `id`, which have all been removed, leave no trace. O(those)."""
        stop = self.ids.until(id)
        end = (
            sum(len(self.pair_at(place)[0]) for place in range(stop)) if self.odd else stop * len(self.fields)
        )
        self.ids.cut(stop)
        del self.names[stop:], self.values[end:]
        if self.starts is not None:
            del self.starts[stop:]
            self.odd = {place: fields for place, fields in self.odd.items() if place < stop}
            self.starts = self.starts if self.odd else None
        self.dead = {place for place in self.dead if place < stop}
        self.head = min(self.head, stop)
        if self._measured > stop:
            self._measured = 0
        self.measure()

    def settle(self) -> None:
        """Let `head` pass over what is removed. O(those)."""
        while self.head in self.dead:
            self.dead.remove(self.head)
            self.head += 1

    def measure(self) -> int:
        """How many bytes Redis's listpack of these entries takes. O(entries that have come since)."""
        start, stop = self._measured, len(self.ids)
        if not start:
            self._counted = FRAME + _number(len(self.fields)) + _texts_size(self.fields) + _number(0)
        high, low = self.ids.high, self.ids.low
        if start == stop:
            at = len(self.values)
        else:
            at = start * len(self.fields) if self.starts is None else self.starts[start]
        parts = 3 + len(self.fields)
        self._counted += (2 + _number(parts)) * (stop - start) + _texts_size(self.values[at:])
        self._counted += _numbers_size(high[start:], high[0]) + _numbers_size(low[start:], low[0])
        for place in range(start, stop) if self.odd else ():
            fields = self.odd.get(place)
            if fields is not None:
                own = 4 + 2 * len(fields)
                self._counted += _number(len(fields)) + _texts_size(fields) + _number(own) - _number(parts)
        self._measured = stop
        self.size = self._counted + _number(self.live) + _number(stop - self.live)
        return self.size

    # As a whole

    def copy(self, owner: object) -> Block:
        """Another one, which belongs to `owner`. O(n)."""
        copy = Block(owner, self.fields)
        copy.ids, copy.values = self.ids.copy(), self.values.copy()
        copy.odd, copy.dead, copy.head = self.odd.copy(), self.dead.copy(), self.head
        copy.near = self.near
        copy.starts = None if self.starts is None else self.starts.copy()
        copy.size, copy._measured, copy._counted = self.size, self._measured, self._counted
        return copy

    def dump(self) -> list[Any]:
        """All of it as msgpack can carry it, what was removed too. O(n)."""
        odd = {place: list(fields) for place, fields in self.odd.items()}
        return [pack_ids(self.ids), list(self.fields), self.values.copy(), self.head, sorted(self.dead), odd]

    @classmethod
    def load(cls, owner: object, dump: Any) -> Block:
        """What `dump` was made from; ValueError, or another exception, if it is no dump. O(n)."""
        packed, fields, values, head, dead, odd = dump
        ids = unpack_ids(packed)
        if not ids or any(one >= other for one, other in pairwise(ids)):
            raise ValueError("ids out of order")
        block = cls(owner, _texts(fields))
        _texts(values)
        at = 0
        for place, id in enumerate(ids):
            own = _texts(odd[place]) if place in odd else None
            width = len(fields) if own is None else len(own)
            block.put(id, own, values[at : at + width])
            at += width
        block.head, block.dead = head, set(dead)
        in_place = type(head) is int and 0 <= head <= len(ids) and type(dead) is list
        in_place = in_place and all(type(place) is int and head < place < len(ids) for place in dead)
        if at != len(values) or len(block.odd) != len(odd) or not in_place:
            raise ValueError("a block that is none")
        block.measure()
        return block

    def footprint(self, samples: int) -> int:
        """About how many bytes this takes, once it was read. O(samples)."""
        size = getsizeof(self) + self.ids.own_size() + getsizeof(self.values) + getsizeof(self.dead)
        size += NAME * len(self.ids) if len(self.fields) <= NARROW else 0
        size += sizes(self.values, samples, len(self.values))
        size += getsizeof(self.odd) + getsizeof(self.starts) + getsizeof(self.fields)
        return size + sizes(self.fields, samples, len(self.fields))

    def _check(self) -> None:
        assert self.ids
        assert self.head not in self.dead
        assert all(self.head < place < len(self.ids) for place in self.dead)
        assert self.head <= len(self.ids)
        assert (self.starts is not None) == bool(self.odd)
        whole = sum(len(self.odd.get(place, self.fields)) for place in range(len(self.ids)))
        assert whole == len(self.values), "values that are nobody's"
        assert self.names == [show_id(id) for id in self.ids][: len(self.names)]
        assert self.size >= self.copy(None).measure(), "a size that is too small"


def _texts(texts: Any) -> tuple[bytes, ...]:
    if type(texts) is not list or not {*map(type, texts)} <= {bytes}:
        raise ValueError("texts that are none")
    return tuple(texts)


# How many bytes an entry of a listpack takes: a head, the text or number, and the length of both.


def _texts_size(texts: Sequence[bytes]) -> int:
    size = sum(map(len, texts)) + 2 * len(texts)
    for text in [text for text in texts if text < b":" or len(text) >= SHORT]:
        size += _text(text) - len(text) - 2
    return size


def _text(text: bytes) -> int:
    if len(text) <= LONGEST_INTEGER and (number := parse_int(text)) is not None:
        return _number(number)
    length = len(text)
    return _with_length(length + (1 if length < SHORT else 2 if length < LONG else 5))


def _numbers_size(numbers: Sequence[int], less: int) -> int:
    if numbers and less <= min(numbers) and max(numbers) < less + 128:
        return 2 * len(numbers)
    return sum([_number(number - less) for number in numbers])


def _number(number: int) -> int:
    if 0 <= number < 128:
        return 2
    if -4096 <= number < 4096:
        return 3
    if not -(1 << 63) <= number < 1 << 63:
        number = (number + (1 << 63)) % (1 << 64) - (1 << 63)
    return next(size + 2 for size in (2, 3, 4, 8) if -(1 << 8 * size - 1) <= number < 1 << 8 * size - 1)


def _with_length(size: int) -> int:
    if size < 128:
        return size + 1
    # One byte more than needed for the largest number that fits.
    return size + next((more for more in (2, 3, 4) if size < (1 << 7 * more) - 1), 5)
