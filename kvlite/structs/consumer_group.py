"""Consumer groups: what of a stream has been given to whom, and not acknowledged yet."""

from __future__ import annotations

from sys import getsizeof
from typing import Any

from .pending_list import Pending, PendingList
from .stream_id import INT64, LARGEST, pack_ids, unpack_ids

UNKNOWN = -1
"""A number of entries that cannot be told."""


class Consumer:
    """One who reads for a group."""

    __slots__ = ("name", "pending", "seen")

    def __init__(self, name: bytes, seen: int) -> None:
        self.name = name
        self.seen = seen
        """When it last asked for something, milliseconds since the epoch."""
        self.pending = PendingList()


class Group:
    """Who reads for a group, how far it has come, and what is pending, in the order of the ids."""

    __slots__ = ("consumers", "entries_read", "last_id", "pending")

    def __init__(self, last_id: int, entries_read: int) -> None:
        self.last_id = last_id
        """The id of the last entry that was given to somebody for the first time."""
        self.entries_read = entries_read
        """How many had been added to the stream by then, those that are gone too; or UNKNOWN."""
        self.consumers: dict[bytes, Consumer] = {}
        self.pending = PendingList()

    def see(self, name: bytes, now: int) -> Consumer:
        """The consumer of that name, who is here now; made if missing. O(1)."""
        consumer = self.consumers.get(name)
        if consumer is None:
            consumer = self.consumers[name] = Consumer(name, now)
        consumer.seen = now
        return consumer

    def assign(self, name: bytes, id: int, time: int, count: int) -> None:
        """Let an entry be pending at a consumer, who must be there, whoever had it before. O(1)."""
        consumer = self.consumers[name]
        held = self.pending.get(id)
        if held is None:
            held = Pending(consumer, time, count)
            self.pending.put(id, held)
            consumer.pending.put(id, held)
            return
        if held.consumer is not consumer:
            del held.consumer.pending[id]
            held.consumer = consumer
            consumer.pending.put(id, held)
        held.time, held.count = time, count

    def acknowledge(self, id: int) -> None:
        """An entry, which is pending, is done with. O(1)."""
        del self.pending.pop(id).consumer.pending[id]

    def dismiss(self, name: bytes) -> None:
        """Forget a consumer, who must be there, with all that is pending at it. O(n)."""
        for id in self.consumers.pop(name).pending:
            del self.pending[id]

    def in_order(self) -> list[Consumer]:
        """The consumers by their names, as Redis lists them. O(n log n)."""
        return [self.consumers[name] for name in sorted(self.consumers)]

    def copy(self) -> Group:
        """Another one with the same, sharing nothing that can change. O(n)."""
        other = Group(self.last_id, self.entries_read)
        for name, consumer in self.consumers.items():
            twin = other.consumers[name] = Consumer(name, consumer.seen)
            twin.pending.update(
                {id: Pending(twin, held.time, held.count) for id, held in consumer.pending.items()}
            )
            other.pending.update(twin.pending)
        return other

    def dump(self) -> list[Any]:
        """All of it as msgpack can carry it. O(n log n)."""
        consumers = {}
        for name, consumer in self.consumers.items():
            pending = list(consumer.pending.in_order())
            times, counts = [held.time for _, held in pending], [held.count for _, held in pending]
            consumers[name] = [consumer.seen, pack_ids(id for id, _ in pending), times, counts]
        return [pack_ids([self.last_id]), self.entries_read, consumers]

    @classmethod
    def load(cls, dump: Any) -> Group:
        """What `dump` was made from; ValueError, or another exception, if it is no dump. O(n)."""
        packed, entries_read, consumers = dump
        (last_id,) = unpack_ids(packed)
        group = cls(last_id, _integer(entries_read))
        for name, (seen, ids, times, counts) in consumers.items():
            if type(name) is not bytes:
                raise ValueError("a consumer without a name")
            group.see(name, _integer(seen))
            for id, time, count in zip(unpack_ids(ids), times, counts, strict=True):
                if id in group.pending:
                    raise ValueError("an entry that is pending twice")
                group.assign(name, id, _integer(time), _integer(count))
        return group

    def footprint(self) -> int:
        """About how many bytes this takes. O(consumers)."""
        each = getsizeof(Pending(Consumer(b"", 0), 0, 0)) + 2 * getsizeof(LARGEST) + 64
        names = sum(map(getsizeof, self.consumers))
        return getsizeof(self) + names + getsizeof(self.consumers) + each * len(self.pending)

    def _check(self) -> None:
        found = {}
        for name, consumer in self.consumers.items():
            assert consumer.name == name
            consumer.pending._check()
            for id, held in consumer.pending.items():
                assert held.consumer is consumer
                found[id] = held
        self.pending._check()
        assert found == self.pending, "somebody has what is not pending, or nobody has what is"


def _integer(number: object) -> int:
    if type(number) is not int or not -INT64 <= number < INT64:
        raise ValueError("a number that is none")
    return number
