"""Streams: entries that are appended, and read in that order by many, each from where it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias, TypeVar

from ..effects import Observer, effect
from ..encoding import Encodable, encode, encode_all, integer
from ..errors import NO_SUCH_KEY, DataError, ResponseError, wrong_arity
from ..keyspace import Keyspace, T
from ..numbers import INT64_MAX
from ..structs.stream import Stream, Trim, refuse_too_large
from ..structs.stream_id import LARGEST, SEQUENCE, SIZE, pack_ids, unpack_id, unpack_ids
from ..waiting import Attempt
from .stream_arguments import (
    Counters,
    Reading,
    parse_id,
    parse_interval,
    read_xadd,
    read_xread,
    read_xtrim,
    refuse,
)

E = TypeVar("E")
Found: TypeAlias = list[tuple[bytes, list[Any]]]
"""What was read: by the key the entries, in the form that was wanted."""

LONGEST_BLOCK = 1 << 40
"""So many milliseconds can be waited for on any system."""
AT_ONCE = 1000
"""How many entries who has waited gets at most, unless he said how many."""
EXHAUSTED = "The stream has exhausted the last possible ID, unable to add more items"
NOT_LARGER = "The ID specified in XADD is equal or smaller than the target stream top item"
REF_POLICIES = {"KEEPREF", "DELREF", "ACKED"}

_MOST_NAMES = 1000
_NAMES: dict[tuple[Any, ...], tuple[bytes, ...]] = {}
"""Fields, all of them str or bytes, as the bytes that they are: most entries have those of others."""


def _names_of(fields: Mapping[Any, Any]) -> tuple[bytes, ...]:
    """The fields of an entry as bytes. A DataError for one, or for a value, that cannot be sent."""
    words = encode_all(half for pair in fields.items() for half in pair)
    names = tuple(words[::2])
    if {*map(type, fields)} <= {str, bytes}:
        if len(_NAMES) >= _MOST_NAMES:
            _NAMES.clear()
        _NAMES[tuple(fields)] = names
    return names


def announce_aside(store: Keyspace[Any], observer: Observer, arguments: tuple[Any, ...]) -> None:
    """Who has read what, and what is counted, is no change to a stream, unless this makes it."""
    key = arguments[0]
    if key in store._db.data:
        observer.changing_aside(store, key)
    else:
        observer.changing(store, key)


class Streams(Keyspace[T]):
    """The commands of streams, but for those of consumer groups.

    An entry has an id, `milliseconds-number`, and fields with values. Ids only grow, whatever the clock does,
    also when the store is opened again. A stream that loses its last entry stays.
    """

    # Adding

    def xadd(
        self,
        name: Encodable,
        fields: Mapping[Any, Any],
        id: Encodable = "*",
        maxlen: int | None = None,
        approximate: bool = True,
        nomkstream: bool = False,
        minid: Encodable | None = None,
        limit: int | None = None,
        ref_policy: str | None = None,
        idmpauto: str | None = None,
        idmp: tuple[str, bytes] | None = None,
    ) -> T | None:
        """Append an entry, to a stream that is made if missing; its id. O(1), and what is trimmed.

        `id` is `*` for the present time, `5-*` for the next number of that millisecond, or must be larger
        than every one before, or it is a ResponseError. Then the stream is cut to `maxlen` entries, or to
        those from `minid` on: if `approximate` only by whole blocks, and by no more than `limit` entries.
        With `nomkstream` nothing is made, and the answer is None. `ref_policy`, `idmpauto` and `idmp` are of
        later versions of Redis, and refused as 7.0 refuses them.
        """
        if (
            id != "*"
            or maxlen is not None
            or nomkstream
            or minid is not None
            or limit is not None
            or ref_policy is not None
            or idmpauto is not None
            or idmp is not None
        ):
            return self._added(
                name, fields, id, maxlen, approximate, nomkstream, minid, limit, ref_policy, idmpauto, idmp
            )
        if not isinstance(fields, dict) or not fields:
            raise DataError("XADD fields must be a non-empty dict")
        key = name.encode() if type(name) is str else encode(name)
        names = _NAMES.get(tuple(fields)) or _names_of(fields)
        texts, length = [], 0
        for value in fields.values():
            if type(value) is not bytes:
                value = encode(value)
            texts.append(value)
            length += len(value)
        acquire = self._acquire
        acquire()
        try:
            shared = self._shared
            if shared.next_due is not None:
                self._reap()
            db = self._db
            found = db.data.get(key)
            if self._unobserved and type(found) is Stream and key not in db.special:
                try:
                    added = found.append_next(shared.now(), names, texts, length, shared.limits)
                except ValueError:
                    refuse(EXHAUSTED)
                if key in self._lines:
                    shared.born(self, key)
                return self._one(added)
            return self._maybe(self._xadd(key, None, True, names, texts))
        finally:
            release = self._release
            release()

    def _added(
        self,
        name: Encodable,
        fields: Mapping[Any, Any],
        id: Encodable,
        maxlen: int | None,
        approximate: bool,
        nomkstream: bool,
        minid: Encodable | None,
        limit: int | None,
        ref_policy: str | None,
        idmpauto: str | None,
        idmp: tuple[str, bytes] | None,
    ) -> T | None:
        """`xadd` with options."""
        if maxlen is not None and minid is not None:
            raise DataError("Only one of ```maxlen``` or ```minid``` may be specified")
        if idmpauto is not None and idmp is not None:
            raise DataError("Only one of ```idmpauto``` or ```idmp``` may be specified")
        if (idmpauto is not None or idmp is not None) and id != "*":
            raise DataError("IDMPAUTO and IDMP can only be used with id='*'")
        if ref_policy is not None and ref_policy not in REF_POLICIES:
            raise DataError("XADD ref_policy must be one of: KEEPREF, DELREF, ACKED")
        words: list[Any] = [b"NOMKSTREAM"] if nomkstream else []
        if ref_policy is not None:
            words.append(ref_policy)
        if idmpauto is not None:
            words += [b"IDMPAUTO", idmpauto]
        if idmp is not None:
            if not isinstance(idmp, tuple) or len(idmp) != 2:
                raise DataError("XADD idmp must be a tuple of (producer_id, idempotent_id)")
            words += [b"IDMP", *idmp]
        if maxlen is not None:
            if not isinstance(maxlen, int) or maxlen < 0:
                raise DataError("XADD maxlen must be non-negative integer")
            words += [b"MAXLEN", *([b"~"] if approximate else []), str(maxlen)]
        if minid is not None:
            words += [b"MINID", *([b"~"] if approximate else []), minid]
        if limit is not None:
            words += [b"LIMIT", limit]
        if not isinstance(fields, dict) or not fields:
            raise DataError("XADD fields must be a non-empty dict")
        words += [id, *(half for pair in fields.items() for half in pair)]
        return self._maybe(self._xadd_as_said(encode_all([b"XADD", name, *words])))

    def _xadd_as_said(self, words: list[bytes]) -> bytes | None:
        key, id, numbered, fields, values, make, trim = read_xadd(words, self._shared.limits)
        return self._xadd(key, id, numbered, fields, values, make, trim)

    def _xadd(
        self,
        key: bytes,
        id: int | None,
        numbered: bool,
        fields: tuple[bytes, ...],
        values: list[bytes],
        make: bool = True,
        trim: Trim | None = None,
    ) -> bytes | None:
        """The text of the id; None if there is no stream and none is to be made."""
        shared = self._shared
        self._acquire()
        try:
            found = self._write(key, Stream)
            if found is None and not make:
                return None
            if id is None and found is not None and self._unobserved:
                added = self._append_next(key, found, fields, values)
                if trim is not None:
                    self._trim(key, trim)
                return added
            last = 0 if found is None else found.last_id
            if id is None:
                id = shared.now() << 64
                if id <= last:
                    id = last + 1
            elif not numbered and id >> 64 == last >> 64:
                id = last + 1 if last & SEQUENCE < SEQUENCE else last
            if last == LARGEST:
                refuse(EXHAUSTED)
            if id <= last:
                refuse(NOT_LARGER)
            if len(values) > 1:  # none is so large alone
                refuse_too_large(fields, values)
            if trim is not None:
                self._add_and_trim(key, id, fields, values, trim)
            else:
                self._effect_xadd(key, id.to_bytes(SIZE, "big"), fields, values)
                if self._notify is not None:
                    self._notify(b"xadd", key)
            return b"%d-%d" % (id >> 64, id & SEQUENCE)
        finally:
            self._release()

    def _append_next(
        self, key: bytes, stream: Stream, fields: tuple[bytes, ...], values: list[bytes]
    ) -> bytes:
        """The commonest case of XADD: to a stream that there is, now, and nobody is to be told."""
        length = sum(map(len, values))
        try:
            added = stream.append_next(self._shared.now(), fields, values, length, self._shared.limits)
        except ValueError:
            refuse(EXHAUSTED)
        if key in self._lines:
            self._shared.born(self, key)
        return added

    def _add_and_trim(
        self, key: bytes, id: int, fields: tuple[bytes, ...], values: list[bytes], trim: Trim
    ) -> None:
        self._begin()
        try:
            self._effect_xadd(key, id.to_bytes(SIZE, "big"), fields, values)
            if self._notify is not None:
                self._notify(b"xadd", key)
            self._trim(key, trim)
        finally:
            self._end()

    # Removing

    def xdel(self, name: Encodable, *ids: Encodable) -> int:
        """Remove the entries with these ids; how many there were. O(log n) for each."""
        words = encode_all([name, *ids])
        if not ids:
            raise wrong_arity("xdel")
        return self._xdel(words[0], words[1:])

    def _xdel(self, key: bytes, ids: list[bytes]) -> int:
        self._acquire()
        try:
            found = self._write(key, Stream)
            if found is None:
                return 0
            wanted = list(map(parse_id, ids))
            there = [id for id in dict.fromkeys(wanted) if found.entry(id) is not None]
            if there:
                self._effect_xdel(key, pack_ids(there))
                if self._notify is not None:
                    self._notify(b"xdel", key)
            return len(there)
        finally:
            self._release()

    def xtrim(
        self,
        name: Encodable,
        maxlen: int | None = None,
        approximate: bool = True,
        minid: Encodable | None = None,
        limit: int | None = None,
        ref_policy: str | None = None,
    ) -> int:
        """Cut a stream as `xadd` does; how many entries went. O(those)."""
        if maxlen is not None and minid is not None:
            raise DataError("Only one of ``maxlen`` or ``minid`` may be specified")
        if maxlen is None and minid is None:
            raise DataError("One of ``maxlen`` or ``minid`` must be specified")
        if ref_policy is not None and ref_policy not in REF_POLICIES:
            raise DataError("XTRIM ref_policy must be one of: KEEPREF, DELREF, ACKED")
        words: list[Any] = [b"XTRIM", name, b"MINID" if maxlen is None else b"MAXLEN"]
        if approximate:
            words.append(b"~")
        words.append(minid if maxlen is None else maxlen)
        if limit is not None:
            words += [b"LIMIT", limit]
        if ref_policy is not None:
            words.append(ref_policy)
        texts = encode_all(words)
        return self._xtrim(texts[1], read_xtrim(texts, self._shared.limits))

    def _xtrim(self, key: bytes, trim: Trim) -> int:
        self._acquire()
        try:
            return 0 if self._write(key, Stream) is None else self._trim(key, trim)
        finally:
            self._release()

    def _trim(self, key: bytes, trim: Trim) -> int:
        """Trim the stream at `key`, which there is; how many entries went. Under the lock."""
        found: Any = self._db.data[key]
        upto = found.cut(trim)
        if upto is None:
            return 0
        gone = self._effect_xtrim(key, upto.to_bytes(SIZE, "big"))
        if gone and self._notify is not None:
            self._notify(b"xtrim", key)
        return gone

    def _xsetid(self, key: bytes, counters: Counters) -> None:
        """Set what a stream counts. A ResponseError if that contradicts what is in it."""
        last_id, added, deleted = counters
        self._acquire()
        try:
            found = self._write(key, Stream)
            if found is None:
                raise ResponseError(NO_SUCH_KEY)
            if last_id < found.top_id:
                refuse("The ID specified in XSETID is smaller than the target stream top item")
            if added is not None and added < found.length:
                refuse("The entries_added specified in XSETID is smaller than the target stream length")
            if added is None:
                added = found.entries_added
            self._effect_xsetid(key, pack_ids([last_id, deleted or found.max_deleted_id]), added)
            if self._notify is not None:
                self._notify(b"xsetid", key)
        finally:
            self._release()

    # Reading

    def xlen(self, name: Encodable) -> int:
        """The number of entries, 0 if there is no stream. O(1)."""
        return self._xlen(encode(name))

    def _xlen(self, key: bytes) -> int:
        self._acquire()
        try:
            found = self._read(key, Stream)
            return 0 if found is None else found.length
        finally:
            self._release()

    def xrange(
        self, name: Encodable, min: Encodable = "-", max: Encodable = "+", count: int | None = None
    ) -> list[tuple[T, dict[T, T]]]:
        """The entries from id `min` to `max`, or the first `count` of them. O(log n + result).

        `-` and `+` are the ends; `(` before an id excludes it; one without a number means all of that
        millisecond.
        """
        return self._range("XRANGE", name, min, max, count)

    def xrevrange(
        self, name: Encodable, max: Encodable = "+", min: Encodable = "-", count: int | None = None
    ) -> list[tuple[T, dict[T, T]]]:
        """`xrange`, the last one first."""
        return self._range("XREVRANGE", name, max, min, count)

    def _range(
        self, command: str, name: Encodable, one: Encodable, other: Encodable, count: int | None
    ) -> list[tuple[T, dict[T, T]]]:
        if count is not None and (not isinstance(count, int) or count < 1):
            raise DataError(f"{command} count must be a positive integer")
        key, start, end = encode_all([name, one, other])
        reverse = command == "XREVRANGE"
        interval = parse_interval(end, start) if reverse else parse_interval(start, end)
        if count is not None:
            count = integer(count if type(count) is int else str(count))
        return self._documents(self._xrange(key, interval, count, reverse, Stream.documents) or [])

    def _xrange(
        self,
        key: bytes,
        interval: tuple[int, int],
        count: int | None,
        reverse: bool,
        read: Callable[..., list[E]],
    ) -> list[E] | None:
        """The entries from one id to another, or `count` of them; None where a count of 0 is asked for.

        `read` is the method of a stream that reads a range in the form that is wanted.
        """
        self._acquire()
        try:
            found = self._read(key, Stream)
            if found is None:
                return []
            return None if count == 0 else read(found, *interval, count or 0, reverse)
        finally:
            self._release()

    def xread(
        self,
        streams: dict[Any, Encodable],
        count: int | None = None,
        block: int | None = None,
        max_count: int | None = None,
        max_size: int | None = None,
    ) -> list[list[Any]]:
        """The entries behind an id, by the names of streams: `[[name, [(id, fields), ...]], ...]`.

        `count` is how many of each at most. An id of `$` is the last one there is now. With `block` it is
        waited up to so many milliseconds, 0 being for ever, until one of the streams has something; else the
        answer is an empty list. All who wait get what comes. O(log n + result) for each stream. `max_count`
        and `max_size` are of later versions of Redis, and refused as 7.0 refuses them.
        """
        if max_count is None and max_size is None and is_usual(streams, count, block):
            reading = Reading(encode_all(streams), encode_all(streams.values()), count or 0, block)
        else:
            words = [b"XREAD", *block_words("XREAD", block)]
            words += reading_words("XREAD", count, max_count, max_size)
            reading = read_streams(words, streams)
        if reading.block is None:
            return self._by_name(
                self._documents, self._read_now(self._read_behind, reading, Stream.documents)
            )
        return self._wait_to_read(self._documents, self._xread(reading, Stream.documents), reading.block)

    def _by_name(self, show: Callable[[list[Any]], list[Any]], found: Found | None) -> list[list[Any]]:
        """What was read, each as `show` has it."""
        # Who speaks RESP3, as redis-py does, gets a map, and sees a key that is read twice once.
        return [[self._one(key), show(entries)] for key, entries in dict(found or ()).items()]

    def _wait_to_read(
        self, show: Callable[[list[Any]], list[Any]], attempt: Attempt[Found], block: int
    ) -> list[list[Any]]:
        return self._block(attempt, block / 1000, partial(self._by_name, show)) or []

    def _read_now(self, read: Callable[..., Found | None], *arguments: Any) -> Found | None:
        """What there is, without waiting: what `read` finds, under the lock."""
        self._acquire()
        try:
            return read(*arguments)
        finally:
            self._release()

    def _xread(self, reading: Reading, read: Callable[..., list[Any]]) -> Attempt[Found]:
        """To read on, as soon as there is something; `read` as for `_xrange`."""
        after: dict[bytes, int] = {}

        def begin() -> Found | None:
            return self._read_behind(reading, read, after)

        def serve(key: bytes) -> Found | None:
            stream: Any = self._find(key)
            if stream.last_id <= after[key]:
                return None
            return [(key, read(stream, after[key] + 1, LARGEST, reading.most or AT_ONCE))]

        return Attempt(self, reading.keys, Stream, serve, begin=begin)

    def _read_behind(
        self, reading: Reading, read: Callable[..., list[Any]], after: dict[bytes, int] | None = None
    ) -> Found | None:
        """What there is behind the positions of a reading, which are put into `after`; None if nothing.

        Under the lock.
        """
        positions = list(map(self._position, reading.keys, reading.positions))
        found = []
        for key, position in zip(reading.keys, positions):  # noqa: B905  # faster
            stream = self._read(key, Stream)
            if stream is not None and stream.last_id > position:
                entries = read(stream, position + 1, LARGEST, reading.most)
                if entries:
                    found.append((key, entries))
            if after is not None:
                after.setdefault(key, position)
        return found or None

    def _position(self, key: bytes, text: bytes) -> int:
        """The id after which XREAD reads."""
        stream = self._read(key, Stream)
        if text == b"$":
            return 0 if stream is None else stream.last_id
        if text == b">":
            refuse(
                "The > ID can be specified only when calling XREADGROUP using the "
                "GROUP <group> <consumer> option."
            )
        return parse_id(text)

    # Replies

    def _entries(self, entries: Sequence[Any]) -> list[tuple[T, dict[T, T]]]:
        """Entries as redis-py has them; one that is gone has no fields."""
        return self._documents(
            [
                (b"%d-%d" % (id >> 64, id & SEQUENCE), dict(zip(fields or (), values)))  # noqa: B905  # faster
                for id, fields, values in entries
            ]
        )

    # Effects

    @effect(60, on=Stream)
    def _effect_xadd(self, key: bytes, id: bytes, fields: Sequence[bytes], values: Sequence[bytes]) -> None:
        """Append an entry to the stream at `key`, made if missing."""
        if len(fields) != len(values) or not fields:
            raise ValueError("another number of fields than of values")
        found: Any = self._db.data.get(key)
        if found is None:
            found = Stream()
            self._birth(key, found)
        found.append(unpack_id(id), tuple(fields), values, self._shared.limits)
        if key in self._lines:
            self._shared.born(self, key)

    @effect(61, on=Stream)
    def _effect_xdel(self, key: bytes, ids: bytes) -> None:
        """Remove the entries with these ids, which are there."""
        found: Any = self._db.data[key]
        for id in unpack_ids(ids):
            found.remove(id)

    @effect(62, on=Stream)
    def _effect_xtrim(self, key: bytes, upto: bytes) -> int:
        """Remove the entries up to this id; how many there were."""
        found: Any = self._db.data[key]
        gone: int = found.trim(unpack_id(upto))
        return gone

    @effect(63, announce=announce_aside, on=Stream)
    def _effect_xsetid(self, key: bytes, ids: bytes, entries_added: int) -> None:
        """Set the last id of the stream at `key`, the largest that was removed, and how many were added."""
        found: Any = self._db.data[key]
        found.set_ids(*unpack_ids(ids), entries_added)


def is_usual(streams: object, count: object, block: object) -> bool:
    """Whether XREAD and XREADGROUP take these arguments as they are: the commonest case."""
    return (
        type(streams) is dict
        and len(streams) > 0
        and (count is None or (type(count) is int and 0 < count <= INT64_MAX))
        and (block is None or (type(block) is int and 0 <= block <= LONGEST_BLOCK))
    )


def read_streams(words: list[Any], streams: dict[Any, Encodable]) -> Reading:
    """What XREAD or XREADGROUP with these words is to read from these streams."""
    if not isinstance(streams, dict) or len(streams) == 0:
        raise DataError(f"{words[0].decode()} streams must be a non empty dict")
    return read_xread(encode_all([*words, b"STREAMS", *streams, *streams.values()]))


def reading_words(command: str, count: int | None, max_count: int | None, max_size: int | None) -> list[Any]:
    """What redis-py sends for these options of XREAD and XREADGROUP, each checked as it checks them."""
    words: list[Any] = []
    if count is not None:
        if not isinstance(count, int) or count < 1:
            raise DataError(f"{command} count must be a positive integer")
        words += [b"COUNT", str(count)]
    if max_count is not None:
        if not isinstance(max_count, int) or max_count < 1:
            raise DataError(f"{command} max_count must be a positive integer")
        if count is not None and max_count < count:
            raise DataError(f"{command} max_count must be greater than or equal to count")
        words += [b"MAXCOUNT", str(max_count)]
    if max_size is not None:
        if not isinstance(max_size, int) or max_size < 1:
            raise DataError(f"{command} max_size must be a positive integer")
        words += [b"MAXSIZE", str(max_size)]
    return words


def block_words(command: str, block: int | None) -> list[Any]:
    if block is None:
        return []
    if not isinstance(block, int) or block < 0:
        raise DataError(f"{command} block must be a non-negative integer")
    return [b"BLOCK", str(block)]
