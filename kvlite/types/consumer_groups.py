"""Consumer groups: the entries of a stream shared out among those who work on them, until each is done."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from itertools import repeat
from typing import Any, Generic, Literal, NamedTuple, TypedDict, overload

from ..effects import effect
from ..encoding import Encodable, encode, encode_all
from ..errors import DataError, ResponseError, quoting, wrong_arity
from ..keyspace import T
from ..structs.block import Entry
from ..structs.consumer_group import UNKNOWN, Group
from ..structs.stream import Stream
from ..structs.stream_id import LARGEST, SIZE, pack_ids, show_id, signed, unpack_id, unpack_ids
from ..waiting import Attempt
from .stream_arguments import (
    AutoClaim,
    Claim,
    Pends,
    Reading,
    c_string,
    parse_id,
    read_xautoclaim,
    read_xclaim,
    read_xgroup,
    read_xpending,
    refuse,
    wrong_subcommand,
)
from .streams import (
    AT_ONCE,
    Found,
    Streams,
    announce_aside,
    block_words,
    is_usual,
    read_streams,
    reading_words,
)

NEEDS_KEY = (
    "The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM "
    "option to create an empty stream automatically."
)
GROUP_EXISTS = "BUSYGROUP Consumer Group name already exists"
GROUP_IS_GONE = "NOGROUP the consumer group this client was blocked on no longer exists"
STREAM_IS_GONE = "UNBLOCKED the stream key no longer exists"
NO_DOLLAR = (
    "The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by "
    "specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result "
    "set."
)
MOST_WORDS = 8
"""How many XGROUP CREATE may have."""
ATTEMPTS = 10
"""How many pending entries XAUTOCLAIM looks at for each one that it may claim."""
MEMORY = 1 << 47
"""The bytes that a process can name; for XAUTOCLAIM Redis sets memory aside."""


def no_group_at(key: bytes, group: bytes, where: bytes = b"") -> ResponseError:
    names = (c_string(key), c_string(group), where)
    return quoting(b"NOGROUP No such key '%b' or consumer group '%b'%b" % names)


def no_group(key: bytes, group: bytes) -> ResponseError:
    names = (c_string(group), c_string(key))
    return quoting(b"NOGROUP No such consumer group '%b' for key name '%b'" % names)


class ConsumerSummary(TypedDict, Generic[T]):
    """How much is pending at one consumer."""

    name: T
    pending: int


class Summary(TypedDict, Generic[T]):
    """What is pending in a group: how much, from which id to which, and where."""

    pending: int
    min: T | None
    max: T | None
    consumers: list[ConsumerSummary[T]]


class Claimed(NamedTuple):
    """What XAUTOCLAIM answers."""

    cursor: int
    entries: list[Entry]
    gone: list[int]
    """What was pending and is in the stream no more."""


class ConsumerGroups(Streams[T]):
    """The commands of consumer groups.

    A group reads a stream once: each entry goes to one of its consumers, and is pending there until it is
    acknowledged. What stays pending too long, others claim.
    """

    # Groups

    def xgroup_create(
        self,
        name: Encodable,
        groupname: Encodable,
        id: Encodable = "$",
        mkstream: bool = False,
        entries_read: int | None = None,
    ) -> bool:
        """Make a group that reads what comes after `id`, `$` being the last entry there is. True. O(1).

        A ResponseError if it is there already, or there is no stream and `mkstream` is not given.
        `entries_read` is how many entries were added up to `id`, if that is known.
        """
        words: list[Any] = [b"XGROUP", b"CREATE", name, groupname, id]
        if mkstream:
            words.append(b"MKSTREAM")
        if entries_read is not None:
            words += [b"ENTRIESREAD", entries_read]
        self._xgroup_create(encode_all(words))
        return True

    def _xgroup_create(self, words: list[bytes]) -> None:
        """Make a group, as all words of the request say."""
        key, name, creation = words[2], words[3], read_xgroup(words, creating=True)
        self._acquire()
        try:
            found = self._write(key, Stream)
            if found is None and not creation.make:
                refuse(NEEDS_KEY)
            if len(words) > MOST_WORDS:
                wrong_subcommand(words)
            position = self._position_of(found, creation.position)
            if found is not None and name in found.groups:
                refuse(GROUP_EXISTS)
            self._effect_xgroup(key, name, position.to_bytes(SIZE, "big"), creation.entries_read)
            if self._notify is not None:
                self._notify(b"xgroup-create", key)
        finally:
            self._release()

    @staticmethod
    def _position_of(stream: Stream | None, text: bytes, strict: bool = True) -> int:
        if text == b"$":
            return 0 if stream is None else stream.last_id
        return parse_id(text, strict=strict)

    def xgroup_setid(
        self, name: Encodable, groupname: Encodable, id: Encodable, entries_read: int | None = None
    ) -> bool:
        """Let a group read on after `id`, whatever it has read. True. O(1)."""
        words: list[Any] = [b"XGROUP", b"SETID", name, groupname, id]
        if entries_read is not None:
            words += [b"ENTRIESREAD", entries_read]
        self._xgroup_setid(encode_all(words))
        return True

    def _xgroup_setid(self, words: list[bytes]) -> None:
        """Set how far a group has read, as all words of the request say."""
        key, name, creation = words[2], words[3], read_xgroup(words, creating=False)
        self._acquire()
        try:
            found, _ = self._group_of(key, name)
            if len(words) >= MOST_WORDS:
                wrong_subcommand(words)
            position = self._position_of(found, creation.position, strict=False)
            self._effect_xgroup(key, name, position.to_bytes(SIZE, "big"), creation.entries_read)
            if self._notify is not None:
                self._notify(b"xgroup-setid", key)
        finally:
            self._release()

    def _group_of(self, key: bytes, name: bytes) -> tuple[Stream, Group]:
        """What a subcommand of XGROUP works on; a ResponseError if it is missing."""
        found = self._write(key, Stream)
        if found is None:
            refuse(NEEDS_KEY)
        group = found.groups.get(name)
        if group is None:
            raise no_group(key, name)
        return found, group

    def xgroup_destroy(self, name: Encodable, groupname: Encodable) -> bool:
        """Remove a group, with all that is pending; whether there was one. Who waits in it gets an error."""
        return bool(self._xgroup_destroy(encode(name), encode(groupname)))

    def _xgroup_destroy(self, key: bytes, name: bytes) -> int:
        self._acquire()
        try:
            found = self._write(key, Stream)
            if found is None:
                refuse(NEEDS_KEY)
            if name not in found.groups:
                return 0
            self._effect_xgroup_destroy(key, name)
            if self._notify is not None:
                self._notify(b"xgroup-destroy", key)
            return 1
        finally:
            self._release()

    def xgroup_createconsumer(self, name: Encodable, groupname: Encodable, consumername: Encodable) -> int:
        """Add a consumer to a group; 1, or 0 if it is there. One that reads is added by itself. O(1)."""
        return self._xgroup_createconsumer(*encode_all([name, groupname, consumername]))

    def _xgroup_createconsumer(self, key: bytes, name: bytes, consumer: bytes) -> int:
        self._acquire()
        try:
            _, group = self._group_of(key, name)
            if consumer in group.consumers:
                return 0
            self._see(key, name, group, consumer)
            return 1
        finally:
            self._release()

    def xgroup_delconsumer(self, name: Encodable, groupname: Encodable, consumername: Encodable) -> int:
        """Remove a consumer; how many entries were pending at it, which are nobody's from then on."""
        return self._xgroup_delconsumer(*encode_all([name, groupname, consumername]))

    def _xgroup_delconsumer(self, key: bytes, name: bytes, consumer: bytes) -> int:
        self._acquire()
        try:
            _, group = self._group_of(key, name)
            held = group.consumers.get(consumer)
            if held is None:
                return 0
            pending = len(held.pending)
            self._effect_xconsumer_destroy(key, name, consumer)
            if self._notify is not None:
                self._notify(b"xgroup-delconsumer", key)
            return pending
        finally:
            self._release()

    def _see(self, key: bytes, name: bytes, group: Group, consumer: bytes) -> None:
        """Note that a consumer of a group is here, made if missing."""
        now, held = self._shared.now(), group.consumers.get(consumer)
        if held is None or held.seen != now:
            self._effect_xconsumer(key, name, consumer, now)
        if held is None and self._notify is not None:
            self._notify(b"xgroup-createconsumer", key)

    # Reading

    def xreadgroup(
        self,
        groupname: Encodable,
        consumername: Encodable,
        streams: dict[Any, Encodable],
        count: int | None = None,
        block: int | None = None,
        noack: bool = False,
        claim_min_idle_time: int | None = None,
        max_count: int | None = None,
        max_size: int | None = None,
    ) -> list[list[Any]]:
        """`xread` as a consumer of a group: with `>` for an id, what nobody of the group has had yet.

        That is pending at the consumer from then on, unless `noack` says that it needs no acknowledging.
        With another id it is what is pending at this consumer behind it, once more; an entry that is gone
        from the stream has no fields then. Who waits is served first come, first served.
        `claim_min_idle_time`, `max_count` and `max_size` are of later versions of Redis, and refused as 7.0
        refuses them.
        """
        plain = claim_min_idle_time is None and max_count is None and max_size is None
        if plain and is_usual(streams, count, block):
            group, consumer = encode(groupname), encode(consumername)
            keys, positions = encode_all(streams), encode_all(streams.values())
            reading = Reading(keys, positions, count or 0, block, group, consumer, not noack)
        else:
            words: list[Any] = [b"XREADGROUP", b"GROUP", groupname, consumername]
            words += reading_words("XREADGROUP", count, max_count, max_size)
            words += block_words("XREADGROUP", block)
            if noack:
                words.append(b"NOACK")
            if claim_min_idle_time is not None:
                if not isinstance(claim_min_idle_time, int) or claim_min_idle_time < 0:
                    raise DataError("XREADGROUP claim_min_idle_time must be a non-negative integer")
                words += [b"CLAIM", claim_min_idle_time]
            reading = read_streams(words, streams)
        if reading.block is None:
            return self._by_name(self._entries, self._read_now(self._read_in_group, reading))
        return self._wait_to_read(self._entries, self._xreadgroup(reading), reading.block)

    def _xreadgroup(self, reading: Reading) -> Attempt[Found]:
        """To read on in a consumer group, as soon as there is something."""
        name = reading.group
        assert name is not None

        def begin() -> Found | None:
            return self._read_in_group(reading)

        def serve(key: bytes) -> Found | None:
            stream: Any = self._find(key)
            group = stream.groups.get(name)
            if group is None:
                refuse(GROUP_IS_GONE)
            if stream.last_id <= group.last_id:
                return None
            self._begin()
            try:
                self._see(key, name, group, reading.consumer)
                return [(key, self._deliver(key, stream, reading, reading.most or AT_ONCE))]
            finally:
                self._end()

        return Attempt(self, reading.keys, Stream, serve, begin=begin, gone=STREAM_IS_GONE)

    def _read_in_group(self, reading: Reading) -> Found | None:
        """What there is for a consumer, None if nothing. Under the lock."""
        assert reading.group is not None
        positions = list(map(self._position_in_group, reading.keys, repeat(reading.group), reading.positions))
        if self._unobserved:  # then it is no matter whether what is changed is changed at once
            return self._give(reading, positions)
        self._begin()
        try:
            return self._give(reading, positions)
        finally:
            self._end()

    def _give(self, reading: Reading, positions: list[int]) -> Found | None:
        found = []
        for key, position in zip(reading.keys, positions):  # noqa: B905  # faster
            stream: Any = self._find(key)
            if stream is not None:
                entries = self._read_as_consumer(key, stream, reading, position)
                if entries is not None:
                    found.append((key, entries))
        return found or None

    def _position_in_group(self, key: bytes, name: bytes, text: bytes) -> int:
        """The id after which a consumer reads, LARGEST for what is new."""
        stream = self._read(key, Stream)
        if stream is None or name not in stream.groups:
            raise no_group_at(key, name, b" in XREADGROUP with GROUP option")
        if text == b"$":
            refuse(NO_DOLLAR)
        return LARGEST if text == b">" else parse_id(text)

    def _read_as_consumer(
        self, key: bytes, stream: Stream, reading: Reading, position: int
    ) -> list[Any] | None:
        """What a consumer gets of one stream at once, None if nothing is new."""
        assert reading.group is not None
        group = stream.groups[reading.group]
        if position == LARGEST and stream.top_id <= group.last_id:
            return None
        self._see(key, reading.group, group, reading.consumer)
        if position < LARGEST:
            return self._read_again(key, stream, reading, position + 1)
        return self._deliver(key, stream, reading, reading.most)

    def _read_again(self, key: bytes, stream: Stream, reading: Reading, first: int) -> list[Any]:
        """What is pending at a consumer, from `first` on: given to it once more."""
        assert reading.group is not None
        pending = stream.groups[reading.group].consumers[reading.consumer].pending
        found: list[Any] = []
        again: list[int] = []
        for id, _ in pending.in_order(first):
            entry = stream.entry(id)
            found.append(entry or (id, None, []))
            if entry is not None:
                again.append(id)
            if len(found) == reading.most:
                break
        if again:
            counts = [signed(pending[id].count + 1) for id in again]
            self._effect_xpend(
                key, reading.group, reading.consumer, pack_ids(again), self._shared.now(), counts
            )
        return found

    def _deliver(self, key: bytes, stream: Stream, reading: Reading, count: int) -> list[Entry]:
        """Give a consumer what is new to its group, or `count` entries of it."""
        assert reading.group is not None
        group = stream.groups[reading.group]
        entries = stream.range(group.last_id + 1, LARGEST, count)
        if not entries:
            return entries
        ids, now = [entry[0] for entry in entries], self._shared.now()
        read = _entries_read(stream, group.entries_read, ids)
        if self._unobserved:
            group.last_id, group.entries_read = ids[-1], read
            if reading.acknowledge:
                for id in ids:
                    group.assign(reading.consumer, id, now, 1)
            return entries
        self._effect_xgroup(key, reading.group, ids[-1].to_bytes(SIZE, "big"), read)
        if reading.acknowledge:
            once = [1] * len(ids)
            self._effect_xpend(key, reading.group, reading.consumer, pack_ids(ids), now, once)
        return entries

    # What is pending

    def xack(self, name: Encodable, groupname: Encodable, *ids: Encodable) -> int:
        """These entries are done with, and pending no more; how many were. O(log n) for each."""
        key, group, *texts = encode_all([name, groupname, *ids])
        if not texts:
            raise wrong_arity("xack")
        return self._xack(key, group, texts)

    def _xack(self, key: bytes, name: bytes, ids: list[bytes]) -> int:
        self._acquire()
        try:
            self._reap()
            found = self._read(key, Stream)
            group = None if found is None else found.groups.get(name)
            if group is None:
                return 0
            there = [id for id in dict.fromkeys(map(parse_id, ids)) if id in group.pending]
            if self._unobserved:
                for id in there:
                    group.acknowledge(id)
            elif there:
                self._effect_xack(key, name, pack_ids(there))
            return len(there)
        finally:
            self._release()

    def xpending(self, name: Encodable, groupname: Encodable) -> Summary[T]:
        """How many entries are pending in a group: `pending`, their `min` and `max` id, and `consumers`.

        Those are dicts of `name` and `pending`, of who has some. O(consumers).
        """
        total, first, last, consumers = self._xpending(encode(name), encode(groupname))
        return {
            "pending": total,
            "min": self._maybe(None if first is None else show_id(first)),
            "max": self._maybe(None if last is None else show_id(last)),
            "consumers": [{"name": self._one(name), "pending": count} for name, count in consumers],
        }

    def _xpending(
        self, key: bytes, name: bytes
    ) -> tuple[int, int | None, int | None, list[tuple[bytes, int]]]:
        self._acquire()
        try:
            pending = self._read_group(key, name)[1].pending
            if not pending:
                return 0, None, None, []
            consumers = self._read_group(key, name)[1].in_order()
            counts = [(each.name, len(each.pending)) for each in consumers if each.pending]
            return len(pending), pending.first(), pending.last(), counts
        finally:
            self._release()

    def _read_group(self, key: bytes, name: bytes) -> tuple[Stream, Group]:
        """The group to look at or to claim from; a ResponseError if it, or the stream, is missing."""
        found = self._read(key, Stream)
        group = None if found is None else found.groups.get(name)
        if found is None or group is None:
            raise no_group_at(key, name)
        return found, group

    def xpending_range(
        self,
        name: Encodable,
        groupname: Encodable,
        min: Encodable,
        max: Encodable,
        count: int,
        consumername: Encodable | None = None,
        idle: int | None = None,
    ) -> list[dict[str, Any]] | Summary[T]:
        """The first `count` pending entries from id `min` to `max`, as dicts. O(log n + what is looked at).

        They have `message_id`, `consumer`, `time_since_delivered` in milliseconds and `times_delivered`.
        Only those of `consumername`, if it is given, and that were delivered `idle` milliseconds ago or
        earlier.
        """
        if {min, max, count} == {None}:
            if idle is not None or consumername is not None:
                raise DataError(
                    "if XPENDING is provided with idle time or consumername, it must be provided with min, "
                    "max and count parameters"
                )
            return self.xpending(name, groupname)
        if min is None or max is None or count is None:
            raise DataError("XPENDING must be provided with min, max and count parameters, or none of them.")
        words: list[Any] = [b"XPENDING", name, groupname]
        with suppress(TypeError):
            if int(idle) < 0:  # type: ignore[arg-type]
                raise DataError("XPENDING idle must be a integer >= 0")
            words += [b"IDLE", idle]
        with suppress(TypeError):
            if int(count) < 0:
                raise DataError("XPENDING count must be a integer >= 0")
            words += [min, max, count]
        if consumername:
            words.append(consumername)
        texts = encode_all(words)
        pends = read_xpending(texts)
        names = ("message_id", "consumer", "time_since_delivered", "times_delivered")
        if pends is None:  # redis-py leaves out a count of a kind it does not know, and cannot read the reply
            self._xpending(texts[1], texts[2])
            raise TypeError("'int' object is not iterable")
        return [
            dict(zip(names, (self._one(show_id(id)), self._one(consumer), idle, times), strict=True))
            for id, consumer, idle, times in self._xpending_range(texts[1], texts[2], pends)
        ]

    def _xpending_range(self, key: bytes, name: bytes, pends: Pends) -> list[tuple[int, bytes, int, int]]:
        """The id, the consumer, the milliseconds since it had it, and how often, of each."""
        self._acquire()
        try:
            pending = self._read_group(key, name)[1].pending
            if pends.consumer is not None:
                consumer = self._read_group(key, name)[1].consumers.get(pends.consumer)
                if consumer is None:
                    return []
                pending = consumer.pending
            now = self._shared.now()
            found: list[tuple[int, bytes, int, int]] = []
            for id, held in pending.in_order(pends.first, pends.last):
                if len(found) == pends.most:
                    break
                idle = now - held.time
                if not pends.idle or idle >= pends.idle:
                    found.append((id, held.consumer.name, max(0, idle), held.count))
            return found
        finally:
            self._release()

    # Claiming

    @overload
    def xclaim(
        self,
        name: Encodable,
        groupname: Encodable,
        consumername: Encodable,
        min_idle_time: int,
        message_ids: Sequence[Encodable],
        idle: int | None = None,
        time: int | None = None,
        retrycount: int | None = None,
        force: bool = False,
        justid: Literal[False] = False,
    ) -> list[tuple[T, dict[T, T]]]: ...
    @overload
    def xclaim(
        self,
        name: Encodable,
        groupname: Encodable,
        consumername: Encodable,
        min_idle_time: int,
        message_ids: Sequence[Encodable],
        idle: int | None = None,
        time: int | None = None,
        retrycount: int | None = None,
        force: bool = False,
        justid: bool = False,
    ) -> list[tuple[T, dict[T, T]]] | list[T]: ...
    def xclaim(
        self,
        name: Encodable,
        groupname: Encodable,
        consumername: Encodable,
        min_idle_time: int,
        message_ids: Sequence[Encodable],
        idle: int | None = None,
        time: int | None = None,
        retrycount: int | None = None,
        force: bool = False,
        justid: bool = False,
    ) -> list[tuple[T, dict[T, T]]] | list[T]:
        """Take over pending entries that nobody has had for `min_idle_time` milliseconds; which they were.

        They count as delivered now, or `idle` milliseconds ago, or at the Unix `time` in milliseconds, and
        once more than before, or `retrycount` times. `force` takes what is in the stream and is not pending
        too. With `justid` the answer is the ids alone, and that is no delivery. What is gone from the stream
        is pending no more. O(log n) for each.
        """
        if not isinstance(min_idle_time, int) or min_idle_time < 0:
            raise DataError("XCLAIM min_idle_time must be a non negative integer")
        if not isinstance(message_ids, (list, tuple)) or not message_ids:
            raise DataError("XCLAIM message_ids must be a non empty list or tuple of message IDs to claim")
        words: list[Any] = [b"XCLAIM", name, groupname, consumername, str(min_idle_time), *message_ids]
        for option, number in (("idle", idle), ("time", time), ("retrycount", retrycount)):
            if number is not None:
                if not isinstance(number, int):
                    raise DataError(f"XCLAIM {option} must be an integer")
                words += [option.upper(), str(number)]
        for option, flag in (("force", force), ("justid", justid)):
            if flag:
                if not isinstance(flag, bool):
                    raise DataError(f"XCLAIM {option} must be a boolean")
                words.append(option.upper())
        entries, _ = self._xclaim(encode_all(words))
        return self._many([show_id(id) for id, _, _ in entries]) if justid else self._entries(entries)

    def _xclaim(self, words: list[bytes]) -> tuple[list[Entry], bool]:
        """What was claimed, as all words of the request say, and whether only the ids are to be told."""
        key, name = words[1:3]
        self._acquire()
        try:
            self._reap()
            stream, group = self._read_group(key, name)
            now = self._shared.now()
            claim = read_xclaim(words, now)
            self._begin()
            try:
                if claim.last_id > group.last_id:
                    self._effect_xgroup(key, name, claim.last_id.to_bytes(SIZE, "big"), group.entries_read)
                return self._claim(key, stream, words, claim, now), claim.just_id
            finally:
                self._end()
        finally:
            self._release()

    def _claim(self, key: bytes, stream: Stream, words: list[bytes], claim: Claim, now: int) -> list[Entry]:
        name, consumer = words[2:4]
        group = stream.groups[name]
        pending = group.pending
        found: list[Entry] = []
        for id in claim.ids:
            entry, held = stream.entry(id), pending.get(id)
            if entry is None:
                if held is not None:
                    self._effect_xack(key, name, pack_ids([id]))
                continue
            if held is None and not claim.force:
                continue
            if held is not None and claim.idle and now - held.time < claim.idle:
                continue
            times = 1 if held is None else held.count
            times = signed(times + (not claim.just_id)) if claim.times is None else claim.times
            if not found:
                self._see(key, name, group, consumer)
            self._effect_xpend(key, name, consumer, pack_ids([id]), claim.time, [times])
            found.append(entry)
        return found

    def xautoclaim(
        self,
        name: Encodable,
        groupname: Encodable,
        consumername: Encodable,
        min_idle_time: int,
        start_id: Encodable = "0-0",
        count: int | None = None,
        justid: bool = False,
    ) -> list[Any]:
        """`xclaim` of the first `count` pending entries from `start_id` on, 100 by default.

        `[cursor, [(id, fields), ...], [id of what is gone, ...]]`; the cursor is where to go on, 0-0 at the
        end. With `justid` the answer is only the ids of what was claimed. O(count * log n).
        """
        with suppress(TypeError):
            if int(min_idle_time) < 0:
                raise DataError("XAUTOCLAIM min_idle_time must be a nonnegative integer")
        words: list[Any] = [b"XAUTOCLAIM", name, groupname, consumername, min_idle_time, start_id]
        with suppress(TypeError):
            if int(count) < 0:  # type: ignore[arg-type]
                raise DataError("XPENDING count must be a integer >= 0")
            words += [b"COUNT", count]
        if justid:
            words.append(b"JUSTID")
        texts = encode_all(words)
        cursor, entries, gone = self._xautoclaim(texts[1], texts[2], texts[3], read_xautoclaim(texts))
        if justid:
            return self._many([show_id(id) for id, _, _ in entries])
        return [self._one(show_id(cursor)), self._entries(entries), self._many(list(map(show_id, gone)))]

    def _xautoclaim(self, key: bytes, name: bytes, consumer: bytes, claim: AutoClaim) -> Claimed:
        self._acquire()
        try:
            self._reap()
            stream, _ = self._read_group(key, name)
            if claim.most * SIZE >= MEMORY:
                refuse("Insufficient memory, failed allocating transient memory, COUNT too high.")
            self._begin()
            try:
                return self._claim_on(key, name, stream, consumer, claim)
            finally:
                self._end()
        finally:
            self._release()

    def _claim_on(
        self, key: bytes, name: bytes, stream: Stream, consumer: bytes, claim: AutoClaim
    ) -> Claimed:
        pending, now = stream.groups[name].pending, self._shared.now()
        entries: list[Entry] = []
        gone: list[int] = []
        counts: list[int] = []
        cursor = 0
        for looked_at, (id, held) in enumerate(pending.in_order(claim.start)):
            if looked_at == claim.most * ATTEMPTS or len(entries) + len(gone) == claim.most:
                cursor = id
                break
            entry = stream.entry(id)
            if entry is None:
                gone.append(id)
            elif not claim.idle or now - held.time >= claim.idle:
                entries.append(entry)
                counts.append(signed(held.count + (not claim.just_id)))
        if gone:
            self._effect_xack(key, name, pack_ids(gone))
        if entries:
            self._see(key, name, stream.groups[name], consumer)
            ids = pack_ids(entry[0] for entry in entries)
            self._effect_xpend(key, name, consumer, ids, now, counts)
        return Claimed(cursor, entries, gone)

    # Effects

    @effect(64, announce=announce_aside, on=Stream)
    def _effect_xgroup(self, key: bytes, name: bytes, last_id: bytes, count: int) -> None:
        """Let a group of the stream at `key`, both made if missing, have read up to `last_id`.

        `count` is how many entries that is, -1 if it is not known.
        """
        found: Any = self._db.data.get(key)
        if found is None:
            found = Stream()
            self._birth(key, found)
        found.set_group(name, unpack_id(last_id), count)

    @effect(65, announce=announce_aside, on=Stream)
    def _effect_xgroup_destroy(self, key: bytes, name: bytes) -> None:
        """Remove a group of the stream at `key`."""
        found: Any = self._db.data[key]
        del found.groups[name]
        if key in self._lines:
            self._shared.born(self, key)

    @effect(66, announce=announce_aside, on=Stream)
    def _effect_xconsumer(self, key: bytes, name: bytes, consumer: bytes, now: int) -> None:
        """A consumer of a group, made if missing, is here at the time `now`."""
        self._group(key, name).see(consumer, now)

    @effect(67, announce=announce_aside, on=Stream)
    def _effect_xconsumer_destroy(self, key: bytes, name: bytes, consumer: bytes) -> None:
        """Remove a consumer of a group, with what is pending at it."""
        self._group(key, name).dismiss(consumer)

    @effect(68, announce=announce_aside, on=Stream)
    def _effect_xpend(
        self, key: bytes, name: bytes, consumer: bytes, ids: bytes, now: int, counts: Sequence[int]
    ) -> None:
        """Let entries be pending at a consumer, given to it at the time `now`, each so many times by then."""
        group = self._group(key, name)
        for id, times in zip(unpack_ids(ids), counts, strict=True):
            group.assign(consumer, id, now, times)

    @effect(69, announce=announce_aside, on=Stream)
    def _effect_xack(self, key: bytes, name: bytes, ids: bytes) -> None:
        """Let entries, which are pending in a group, be so no more."""
        group = self._group(key, name)
        for id in unpack_ids(ids):
            group.acknowledge(id)

    def _group(self, key: bytes, name: bytes) -> Group:
        found: Any = self._db.data[key]
        return found.groups[name]  # type: ignore[no-any-return]


def _entries_read(stream: Stream, read: int, ids: list[int]) -> int:
    """How many entries a group has read that had read so many, and now reads `ids`."""
    if read != UNKNOWN and not stream.max_deleted_id:
        return signed(read + len(ids))
    for place, id in enumerate(ids):
        if read != UNKNOWN and not stream.has_gap_after(id):
            return signed(read + len(ids) - place)
        if stream.entries_added:
            read = signed(stream.count_until(id))
    return read
