# mypy: disable-error-code="no-any-return,assignment"

"""The commands of kvlite/types/hash_expiry.py, awaited. Made by tests/make_aio.py."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from ...encoding import AbsoluteExpiry, Encodable, Expiry
from ...keyspace import T
from ...types.hashes import FieldMapping
from ..awaited import Awaited


class AsyncHashExpiry(Awaited[T]):
    """See `kvlite.types.hash_expiry.HashExpiry`, of which this has every command."""

    async def hexpire(
        self,
        name: Encodable,
        seconds: Expiry,
        *fields: Encodable,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> list[int]:
        """Let fields live for `seconds` from now. O(fields * log n)."""
        found = self._calls.hexpire(name, seconds, *fields, nx=nx, xx=xx, gt=gt, lt=lt)
        return found if self._at_once else await found

    async def hpexpire(
        self,
        name: Encodable,
        milliseconds: Expiry,
        *fields: Encodable,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> list[int]:
        """`hexpire` in milliseconds."""
        found = self._calls.hpexpire(name, milliseconds, *fields, nx=nx, xx=xx, gt=gt, lt=lt)
        return found if self._at_once else await found

    async def hexpireat(
        self,
        name: Encodable,
        unix_time_seconds: AbsoluteExpiry,
        *fields: Encodable,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> list[int]:
        """`hexpire` until a Unix time in seconds."""
        found = self._calls.hexpireat(name, unix_time_seconds, *fields, nx=nx, xx=xx, gt=gt, lt=lt)
        return found if self._at_once else await found

    async def hpexpireat(
        self,
        name: Encodable,
        unix_time_milliseconds: AbsoluteExpiry,
        *fields: Encodable,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> list[int]:
        """`hexpire` until a Unix time in milliseconds."""
        found = self._calls.hpexpireat(name, unix_time_milliseconds, *fields, nx=nx, xx=xx, gt=gt, lt=lt)
        return found if self._at_once else await found

    async def hpersist(self, name: Encodable, *fields: Encodable) -> list[int]:
        """Let fields live for ever. O(fields)."""
        found = self._calls.hpersist(name, *fields)
        return found if self._at_once else await found

    async def httl(self, key: Encodable, *fields: Encodable) -> list[int]:
        """How many seconds fields have left, rounded up. O(fields)."""
        found = self._calls.httl(key, *fields)
        return found if self._at_once else await found

    async def hpttl(self, key: Encodable, *fields: Encodable) -> list[int]:
        """`httl` in milliseconds."""
        found = self._calls.hpttl(key, *fields)
        return found if self._at_once else await found

    async def hexpiretime(self, key: Encodable, *fields: Encodable) -> list[int]:
        """The Unix times in seconds, rounded up, until which fields live; -1 and -2 as in `httl`."""
        found = self._calls.hexpiretime(key, *fields)
        return found if self._at_once else await found

    async def hpexpiretime(self, key: Encodable, *fields: Encodable) -> list[int]:
        """The Unix times in milliseconds until which fields live; -1 and -2 as in `httl`."""
        found = self._calls.hpexpiretime(key, *fields)
        return found if self._at_once else await found

    async def hgetex(
        self,
        name: Encodable,
        *keys: Encodable,
        ex: Expiry | None = None,
        px: Expiry | None = None,
        exat: AbsoluteExpiry | None = None,
        pxat: AbsoluteExpiry | None = None,
        persist: bool = False,
    ) -> list[T | None]:
        """The values of fields, None for each that is missing; they get a new lifetime. O(keys * log n)."""
        found = self._calls.hgetex(name, *keys, ex=ex, px=px, exat=exat, pxat=pxat, persist=persist)
        return found if self._at_once else await found

    async def hsetex(
        self,
        name: Encodable,
        key: Encodable | None = None,
        value: Encodable | None = None,
        mapping: FieldMapping | None = None,
        items: Sequence[Encodable] | None = None,
        ex: Expiry | None = None,
        px: Expiry | None = None,
        exat: AbsoluteExpiry | None = None,
        pxat: AbsoluteExpiry | None = None,
        data_persist_option: Enum | None = None,
        keepttl: bool = False,
    ) -> int:
        """Give fields values and a lifetime; 1, or 0 if the condition was not met. O(fields * log n)."""
        found = self._calls.hsetex(
            name, key, value, mapping, items, ex, px, exat, pxat, data_persist_option, keepttl
        )
        return found if self._at_once else await found
