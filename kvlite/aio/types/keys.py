# mypy: disable-error-code="no-any-return,assignment"

"""The commands of kvlite/types/keys.py, awaited. Made by tests/make_aio.py."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Literal, overload

from ...encoding import AbsoluteExpiry, Encodable, Expiry
from ...keyspace import T
from ..awaited import Awaited


class AsyncKeys(Awaited[T]):
    """See `kvlite.types.keys.Keys`, of which this has every command."""

    async def exists(self, *names: Encodable) -> int:
        """How many of `names` exist; one that is named twice counts twice. O(names)."""
        found = self._calls.exists(*names)
        return found if self._at_once else await found

    async def touch(self, *args: Encodable) -> int:
        """How many of the keys exist; each counts as used now. O(keys)."""
        found = self._calls.touch(*args)
        return found if self._at_once else await found

    async def type(self, name: Encodable) -> T:
        """`string`, `list`, `hash`, `set`, `zset`, or `none` for a missing key. O(1)."""
        found = self._calls.type(name)
        return found if self._at_once else await found

    async def memory_usage(self, key: Encodable, samples: int | None = None) -> int | None:
        """About how many bytes `key` and its value take in this process, or None for a missing key."""
        found = self._calls.memory_usage(key, samples)
        return found if self._at_once else await found

    @overload
    async def object(self, infotype: Literal["encoding"], key: Encodable) -> T | None: ...

    @overload
    async def object(
        self, infotype: Literal["freq", "idletime", "refcount"], key: Encodable
    ) -> int | None: ...

    @overload
    async def object(self, infotype: Encodable, key: Encodable) -> T | int | None: ...

    async def object(self, infotype: Encodable, key: Encodable) -> T | int | None:
        """What Redis would tell of the inside of a value; None for a missing key. O(1)."""
        found = self._calls.object(infotype, key)
        return found if self._at_once else await found

    async def dump(self, name: Encodable) -> bytes | None:
        """The value at `name` as bytes that `restore`, or a Redis, makes the same value of. O(n)."""
        found = self._calls.dump(name)
        return found if self._at_once else await found

    async def restore(
        self,
        name: Encodable,
        ttl: float,
        value: Encodable,
        replace: bool = False,
        absttl: bool = False,
        idletime: int | None = None,
        frequency: int | None = None,
    ) -> T:
        """Make what `dump` gave, here or in a Redis, the value of `name` for `ttl` milliseconds. O(n)."""
        found = self._calls.restore(name, ttl, value, replace, absttl, idletime, frequency)
        return found if self._at_once else await found

    async def dbsize(self) -> int:
        """How many keys this database has. O(1), and the keys that are due and not yet removed."""
        found = self._calls.dbsize()
        return found if self._at_once else await found

    async def keys(self, pattern: Encodable = "*") -> list[T]:
        """The keys that match a glob pattern, in no particular order. O(n): see `scan` for large stores."""
        found = self._calls.keys(pattern)
        return found if self._at_once else await found

    async def randomkey(self) -> T | None:
        """A key at random, or None if there is none. O(1), and the dead keys it meets, which it removes."""
        found = self._calls.randomkey()
        return found if self._at_once else await found

    async def scan(
        self,
        cursor: Encodable = 0,
        match: Encodable | None = None,
        count: int | None = None,
        _type: Encodable | None = None,
    ) -> tuple[int, list[T]]:
        """Some keys, and the cursor to go on with: start at 0, and at 0 all were visited. O(count)."""
        found = self._calls.scan(cursor, match, count, _type)
        return found if self._at_once else await found

    async def scan_iter(
        self, match: Encodable | None = None, count: int | None = None, _type: Encodable | None = None
    ) -> AsyncIterator[T]:
        """All keys, or those that match, by `scan`: a little at a time, and with its guarantee."""
        for each in (await self._opened()).scan_iter(match, count, _type):
            yield each

    async def delete(self, *names: Encodable) -> int:
        """Remove keys; how many there were. O(names)."""
        found = self._calls.delete(*names)
        return found if self._at_once else await found

    async def unlink(self, *names: Encodable) -> int:
        """`delete`."""
        found = self._calls.unlink(*names)
        return found if self._at_once else await found

    async def flushdb(self, asynchronous: bool = False) -> bool:
        """Remove all keys of this database. True. O(1); `asynchronous` changes nothing."""
        found = self._calls.flushdb(asynchronous)
        return found if self._at_once else await found

    async def flushall(self, asynchronous: bool = False) -> bool:
        """Remove all keys of all sixteen databases. True. O(1); `asynchronous` changes nothing."""
        found = self._calls.flushall(asynchronous)
        return found if self._at_once else await found

    async def rename(self, src: Encodable, dst: Encodable) -> bool:
        """Let the value of `src`, with its deadline, be at `dst` instead, whatever was there. True. O(1)."""
        found = self._calls.rename(src, dst)
        return found if self._at_once else await found

    async def renamenx(self, src: Encodable, dst: Encodable) -> bool:
        """`rename` only if `dst` is missing; whether it was done. O(1)."""
        found = self._calls.renamenx(src, dst)
        return found if self._at_once else await found

    async def move(self, name: Encodable, db: int) -> bool:
        """Let the value of `name`, with its deadline, be in database `db` instead. O(1)."""
        found = self._calls.move(name, db)
        return found if self._at_once else await found

    async def copy(
        self,
        source: Encodable,
        destination: Encodable,
        destination_db: Encodable | None = None,
        replace: bool = False,
    ) -> bool:
        """Put a copy of the value at `source`, with its deadline, at `destination`. O(n)."""
        found = self._calls.copy(source, destination, destination_db, replace)
        return found if self._at_once else await found

    async def swapdb(self, first: int, second: int) -> bool:
        """Let two databases change places, for everybody who uses them. True. O(1)."""
        found = self._calls.swapdb(first, second)
        return found if self._at_once else await found

    async def expire(
        self,
        name: Encodable,
        time: Expiry,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> bool:
        """Let `name` live for `time` seconds; whether that was set. O(log n)."""
        found = self._calls.expire(name, time, nx, xx, gt, lt)
        return found if self._at_once else await found

    async def pexpire(
        self,
        name: Encodable,
        time: Expiry,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> bool:
        """`expire` in milliseconds."""
        found = self._calls.pexpire(name, time, nx, xx, gt, lt)
        return found if self._at_once else await found

    async def expireat(
        self,
        name: Encodable,
        when: AbsoluteExpiry,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> bool:
        """`expire` at a Unix time in seconds, or a datetime."""
        found = self._calls.expireat(name, when, nx, xx, gt, lt)
        return found if self._at_once else await found

    async def pexpireat(
        self,
        name: Encodable,
        when: AbsoluteExpiry,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> bool:
        """`expire` at a Unix time in milliseconds, or a datetime."""
        found = self._calls.pexpireat(name, when, nx, xx, gt, lt)
        return found if self._at_once else await found

    async def persist(self, name: Encodable) -> bool:
        """Let `name` live for ever; whether it had a deadline. O(1)."""
        found = self._calls.persist(name)
        return found if self._at_once else await found

    async def ttl(self, name: Encodable) -> int:
        """How many seconds, rounded, `name` has to live; -1 for ever, -2 for a missing key. O(1)."""
        found = self._calls.ttl(name)
        return found if self._at_once else await found

    async def pttl(self, name: Encodable) -> int:
        """`ttl` in milliseconds."""
        found = self._calls.pttl(name)
        return found if self._at_once else await found

    async def expiretime(self, key: Encodable) -> int:
        """When `key` is due, a Unix time in rounded seconds; -1 if never, -2 for a missing key. O(1)."""
        found = self._calls.expiretime(key)
        return found if self._at_once else await found

    async def pexpiretime(self, key: Encodable) -> int:
        """`expiretime` in milliseconds."""
        found = self._calls.pexpiretime(key)
        return found if self._at_once else await found

    async def time(self) -> tuple[int, int]:
        """The store's clock: the Unix time in seconds, and the microseconds, in steps of a thousand."""
        found = self._calls.time()
        return found if self._at_once else await found
