# mypy: disable-error-code="no-any-return,assignment"

"""The commands of kvlite/types/streams.py, awaited. Made by tests/make_aio.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...encoding import Encodable
from ...keyspace import T
from ..awaited import Awaited


class AsyncStreams(Awaited[T]):
    """See `kvlite.types.streams.Streams`, of which this has every command."""

    async def xadd(
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
        """Append an entry, to a stream that is made if missing; its id. O(1), and what is trimmed."""
        found = self._calls.xadd(
            name, fields, id, maxlen, approximate, nomkstream, minid, limit, ref_policy, idmpauto, idmp
        )
        return found if self._at_once else await found

    async def xdel(self, name: Encodable, *ids: Encodable) -> int:
        """Remove the entries with these ids; how many there were. O(log n) for each."""
        found = self._calls.xdel(name, *ids)
        return found if self._at_once else await found

    async def xtrim(
        self,
        name: Encodable,
        maxlen: int | None = None,
        approximate: bool = True,
        minid: Encodable | None = None,
        limit: int | None = None,
        ref_policy: str | None = None,
    ) -> int:
        """Cut a stream as `xadd` does; how many entries went. O(those)."""
        found = self._calls.xtrim(name, maxlen, approximate, minid, limit, ref_policy)
        return found if self._at_once else await found

    async def xlen(self, name: Encodable) -> int:
        """The number of entries, 0 if there is no stream. O(1)."""
        found = self._calls.xlen(name)
        return found if self._at_once else await found

    async def xrange(
        self, name: Encodable, min: Encodable = "-", max: Encodable = "+", count: int | None = None
    ) -> list[tuple[T, dict[T, T]]]:
        """The entries from id `min` to `max`, or the first `count` of them. O(log n + result)."""
        found = self._calls.xrange(name, min, max, count)
        return found if self._at_once else await found

    async def xrevrange(
        self, name: Encodable, max: Encodable = "+", min: Encodable = "-", count: int | None = None
    ) -> list[tuple[T, dict[T, T]]]:
        """`xrange`, the last one first."""
        found = self._calls.xrevrange(name, max, min, count)
        return found if self._at_once else await found

    async def xread(
        self,
        streams: dict[Any, Encodable],
        count: int | None = None,
        block: int | None = None,
        max_count: int | None = None,
        max_size: int | None = None,
    ) -> list[list[Any]]:
        """The entries behind an id, by the names of streams: `[[name, [(id, fields), ...]], ...]`."""
        return await self._guard.xread(streams, count, block, max_count, max_size)
