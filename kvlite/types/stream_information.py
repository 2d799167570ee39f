"""What there is to know of streams, their groups and their consumers: XINFO."""

from __future__ import annotations

from itertools import islice
from typing import Any

from ..encoding import Encodable, encode, encode_all
from ..errors import NO_SUCH_KEY, ResponseError
from ..keyspace import Keyspace, T
from ..structs.consumer_group import UNKNOWN, Consumer, Group
from ..structs.stream import Stream
from ..structs.stream_id import LARGEST, show_id, signed
from .consumer_groups import no_group
from .stream_arguments import read_xinfo_stream


class StreamInformation(Keyspace[T]):
    """The subcommands of XINFO.

    The halves answer in Redis's own terms: names are bytes, ids texts, and entries as `flat` has them.
    """

    def xinfo_stream(self, name: Encodable, full: bool = False) -> dict[str, Any]:
        """The length, ids and counters of a stream, with its first and last entry. O(blocks).

        With `full` the first ten entries and all groups, with the first ten of what is pending, instead. A
        ResponseError if there is no stream.
        """
        found = self._xinfo_stream(encode_all([b"XINFO", b"STREAM", name, *([b"FULL"] if full else [])]))
        shown: dict[str, Any] = {name.decode(): self._reply(value) for name, value in found.items()}
        if full:
            shown["entries"] = {id: _by_field(texts) for id, texts in shown["entries"]}
            shown["groups"] = [_named(group) for group in shown["groups"]]
            return shown
        for edge in ("first-entry", "last-entry"):
            if shown[edge] is not None:
                id, texts = shown[edge]
                shown[edge] = (id, _by_field(texts))
        return shown

    def _reply(self, value: Any) -> Any:
        """A reply as redis-py has it."""
        if isinstance(value, bytes):
            return self._one(value)
        if isinstance(value, dict):
            return {self._one(name): self._reply(each) for name, each in value.items()}
        return [self._reply(each) for each in value] if isinstance(value, list) else value

    def _xinfo_stream(self, words: list[bytes]) -> dict[bytes, Any]:
        """What all words of the request ask for."""
        self._acquire()
        try:
            stream = self._stream(words[2])
            count = read_xinfo_stream(words)
            found: dict[bytes, Any] = {
                b"length": stream.length,
                b"radix-tree-keys": len(stream.blocks),
                b"radix-tree-nodes": count_nodes(stream.firsts),
                b"last-generated-id": show_id(stream.last_id),
                b"max-deleted-entry-id": show_id(stream.max_deleted_id),
                b"entries-added": signed(stream.entries_added),
                b"recorded-first-entry-id": show_id(stream.first_id),
            }
            if count is None:
                found[b"groups"] = len(stream.groups)
                for name, reverse in ((b"first-entry", False), (b"last-entry", True)):
                    edge = stream.range(0, LARGEST, 1, reverse)
                    found[name] = flat(edge[0]) if edge else None
                return found
            found[b"entries"] = [flat(entry) for entry in stream.range(0, LARGEST, count)]
            found[b"groups"] = [_show_group(stream, name, count or None) for name in sorted(stream.groups)]
            return found
        finally:
            self._release()

    def _stream(self, key: bytes) -> Stream:
        stream = self._read(key, Stream)
        if stream is None:
            raise ResponseError(NO_SUCH_KEY)
        return stream

    def xinfo_groups(self, name: Encodable) -> list[dict[str, Any]]:
        """The groups of a stream: how far each has read, and how much is pending. O(groups)."""
        return [_named(self._reply(group)) for group in self._xinfo_groups(encode(name))]

    def _xinfo_groups(self, key: bytes) -> list[dict[bytes, Any]]:
        self._acquire()
        try:
            stream = self._stream(key)
            return [
                {
                    b"name": name,
                    b"consumers": len(group.consumers),
                    b"pending": len(group.pending),
                    b"last-delivered-id": show_id(group.last_id),
                    b"entries-read": None if group.entries_read == UNKNOWN else group.entries_read,
                    b"lag": stream.lag(group),
                }
                for name, group in sorted(stream.groups.items())
            ]
        finally:
            self._release()

    def xinfo_consumers(self, name: Encodable, groupname: Encodable) -> list[dict[str, Any]]:
        """The consumers of a group: how much is pending at each, and since when it has asked for nothing.

        A ResponseError if there is no such stream or group. O(consumers).
        """
        found = self._xinfo_consumers(encode(name), encode(groupname))
        return [_named(self._reply(consumer)) for consumer in found]

    def _xinfo_consumers(self, key: bytes, name: bytes) -> list[dict[bytes, Any]]:
        self._acquire()
        try:
            group = self._stream(key).groups.get(name)
            if group is None:
                raise no_group(key, name)
            now = self._shared.now()
            return [
                {
                    b"name": consumer.name,
                    b"pending": len(consumer.pending),
                    b"idle": max(0, now - consumer.seen),
                }
                for consumer in group.in_order()
            ]
        finally:
            self._release()


def flat(entry: Any) -> list[Any]:
    """An entry as Redis replies it: its id, and the fields each with its value behind it."""
    id, fields, values = entry
    return [show_id(id), [half for pair in zip(fields, values, strict=True) for half in pair]]


def _by_field(texts: list[Any]) -> dict[Any, Any]:
    return dict(zip(texts[::2], texts[1::2], strict=True))


def _named(found: dict[Any, Any]) -> dict[str, Any]:
    return {name if isinstance(name, str) else name.decode(): value for name, value in found.items()}


def _show_group(stream: Stream, name: bytes, count: int | None) -> dict[bytes, Any]:
    group: Group = stream.groups[name]
    return {
        b"name": name,
        b"last-delivered-id": show_id(group.last_id),
        b"entries-read": None if group.entries_read == UNKNOWN else group.entries_read,
        b"lag": stream.lag(group),
        b"pel-count": len(group.pending),
        b"pending": [
            [show_id(id), held.consumer.name, held.time, held.count]
            for id, held in islice(group.pending.in_order(), count)
        ],
        b"consumers": [_show_consumer(consumer, count) for consumer in group.in_order()],
    }


def _show_consumer(consumer: Consumer, count: int | None) -> dict[bytes, Any]:
    return {
        b"name": consumer.name,
        b"seen-time": consumer.seen,
        b"pel-count": len(consumer.pending),
        b"pending": [
            [show_id(id), held.time, held.count] for id, held in islice(consumer.pending.in_order(), count)
        ],
    }


def count_nodes(ids: list[int]) -> int:
    """How many nodes Redis's tree of these ids has, which are in order and 16 bytes each. O(n).

    The root alone has nothing below it. Else there is a node for each run of bytes without a fork, one for
    each fork, and one for the end of each id.
    """
    return _nodes_below([id.to_bytes(16, "big") for id in ids], 0) if ids else 1


def _nodes_below(ids: list[bytes], depth: int) -> int:
    """The nodes for what comes behind the first `depth` bytes, which all of them share."""
    first, last = ids[0], ids[-1]
    if first == last:
        return 1 + (depth < len(first))
    fork = next(at for at in range(depth, len(first)) if first[at] != last[at])
    branches: dict[int, list[bytes]] = {}
    for id in ids:
        branches.setdefault(id[fork], []).append(id)
    return 1 + (fork > depth) + sum(_nodes_below(branch, fork + 1) for branch in branches.values())
