# mypy: disable-error-code="no-any-return,assignment"

"""The commands of kvlite/types/consumer_groups.py, awaited. Made by tests/make_aio.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, overload

from ...encoding import Encodable
from ...keyspace import T
from ...types.consumer_groups import Summary
from ..awaited import Awaited


class AsyncConsumerGroups(Awaited[T]):
    """See `kvlite.types.consumer_groups.ConsumerGroups`, of which this has every command."""

    async def xgroup_create(
        self,
        name: Encodable,
        groupname: Encodable,
        id: Encodable = "$",
        mkstream: bool = False,
        entries_read: int | None = None,
    ) -> bool:
        """Make a group that reads what comes after `id`, `$` being the last entry there is. True. O(1)."""
        found = self._calls.xgroup_create(name, groupname, id, mkstream, entries_read)
        return found if self._at_once else await found

    async def xgroup_setid(
        self, name: Encodable, groupname: Encodable, id: Encodable, entries_read: int | None = None
    ) -> bool:
        """Let a group read on after `id`, whatever it has read. True. O(1)."""
        found = self._calls.xgroup_setid(name, groupname, id, entries_read)
        return found if self._at_once else await found

    async def xgroup_destroy(self, name: Encodable, groupname: Encodable) -> bool:
        """Remove a group, with all that is pending; whether there was one. Who waits in it gets an error."""
        found = self._calls.xgroup_destroy(name, groupname)
        return found if self._at_once else await found

    async def xgroup_createconsumer(
        self, name: Encodable, groupname: Encodable, consumername: Encodable
    ) -> int:
        """Add a consumer to a group; 1, or 0 if it is there. One that reads is added by itself. O(1)."""
        found = self._calls.xgroup_createconsumer(name, groupname, consumername)
        return found if self._at_once else await found

    async def xgroup_delconsumer(self, name: Encodable, groupname: Encodable, consumername: Encodable) -> int:
        """Remove a consumer; how many entries were pending at it, which are nobody's from then on."""
        found = self._calls.xgroup_delconsumer(name, groupname, consumername)
        return found if self._at_once else await found

    async def xreadgroup(
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
        """`xread` as a consumer of a group: with `>` for an id, what nobody of the group has had yet."""
        return await self._guard.xreadgroup(
            groupname, consumername, streams, count, block, noack, claim_min_idle_time, max_count, max_size
        )

    async def xack(self, name: Encodable, groupname: Encodable, *ids: Encodable) -> int:
        """These entries are done with, and pending no more; how many were. O(log n) for each."""
        found = self._calls.xack(name, groupname, *ids)
        return found if self._at_once else await found

    async def xpending(self, name: Encodable, groupname: Encodable) -> Summary[T]:
        """How many entries are pending in a group: `pending`, their `min` and `max` id, and `consumers`."""
        found = self._calls.xpending(name, groupname)
        return found if self._at_once else await found

    async def xpending_range(
        self,
        name: Encodable,
        groupname: Encodable,
        min: Encodable,
        max: Encodable,
        count: int,
        consumername: Encodable | None = None,
        idle: int | None = None,
    ) -> list[dict[str, Any]] | Summary[T]:
        """The first `count` pending entries from id `min` to `max`, as dicts. O(log n + what is looked
        at)."""
        found = self._calls.xpending_range(name, groupname, min, max, count, consumername, idle)
        return found if self._at_once else await found

    @overload
    async def xclaim(
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
    async def xclaim(
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

    async def xclaim(
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
        """Take over pending entries that nobody has had for `min_idle_time` milliseconds; which they were."""
        found = self._calls.xclaim(
            name, groupname, consumername, min_idle_time, message_ids, idle, time, retrycount, force, justid
        )
        return found if self._at_once else await found

    async def xautoclaim(
        self,
        name: Encodable,
        groupname: Encodable,
        consumername: Encodable,
        min_idle_time: int,
        start_id: Encodable = "0-0",
        count: int | None = None,
        justid: bool = False,
    ) -> list[Any]:
        """`xclaim` of the first `count` pending entries from `start_id` on, 100 by default."""
        found = self._calls.xautoclaim(name, groupname, consumername, min_idle_time, start_id, count, justid)
        return found if self._at_once else await found
